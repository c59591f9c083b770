// Package doaj brings articles to the Directory of Open Access Journals by its API v4, as a target of package feed.
//
// An article is created once, and the identifier that DOAJ answers with is kept, so that a later state goes to the same article even when its DOI or its
// address has changed, which DOAJ would refuse otherwise. A creation whose answer was lost is simply sent again: DOAJ finds the article by its DOI or full text,
// replaces it and answers with its identifier. A deletion needs the identifier too. An article that DOAJ does not know any more is created anew.
//
// DOAJ allows two requests a second on average: each waits for [DOAJ.Pace]. 429 and 5xx are tried again; 401 (the key) ends the run. 400 (the structure, the
// ISSNs) and 403 (a journal of another account, a changed DOI) are refusals of the article; when many in a row are 403 the run ends, since
// then it is the account.
//
// With [DOAJ.Bulk], new articles of a batch, if they are so many, go in one request. DOAJ takes them later, tells only how many it took and
// which ISSNs were at fault, and no identifiers. So these are asked for (by DOI) when one is deleted; a change is sent as a creation, which finds it. When not
// all were taken, the rest is not known, and each is sent by itself.
//
// Source: DOAJ API v4 and its published code (view/api_v4.py, api/current/crud/articles.py, api/current/bulk/articles.py). The rate is from DOAJ's documentation of the API.
package doaj

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sheaf/crosswalk/doaj"
	"sheaf/crosswalk/flat"
	"sheaf/feed"
	"sheaf/feed/deposit"
)

// Live is DOAJ's own server.
const Live = "https://doaj.org"

// DOAJ is a publisher's account as a target.
type DOAJ struct {
	Server      string           // without a path: Live
	Credentials feed.Credentials // APIKey
	State       feed.State
	Client      deposit.Client
	Pace        time.Duration                                                 // between requests; 0: 500 ms; negative: none
	Bulk        int                                                           // so many new articles at least go in one request; 0: never
	Read        func(ctx context.Context, local string) (*feed.Change, error) // reads an item as it is now; needed for Bulk
	Poll        time.Duration                                                 // how soon to ask for the outcome of a bulk request; 0: 10 s
	Now         func() time.Time

	last      time.Time          // when the last request was sent
	forbidden int                // 403 in a row
	uploads   map[string]*upload // that are open; nil: not loaded
	refused   []feed.Refusal     // to be told
}

// Check tells what is wrong with the settings.
func (d *DOAJ) Check() error {
	if d.Client.Dir == "" && d.Credentials.APIKey == "" {
		return errors.New("doaj: no key: it comes from SHEAF_FEED_API_KEY, or a file")
	}
	return deposit.CheckURL(d.Server)
}

func (d *DOAJ) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// Send brings changes.
func (d *DOAJ) Send(ctx context.Context, changes []*feed.Change) ([]feed.Outcome, error) {
	outcomes := make([]feed.Outcome, len(changes))
	done := make([]bool, len(changes))
	if d.Bulk > 0 {
		if err := d.bulk(ctx, changes, outcomes, done); err != nil {
			return nil, err
		}
	}
	for i, ch := range changes {
		if done[i] {
			continue
		}
		reason, err := d.one(ctx, ch)
		if err == nil {
			outcomes[i].Refused = reason
			continue
		}
		var fatal *feed.Fatal
		if i == 0 || errors.As(err, &fatal) {
			return nil, err
		}
		var later *feed.Later
		retry := feed.Outcome{Retry: true}
		if errors.As(err, &later) {
			retry.After = later.After
		}
		for ; i < len(changes); i++ {
			if !done[i] {
				outcomes[i] = retry
			}
		}
		break
	}
	return outcomes, nil
}

// one brings one change; reason says why DOAJ does not take it.
func (d *DOAJ) one(ctx context.Context, ch *feed.Change) (reason string, err error) {
	kept, err := d.kept(ctx, ch.Local)
	if err != nil {
		return "", err
	}
	if kept.Status == deposit.Waiting {
		if err := d.settleFirst(ctx, kept); err != nil {
			return "", err
		}
		if kept, err = d.kept(ctx, ch.Local); err != nil {
			return "", err
		}
	}
	if ch.Deleted {
		return "", d.remove(ctx, ch, kept)
	}
	if kept.Datestamp == ch.Datestamp && kept.There() && !ch.Again {
		return "", nil
	}
	body, err := doaj.JSON(ch.Record())
	if err != nil {
		return d.refuse(ctx, ch, kept, why(err))
	}
	return d.put(ctx, ch, kept, body)
}

// why is the reason of a *flat.Cannot.
func why(err error) string {
	var cannot *flat.Cannot
	if errors.As(err, &cannot) {
		return cannot.Code + ": " + cannot.Message
	}
	return err.Error()
}

