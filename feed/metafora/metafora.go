// Package metafora brings issues of journals to RCSI Metafora (the Russian Centre for Science Information) by its API v2, as a target of package feed.
//
// Metafora takes one file for a whole issue. So a change of an article makes its issue due, and [Metafora.Settle] uploads an issue when
// nothing of it has changed for a while ([Metafora.Quiet]): an issue that is imported article by article is uploaded once. What is kept, and saved before a change counts
// as taken: of each article the issue that it stands in (package deposit, as ID), and of each issue its articles and its file, as the state "issue/KEY". The file
// is made of the articles as they are in the store when it is uploaded; an article that the format does not take is left out and told, the others go on.
//
// Then the file is asked after until it is processed (status 3) or could not be (4). A file that Metafora has already (409 XML_ALREADY_EXISTS) is taken as uploaded
// and asked after like another, unless it is known to be an earlier state of the issue. Of an issue that Metafora refuses (422) with
// messages that quote titles, the articles with those titles are left out and the rest is uploaded; else each of its articles is refused. An issue that has no articles any more is
// deleted (its file), and an article that has moved to another issue changes both.
//
// PDFs and signing are left to the people who answer for them.
//
// Source: two public clients of Metafora's API v2 (https://metafora.rcsi.science/api/v2/openapi.yaml, which was not at hand). Not known is what a second file for
// an issue does to publications that are signed.
package metafora

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sheaf/crosswalk/elibrary"
	"sheaf/crosswalk/flat"
	"sheaf/feed"
	"sheaf/feed/deposit"
	"sheaf/store"
)

// Live is Metafora's own server.
const Live = "https://metafora.rcsi.science"

// Metafora is a publisher's account as a target.
type Metafora struct {
	Server      string           // without a path: Live
	Credentials feed.Credentials // APIKey
	State       feed.State
	Client      deposit.Client
	Read        func(ctx context.Context, local string) (*feed.Change, error) // reads an item as it is now
	Quiet       time.Duration                                                 // how long an issue must not have changed; 0: 30 s; negative: not at all
	Poll        time.Duration                                                 // how soon to ask for the status of a file first; 0: 10 s
	Now         func() time.Time

	issues map[string]*issue // by key; nil: not loaded
}

// issue is what is kept of an issue.
type issue struct {
	Key    string   `json:"key"`
	Locals []string `json:"locals"`          // its articles, sorted
	Due    bool     `json:"due,omitempty"`   // it is to be uploaded
	Again  bool     `json:"again,omitempty"` // also when the file would be the same
	Since  int64    `json:"since"`           // its last change, seconds since 1970
	File   string   `json:"file,omitempty"`  // file_uid
	Hash   string   `json:"hash,omitempty"`  // of that file
	Open   bool     `json:"open,omitempty"`  // the file is not known to be processed
	Sent   []sent   `json:"sent,omitempty"`  // what is in that file
	next   time.Time
	pause  time.Duration
}

type sent struct {
	Local     string `json:"local"`
	Datestamp int64  `json:"datestamp"`
}

// Check tells what is wrong with the settings.
func (m *Metafora) Check() error {
	if m.Client.Dir == "" && m.Credentials.APIKey == "" {
		return errors.New("metafora: no key: it comes from SHEAF_FEED_API_KEY, or a file")
	}
	return deposit.CheckURL(m.Server)
}

func (m *Metafora) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Now()
}

// load reads the issues.
func (m *Metafora) load(ctx context.Context) error {
	if m.issues != nil {
		return nil
	}
	issues := map[string]*issue{}
	if m.Client.Dir == "" {
		err := m.State.Each(ctx, "issue/", func(key string, value []byte) error {
			i := &issue{}
			if err := json.Unmarshal(value, i); err != nil {
				return fmt.Errorf("metafora: %q cannot be read: %w", key, err)
			}
			issues[i.Key] = i
			return nil
		})
		if err != nil {
			return err
		}
	}
	m.issues = issues
	return nil
}

func (m *Metafora) save(ctx context.Context, i *issue) error {
	if m.Client.Dir != "" {
		return nil
	}
	if len(i.Locals) == 0 && i.File == "" {
		delete(m.issues, i.Key)
		return m.State.Forget(ctx, "issue/"+i.Key)
	}
	return m.State.Save(ctx, "issue/"+i.Key, i)
}

