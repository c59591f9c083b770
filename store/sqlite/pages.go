package sqlite

import (
	"sync"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// pageSlots is how many pages of all caches lie in one piece of memory: those of the writer and of eight readers.
const pageSlots = (writeCache + 8*readCache) / pageSize

// slotSize is a page and what the engine keeps beside it.
const slotSize = pageSize + 512

// shareCaches gives the engine one piece of memory for the pages of all connections. Otherwise it asks its allocator for each page that
// comes into a cache, and that asks the system, because a page is larger than what it keeps at hand: that took a quarter of the time of a
// GetRecord. It must be done before the first connection of the process; where it is too late, or pages are more, all works as before.
var shareCaches = sync.OnceFunc(func() {
	tls := libc.NewTLS()
	defer tls.Close()
	buf := libc.Xmalloc(tls, libc.Tsize_t(pageSlots*slotSize))
	if buf == 0 {
		return
	}
	args := libc.NewVaList(buf, int32(slotSize), int32(pageSlots))
	defer libc.Xfree(tls, args)
	if lib.Xsqlite3_config(tls, lib.SQLITE_CONFIG_PAGECACHE, args) != lib.SQLITE_OK {
		libc.Xfree(tls, buf)
	}
})
