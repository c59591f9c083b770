package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sheaf/fixtures"
	"sheaf/ingest"
	"sheaf/store/sqlite"
)

// files of each kind: what is before the records, a record by its number, what is after.
var files = map[string]struct {
	before, after string
	record        func(i int) string
}{
	"jats": {record: func(i int) string {
		data, _ := fixtures.FS.ReadFile("articles/thin-films.xml")
		n := strconv.Itoa(i)
		return strings.NewReplacer("10.5555/", "10.5555/"+n+".", "jtf-2026-0101", "jtf-2026-"+n, "ABCDEF", "EDN"+n, "Рост плёнок", n+" рост плёнок").Replace(string(data))
	}},
	"crossref": {before: `{"status":"ok","message-type":"work-list","message":{"items":[`, after: `]}}`, record: func(i int) string {
		refs := make([]string, 30)
		for n := range refs {
			refs[n] = fmt.Sprintf(`{"key":"ref%d","doi-asserted-by":"publisher","first-page":"%d","DOI":"10.5555/r%d","article-title":"A study of thing number %d in the laboratory","volume":"%d","author":"Doe","year":"2001","journal-title":"Notes on Things"}`, n, n, n, n, n)
		}
		comma := ","
		if i == 0 {
			comma = ""
		}
		return comma + fmt.Sprintf(`{"indexed":{"date-parts":[[2021,1,1]]},"publisher":"Example Press","issue":"3","license":[{"start":{"date-parts":[[2020,1,1]]},"content-version":"vor","delay-in-days":0,"URL":"https://creativecommons.org/licenses/by/4.0/"}],"content-domain":{"domain":[],"crossmark-restriction":false},"short-container-title":["Notes"],"published-print":{"date-parts":[[2020,1,1]]},"DOI":"10.5555/x%d","type":"journal-article","created":{"date-parts":[[2020,1,1]]},"page":"1-9","source":"Crossref","is-referenced-by-count":3,"title":["A study of many things, part %d"],"prefix":"10.5555","volume":"12","author":[{"given":"Jo","family":"Doe","sequence":"first","affiliation":[{"name":"Institute of Things, Example City"}]},{"ORCID":"http://orcid.org/0000-0002-1825-0097","authenticated-orcid":true,"given":"Ann","family":"Roe","sequence":"additional","affiliation":[]}],"member":"1","reference":[%s],"container-title":["Notes on Things"],"language":"en","link":[{"URL":"https://journal.example.org/%d.pdf","content-type":"application/pdf","content-version":"vor","intended-application":"text-mining"}],"deposited":{"date-parts":[[2020,1,2]]},"score":1.0,"issued":{"date-parts":[[2020,1,1]]},"references-count":30,"URL":"http://dx.doi.org/10.5555/x%d","ISSN":["0378-5955"],"issn-type":[{"value":"0378-5955","type":"print"}]}`,
			i, i, strings.Join(refs, ","), i, i) + "\n"
	}},
	"ris": {record: func(i int) string {
		return fmt.Sprintf("TY  - JOUR\r\nAU  - Doe, Jo\r\nAU  - Roe, Ann\r\nTI  - A study of many things, part %d\r\nJO  - Notes on Things\r\nSN  - 0378-5955\r\nVL  - 12\r\nIS  - 3\r\nSP  - 1\r\nEP  - 9\r\nPY  - 2020/01/15/\r\nDO  - 10.5555/x%d\r\nUR  - https://journal.example.org/%d\r\nAB  - Things are studied in the laboratory, and what is found is told in some words here.\r\nKW  - things\r\nKW  - studies\r\nER  - \r\n\r\n", i, i, i)
	}},
	"table": {before: "title,authors,journal,issn,year,volume,issue,pages,doi,url,abstract,keywords\r\n", record: func(i int) string {
		return fmt.Sprintf("\"A study of many things, part %d\",\"Doe, Jo; Roe, Ann\",Notes on Things,0378-5955,2020,12,3,1-9,10.5555/x%d,https://journal.example.org/%d,\"Things are studied in the laboratory, and what is found is told.\",things; studies\r\n", i, i, i)
	}},
}

// The whole way of a file into SQLite: cut, read, rendered in every format, stored. A record is one iteration.
func BenchmarkImport(b *testing.B) {
	for _, kind := range []string{"jats", "crossref", "ris", "table"} {
		b.Run(kind, func(b *testing.B) {
			f := files[kind]
			if len(ingestKind(kind)) == 0 {
				b.Skip("no such kind")
			}
			var whole bytes.Buffer
			var records []string
			whole.WriteString(f.before)
			for i := range b.N {
				r := f.record(i)
				records = append(records, r)
				whole.WriteString(r)
			}
			whole.WriteString(f.after)
			db, err := sqlite.Open(filepath.Join(b.TempDir(), "sheaf.db"), sqlite.Options{})
			require.NoError(b, err)
			defer db.Close()
			b.SetBytes(int64(whole.Len() / b.N))
			b.ReportAllocs()
			b.ResetTimer()
			im := &ingest.Importer{Store: db}
			report, err := im.Import(context.Background(), func(ctx context.Context, yield func(ingest.Input) error) error {
				if kind != "jats" {
					return (&ingest.Walker{Stdin: &whole}).Walk(ctx, []string{"-"}, yield)
				}
				for i, r := range records {
					if err := yield(ingest.Input{Name: fmt.Sprint(i), Data: []byte(r)}); err != nil {
						return err
					}
				}
				return nil
			})
			require.NoError(b, err)
			require.Equal(b, ingest.Report{Read: b.N, Created: b.N}, report)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func ingestKind(kind string) (names []string) {
	for _, k := range ingest.Kinds() {
		if k == kind {
			names = append(names, k)
		}
	}
	return names
}
