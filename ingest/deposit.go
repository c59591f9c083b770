package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"sheaf/jats"
	"sheaf/store"
)

// DepositSource is the name of the source that a deposit leaves in its item, so that a later deposit takes the place of an earlier one.
const DepositSource = "api"

// Deposit is one document that is handed in alone. It goes through the same door as a file of an import, but it is always read: the same
// bytes twice are two deposits, of which the second finds nothing to change.
type Deposit struct {
	Data   []byte
	Format string // name of a Reader; empty: recognise the document by its content
	Local  string // what the depositor calls the item, as Named gives it; empty: what the article itself gives

	// If tells whether to go on, given the version of the item as it is; "" when it is not there or was deleted. What it was told still holds
	// when the deposit is stored. nil: always.
	If func(version string) bool
}

// Deposit stores d and returns what became of it: Created, Updated, Unchanged; Stale, with the version as it is, when d.If said no; Conflict
// when the article's own names belong to another item than d names, Outcome.Local, or to several. The error is a *Refusal where the document
// is at fault, else that of the store or of ctx.
func (im *Importer) Deposit(ctx context.Context, d Deposit) (store.Outcome, []jats.Warning, error) {
	im, err := im.ready(ctx)
	if err != nil {
		return store.Outcome{}, nil, err
	}
	for round := 0; ; round++ {
		out, warnings, err := im.deposit(ctx, d)
		if err != nil || out.Status != store.Stale && out.Status != store.Conflict {
			return out, warnings, err
		}
		if out.Status == store.Stale && d.If != nil && !d.If(out.Version) {
			return out, warnings, nil
		}
		if out.Status == store.Conflict && (d.Local != "" || round > 1) { // round: its names belong to several items
			return out, warnings, nil
		}
		if round == maxRounds { // others came between each time; what they did is safe, and the depositor may try again
			return out, warnings, fmt.Errorf("ingest: %q is changed all the time by others: %w", out.Local, store.ErrBusy)
		}
	}
}

// deposit tries once. Stale and Conflict may come of what others did meanwhile.
func (im *Importer) deposit(ctx context.Context, d Deposit) (out store.Outcome, warnings []jats.Warning, err error) {
	kind, a, warnings, err := Parse(d.Data, d.Format)
	if err != nil {
		return out, warnings, Explain(d.Data, d.Format, err)
	}
	p := &prepared{read: a, article: a, names: NamesOf(a), by: byName, source: &store.Source{Name: DepositSource, Type: kind, Data: d.Data}}
	owner, free, by, err := im.owner(ctx, p.names)
	var several *jats.Fault
	switch {
	case errors.As(err, &several) && d.Local == "":
		return store.Outcome{Status: store.Conflict, Local: owner}, warnings, nil
	case err != nil && several == nil:
		return out, warnings, err
	}
	local := d.Local
	if local == "" {
		if local, p.by = owner, by; local == "" {
			local = Local(a)
		}
	} else if local != owner { // the weak names that owner has are not free for this one
		free = p.names.Strong
	}
	if p.render(im, local, free); p.change != nil {
		err = im.complete(ctx, p)
	} else {
		err = nil
	}
	local = p.outcome.Local
	warnings = append(warnings, p.outcome.Warnings...)
	switch {
	case err != nil:
		return out, warnings, err
	case p.change == nil:
		return out, warnings, Explain(nil, "", p.outcome.Err)
	}
	version := p.change.If // complete bound the change to what it saw
	if version == store.IfAbsent {
		version = ""
	}
	if d.If != nil && !d.If(version) {
		return store.Outcome{Status: store.Stale, Local: local, Version: version}, warnings, nil
	}
	outcomes, err := im.Store.Put(ctx, []store.Change{*p.change})
	if err != nil {
		return out, warnings, err
	}
	return outcomes[0], warnings, nil
}

