package oai

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"github.com/beevik/etree"
)

// htmlPage shows an answer to a person: the same answer, read back from its XML, with every verb, format, set, identifier and token a
// link. The page runs no script and loads nothing.
type htmlPage struct {
	template *template.Template
	policy   string // Content-Security-Policy
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

func newHTMLPage() *htmlPage {
	sum := sha256.Sum256([]byte(pageCSS))
	return &htmlPage{
		template: template.Must(template.New("page").Parse(pageHTML)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}
}

// view is what the template shows.
type view struct {
	Style    template.CSS
	Name     string
	Verb     string // "" after a badVerb or badArgument
	BaseURL  string
	XMLURL   string
	Date     string // responseDate
	Args     []fact
	Links    []link // what one may ask next
	Prefixes []string
	Errors   []fact
	Facts    []fact
	Formats  []format
	Sets     []set
	Records  []record
	Next     string // URL of the next part
	Place    string // of this part in the list
}

type (
	fact   struct{ Name, Value, URL string }
	link   struct{ Text, URL string }
	format struct {
		Prefix, Schema, Namespace string
		Links                     []link
	}
	set struct {
		Spec, Name, Description string
		Links                   []link
	}
	record struct {
		Identifier, Datestamp string
		Deleted               bool
		Links                 []link
		Sets                  []link
		Terms                 []term // of oai_dc
		XML                   string // metadata and about
	}
	term struct{ Name, Lang, Value, URL string }
)

// render turns the XML that a holds into a page.
func (h *htmlPage) render(r *Repository, a *answer, query string) error {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(a.buf); err != nil {
		return fmt.Errorf("oai: page: %w", err)
	}
	var page bytes.Buffer
	if err := h.template.Execute(&page, r.view(doc.Root(), query)); err != nil {
		return fmt.Errorf("oai: page: %w", err)
	}
	a.buf = append(a.buf[:0], page.Bytes()...)
	a.kind = "text/html; charset=utf-8"
	a.w.Header().Set("Content-Security-Policy", h.policy)
	a.w.Header().Set("Referrer-Policy", "no-referrer")
	return nil
}

// address is the URL of a request: names and values by turns, those without a value left out.
func (r *Repository) address(arguments ...string) string {
	var b strings.Builder
	b.WriteString(r.BaseURL)
	mark := byte('?')
	for i := 0; i+1 < len(arguments); i += 2 {
		if arguments[i+1] != "" {
			b.WriteByte(mark)
			b.WriteString(arguments[i] + "=" + url.QueryEscape(arguments[i+1]))
			mark = '&'
		}
	}
	return b.String()
}

func (r *Repository) view(root *etree.Element, query string) *view {
	v := &view{Style: template.CSS(pageCSS), Name: r.Name, BaseURL: r.BaseURL, XMLURL: r.BaseURL + "/xml?" + query, Date: text(root, "responseDate")}
	v.Links = []link{{"Identify", r.address("verb", "Identify")}, {"ListMetadataFormats", r.address("verb", "ListMetadataFormats")}, {"ListSets", r.address("verb", "ListSets")}}
	for _, f := range r.Formats {
		v.Prefixes = append(v.Prefixes, f.Prefix)
		v.Links = append(v.Links, r.lists(f.Prefix, "")...)
	}
	prefix, verb := "", ""
	if request := root.SelectElement("request"); request != nil {
		for _, at := range request.Attr {
			switch at.Key {
			case "verb":
				verb = at.Value
				continue
			case "metadataPrefix":
				prefix = at.Value
			}
			v.Args = append(v.Args, fact{Name: at.Key, Value: at.Value})
		}
	}
	v.Verb = verb
	for _, e := range root.SelectElements("error") {
		v.Errors = append(v.Errors, fact{Name: e.SelectAttrValue("code", ""), Value: e.Text()})
	}
	body := root.SelectElement(verb)
	if body == nil {
		return v
	}
	for _, e := range body.ChildElements() {
		switch e.Tag {
		case "metadataFormat":
			p := text(e, "metadataPrefix")
			f := format{Prefix: p, Schema: text(e, "schema"), Namespace: text(e, "metadataNamespace"), Links: r.lists(p, "")}
			for _, a := range v.Args {
				if a.Name == "identifier" {
					f.Links = []link{{"GetRecord", r.address("verb", "GetRecord", "identifier", a.Value, "metadataPrefix", p)}}
				}
			}
			v.Formats = append(v.Formats, f)
		case "set":
			s := set{Spec: text(e, "setSpec"), Name: text(e, "setName")}
			if d := e.FindElement("setDescription/dc/description"); d != nil {
				s.Description = d.Text()
			}
			for _, p := range v.Prefixes {
				s.Links = append(s.Links, r.lists(p, s.Spec)...)
			}
			v.Sets = append(v.Sets, s)
		case "header":
			v.Records = append(v.Records, r.record(e, prefix))
		case "record":
			v.Records = append(v.Records, r.record(e.SelectElement("header"), prefix).with(e))
		case "resumptionToken":
			v.Place = "from number " + e.SelectAttrValue("cursor", "0") + " (counted from 0)"
			if n := e.SelectAttrValue("completeListSize", ""); n != "" {
				v.Place += " of " + n
			}
			if t := e.Text(); t != "" {
				v.Next = r.address("verb", verb, "resumptionToken", t)
			}
		case "description":
			for _, c := range e.FindElements(".//sampleIdentifier") {
				v.Facts = append(v.Facts, fact{"sampleIdentifier", c.Text(), r.address("verb", "ListMetadataFormats", "identifier", c.Text())})
			}
		default:
			v.Facts = append(v.Facts, fact{Name: e.Tag, Value: e.Text()})
		}
	}
	return v
}

// lists links to the lists of a format, whole or in a set.
func (r *Repository) lists(prefix, set string) []link {
	return []link{
		{"ListRecords " + prefix, r.address("verb", "ListRecords", "metadataPrefix", prefix, "set", set)},
		{"ListIdentifiers " + prefix, r.address("verb", "ListIdentifiers", "metadataPrefix", prefix, "set", set)},
	}
}

func (r *Repository) record(header *etree.Element, prefix string) record {
	id := text(header, "identifier")
	rec := record{Identifier: id, Datestamp: text(header, "datestamp"), Deleted: header.SelectAttrValue("status", "") == "deleted"}
	rec.Links = append(rec.Links, link{"formats", r.address("verb", "ListMetadataFormats", "identifier", id)})
	for _, f := range r.Formats {
		rec.Links = append(rec.Links, link{f.Prefix, r.address("verb", "GetRecord", "identifier", id, "metadataPrefix", f.Prefix)})
	}
	if prefix == "" && len(r.Formats) > 0 {
		prefix = r.Formats[0].Prefix // a resumed list does not say its format
	}
	for _, s := range header.SelectElements("setSpec") {
		rec.Sets = append(rec.Sets, link{s.Text(), r.address("verb", "ListRecords", "metadataPrefix", prefix, "set", s.Text())})
	}
	return rec
}

// with adds what stands beside the header.
func (rec record) with(e *etree.Element) record {
	for _, part := range e.ChildElements() {
		if part.Tag == "header" {
			continue
		}
		for _, root := range part.ChildElements() {
			if root.NamespaceURI() == "http://www.openarchives.org/OAI/2.0/oai_dc/" {
				for _, t := range root.ChildElements() {
					value := term{Name: t.Tag, Lang: t.SelectAttrValue("xml:lang", ""), Value: t.Text()}
					if strings.HasPrefix(value.Value, "http://") || strings.HasPrefix(value.Value, "https://") {
						value.URL = value.Value
					}
					rec.Terms = append(rec.Terms, value)
				}
			}
			doc := etree.NewDocumentWithRoot(root.Copy())
			doc.IndentWithSettings(&etree.IndentSettings{Spaces: 2, PreserveLeafWhitespace: true})
			if s, err := doc.WriteToString(); err == nil {
				rec.XML += s
			}
		}
	}
	return rec
}

func text(e *etree.Element, tag string) string {
	if c := e.SelectElement(tag); c != nil {
		return c.Text()
	}
	return ""
}
