package crossref

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"sheaf/crosswalk/element"
)

// Head is what a deposit says of itself.
//
// Source: Crossref deposit schema 5.4.0, head.
type Head struct {
	BatchID    string // doi_batch_id: 4 to 100 characters, new for each deposit
	Timestamp  int64  // must grow from one deposit of a DOI to the next; see [Timestamp]
	Depositor  string // depositor_name: 1 to 130 characters
	Email      string // where Crossref sends the result: 6 to 200 characters
	Registrant string // 1 to 255 characters; empty: the Depositor
	Site       string // public address of this site, without a slash at the end, for the addresses in the bodies; empty: they have it in them
	Version    string // of the schema: "5.4.0", which is meant by "", or "5.3.1", which DOAJ takes
}

// Timestamp is a moment as the timestamp of a batch: YYYYMMDDhhmmss and three digits of milliseconds, in UTC.
func Timestamp(t time.Time) int64 {
	t = t.UTC()
	day := int64(t.Year()*10000 + int(t.Month())*100 + t.Day())
	return (day*1000000+int64(t.Hour()*10000+t.Minute()*100+t.Second()))*1000 + int64(t.Nanosecond()/1e6)
}

// Kind is the kind of content of a body, the name of its child: "journal", "conference", "book", "dissertation", "report-paper", "peer_review" or
// "posted_content"; "" if it is no body that [Append] made. The bodies of one batch must be of one kind.
func Kind(body []byte) string {
	in, ok := inside(body)
	if !ok || len(in) < 2 || in[0] != '<' {
		return ""
	}
	end := bytes.IndexAny(in, " >")
	if end < 0 {
		return ""
	}
	return string(in[1:end])
}

// inside is what is between the tags of a body.
func inside(body []byte) ([]byte, bool) {
	from, ok := bytes.CutPrefix(body, []byte(startBody))
	if !ok {
		return nil, false
	}
	return bytes.CutSuffix(from, []byte(endBody))
}

// AppendBatch appends to dst a whole doi_batch document, with its XML declaration, that deposits the works of bodies, each as [Append] made it. Articles
// of one issue that follow each other share one journal element. An error says what is wrong with the head, or that the bodies are not of
// one kind, or that there are none; dst is then as it was.
//
// Source: Crossref deposit schema 5.4.0, doi_batch and body; 5.3.1 likewise.
func AppendBatch(dst []byte, h Head, bodies [][]byte) ([]byte, error) {
	version := h.Version
	if version == "" {
		version = "5.4.0"
	}
	if err := h.check(version); err != nil {
		return dst, err
	}
	if len(bodies) == 0 {
		return dst, errors.New("crossref: a batch of nothing: want one body or more")
	}
	registrant := h.Registrant
	if registrant == "" {
		registrant = h.Depositor
	}
	const ns = "http://www.crossref.org/schema/"
	w := element.Writer{B: append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"...)}
	w.Raw(`<doi_batch version="` + version + `" xmlns="` + ns + version + namespaces + ns + version + " https://www.crossref.org/schemas/crossref" + version + `.xsd">`)
	w.Open("head")
	w.Text("doi_batch_id", h.BatchID)
	w.Text("timestamp", fmt.Sprint(h.Timestamp))
	w.Open("depositor")
	w.Text("depositor_name", h.Depositor)
	w.Text("email_address", h.Email)
	w.Close()
	w.Text("registrant", registrant)
	w.Close()
	w.Raw("<body>")
	kind, shared := Kind(bodies[0]), []byte(nil)
	for i, body := range bodies {
		in, ok := inside(body)
		if k := Kind(body); !ok || k == "" || k != kind {
			return dst, fmt.Errorf("crossref: body %d of the batch is of kind %q, want %q as the first: a batch holds one kind", i+1, k, kind)
		}
		start := len(w.B)
		if at := bytes.Index(in, []byte("<journal_article")); kind == "journal" && at > 0 && bytes.HasSuffix(in, []byte(endJournal)) {
			if bytes.Equal(shared, in[:at]) {
				w.B = w.B[:start-len(endJournal)]
				in, start = in[at:], start-len(endJournal)
			} else {
				shared = in[:at]
			}
		}
		w.B = append(w.B, in...)
		if version == "5.3.1" {
			w.B = append(w.B[:start], older(w.B[start:])...)
		}
	}
	w.Raw("</body></doi_batch>\n")
	if h.Site != "" {
		head := len(dst)
		return append(w.B[:head:head], bytes.ReplaceAll(w.B[head:], []byte(element.Site), []byte(h.Site))...), nil
	}
	if bytes.IndexByte(w.B[len(dst):], element.Site[0]) >= 0 {
		return dst, errors.New("crossref: an address in the batch is that of this site, and Head.Site does not say which that is")
	}
	return w.B, nil
}

const endJournal = "</journal>"

func (h *Head) check(version string) error {
	if version != "5.4.0" && version != "5.3.1" {
		return fmt.Errorf("crossref: schema version %q: want 5.4.0 or 5.3.1", version)
	}
	if h.Timestamp <= 0 {
		return fmt.Errorf("crossref: timestamp %d: want a positive number", h.Timestamp)
	}
	for _, f := range []struct {
		name, value string
		least, most int
	}{{"batch id", h.BatchID, 4, 100}, {"depositor", h.Depositor, 1, 130}, {"e-mail address", h.Email, 6, 200}, {"registrant", h.Registrant, 0, 255}} {
		if n := utf8.RuneCountInString(strings.TrimSpace(f.value)); n < f.least || n > f.most {
			return fmt.Errorf("crossref: %s %q: want %d to %d characters", f.name, f.value, f.least, f.most)
		}
	}
	return nil
}

// older makes of a body of schema 5.4.0 one of 5.3.1: a name that is not known in parts was a surname there, the archives were fewer, and languages
// had two letters.
func older(body []byte) []byte {
	body = bytes.ReplaceAll(body, []byte("<name>"), []byte("<surname>"))
	body = bytes.ReplaceAll(body, []byte("</name>"), []byte("</surname>"))
	body = newArchives.ReplaceAllFunc(body, func(m []byte) []byte {
		if _, name, _ := strings.Cut(string(m), `"`); archives[strings.TrimSuffix(name, `"/>`)] == since531 {
			return m
		}
		return nil
	})
	return newLanguages.ReplaceAll(body, nil)
}

var (
	newArchives  = regexp.MustCompile(`<archive name="[^"]*"/>`)
	newLanguages = regexp.MustCompile(` language="(?:[a-z]{3}|jv|mh|zu)"`)
)
