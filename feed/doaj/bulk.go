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
	"sheaf/feed"
	"sheaf/feed/deposit"
	"sheaf/store"
)

// upload is a bulk request, as it is kept until its outcome is known.
type upload struct {
	ID    string  `json:"id"`
	Begun int64   `json:"begun"` // seconds since 1970
	Items []entry `json:"items"`
	next  time.Time
	pause time.Duration
}

type entry struct {
	Local     string `json:"local"`
	Datestamp int64  `json:"datestamp"`
}

// load reads the uploads that are open.
func (d *DOAJ) load(ctx context.Context) error {
	if d.uploads != nil || d.Client.Dir != "" {
		return nil
	}
	uploads := map[string]*upload{}
	err := d.State.Each(ctx, "upload/", func(key string, value []byte) error {
		u := &upload{}
		if err := json.Unmarshal(value, u); err != nil {
			return fmt.Errorf("doaj: %q cannot be read: %w", key, err)
		}
		uploads[u.ID] = u
		return nil
	})
	if err == nil {
		d.uploads = uploads
	}
	return err
}

// bulk sends what of the changes is new in one request, if it is enough, and tells of which there is nothing left to do.
func (d *DOAJ) bulk(ctx context.Context, changes []*feed.Change, outcomes []feed.Outcome, done []bool) error {
	if err := d.load(ctx); err != nil {
		return err
	}
	var list []json.RawMessage
	var at []int
	u := &upload{Begun: d.now().Unix()}
	seen := map[string]bool{} // DOAJ takes nothing of a list in which an address is twice
	for i, ch := range changes {
		if ch.Deleted {
			continue
		}
		kept, err := d.kept(ctx, ch.Local)
		if err != nil {
			return err
		}
		if kept.ID != "" || kept.Seen || kept.Status == deposit.Waiting {
			if kept.Status == deposit.Waiting && kept.Datestamp == ch.Datestamp && d.uploads[kept.Batch] != nil {
				done[i] = true
			}
			continue
		}
		r := ch.Record()
		body, err := doaj.JSON(r)
		if err != nil {
			if outcomes[i].Refused, err = d.refuse(ctx, ch, kept, why(err)); err != nil {
				return err
			}
			done[i] = true
			continue
		}
		if r.DOI == "" || seen[r.Landing] || seen[strings.ToLower(r.DOI)] {
			continue // by itself
		}
		seen[r.Landing], seen[strings.ToLower(r.DOI)] = true, true
		list, at = append(list, body), append(at, i)
		u.Items = append(u.Items, entry{ch.Local, ch.Datestamp})
	}
	if len(list) < d.Bulk {
		return nil
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	a, err := d.do(ctx, http.MethodPost, "/bulk/articles", body)
	if err != nil {
		return err
	}
	if d.Client.Dir == "" {
		switch {
		case a.Status == http.StatusUnauthorized:
			return feed.Fatalf("doaj: %w: the key is not right", a.Err())
		case a.Status == http.StatusBadRequest, a.Status == http.StatusForbidden, a.Status == http.StatusRequestEntityTooLarge:
			return nil // each by itself
		case a.Status/100 != 2:
			return a.Err()
		}
		var answer struct {
			ID string `json:"upload_id"`
		}
		if err := json.Unmarshal(a.Body, &answer); err != nil || answer.ID == "" {
			return fmt.Errorf("doaj: a bulk request was answered without an upload_id: %q", deposit.Cut(string(a.Body)))
		}
		u.ID = answer.ID
		if err := d.State.Save(ctx, "upload/"+u.ID, u); err != nil {
			return err
		}
		d.uploads[u.ID] = u
	}
	for _, i := range at {
		done[i] = true
		if d.Client.Dir != "" {
			continue
		}
		kept, err := d.kept(ctx, changes[i].Local)
		if err != nil {
			return err
		}
		kept.Datestamp, kept.Status, kept.Batch, kept.At, kept.Message = changes[i].Datestamp, deposit.Waiting, u.ID, d.now().Unix(), ""
		kept.DOI = changes[i].Record().DOI
		kept.Seen = true // perhaps
		if err := deposit.Save(ctx, d.State, kept); err != nil {
			return err
		}
	}
	return nil
}

// Settle asks what became of the bulk requests that are open.
func (d *DOAJ) Settle(ctx context.Context) (refused []feed.Refusal, again time.Duration, err error) {
	if err := d.load(ctx); err != nil {
		return nil, 0, err
	}
	first := d.Poll
	if first <= 0 {
		first = 10 * time.Second
	}
	refused, d.refused = d.refused, nil
	for _, u := range d.uploads {
		now := d.now()
		if left := u.next.Sub(now); left > 0 {
			if again == 0 || left < again {
				again = left
			}
			continue
		}
		list, open, err := d.ask(ctx, u)
		refused = append(refused, list...)
		if err != nil {
			return refused, 0, err
		}
		if open {
			u.pause = min(max(u.pause*3/2, first), 10*time.Minute)
			u.next = now.Add(u.pause)
			if again == 0 || u.pause < again {
				again = u.pause
			}
		}
	}
	return refused, again, nil
}

// ask asks for the outcome of an upload; open: it is not known yet.
func (d *DOAJ) ask(ctx context.Context, u *upload) (refused []feed.Refusal, open bool, err error) {
	a, err := d.do(ctx, http.MethodGet, "/bulk/articles/"+url.PathEscape(u.ID), nil)
	if err != nil {
		return nil, true, err
	}
	var status struct {
		Status  string `json:"status"`
		Error   string `json:"error"`
		Results struct {
			Failed int `json:"failed"`
		} `json:"results"`
	}
	switch {
	case a.Status == http.StatusUnauthorized:
		return nil, true, feed.Fatalf("doaj: %w: the key is not right", a.Err())
	case a.Status == http.StatusBadRequest, a.Status == http.StatusNotFound: // it is not known any more
		status.Status = "failed"
	case a.Status/100 != 2:
		return nil, true, a.Err()
	default:
		if err := json.Unmarshal(a.Body, &status); err != nil {
			return nil, true, fmt.Errorf("doaj: the outcome of %s cannot be read: %w", u.ID, err)
		}
	}
	switch status.Status {
	case "processed", "processed_partial", "failed":
	default:
		return nil, true, nil
	}
	all := status.Status == "processed" && status.Results.Failed == 0
	for _, e := range u.Items {
		kept, err := d.kept(ctx, e.Local)
		if err != nil {
			return refused, true, err
		}
		if kept.Batch != u.ID || kept.Status != deposit.Waiting { // it was sent again, or deleted
			continue
		}
		if all {
			kept.Status, kept.Message, kept.At = deposit.Taken, "taken with upload "+u.ID, d.now().Unix()
			if err := deposit.Save(ctx, d.State, kept); err != nil {
				return refused, true, err
			}
			continue
		}
		ch, err := d.Read(ctx, e.Local)
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && (ch.Datestamp != e.Datestamp || ch.Deleted): // the log has it
			continue
		case err != nil:
			return refused, true, err
		}
		body, err := doaj.JSON(ch.Record())
		if err != nil {
			return refused, true, err
		}
		reason, err := d.put(ctx, ch, kept, body)
		if err != nil {
			return refused, true, err
		}
		if reason != "" {
			refused = append(refused, feed.Refusal{Local: e.Local, Datestamp: e.Datestamp, Reason: reason})
		}
	}
	if err := d.State.Forget(ctx, "upload/"+u.ID); err != nil {
		return refused, true, err
	}
	delete(d.uploads, u.ID)
	return refused, false, nil
}