// Send notes which issues have changed. In a dry run it writes their files.
func (m *Metafora) Send(ctx context.Context, changes []*feed.Change) ([]feed.Outcome, error) {
	if err := m.load(ctx); err != nil {
		return nil, err
	}
	outcomes := make([]feed.Outcome, len(changes))
	changed := map[string]bool{}
	var items []deposit.Item
	for n, ch := range changes {
		kept, err := m.kept(ctx, ch.Local)
		if err != nil {
			return nil, err
		}
		key := ""
		if !ch.Deleted {
			if key = elibrary.IssueKey(ch.Record()); key == "" {
				outcomes[n].Refused = "no-issue: the article does not say in which journal, year and volume or issue it stands"
			}
		}
		if was := kept.ID; was != "" && was != key {
			m.leave(was, ch.Local)
			changed[was] = true
		}
		if key != "" && !(kept.ID == key && kept.Datestamp == ch.Datestamp && kept.There() && !ch.Again) {
			m.enter(key, ch.Local, ch.Again)
			changed[key] = true
		} else if key != "" {
			continue
		}
		if kept.Status == "" && key == "" && outcomes[n].Refused == "" {
			continue // deleted, and never sent
		}
		kept.ID, kept.Datestamp, kept.Status, kept.Message, kept.At = key, ch.Datestamp, deposit.Waiting, "", m.now().Unix()
		switch {
		case ch.Deleted:
			kept.Status = deposit.Deleted
		case key == "":
			kept.Status, kept.Message = deposit.Refused, outcomes[n].Refused
		}
		items = append(items, kept)
	}
	if m.Client.Dir != "" {
		return outcomes, m.dry(ctx, changes, changed, outcomes)
	}
	for _, key := range sorted(changed) {
		if err := m.save(ctx, m.issues[key]); err != nil {
			return nil, err
		}
	}
	for _, it := range items { // after the issues: then a crash between the two sends the changes again and finds the old issue
		if err := deposit.Save(ctx, m.State, it); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func sorted(set map[string]bool) (keys []string) {
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// enter puts an article into an issue.
func (m *Metafora) enter(key, local string, again bool) {
	i := m.issues[key]
	if i == nil {
		i = &issue{Key: key}
		m.issues[key] = i
	}
	if at, found := slices.BinarySearch(i.Locals, local); !found {
		i.Locals = slices.Insert(i.Locals, at, local)
	}
	i.Due, i.Since, i.Again = true, m.now().Unix(), i.Again || again
}

// leave takes an article out of an issue.
func (m *Metafora) leave(key, local string) {
	i := m.issues[key]
	if i == nil { // its mark is gone
		i = &issue{Key: key}
		m.issues[key] = i
	}
	if at, found := slices.BinarySearch(i.Locals, local); found {
		i.Locals = slices.Delete(i.Locals, at, at+1)
	}
	i.Due, i.Since = true, m.now().Unix()
}

func (m *Metafora) kept(ctx context.Context, local string) (item deposit.Item, err error) {
	if m.Client.Dir == "" {
		item, err = deposit.Load(ctx, m.State, local)
	}
	item.Local = local
	return item, err
}

// dry writes the requests of the issues that have changed, the newest last, and each file under its name.
func (m *Metafora) dry(ctx context.Context, changes []*feed.Change, changed map[string]bool, outcomes []feed.Outcome) error {
	for _, key := range sorted(changed) {
		doc, _, left, err := m.document(ctx, m.issues[key], nil)
		if err != nil {
			return err
		}
		for n, ch := range changes {
			for _, l := range left {
				if l.Local == ch.Local {
					outcomes[n].Refused = l.Reason
				}
			}
		}
		if doc == nil {
			continue
		}
		if _, err := m.post(ctx, key, doc); err != nil {
			return err
		}
	}
	return nil
}

// Settle uploads the issues that are due and asks for those that Metafora has not processed yet.
func (m *Metafora) Settle(ctx context.Context) (refused []feed.Refusal, again time.Duration, err error) {
	if err := m.load(ctx); err != nil {
		return nil, 0, err
	}
	quiet := m.Quiet
	if quiet == 0 {
		quiet = 30 * time.Second
	}
	keys := map[string]bool{}
	for key := range m.issues {
		keys[key] = true
	}
	forbidden, taken := 0, 0
	for _, key := range sorted(keys) {
		i, now := m.issues[key], m.now()
		var list []feed.Refusal
		var wait time.Duration
		switch {
		case i.Due:
			if wait = time.Unix(i.Since, 0).Add(quiet).Sub(now); wait <= 0 {
				var status int
				list, status, err = m.upload(ctx, i)
				if status == http.StatusForbidden {
					if forbidden++; forbidden >= maxForbidden && taken == 0 && err == nil {
						err = feed.Fatalf("metafora: %d issues were refused with 403 and none was taken: is the key right?", forbidden)
					}
				} else if status/100 == 2 {
					taken++
				}
				wait = 0
				if i.Open {
					wait = m.later(i)
				}
			}
		case i.Open:
			if wait = i.next.Sub(now); wait <= 0 {
				list, err = m.ask(ctx, i)
				wait = 0
				if i.Open {
					wait = m.later(i)
				}
			}
		}
		refused = append(refused, list...)
		if err != nil {
			return refused, 0, err
		}
		if wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
	}
	return refused, again, nil
}

// maxForbidden is how many issues may be refused with 403 while none is taken.
const maxForbidden = 5

// later is how long to wait before the file of an issue is asked after again.
func (m *Metafora) later(i *issue) time.Duration {
	first := m.Poll
	if first <= 0 {
		first = 10 * time.Second
	}
	i.pause = min(max(i.pause*3/2, first), 5*time.Minute)
	i.next = m.now().Add(i.pause)
	return i.pause
}

// document is the file of an issue, without the articles of omit (by local identifier, with the reason): what is in it, and what is left out. nil when
// nothing is in it.
func (m *Metafora) document(ctx context.Context, i *issue, omit map[string]string) (doc []byte, in []sent, left []feed.Refusal, err error) {
	var records []*flat.Record
	var all []sent
	for _, local := range i.Locals {
		ch, err := m.Read(ctx, local)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue
		case err != nil:
			return nil, nil, nil, err
		case ch.Deleted || elibrary.IssueKey(ch.Record()) != i.Key: // it has changed since: the log tells
			continue
		}
		if reason, ok := omit[local]; ok {
			left = append(left, feed.Refusal{Local: local, Datestamp: ch.Datestamp, Reason: reason})
			continue
		}
		records, all = append(records, ch.Record()), append(all, sent{local, ch.Datestamp})
	}
	doc, errs := elibrary.AppendIssue(nil, records)
	for n, err := range errs {
		if err == nil {
			in = append(in, all[n])
			continue
		}
		reason := err.Error()
		var cannot *flat.Cannot
		if errors.As(err, &cannot) {
			reason = cannot.Code + ": " + cannot.Message
		}
		left = append(left, feed.Refusal{Local: all[n].Local, Datestamp: all[n].Datestamp, Reason: reason})
	}
	return doc, in, left, nil
}

// upload uploads the file of an issue; status is that of Metafora's answer, 0 if it was not asked.
func (m *Metafora) upload(ctx context.Context, i *issue) (refused []feed.Refusal, status int, err error) {
	omit := map[string]string{}
	for {
		doc, in, left, err := m.document(ctx, i, omit)
		if err != nil {
			return nil, 0, err
		}
		if len(in) == 0 {
			if err := m.remove(ctx, i); err != nil {
				return nil, 0, err
			}
			refused, err = m.outcome(ctx, nil, left, "", "")
			if err != nil {
				return nil, 0, err
			}
			i.Due, i.Again, i.Open, i.Sent = false, false, false, nil
			return refused, 0, m.save(ctx, i)
		}
		sum := sha256.Sum256(doc)
		hash := hex.EncodeToString(sum[:16])
		if hash == i.Hash && i.File != "" && !i.Again { // it is there as it is
			refused, err = m.outcome(ctx, nil, left, "", "")
			if err == nil && !i.Open {
				var more []feed.Refusal
				more, err = m.outcome(ctx, in, nil, deposit.Taken, "file "+i.File)
				refused = append(refused, more...)
			}
			if err != nil {
				return nil, 0, err
			}
			i.Due, i.Sent = false, in
			return refused, 0, m.save(ctx, i)
		}
		a, err := m.post(ctx, i.Key, doc)
		if err != nil {
			return nil, 0, err
		}
		r := m.read(a)
		uid := r.Data.FileUID
		switch {
		case a.Status/100 == 2 && uid != "":
		case a.Status/100 == 2:
			return nil, a.Status, fmt.Errorf("metafora: an upload was answered without a file_uid: %q", deposit.Cut(string(a.Body)))
		case a.Status == http.StatusConflict && r.Error == "XML_ALREADY_EXISTS" && r.Data.Exists != "" && (r.Data.Exists != i.File || hash == i.Hash):
			uid = r.Data.Exists
		case a.Status == http.StatusUnauthorized:
			return nil, a.Status, feed.Fatalf("metafora: %w: the key is not right", a.Err())
		case a.Status == http.StatusUnprocessableEntity && m.blame(ctx, i, in, r.words(a), omit):
			continue
		case a.Status == http.StatusForbidden, a.Status == http.StatusNotFound, a.Status == http.StatusConflict, a.Status == http.StatusUnprocessableEntity, a.Status == http.StatusBadRequest:
			refused, err = m.outcome(ctx, in, left, deposit.Refused, fmt.Sprintf("%d: %s", a.Status, r.words(a)))
			if err != nil {
				return nil, a.Status, err
			}
			i.Due, i.Again = false, false
			return refused, a.Status, m.save(ctx, i)
		default:
			return nil, a.Status, a.Err()
		}
		refused, err = m.outcome(ctx, nil, left, "", "")
		if err != nil {
			return nil, a.Status, err
		}
		i.Due, i.Again, i.File, i.Hash, i.Open, i.Sent, i.pause = false, false, uid, hash, true, in, 0
		return refused, a.Status, m.save(ctx, i)
	}
}

// blame finds the articles whose titles Metafora's words quote, and adds them to those that are left out. false: it finds none, or all.
func (m *Metafora) blame(ctx context.Context, i *issue, in []sent, words string, omit map[string]string) bool {
	found := map[string]bool{}
	for _, s := range in {
		ch, err := m.Read(ctx, s.Local)
		if err != nil || ch.Record() == nil {
			return false
		}
		for _, t := range ch.Record().Titles {
			if title := strings.Join(strings.Fields(t.Full()), " "); title != "" && strings.Contains(words, "«"+title+"»") {
				found[s.Local] = true
			}
		}
	}
	if len(found) == 0 || len(found) == len(in) {
		return false
	}
	for local := range found {
		omit[local] = "422: " + words
	}
	return true
}

// post uploads a file.
func (m *Metafora) post(ctx context.Context, key string, doc []byte) (*deposit.Answer, error) {
	name := strings.NewReplacer("/", "-", "%", "_").Replace(key) + ".xml"
	form, kind, err := deposit.Form(nil, "xml", filepath.Base(name), doc)
	if err != nil {
		return nil, err
	}
	return m.do(ctx, http.MethodPost, "/api/v2/files/journal/", kind, form)
}

func (m *Metafora) do(ctx context.Context, method, path, kind string, body []byte) (*deposit.Answer, error) {
	m.Client.Secret = []string{"Api-Key"}
	return m.Client.Do(ctx, method, strings.TrimRight(m.Server, "/")+path, kind, body, ".form",
		http.Header{"Api-Key": {m.Credentials.APIKey}, "Accept": {"application/json"}})
}

// reply is what Metafora answers.
type reply struct {
	Message string              `json:"message"`
	Error   string              `json:"error"`
	Errors  map[string][]string `json:"errors"`
	Data    struct {
		FileUID     string   `json:"file_uid"`
		Exists      string   `json:"exists_file_uid"`
		Errors      []string `json:"errors"`
		Description string   `json:"description"`
		XML         struct {
			Status struct {
				Code int    `json:"code"` // 1 queued, 2 running, 3 done, 4 error
				Text string `json:"status_text"`
			} `json:"status"`
		} `json:"xml"`
		Articles []string `json:"articles"`
	} `json:"data"`
}

func (m *Metafora) read(a *deposit.Answer) (r reply) {
	json.Unmarshal(a.Body, &r) // what cannot be read says nothing
	return r
}

// words are why something was refused.
func (r *reply) words(a *deposit.Answer) string {
	var all []string
	all = append(all, r.Data.Errors...)
	if r.Data.Description != "" {
		all = append(all, r.Data.Description)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Errors)) {
		all = append(all, r.Errors[key]...)
	}
	if len(all) == 0 && r.Message != "" {
		all = append(all, r.Message)
	}
	if len(all) == 0 {
		all = append(all, string(a.Body))
	}
	return strings.Join(strings.Fields(strings.Join(all, " ")), " ")
}

// ask asks for the status of an issue's file.
func (m *Metafora) ask(ctx context.Context, i *issue) (refused []feed.Refusal, err error) {
	a, err := m.do(ctx, http.MethodGet, "/api/v2/files/status/?"+url.Values{"file_uid": {i.File}}.Encode(), "", nil)
	if err != nil {
		return nil, err
	}
	r := m.read(a)
	status, message := deposit.Taken, "file "+i.File
	switch {
	case a.Status == http.StatusNotFound:
		status, message = deposit.Refused, "Metafora does not know the file "+i.File+" any more"
		i.File, i.Hash = "", ""
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		return nil, feed.Fatalf("metafora: %w: the key is not right", a.Err())
	case a.Status/100 != 2:
		return nil, a.Err()
	case r.Data.XML.Status.Code == 4:
		status, message = deposit.Refused, "the file "+i.File+" could not be processed: "+r.Data.XML.Status.Text
		if words := append(r.Data.Errors, r.Data.Description); strings.Join(words, "") != "" {
			message += ": " + strings.Join(words, " ")
		}
		i.File, i.Hash = "", "" // so that the same file is sent once more when it is asked for
	case r.Data.XML.Status.Code != 3:
		return nil, nil
	}
	if refused, err = m.outcome(ctx, i.Sent, nil, status, message); err != nil {
		return nil, err
	}
	i.Open = false
	return refused, m.save(ctx, i)
}

// remove deletes the file of an issue that has no articles any more.
func (m *Metafora) remove(ctx context.Context, i *issue) error {
	if i.File == "" {
		return nil
	}
	a, err := m.do(ctx, http.MethodDelete, "/api/v2/files/"+url.PathEscape(i.File), "", nil)
	switch {
	case err != nil:
		return err
	case a.Status == http.StatusUnauthorized:
		return feed.Fatalf("metafora: %w: the key is not right", a.Err())
	case a.Status/100 != 2 && a.Status != http.StatusNotFound:
		return a.Err()
	}
	i.File, i.Hash = "", ""
	return nil
}

// outcome keeps what became of articles that were in a file, and of those that were left out, and returns the refusals.
func (m *Metafora) outcome(ctx context.Context, in []sent, left []feed.Refusal, status, message string) (refused []feed.Refusal, err error) {
	note := func(local string, datestamp int64, status, message string) error {
		kept, err := m.kept(ctx, local)
		if err != nil || kept.Datestamp > datestamp { // it has changed since
			return err
		}
		if status == deposit.Refused && kept.Status == status && kept.Datestamp == datestamp && kept.Message == deposit.Cut(message) {
			return nil // it was told before, and another article of the issue has changed
		}
		if status == deposit.Refused {
			refused = append(refused, feed.Refusal{Local: local, Datestamp: datestamp, Reason: deposit.Cut(message)})
		}
		kept.Datestamp, kept.Status, kept.Message, kept.At = datestamp, status, message, m.now().Unix()
		kept.Seen = kept.Seen || status == deposit.Taken
		return deposit.Save(ctx, m.State, kept)
	}
	for _, s := range in {
		if err := note(s.Local, s.Datestamp, status, message); err != nil {
			return refused, err
		}
	}
	for _, l := range left {
		if err := note(l.Local, l.Datestamp, deposit.Refused, l.Reason); err != nil {
			return refused, err
		}
	}
	return refused, nil
}