// Named makes a local identifier of the name that a depositor gives an item: what an OAI identifier may not hold is percent-encoded, and
// nothing else is, so that a name has one form. An error says what no item can be called.
//
// Source: the scheme oai-identifier (OAI guidelines, version 2006-04-09) §2.
func Named(name string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		n := len(name)
		if i+3 <= n && name[i] == '%' {
			if raw, err := url.PathUnescape(name[i : i+3]); err == nil { // encoded already
				b.WriteString(local(raw))
				i += 2
				continue
			}
		}
		b.WriteString(local(name[i : i+1]))
	}
	out := b.String()
	if out == "" || len(out) > store.MaxLocal {
		return "", fmt.Errorf("ingest: name %.40q is %d bytes long, want 1 to %d", name, len(out), store.MaxLocal)
	}
	for part := range strings.SplitSeq(out, "/") {
		if part == "." || part == ".." { // clients take such a part out of an address
			return "", fmt.Errorf("ingest: name %q has a part %q, which no address can hold", name, part)
		}
	}
	return out, nil
}

// Refusal is why a document is not taken in.
type Refusal struct {
	Malformed bool           // it cannot be read at all: it is no well-formed JSON or XML, or of no known kind
	Faults    []jats.Warning // what is wrong with it, at least one; of JSON the Path is a JSON Pointer (RFC 6901) without its first slash
}

func (r *Refusal) Error() string {
	var all []string
	for _, f := range r.Faults {
		text := f.Message
		if f.Line > 0 {
			text = fmt.Sprintf("line %d: %s", f.Line, text)
		}
		all = append(all, text)
	}
	return "ingest: " + strings.Join(all, "; ")
}

// Explain makes a *Refusal of the error that a document met with, of an Outcome or of Parse: with every place of a JSON document that is
// not as it should be. data and format are those of the document; no data: it could be read, and the fault is in what it says.
func Explain(data []byte, format string, err error) *Refusal {
	f := fault(err)
	r := &Refusal{Faults: []jats.Warning{f}}
	if data == nil {
		return r
	}
	switch f.Code {
	case "malformed", "encoding-unknown", "empty":
		r.Malformed = true
	}
	reader := recognise(format, data)
	if reader == nil {
		r.Malformed = true
		return r
	}
	if reader.Name == "json" {
		if faults := formFaults(data); len(faults) > 0 {
			r.Faults = faults
			r.Malformed = !json.Valid(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
		}
	}
	return r
}

// maxFaults bounds what is told of one document.
const maxFaults = 50

// formFaults tells each place where JSON does not have the form of an article, which DecodeJSON tells of the first alone.
func formFaults(data []byte) []jats.Warning {
	f := former{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	f.dec.UseNumber()
	if err := f.value(reflect.TypeFor[jats.Article](), "", 0); err != nil {
		return append(f.faults, f.syntax(err))
	}
	if _, err := f.dec.Token(); !errors.Is(err, io.EOF) {
		f.fault("malformed", "", "something follows the article's JSON")
	}
	return f.faults
}

type former struct {
	data   []byte
	dec    *json.Decoder
	faults []jats.Warning
}

func (f *former) fault(code, path, format string, args ...any) {
	if len(f.faults) < maxFaults {
		f.faults = append(f.faults, jats.Warning{Code: code, Path: path, Line: f.line(f.dec.InputOffset()), Message: fmt.Sprintf(format, args...)})
	}
}

func (f *former) line(offset int64) int {
	return 1 + bytes.Count(f.data[:min(int(offset), len(f.data))], []byte("\n"))
}

func (f *former) syntax(err error) jats.Warning {
	var wrong *json.SyntaxError
	w := jats.Warning{Code: "malformed", Line: f.line(f.dec.InputOffset()), Message: strings.TrimPrefix(err.Error(), "json: ")}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		w.Message = "JSON ends in the middle of a value"
	case errors.As(err, &wrong):
		w.Line = f.line(wrong.Offset)
	}
	return w
}

var richType = reflect.TypeFor[jats.Rich]()

// value reads one value that should be of type t. The error is one of syntax: nothing can be read after it.
func (f *former) value(t reflect.Type, path string, depth int) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := f.dec.Token()
	if err != nil {
		return err
	}
	if token == nil && t != richType { // null: absent
		return nil
	}
	if depth > 1000 {
		f.fault("bad-field", path, "nested more than 1000 deep")
		return f.skip(token)
	}
	want := ""
	switch delim, _ := token.(json.Delim); {
	case t == richType && delim == '{':
		return f.markup(path)
	case t.Kind() == reflect.Struct:
		if delim == '{' {
			return f.object(t, path, depth)
		}
		want = "an object"
	case t.Kind() == reflect.Slice:
		if delim != '[' {
			want = "an array"
			break
		}
		for i := 0; f.dec.More(); i++ {
			if err := f.value(t.Elem(), path+"/"+strconv.Itoa(i), depth+1); err != nil {
				return err
			}
		}
		_, err := f.dec.Token()
		return err
	case t.Kind() == reflect.String:
		if _, ok := token.(string); !ok {
			want = "a string"
		}
		if want != "" && t == richType {
			want = `a string or {"markup": "..."}`
		}
	case t.Kind() == reflect.Bool:
		if _, ok := token.(bool); !ok {
			want = "true or false"
		}
	case t.Kind() == reflect.Int:
		n, _ := token.(json.Number)
		if _, err := strconv.ParseInt(n.String(), 10, 0); err != nil {
			want = "a whole number"
		}
	}
	if want != "" {
		f.fault("bad-field", path, "%s: want %s, not %s", place(path), want, found(token))
	}
	return f.skip(token)
}