// find asks DOAJ for the identifier of an article that it took in a bulk request; "" when it has none.
func (d *DOAJ) find(ctx context.Context, kept deposit.Item) (string, error) {
	a, err := d.do(ctx, http.MethodGet, "/search/articles/"+url.PathEscape(`doi:"`+kept.DOI+`"`), nil)
	if err != nil {
		return "", err
	}
	if err := a.Err(); err != nil {
		return "", err
	}
	var found struct {
		Results []struct {
			ID string `json:"id"`
		} `json:"results"`
	}
	if err := json.Unmarshal(a.Body, &found); err != nil {
		return "", fmt.Errorf("doaj: the answer to a search cannot be read: %w", err)
	}
	if len(found.Results) != 1 {
		return "", nil
	}
	return found.Results[0].ID, nil
}

// settleFirst sees to it that no bulk request that holds an item is under way: it could undo what is sent now.
func (d *DOAJ) settleFirst(ctx context.Context, kept deposit.Item) error {
	if err := d.load(ctx); err != nil {
		return err
	}
	u := d.uploads[kept.Batch]
	if u == nil {
		return nil
	}
	refused, open, err := d.ask(ctx, u)
	d.refused = append(d.refused, refused...)
	if err == nil && open {
		err = &feed.Later{Err: fmt.Errorf("doaj: upload %s is not done", u.ID), After: max(d.Poll, 0)}
	}
	return err
}
