package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"sheaf/api"
	"sheaf/store"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token for the deposit API and print it, this once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens, the revoked ones too."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token, at once and on every node."`
}

type tokenCreateCmd struct {
	Name  string `arg:"" help:"Who or what will use it, such as ojs; no two good tokens share a name."`
	Scope string `enum:"read,write" default:"write" help:"What it opens: write (deposit, delete and read) or read."`
}

func (c *tokenCreateCmd) Run(ctx context.Context, s *settings, io stdio) error {
	text, token, err := api.NewToken(c.Name, c.Scope == "write", time.Now())
	if err != nil {
		fmt.Fprintln(io.err, "sheaf:", err)
		return exit(exitUsage)
	}
	db, err := s.open(true)
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.PutToken(ctx, token)
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("there is a good token called %q already: choose another name, or revoke that one with sheaf token revoke", c.Name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, text)
	fmt.Fprintf(io.err, "sheaf: this is the token of %q, scope %s. It is kept only as a hash and cannot be shown again.\n"+
		"sheaf: send it as the header: Authorization: Bearer TOKEN\n", c.Name, c.Scope)
	return nil
}

type tokenListCmd struct {
	JSON bool `name:"json" help:"Print a JSON array."`
}

// listedToken is a token as people see it. Times are in UTC.
type listedToken struct {
	Name     string `json:"name"`
	ID       string `json:"id"`
	Scope    string `json:"scope"`
	Created  string `json:"created"`
	LastUsed string `json:"lastUsed,omitempty"` // to the minute
	Revoked  string `json:"revoked,omitempty"`
}

func (c *tokenListCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	tokens, err := db.Tokens(ctx)
	if err != nil {
		return err
	}
	when := func(stamp int64) string {
		if stamp == 0 {
			return ""
		}
		return store.Time(stamp).Format(time.RFC3339)
	}
	all := []listedToken{}
	for _, t := range tokens {
		scope := "read"
		if t.Write {
			scope = "write"
		}
		all = append(all, listedToken{t.Name, t.ID, scope, when(t.Created), when(t.Used), when(t.Revoked)})
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(all)
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tID\tSCOPE\tCREATED\tLAST USED\tREVOKED")
	for _, t := range all {
		for _, s := range []*string{&t.LastUsed, &t.Revoked} {
			if *s == "" {
				*s = "-"
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, t.ID, t.Scope, t.Created, t.LastUsed, t.Revoked)
	}
	return w.Flush()
}

type tokenRevokeCmd struct {
	Name string `arg:"" help:"Name or ID of the token."`
}

func (c *tokenRevokeCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.RevokeToken(ctx, c.Name, time.Now().Unix())
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no good token is called %q; sheaf token list shows them", c.Name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "revoked %s\n", c.Name)
	return nil
}
