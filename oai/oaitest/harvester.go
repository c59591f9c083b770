// Package oaitest proves that a harvester never misses a change: it lets writers write and harvesters harvest at random, over any
// number of nodes that come and go, and compares every mirror with the store in the end.
package oaitest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// Entry is one record as a harvester holds it.
type Entry struct {
	Datestamp string
	Deleted   bool
	Sets      string // parted by one blank
	Metadata  string
}

// Harvester keeps a mirror of a repository as the protocol tells it to: it lists, remembers the responseDate of the first response, and
// the next time lists from there. It is not well-behaved otherwise: it repeats pages, goes back to earlier ones, gives up lists, and
// asks another node for every page.
type Harvester struct {
	Prefix, Set string
	Do          func(query url.Values) (*http.Response, error) // asks some node; a failure is tried again
	Random      *rand.Rand                                     // nil: a well-behaved harvester
	Still       map[string]bool                                // identifiers of items that nobody changes: each must come once in every whole list

	Mirror map[string]Entry
	From   string // responseDate of the last finished list
	Lists  int    // finished
	Pages  int    // asked for
}

// page is one response.
type page struct {
	ResponseDate string `xml:"responseDate"`
	Error        []struct {
		Code string `xml:"code,attr"`
		Text string `xml:",chardata"`
	} `xml:"error"`
	Records []record `xml:"ListRecords>record"`
	Token   *string  `xml:"ListRecords>resumptionToken"`
}

type record struct {
	Header struct {
		Status     string   `xml:"status,attr"`
		Identifier string   `xml:"identifier"`
		Datestamp  string   `xml:"datestamp"`
		Sets       []string `xml:"setSpec"`
	} `xml:"header"`
	Metadata struct {
		XML string `xml:",innerxml"`
	} `xml:"metadata"`
}

// errGaveUp ends a list that is not followed to its end.
var errGaveUp = errors.New("gave up")

func (h *Harvester) chance(percent int) bool { return h.Random != nil && h.Random.IntN(100) < percent }

// Harvest follows one list, from the last one's responseDate, into the mirror. Its error is a broken promise.
func (h *Harvester) Harvest() error {
	if h.Mirror == nil {
		h.Mirror = map[string]Entry{}
	}
	query := url.Values{"verb": {"ListRecords"}, "metadataPrefix": {h.Prefix}}
	if h.Set != "" {
		query.Set("set", h.Set)
	}
	if h.From != "" {
		query.Set("from", h.From)
	}
	began, err := h.follow(query)
	if errors.Is(err, errGaveUp) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list of %s in set %q from %q: %w", h.Prefix, h.Set, h.From, err)
	}
	h.From = began // it may be before the last one: another node had seen less, and says so
	h.Lists++
	return nil
}

func (h *Harvester) follow(query url.Values) (began string, err error) {
	whole := h.From == "" && h.Set == ""
	var tokens []string
	seen, last, repeated := map[string]bool{}, "", false
	for first := true; ; first = false {
		p, err := h.get(query)
		if err != nil {
			return "", err
		}
		if first {
			began = p.ResponseDate
		}
		for _, e := range p.Error {
			if e.Code != "noRecordsMatch" {
				return "", fmt.Errorf("%s: %s: %s", query.Encode(), e.Code, e.Text)
			}
		}
		for _, r := range p.Records {
			place := r.Header.Datestamp + " " + r.Header.Identifier
			if !repeated && place <= last {
				return "", fmt.Errorf("%s came after %s", place, last)
			}
			if !repeated && seen[r.Header.Identifier] && h.Still[r.Header.Identifier] { // one that changes in the last second of a list may come as it was and as it is
				return "", fmt.Errorf("%s, which nobody changes, came twice in one list", r.Header.Identifier)
			}
			seen[r.Header.Identifier], last = true, place
			h.Mirror[r.Header.Identifier] = Entry{
				Datestamp: r.Header.Datestamp, Deleted: r.Header.Status == "deleted",
				Sets: strings.Join(r.Header.Sets, " "), Metadata: strings.TrimSpace(r.Metadata.XML),
			}
		}
		if h.chance(4) {
			return "", errGaveUp
		}
		if p.Token == nil || *p.Token == "" {
			break
		}
		token := *p.Token
		tokens = append(tokens, token)
		switch {
		case h.chance(8): // once more, as after a lost answer
			token, repeated = tokens[max(0, len(tokens)-2)], true
		case h.chance(4): // from an earlier place
			token, repeated = tokens[h.Random.IntN(len(tokens))], true
		}
		query = url.Values{"verb": {"ListRecords"}, "resumptionToken": {token}}
	}
	if whole {
		for id := range h.Still {
			if !seen[id] {
				return "", fmt.Errorf("%s, which nobody changes, is not in a whole list", id)
			}
		}
	}
	return began, nil
}

// get asks until it gets an answer that is whole.
func (h *Harvester) get(query url.Values) (*page, error) {
	var last error
	for range 200 {
		h.Pages++
		resp, err := h.Do(query)
		if err != nil {
			last = err
			continue
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode == http.StatusServiceUnavailable {
			last = fmt.Errorf("%s %w", resp.Status, errors.Join(err))
			continue
		}
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s: %s", query.Encode(), resp.Status, b.String())
		}
		p := new(page)
		if err := xml.Unmarshal(b.Bytes(), p); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", query.Encode(), err, b.String())
		}
		return p, nil
	}
	return nil, fmt.Errorf("%s: no answer: %w", query.Encode(), last)
}

// Ask asks a handler without a network. A response that breaks off is an error.
func Ask(handler http.Handler, query url.Values) (resp *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			err = http.ErrAbortHandler
		}
	}()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/oai?"+query.Encode(), nil))
	return w.Result(), nil
}
