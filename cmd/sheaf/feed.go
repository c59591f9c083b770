package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"sheaf/feed"
	"sheaf/feed/search"
	"sheaf/oai"
	"sheaf/store"
)

type feedCmd struct {
	Opensearch feedOpenSearchCmd `cmd:"" help:"Bring what has changed to an index of OpenSearch or Elasticsearch."`
	Solr       feedSolrCmd       `cmd:"" help:"Bring what has changed to a core or collection of Solr."`
	Crossref   feedCrossrefCmd   `cmd:"" help:"Deposit articles that have a DOI at Crossref, and ask what became of them."`
	Doaj       feedDOAJCmd       `cmd:"" help:"Bring articles to the Directory of Open Access Journals."`
	Metafora   feedMetaforaCmd   `cmd:"" help:"Bring issues of journals to RCSI Metafora."`
	Pubmed     feedPubMedCmd     `cmd:"" help:"Write the files that PubMed takes into a folder."`
	Status     feedStatusCmd     `cmd:"" help:"Show what became of each item at a deposit service."`
	List       feedListCmd       `cmd:"" help:"List the feeds: how far each has come, how far it lags behind, its last error and what was refused."`
}

// feedFlags are those that every feed has.
type feedFlags struct {
	Name        string        `help:"Name of the feed, under which the store keeps how far it has come; the default is the command's own." placeholder:"NAME"`
	Follow      bool          `help:"Go on when all is sent, until the process is stopped."`
	Every       time.Duration `default:"2s" help:"With --follow: how often to look for changes."`
	From        string        `help:"Begin with what changed at this time: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ; counts only when the feed begins." placeholder:"DATE"`
	Set         string        `help:"Only items in this set; one that leaves it is deleted there." placeholder:"SPEC"`
	Restart     bool          `help:"Begin anew, and write also what is there in the same version."`
	Retry       bool          `help:"First send once more what was refused."`
	Patience    time.Duration `default:"10m" help:"Give up when nothing was taken for so long; with --follow it never gives up."`
	DryRun      string        `help:"Send nothing and keep nothing: write the requests into this folder." type:"path" placeholder:"DIR"`
	Credentials string        `help:"TOML file of user, password, api-key or token, which nobody else may read; the default is SHEAF_FEED_USER, SHEAF_FEED_PASSWORD, SHEAF_FEED_API_KEY and SHEAF_FEED_TOKEN." type:"path" placeholder:"FILE"`
	JSON        bool          `name:"json" help:"Print the summary as a JSON object."`
}

// credentials reads those of the feed.
func (c *feedFlags) credentials() (feed.Credentials, error) {
	return feed.ReadCredentials(c.Credentials, os.Getenv)
}

// run runs a feed of that name to a target, which goes to an address or a folder, and prints what it did.
func (c *feedFlags) run(ctx context.Context, s *settings, io stdio, name, to string, target func(db store.Store, f *feed.Feed) feed.Target) error {
	f := &feed.Feed{
		Name: name, To: to, Reader: feed.Reader{RepositoryID: s.RepositoryID, Site: s.site(), Set: c.Set}, Restart: c.Restart, Retry: c.Retry, Follow: c.Follow,
		Every: c.Every, Dry: c.DryRun != "", Log: s.log(io.err),
	}
	if c.Name != "" {
		f.Name = c.Name
	}
	if !c.Follow {
		f.Patience = c.Patience
	}
	if c.From != "" {
		first, _, err := oai.ParseDatestamp(c.From)
		if err != nil {
			return wrongUsage(io, fmt.Errorf("--from: %w", err))
		}
		f.From = first
	}
	if s.BaseURL == "" {
		fmt.Fprintf(io.err, "sheaf: no --base-url is set: what is sent has addresses under %s\n", s.site())
	}
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	f.Store = db
	f.Target = target(db, f)
	f.Refused = func(r feed.Refusal) {
		fmt.Fprintf(io.err, "oai:%s:%s: refused: %s\n", s.RepositoryID, r.Local, r.Reason)
	}
	bar := newFeedBar(io)
	f.Sent = func(r feed.Report) { bar.records(r.Sent+r.Deleted+r.Refused, 0) }
	report, err := f.Run(ctx)
	bar.clear()
	if c.JSON {
		if err := json.NewEncoder(io.out).Encode(report); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(io.out, "sent=%d deleted=%d refused=%d\n", report.Sent, report.Deleted, report.Refused)
	}
	switch {
	case err != nil:
		return err
	case report.Refused > 0:
		return exit(exitRefused)
	}
	return nil
}

