package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sheaf/store"
)

// A list is that of oai_dc, which every item has, in the order (datestamp, local), up to a bound that is fixed by its first page: so it is
// exact while records change, as lists over OAI-PMH are (package comment of store).

const (
	defaultLimit = 100
	maxLimit     = 1000
	maxScan      = 10000 // entries looked at for one page, where a filter leaves most of them out
)

// listed is one item in a list.
type listed struct {
	Identifier string   `json:"identifier"`
	Local      string   `json:"local"`
	Datestamp  string   `json:"datestamp"`
	Deleted    bool     `json:"deleted"`
	Sets       []string `json:"sets"`
	URL        string   `json:"url"`
}

type listing struct {
	Records []listed `json:"records"`
	Until   string   `json:"until"`          // the list is of what was so at this time; a later list from it misses nothing
	Next    string   `json:"next,omitempty"` // address of the next page; absent after the last
}

// filter is what a list is asked for. A cursor is a filter and a place; it is not signed, for all that it can ask for is public.
type filter struct {
	Set     string `json:"s,omitempty"`
	From    int64  `json:"f,omitempty"`
	Until   int64  `json:"u,omitempty"` // in a cursor always set
	Deleted *bool  `json:"d,omitempty"` // only deleted items, or only live ones; nil: both

	Datestamp int64  `json:"t,omitempty"` // of the last entry looked at
	Local     string `json:"l,omitempty"` // of the same
}

// list answers with a page of headers.
func (h *handler) list(w http.ResponseWriter, q *request) error {
	query, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return badParameter("query", "%q is not well percent-encoded", q.URL.RawQuery)
	}
	limit := defaultLimit
	if s := query.Get("limit"); query.Has("limit") {
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > maxLimit {
			return badParameter("limit", "%q: want 1 to %d", s, maxLimit)
		}
	}
	f, first, err := filterOf(query)
	if err != nil {
		return err
	}
	answer := listing{Records: []listed{}}
	if first {
		if _, err := h.Store.Tick(q.Context()); err != nil {
			return err
		}
	}
	more := true
	for scanned := 0; more && len(answer.Records) < limit && scanned < maxScan; {
		page, err := h.Store.List(q.Context(), store.Query{
			Prefix: "oai_dc", Set: f.Set, From: f.From, Until: f.Until, After: store.Key{Datestamp: f.Datestamp, Local: f.Local},
			Limit: limit - len(answer.Records), Headers: true,
		}, func(row *store.Row) error {
			if f.Deleted == nil || *f.Deleted == row.Deleted {
				local := string(row.Local)
				answer.Records = append(answer.Records, listed{h.identifier(local), local, datestamp(row.Datestamp), row.Deleted,
					append([]string{}, strings.Fields(string(row.Sets))...), h.self(local)})
			}
			return nil
		})
		if err != nil {
			return err
		}
		if first {
			f.Until, first = min(page.Until, page.Clock), false
		}
		if page.Faults > 0 {
			q.log.ErrorContext(q.Context(), "api: records left out of a list: they cannot be read", "count", page.Faults, "upto", page.Last)
		}
		after := store.Key{Datestamp: f.Datestamp, Local: f.Local}
		if page.More && page.Last == after {
			return fmt.Errorf("api: the list stands still after %+v", after)
		}
		f.Datestamp, f.Local = page.Last.Datestamp, page.Last.Local
		scanned += page.Rows + page.Faults
		more = page.More
	}
	answer.Until = datestamp(f.Until)
	if more {
		next := url.Values{"cursor": {f.cursor()}}
		if query.Has("limit") {
			next.Set("limit", strconv.Itoa(limit))
		}
		answer.Next = h.Site + "/api/v1/records?" + next.Encode()
		w.Header().Set("Link", "<"+answer.Next+`>; rel="next"`)
	}
	w.Header().Set("Cache-Control", "no-cache")
	return writeJSON(w, http.StatusOK, answer)
}

// filterOf reads the parameters of a list. A cursor holds them all; others beside it must say the same.
func filterOf(query url.Values) (f filter, first bool, err error) {
	for name, values := range query {
		switch name {
		case "limit", "cursor", "set", "from", "until", "deleted":
		default:
			return f, false, badParameter(name, "there is no such parameter; want limit, cursor, set, from, until, deleted")
		}
		if len(values) > 1 {
			return f, false, badParameter(name, "is given %d times", len(values))
		}
	}
	if f.Set = query.Get("set"); f.Set != "" && !store.ValidSetSpec(f.Set) {
		return f, false, badParameter("set", "%q is no setSpec, such as journal:sample", f.Set)
	}
	if s := query.Get("from"); s != "" {
		if f.From, _, err = bound(s); err != nil {
			return f, false, badParameter("from", "%s", err)
		}
	}
	if s := query.Get("until"); s != "" {
		if _, f.Until, err = bound(s); err != nil {
			return f, false, badParameter("until", "%s", err)
		}
		if f.Until < f.From {
			return f, false, badParameter("until", "%q is before from", s)
		}
	}
	if s := query.Get("deleted"); s != "" {
		d := s == "true"
		if !d && s != "false" {
			return f, false, badParameter("deleted", "%q: want true for deleted items alone, false for live ones alone; without it both are listed", s)
		}
		f.Deleted = &d
	}
	s := query.Get("cursor")
	if s == "" {
		return f, true, nil
	}
	var c filter
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(b, &c) != nil || c.Until <= 0 || c.Set != "" && !store.ValidSetSpec(c.Set) {
		return f, false, badParameter("cursor", "it was not made here: take it from next as it is")
	}
	for name, same := range map[string]bool{
		"set": c.Set == f.Set, "from": c.From == f.From, "until": c.Until == f.Until || c.Until < f.Until,
		"deleted": c.Deleted != nil && f.Deleted != nil && *c.Deleted == *f.Deleted,
	} {
		if query.Get(name) != "" && !same {
			return f, false, badParameter(name, "the cursor belongs to a list with another one; leave it out")
		}
	}
	return c, false, nil
}

func (f filter) cursor() string {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // it holds strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// bound reads a bound of datestamps as OAI-PMH does: a second, or a day, which is from its first second to its last.
//
// Source: OAI-PMH 2.0 §3.3, §2.7.1.
func bound(s string) (first, last int64, err error) {
	if t, err := time.Parse("2006-01-02T15:04:05Z", s); err == nil && len(s) == len("2006-01-02T15:04:05Z") && t.Unix() > 0 {
		return t.Unix(), t.Unix(), nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil && t.Unix() >= 0 {
		return t.Unix(), t.Unix() + 24*60*60 - 1, nil
	}
	return 0, 0, errBound(s)
}

type errBound string

func (e errBound) Error() string {
	return strconv.Quote(string(e)) + ": want a time such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31, from 1970 on"
}