// object reads the rest of an object that should be a struct.
func (f *former) object(t reflect.Type, path string, depth int) error {
	for f.dec.More() {
		key, err := f.dec.Token()
		if err != nil {
			return err
		}
		name := key.(string)
		within := strings.TrimPrefix(path+"/"+pointerEscaper.Replace(name), "/")
		if field, near := fieldOf(t, name); field != nil {
			err = f.value(field, within, depth+1)
		} else {
			hint := ""
			if near != "" {
				hint = fmt.Sprintf("; is %q meant?", near)
			}
			f.fault("unknown-field", within, "unknown field %q%s", name, hint)
			err = f.pass()
		}
		if err != nil {
			return err
		}
	}
	_, err := f.dec.Token()
	return err
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// fieldOf returns the type of t's field of that name in JSON, as encoding/json finds it; nil and the name most like it when there is none.
func fieldOf(t reflect.Type, name string) (field reflect.Type, near string) {
	least := 3
	for i := range t.NumField() {
		known, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if strings.EqualFold(known, name) {
			return t.Field(i).Type, ""
		}
		if n := edits(known, name); n < least && n < len(known) {
			least, near = n, known
		}
	}
	return nil, near
}

// edits is how many letters have to be changed, put in or left out to make b of a (Levenshtein).
func edits(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return len(a) + len(b)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := last
			if a[i] != b[j] {
				change++
			}
			last, row[j+1] = row[j+1], min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// markup reads the rest of the object form of rich text.
func (f *former) markup(path string) error {
	there := false
	for f.dec.More() {
		key, err := f.dec.Token()
		if err != nil {
			return err
		}
		if !strings.EqualFold(key.(string), "markup") {
			if err := f.pass(); err != nil {
				return err
			}
			continue
		}
		there = true
		if err := f.value(reflect.TypeFor[string](), strings.TrimPrefix(path+"/markup", "/"), 0); err != nil {
			return err
		}
	}
	if !there {
		f.fault("bad-field", path, `%s: want a string or {"markup": "..."}`, place(path))
	}
	_, err := f.dec.Token()
	return err
}

// pass reads past one value.
func (f *former) pass() error {
	token, err := f.dec.Token()
	if err != nil {
		return err
	}
	return f.skip(token)
}

// skip reads past the value that began with token.
func (f *former) skip(token json.Token) error {
	for depth := 0; ; {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = f.dec.Token(); err != nil {
			return err
		}
	}
}

func place(path string) string {
	if path == "" {
		return "the document"
	}
	return "field " + strconv.Quote(path)
}

// found names a token by its kind.
func found(token json.Token) string {
	switch t := token.(type) {
	case string:
		return "a string"
	case bool:
		return strconv.FormatBool(t)
	case json.Number:
		return "the number " + t.String()
	case json.Delim:
		if t == '{' {
			return "an object"
		}
		return "an array"
	}
	return "null"
}
