package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"sheaf/crosswalk"
	"sheaf/feed/web"
	"sheaf/store"
)

// publishServe are the flags of serve for dumps.
type publishServe struct {
	DumpDir      string        `type:"path" help:"Keep a dump in this folder, one compressed file for each format, and serve it under /dump/." placeholder:"DIR"`
	DumpEvery    time.Duration `default:"24h" help:"How old a dump of --dump-dir may grow."`
	DumpPrefix   []string      `help:"Only this format in the dump; may be given several times." placeholder:"P"`
	DumpPackages bool          `help:"Make ResourceSync packages of the same formats too."`
}

// Validate is called by kong.
func (c *publishServe) Validate() error {
	if c.DumpEvery < time.Minute {
		return fmt.Errorf("--dump-every %s: want 1m or more", c.DumpEvery)
	}
	_, err := c.formats()
	return err
}

// formats are those of the dump.
func (c *publishServe) formats() (formats []crosswalk.Format, err error) {
	if len(c.DumpPrefix) == 0 {
		return crosswalk.All(), nil
	}
	for _, prefix := range c.DumpPrefix {
		f, ok := crosswalk.Find(prefix)
		if !ok {
			return nil, fmt.Errorf("--dump-prefix %q: want a metadataPrefix that ListMetadataFormats names", prefix)
		}
		if !slices.ContainsFunc(formats, func(other crosswalk.Format) bool { return other.Prefix == f.Prefix }) {
			formats = append(formats, f)
		}
	}
	return formats, nil
}

// published answers for the sitemap, ResourceSync, the feed of changes and the dumps; next for all else.
func (c *publishServe) published(s *settings, db store.Store, site string, log *slog.Logger, next http.Handler) http.Handler {
	source := &web.Source{Items: db, Formats: crosswalk.All(), RepositoryID: s.RepositoryID, Name: s.RepositoryName, SiteURL: site, DumpDir: c.DumpDir, Log: log}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if web.Serves(r.URL.Path) {
			source.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// start begins to make dumps; the function that it returns waits until that has stopped, after the end of ctx.
func (c *publishServe) start(ctx context.Context, s *settings, db store.Store, site string, log *slog.Logger) (wait func()) {
	var running sync.WaitGroup
	if c.DumpDir != "" {
		formats, _ := c.formats() // Validate saw to the error
		d := &web.Dumper{Items: items(db), Formats: formats, RepositoryID: s.RepositoryID, SiteURL: site, Dir: c.DumpDir, Every: c.DumpEvery, Log: log}
		if c.DumpPackages {
			d.Document = func(ctx context.Context, local, prefix string) ([]byte, error) {
				item, err := db.Get(ctx, local)
				if err != nil {
					return nil, err
				}
				if item.Deleted || !slices.Contains(item.Prefixes, prefix) {
					return nil, store.ErrNotFound
				}
				b, err := document(item, prefix, site)
				if err != nil {
					err = errors.Join(store.ErrCorrupt, err)
				}
				return b, err
			}
		}
		running.Go(func() { d.Run(ctx) })
	}
	return running.Wait
}
