package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"sheaf/store"
)

type deleteCmd struct {
	Identifier []string `arg:"" help:"Identifiers, with or without oai:REPOSITORY-ID:."`
}

func (c *deleteCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	var changes []store.Change
	for _, id := range c.Identifier {
		changes = append(changes, store.Change{Local: s.local(id), Delete: true})
	}
	outcomes, err := db.Put(ctx, changes)
	if err != nil {
		return err
	}
	missing := 0
	for i, o := range outcomes {
		if o.Status == store.Missing {
			missing++
			fmt.Fprintf(io.err, "%s: no such item\n", c.Identifier[i])
			continue
		}
		fmt.Fprintf(io.out, "deleted oai:%s:%s\n", s.RepositoryID, o.Local)
	}
	switch missing {
	case 0:
		return nil
	case len(outcomes):
		return exit(exitFailed)
	}
	return exit(exitRefused)
}

type statsCmd struct {
	JSON bool `name:"json" help:"Print a JSON object."`
}

func (c *statsCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	st, err := db.Stats(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(st)
	}
	fmt.Fprintf(io.out, "items     %d\ndeleted   %d\nsets      %d\n", st.Items, st.Deleted, st.Sets)
	var prefixes []string
	for p := range st.Records {
		prefixes = append(prefixes, p)
	}
	slices.Sort(prefixes)
	for _, p := range prefixes {
		fmt.Fprintf(io.out, "records   %d %s\n", st.Records[p], p)
	}
	fmt.Fprintf(io.out, "earliest  %s\nclock     %s\nsize      %.1f MB\n", store.Time(st.Earliest).Format(time.RFC3339), store.Time(st.Clock).Format(time.RFC3339), float64(st.Bytes)/1e6)
	return nil
}

type versionCmd struct{}

func (versionCmd) Run(io stdio) error {
	version, revision := build()
	fmt.Fprintln(io.out, strings.Join(strings.Fields("sheaf "+version+" "+revision), " "), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return nil
}

// notFound makes an error of the store one for people.
func notFound(err error, identifier string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%s: no such item, or not in that format", identifier)
	}
	return err
}
