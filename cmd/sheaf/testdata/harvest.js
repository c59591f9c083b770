// Harvests a repository by the npm package oai-pmh and prints the same lines as harvest.pl.
// Its first argument is the folder where npm put the package.
const path = require('path')
const [modules, base, verb, prefix] = process.argv.slice(2)
const { OaiPmh } = require(path.join(modules, 'esm'))(module)(path.join(modules, 'oai-pmh'))

async function main () {
  const client = new OaiPmh(base)
  await client.identify()
  const list = verb === 'ListRecords' ? client.listRecords : client.listIdentifiers
  for await (const item of list.call(client, { metadataPrefix: prefix })) {
    const header = item.header || item
    const root = item.metadata ? Object.keys(item.metadata)[0].replace(/^.*:/, '') : '-'
    const status = (header.$ && header.$.status) || 'live'
    console.log(`${header.identifier} ${header.datestamp} ${status} ${root}`)
  }
}

main().catch(err => {
  console.error(err)
  process.exitCode = 1
})