// put creates or replaces an article.
func (d *DOAJ) put(ctx context.Context, ch *feed.Change, kept deposit.Item, body []byte) (reason string, err error) {
	if kept.ID != "" {
		a, err := d.do(ctx, http.MethodPut, "/articles/"+url.PathEscape(kept.ID), body)
		switch {
		case err != nil:
			return "", err
		case a.Status == http.StatusNotFound: // deleted there, or by another's hand
			kept.ID = ""
		case a.Status/100 == 2:
			return "", d.took(ctx, ch, kept, "updated")
		default:
			return d.failed(ctx, ch, kept, a)
		}
	}
	a, err := d.do(ctx, http.MethodPost, "/articles", body)
	switch {
	case err != nil:
		return "", err
	case d.Client.Dir != "":
		return "", nil
	case a.Status/100 != 2:
		return d.failed(ctx, ch, kept, a)
	}
	var created struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(a.Body, &created); err != nil || created.ID == "" {
		return "", fmt.Errorf("doaj: a creation was answered without an identifier: %q", deposit.Cut(string(a.Body)))
	}
	kept.ID = created.ID
	return "", d.took(ctx, ch, kept, "created")
}

// failed is what becomes of an article that DOAJ did not take.
func (d *DOAJ) failed(ctx context.Context, ch *feed.Change, kept deposit.Item, a *deposit.Answer) (reason string, err error) {
	switch a.Status {
	case http.StatusBadRequest:
	case http.StatusForbidden:
		if d.forbidden++; d.forbidden >= maxForbidden {
			return "", feed.Fatalf("doaj: %d articles in a row were refused: %w", d.forbidden, a.Err())
		}
	case http.StatusUnauthorized:
		return "", feed.Fatalf("doaj: %w: the key is not right", a.Err())
	default:
		return "", a.Err()
	}
	var answer struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(a.Body, &answer) != nil || answer.Error == "" {
		answer.Error = string(a.Body)
	}
	return d.refuse(ctx, ch, kept, fmt.Sprintf("%d: %s", a.Status, answer.Error))
}

// maxForbidden is how many articles in a row may be refused with 403.
const maxForbidden = 20

// remove deletes an article, if it is there.
func (d *DOAJ) remove(ctx context.Context, ch *feed.Change, kept deposit.Item) error {
	if kept.ID == "" && kept.Seen { // it came in a bulk request
		var err error
		if kept.ID, err = d.find(ctx, kept); err != nil {
			return err
		}
	}
	if kept.ID != "" {
		a, err := d.do(ctx, http.MethodDelete, "/articles/"+url.PathEscape(kept.ID), nil)
		switch {
		case err != nil:
			return err
		case a.Status == http.StatusUnauthorized:
			return feed.Fatalf("doaj: %w: the key is not right", a.Err())
		case d.Client.Dir == "" && a.Status/100 != 2 && a.Status != http.StatusNotFound:
			return a.Err()
		}
	}
	if d.Client.Dir != "" || kept.Status == "" {
		return nil
	}
	kept.ID, kept.Seen = "", false
	kept.Datestamp, kept.Status, kept.Message, kept.At = ch.Datestamp, deposit.Deleted, "", d.now().Unix()
	return deposit.Save(ctx, d.State, kept)
}

func (d *DOAJ) kept(ctx context.Context, local string) (item deposit.Item, err error) {
	if d.Client.Dir == "" {
		item, err = deposit.Load(ctx, d.State, local)
	}
	item.Local = local
	return item, err
}

func (d *DOAJ) took(ctx context.Context, ch *feed.Change, kept deposit.Item, message string) error {
	d.forbidden = 0
	kept.Datestamp, kept.Status, kept.Message, kept.Seen, kept.Batch, kept.At = ch.Datestamp, deposit.Taken, message, true, "", d.now().Unix()
	return deposit.Save(ctx, d.State, kept)
}

func (d *DOAJ) refuse(ctx context.Context, ch *feed.Change, kept deposit.Item, reason string) (string, error) {
	reason = deposit.Cut(reason)
	if d.Client.Dir != "" {
		return reason, nil
	}
	kept.Datestamp, kept.Status, kept.Message, kept.At = ch.Datestamp, deposit.Refused, reason, d.now().Unix()
	return reason, deposit.Save(ctx, d.State, kept)
}

// do sends one request of the API, not sooner than the pace allows.
func (d *DOAJ) do(ctx context.Context, method, path string, body []byte) (*deposit.Answer, error) {
	pace := d.Pace
	if pace == 0 {
		pace = 500 * time.Millisecond
	}
	if left := time.Until(d.last.Add(pace)); left > 0 && d.Client.Dir == "" {
		select {
		case <-time.After(left):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	d.last = time.Now()
	kind := ""
	if body != nil {
		kind = "application/json"
	}
	d.Client.Secret = []string{"api_key"}
	key := d.Credentials.APIKey
	if key == "" {
		key = "-" // a dry run without one
	}
	return d.Client.Do(ctx, method, strings.TrimRight(d.Server, "/")+"/api/v4"+path+"?"+url.Values{"api_key": {key}}.Encode(), kind, body, ".json",
		http.Header{"Accept": {"application/json"}})
}