// wrongUsage tells what is wrong with a command line.
func wrongUsage(io stdio, err error) error {
	fmt.Fprintln(io.err, "sheaf:", err)
	return exit(exitUsage)
}

// newFeedBar is the progress of a feed, on a terminal.
func newFeedBar(io stdio) *bar {
	f, ok := io.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{b: progressbar.NewOptions64(-1, progressbar.OptionSetWriter(f), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetDescription("sent"), progressbar.OptionClearOnFinish())}
}

type feedOpenSearchCmd struct {
	feedFlags
	URL     string `required:"" name:"url" help:"Address of the engine: https://HOST:PORT." placeholder:"URL"`
	Index   string `default:"sheaf" help:"Index or alias; made if it is not there."`
	Mapping string `help:"JSON file of settings and mappings to make the index with, in place of Sheaf's own." type:"existingfile" placeholder:"FILE"`
}

func (c *feedOpenSearchCmd) Run(ctx context.Context, s *settings, io stdio) error {
	t := &search.OpenSearch{URL: c.URL, Index: c.Index, Dir: c.DryRun}
	var err error
	if c.Mapping != "" {
		if t.Mapping, err = os.ReadFile(c.Mapping); err != nil {
			return err
		}
	}
	if t.Credentials, err = c.credentials(); err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return wrongUsage(io, err)
	}
	return c.run(ctx, s, io, "opensearch", strings.TrimRight(c.URL, "/")+"/"+c.Index, func(store.Store, *feed.Feed) feed.Target { return t })
}

type feedSolrCmd struct {
	feedFlags
	URL          string        `required:"" name:"url" help:"Address of the core or collection: https://HOST:PORT/solr/NAME." placeholder:"URL"`
	Fields       string        `enum:"sheaf,vufind,blacklight" default:"sheaf" help:"How fields are named: sheaf (the dynamic fields of Solr's own configuration), vufind or blacklight."`
	CommitWithin time.Duration `default:"10s" help:"How soon a change can be found."`
}

func (c *feedSolrCmd) Run(ctx context.Context, s *settings, io stdio) error {
	t := &search.Solr{URL: c.URL, Profile: c.Fields, CommitWithin: c.CommitWithin, Dir: c.DryRun}
	var err error
	if t.Credentials, err = c.credentials(); err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return wrongUsage(io, err)
	}
	return c.run(ctx, s, io, "solr", strings.TrimRight(c.URL, "/"), func(store.Store, *feed.Feed) feed.Target { return t })
}

type feedListCmd struct {
	JSON bool `name:"json" help:"Print JSON objects, one a line, with what was refused."`
}

// listedFeed is a feed as feed list tells of it.
type listedFeed struct {
	feed.Status
	Lag      int64          `json:"lag"`      // seconds since the first change that is not sent; 0: none
	Refusals []feed.Refusal `json:"refusals"` // that stand
}

func (c *feedListCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	all, err := feed.List(ctx, db)
	if err != nil {
		return err
	}
	now, err := db.Tick(ctx)
	if err != nil {
		return err
	}
	var rows []listedFeed
	for _, st := range all {
		l := listedFeed{Status: st}
		if l.Refusals, err = feed.Refusals(ctx, db, st.Name); err != nil {
			return err
		}
		if l.Lag, err = lag(ctx, db, st, now); err != nil {
			return err
		}
		rows = append(rows, l)
	}
	if c.JSON {
		enc := json.NewEncoder(io.out)
		for _, l := range rows {
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tTO\tSET\tSENT UP TO\tLAG\tSENT\tDELETED\tREFUSED\tRUN BY\tLAST ERROR")
	for _, l := range rows {
		by := "-"
		if l.Owner != nil && l.Owner.Until >= now {
			by = fmt.Sprintf("%s:%d", l.Owner.Host, l.Owner.PID)
		}
		upTo := "-"
		if l.Cursor.Datestamp > 0 {
			upTo = store.Time(l.Cursor.Datestamp).Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", l.Name, l.To, dash(l.Set), upTo,
			time.Duration(l.Lag)*time.Second, l.Sent, l.Deleted, len(l.Refusals), by, dash(l.Error))
	}
	return w.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// lag is how many seconds the first change that a feed has not sent lies back; 0 when there is none.
func lag(ctx context.Context, db store.Store, st feed.Status, now int64) (int64, error) {
	first := now
	q := store.Query{Prefix: "oai_dc", From: st.Cursor.Datestamp, After: store.Key(st.Cursor), Limit: 1, Headers: true}
	_, err := db.List(ctx, q, func(r *store.Row) error {
		first = r.Datestamp
		return nil
	})
	return max(now-first, 0), err
}
