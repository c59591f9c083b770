package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"sheaf/feed"
	"sheaf/feed/crossref"
	"sheaf/feed/deposit"
	"sheaf/feed/doaj"
	"sheaf/feed/metafora"
	"sheaf/feed/pubmed"
	"sheaf/store"
)

// Feeds to services that articles are deposited at.
type feedDepositFlags struct {
	feedFlags
	NoWait bool `help:"Without --follow: end when all is sent, and leave it to the next run to ask what became of it."`
}

// state is what a deposit target keeps in the store.
func state(db store.Store, f *feed.Feed) feed.State {
	return feed.State{Marks: db, Feed: f.Name}
}

// reader reads items for a target as the feed does.
func reader(db store.Store, f *feed.Feed) func(context.Context, string) (*feed.Change, error) {
	r := f.Reader
	r.Store = db
	return r.Read
}

type feedCrossrefCmd struct {
	feedDepositFlags
	Test       bool     `help:"Deposit at Crossref's test system."`
	URL        string   `name:"url" help:"Address of another server that answers as Crossref's does." placeholder:"URL"`
	Sync       bool     `help:"Deposit by the API that answers at once (v2/deposits), for those whom Crossref lets use it."`
	Depositor  string   `required:"" help:"Name of the depositor, in each deposit." placeholder:"NAME"`
	Email      string   `required:"" help:"E-mail address to which Crossref sends its reports." placeholder:"ADDRESS"`
	Registrant string   `help:"Who is responsible for the works; the default is the depositor." placeholder:"NAME"`
	Policy     string   `help:"DOI of the Crossmark policy, without which corrections and retractions are not told." placeholder:"DOI"`
	Prefix     []string `help:"Only DOIs with this prefix, as 10.5555; may be given several times." placeholder:"PREFIX"`
	Batch      int      `default:"250" help:"Most works in one deposit."`
	Schema     string   `enum:"5.4.0,5.3.1" default:"5.4.0" help:"Version of Crossref's schema: 5.4.0 or 5.3.1."`
}

func (c *feedCrossrefCmd) Run(ctx context.Context, s *settings, io stdio) error {
	t := &crossref.Crossref{Server: crossref.Live, Sync: c.Sync, Depositor: c.Depositor, Email: c.Email, Registrant: c.Registrant, Policy: c.Policy,
		Prefixes: c.Prefix, Items: c.Batch, Version: c.Schema, Client: deposit.Client{Dir: c.DryRun}}
	if c.Test {
		t.Server = crossref.Test
	}
	if c.URL != "" {
		t.Server = c.URL
	}
	var err error
	if t.Credentials, err = c.credentials(); err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return wrongUsage(io, err)
	}
	return c.run(ctx, s, io, "crossref", strings.TrimRight(t.Server, "/"), func(db store.Store, f *feed.Feed) feed.Target {
		t.State, t.Read, f.NoWait = state(db, f), reader(db, f), c.NoWait
		return t
	})
}

type feedDOAJCmd struct {
	feedDepositFlags
	URL  string        `name:"url" default:"https://doaj.org" help:"Address of DOAJ, or of another server that answers as it does." placeholder:"URL"`
	Pace time.Duration `default:"500ms" help:"Time between two requests; DOAJ allows two a second."`
	Bulk int           `help:"Send new articles in one request when there are so many at least; 0 is never." placeholder:"N"`
}

func (c *feedDOAJCmd) Run(ctx context.Context, s *settings, io stdio) error {
	t := &doaj.DOAJ{Server: c.URL, Pace: c.Pace, Bulk: c.Bulk, Client: deposit.Client{Dir: c.DryRun}}
	var err error
	if t.Credentials, err = c.credentials(); err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return wrongUsage(io, err)
	}
	return c.run(ctx, s, io, "doaj", strings.TrimRight(t.Server, "/"), func(db store.Store, f *feed.Feed) feed.Target {
		t.State, t.Read, f.NoWait = state(db, f), reader(db, f), c.NoWait
		if c.Bulk == 0 {
			f.Items = 50 // at two a second: how far it has come is kept twice a minute
		}
		return t
	})
}

type feedMetaforaCmd struct {
	feedDepositFlags
	URL   string        `name:"url" default:"https://metafora.rcsi.science" help:"Address of Metafora, or of another server that answers as it does." placeholder:"URL"`
	Quiet time.Duration `default:"30s" help:"How long nothing of an issue must have changed before it is sent."`
}

func (c *feedMetaforaCmd) Run(ctx context.Context, s *settings, io stdio) error {
	t := &metafora.Metafora{Server: c.URL, Quiet: c.Quiet, Client: deposit.Client{Dir: c.DryRun}}
	if c.Quiet == 0 {
		t.Quiet = -1
	}
	var err error
	if t.Credentials, err = c.credentials(); err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return wrongUsage(io, err)
	}
	return c.run(ctx, s, io, "metafora", strings.TrimRight(t.Server, "/"), func(db store.Store, f *feed.Feed) feed.Target {
		t.State, t.Read, f.NoWait = state(db, f), reader(db, f), c.NoWait
		return t
	})
}

type feedPubMedCmd struct {
	feedFlags
	Out string `required:"" help:"Folder to write the files into; sending them to NLM is left to you." type:"path" placeholder:"DIR"`
}

func (c *feedPubMedCmd) Run(ctx context.Context, s *settings, io stdio) error {
	t := &pubmed.PubMed{Dir: c.Out}
	if c.DryRun != "" {
		t.Dir, t.Dry = c.DryRun, true
	}
	to, err := filepath.Abs(c.Out)
	if err != nil {
		return err
	}
	return c.run(ctx, s, io, "pubmed", to, func(db store.Store, f *feed.Feed) feed.Target {
		t.State = state(db, f)
		return t
	})
}

type feedStatusCmd struct {
	Name       string   `arg:"" help:"Name of the feed, as feed list shows it."`
	Identifier []string `arg:"" optional:"" help:"Only these items."`
	Status     string   `help:"Only items of this status: waiting, taken, warning, conflict, refused or deleted." placeholder:"STATUS"`
	JSON       bool     `name:"json" help:"Print JSON objects, one a line."`
}

func (c *feedStatusCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	only := map[string]bool{}
	for _, id := range c.Identifier {
		only[strings.TrimPrefix(id, "oai:"+s.RepositoryID+":")] = true
	}
	enc := json.NewEncoder(io.out)
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(w, "ITEM\tCHANGED\tSTATUS\tKNOWN SINCE\tIDENTIFIER THERE\tSUBMISSION\tMESSAGE")
	}
	err = deposit.Each(ctx, feed.State{Marks: db, Feed: c.Name}, func(it deposit.Item) error {
		if len(only) > 0 && !only[it.Local] || c.Status != "" && c.Status != it.Status {
			return nil
		}
		if c.JSON {
			return enc.Encode(it)
		}
		id := it.ID
		if id == "" {
			id = it.DOI
		}
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", it.Local, store.Time(it.Datestamp).Format(time.RFC3339), it.Status,
			store.Time(it.At).Format(time.RFC3339), dash(id), dash(it.Batch), dash(it.Message))
		return err
	})
	if err != nil || c.JSON {
		return err
	}
	return w.Flush()
}
