package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sheaf/crosswalk"
	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/store"
)

type getCmd struct {
	Identifier string `arg:"" help:"Identifier, with or without oai:REPOSITORY-ID:."`
	Prefix     string `help:"metadataPrefix; without one, the article as JSON." xor:"what"`
	Sources    bool   `help:"Tell where the item comes from instead: its sources, the one that stands first, and what each field came from; as JSON." xor:"what"`
}

func (c *getCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	if c.Sources {
		from, sources, err := ingest.Sources(ctx, db, s.local(c.Identifier))
		if err != nil {
			return notFound(err, c.Identifier)
		}
		enc := json.NewEncoder(io.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"sources": sources, "fields": from})
	}
	item, err := db.Get(ctx, s.local(c.Identifier))
	if err != nil {
		return notFound(err, c.Identifier)
	}
	if item.Deleted {
		return fmt.Errorf("%s: deleted at %s", c.Identifier, store.Time(item.Datestamp).Format("2006-01-02T15:04:05Z"))
	}
	if c.Prefix == "" {
		var b bytes.Buffer
		if err := json.Indent(&b, item.Article, "", "  "); err != nil {
			return err
		}
		b.WriteByte('\n')
		_, err = io.out.Write(b.Bytes())
		return err
	}
	b, err := document(item, c.Prefix, s.site())
	if err != nil {
		return err
	}
	_, err = io.out.Write(b)
	return err
}

// document is an item's record as a document of its own.
func document(item *store.Item, prefix, site string) ([]byte, error) {
	f, ok := crosswalk.Find(prefix)
	if !ok {
		return nil, unknownPrefix(prefix)
	}
	a, err := jats.LoadJSON(item.Article)
	if err != nil {
		return nil, fmt.Errorf("%s: its article cannot be read: %w", item.Local, err)
	}
	return crosswalk.Document(f, a, item.Local, site, time.Now())
}

func unknownPrefix(prefix string) error {
	known := ""
	for _, f := range crosswalk.All() {
		known += " " + f.Prefix
	}
	return fmt.Errorf("--prefix %q: want one of%s", prefix, known)
}

// site is the public address for commands that serve nothing.
func (s *settings) site() string {
	if s.BaseURL != "" {
		return s.BaseURL
	}
	return "http://127.0.0.1:8080"
}
