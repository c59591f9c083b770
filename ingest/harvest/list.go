package harvest

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"sheaf/ingest/cut"
	"sheaf/ingest/oaipmh"
	"sheaf/jats"
)

// A listing is one list that is walked through.
type listing struct {
	verb, prefix, from string
	token              string // where to begin; "": at the beginning

	passed map[uint64]bool // hashes of the tokens that were followed
	form   int             // the way of writing tokens that the endpoint takes, of forms
}

// A page is one answer of a list.
type page struct {
	oaipmh.Page
	file    *os.File // the answer, whole; the next request overwrites it
	url     string   // that was asked for
	date    string   // responseDate as written
	sent    time.Time
	request string // the text of the request element
	headers []header
	fresh   bool // something in it had not come before
}

// code is what the repository complains of; "" when there are records all the same.
func (p *page) code() string {
	if len(p.Errors) == 0 || p.Records > 0 {
		return ""
	}
	return p.Errors[0].Code
}

// list calls visit for each answer of a list, to its end. Where the token is refused, the list is begun again, of which restarted is told.
//
// Source: OAI-PMH 2.0 §3.5; Implementation Guidelines for Harvester Implementers §3 (flow control), §4.
func (r *run) list(ctx context.Context, l *listing, visit func(*page) error, restarted func()) error {
	l.passed = map[uint64]bool{}
	begin := r.beginning(l)
	restarts, stale := 0, 0
	for first := true; ; first = false {
		p, err := r.next(ctx, l, begin)
		if err != nil {
			return err
		}
		switch code := p.code(); {
		case code == "noRecordsMatch": // nothing; or all that was left has changed since, and comes in the next run
			p.Token = ""
			return visit(p)
		case code == "badResumptionToken" && l.token != "":
			if restarts++; restarts > maxRestarts {
				return &stopError{fmt.Errorf("harvest: %s: the resumptionToken was refused %d times (%w): try again later, or take the list in pieces with --from and --until", r.URL, restarts, p.Errors[0])}
			}
			r.note("the resumptionToken is refused (%s): the list is begun again", p.Errors[0].Message)
			l.token, l.passed, stale = "", map[uint64]bool{}, 0
			if restarted != nil {
				restarted()
			}
			continue
		case code == "badArgument" && first && l.token == "" && l.from != "" && r.Harvester.From == "" && len(l.from) > len(time.DateOnly):
			r.note("from=%s is refused (%s): the day is asked for", l.from, p.Errors[0].Message)
			l.from = l.from[:len(time.DateOnly)]
			begin = r.beginning(l)
			continue
		case code != "":
			return &stopError{fmt.Errorf("harvest: %s: %s: %w", r.URL, l.verb, p.Errors[0])}
		}
		if err := visit(p); err != nil {
			return err
		}
		if p.Token == "" {
			return nil
		}
		if stale++; p.fresh {
			stale = 0
		}
		if stale > maxStale {
			return &stopError{fmt.Errorf("harvest: %s: %d answers in a row brought nothing new: its list goes round in circles", r.URL, stale)}
		}
		l.passed[hash(p.Token)] = true
		l.token = p.Token
	}
}

// beginning is the request that a list begins with.
func (r *run) beginning(l *listing) string {
	q := "verb=" + l.verb + "&metadataPrefix=" + escape(l.prefix)
	if r.Set != "" {
		q += "&set=" + escape(r.Set)
	}
	if l.from != "" {
		q += "&from=" + escape(l.from)
	}
	if r.Until != "" {
		q += "&until=" + escape(r.granular(r.Until, true))
	}
	return q
}

// next asks for the next answer of a list, with its token written in each way that an endpoint may want, if it refuses the right one.
func (r *run) next(ctx context.Context, l *listing, begin string) (*page, error) {
	if l.token == "" {
		return r.page(ctx, l, begin, "")
	}
	var refused *page
	all := forms(l.token)
	for i := range all {
		form := (l.form + i) % len(all)
		p, err := r.page(ctx, l, "verb="+l.verb+"&resumptionToken="+all[form], l.token)
		if err != nil {
			return nil, err
		}
		if p.code() != "badResumptionToken" {
			l.form = form
			return p, nil
		}
		refused = p
	}
	return refused, nil
}

// forms are the ways of writing a token into a request: the one that is right; and, where it makes a difference, as it is, for those who encode their
// tokens themselves, and without the references of XML, for those who escape them twice.
func forms(token string) []string {
	out := []string{escape(token)}
	if plain, err := url.QueryUnescape(token); err == nil && plain != token && strings.Contains(token, "%") && !strings.ContainsFunc(token, unsafe) {
		out = append(out, token)
	}
	if plain := html.UnescapeString(token); plain != token {
		out = append(out, escape(plain))
	}
	return out
}

func unsafe(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`&#"<>`, c) }

// escape encodes an argument. A blank becomes %20, which everybody reads.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// join puts arguments behind a base URL, which may have some of its own.
func join(base, query string) string {
	base = strings.TrimRight(base, "?&")
	if strings.Contains(base, "?") {
		return base + "&" + query
	}
	return base + "?" + query
}

// page asks for one answer of a list, and for it again while it does not come whole or leads back to where we were.
func (r *run) page(ctx context.Context, l *listing, query, token string) (*page, error) {
	var p *page
	err := r.ask(ctx, query, func(a *answer) error {
		p = &page{file: a.file, url: a.url, sent: a.sent, fresh: false}
		bad := 0
		count := func(rec cut.Record) error {
			if rec.Err != nil {
				bad++
			}
			return nil
		}
		head, err := a.head()
		if err != nil {
			return err
		}
		p.date, p.request = between(head, "responseDate"), html.UnescapeString(between(head, "request"))
		if p.Page, err = oaipmh.CutPage(a.file, count); err != nil {
			return notOAI(err)
		}
		if l.verb == "ListIdentifiers" {
			if err := p.list(&bad); err != nil {
				return err
			}
		}
		switch {
		case !p.Complete:
			return &tryAgain{err: errors.New("the answer breaks off")}
		case p.code() != "":
			return nil
		case p.Token == "" && !p.HasToken && bad > 0 && a.holds("resumptionToken>", "resumptionToken ", "resumptionToken\n"):
			return &tryAgain{err: errors.New("the answer is not well-formed, and its resumptionToken cannot be found"), tries: 3}
		case p.Records == 0 && p.Token == "" && !a.holds("<"+l.verb, ":"+l.verb):
			return &tryAgain{err: fmt.Errorf("the answer holds no %s and no error", l.verb), tries: 3}
		case p.Token != "" && (p.Token == token || l.passed[hash(p.Token)]):
			return &tryAgain{err: fmt.Errorf("the resumptionToken %.100q came before: the list goes round in circles", p.Token), tries: 3}
		}
		return nil
	})
	return p, err
}

// list reads the headers of an answer to ListIdentifiers.
func (p *page) list(bad *int) error {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p.Records = 0
	return cut.XML{Records: []string{"header"}}.Cut(p.file, func(rec cut.Record) error {
		if rec.Err != nil {
			*bad++
			return nil
		}
		if h, _, ok := headerOf(rec.Data); ok {
			p.headers = append(p.headers, h)
		}
		p.Records++
		return nil
	})
}

// between is the text of the first element of that name in head; "" if it has none.
func between(head, name string) string {
	for rest := head; ; {
		i := strings.Index(rest, name)
		if i < 0 {
			return ""
		}
		rest = rest[i+len(name):]
		if i == len(head) || rest == "" || !strings.ContainsRune("> \t\r\n", rune(rest[0])) {
			continue
		}
		_, text, ok := strings.Cut(rest, ">")
		if text, _, closed := strings.Cut(text, "<"); ok && closed && strings.TrimSpace(text) != "" {
			return strings.TrimSpace(text)
		}
	}
}

// notOAI marks what is no answer of OAI-PMH as worth another try; other errors stay.
func notOAI(err error) error {
	var fault *jats.Fault
	if errors.As(err, &fault) {
		return &tryAgain{err: err, tries: 3, strange: true}
	}
	return err
}
