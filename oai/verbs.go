package oai

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sheaf/crosswalk"
	"sheaf/store"
)

// identify answers Identify.
//
// Source: OAI-PMH 2.0 §4.2; OAI Implementation Guidelines, oai-identifier.
func (r *Repository) identify(ctx context.Context, a *answer) error {
	earliest, err := r.Items.Earliest(ctx)
	if err != nil {
		return err
	}
	sample, err := r.sampleIdentifier(ctx)
	if err != nil {
		return err
	}
	a.buf = append(a.buf, "<Identify>\n"...)
	a.element("repositoryName", r.Name)
	a.element("baseURL", r.BaseURL)
	a.element("protocolVersion", "2.0")
	for _, email := range r.AdminEmails {
		a.element("adminEmail", email)
	}
	a.element("earliestDatestamp", string(appendDatestamp(nil, earliest)))
	a.element("deletedRecord", "persistent")
	a.element("granularity", "YYYY-MM-DDThh:mm:ssZ")
	a.element("compression", "gzip")
	if sample != "" {
		const ns = "http://www.openarchives.org/OAI/2.0/oai-identifier"
		a.buf = append(a.buf, `<description><oai-identifier xmlns="`+ns+`" xsi:schemaLocation="`+ns+` http://www.openarchives.org/OAI/2.0/oai-identifier.xsd">`+"\n"...)
		a.element("scheme", "oai")
		a.element("repositoryIdentifier", r.RepositoryID)
		a.element("delimiter", ":")
		a.element("sampleIdentifier", sample)
		a.buf = append(a.buf, "</oai-identifier></description>\n"...)
	}
	a.buf = append(a.buf, "</Identify>\n"...)
	return nil
}

// sampleIdentifier returns the identifier of the first live item whose identifier keeps to the scheme, or of the first deleted one among
// the thousand looked at; "" when there is none, or when RepositoryID is no domain name.
func (r *Repository) sampleIdentifier(ctx context.Context) (string, error) {
	if len(r.Formats) == 0 {
		return "", nil
	}
	live, deleted := "", ""
	q := store.Query{Prefix: r.Formats[0].Prefix, Limit: 1, Headers: true} // most often the very first will do
	for range 10 {
		page, err := r.Items.List(ctx, q, func(row *store.Row) error {
			id := r.prefix + encodeLocal(string(row.Local))
			switch {
			case !oaiIdentifier.MatchString(id):
			case row.Deleted && deleted == "":
				deleted = id
			case !row.Deleted && live == "":
				live = id
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		if live != "" || !page.More {
			break
		}
		q.After, q.Limit = page.Last, 100
	}
	if live == "" {
		return deleted, nil
	}
	return live, nil
}

// element appends a small element on a line of its own.
func (a *answer) element(name, value string) {
	a.buf = append(append(append(a.buf, '<'), name...), '>')
	a.buf = appendText(a.buf, value)
	a.buf = append(append(append(a.buf, "</"...), name...), ">\n"...)
}

// item returns the item with an identifier, or an idDoesNotExist.
func (r *Repository) item(ctx context.Context, identifier string) (*store.Item, error) {
	for _, local := range r.locals(identifier) {
		item, err := r.Items.Get(ctx, local)
		if !errors.Is(err, store.ErrNotFound) {
			return item, err
		}
	}
	return nil, errorf(IDDoesNotExist, "the identifier %.100q is unknown here", identifier)
}

// listMetadataFormats answers ListMetadataFormats, for the repository or for one item: of a deleted one, the formats that it had.
//
// Source: OAI-PMH 2.0 §4.4.
func (r *Repository) listMetadataFormats(ctx context.Context, a *answer, q *request) error {
	formats := r.Formats
	if identifier := q.args[argIdentifier]; identifier != "" {
		item, err := r.item(ctx, identifier)
		if err != nil {
			return err
		}
		formats = slices.DeleteFunc(slices.Clone(formats), func(f crosswalk.Format) bool { return !slices.Contains(item.Prefixes, f.Prefix) })
	}
	if len(formats) == 0 {
		return errorf(NoMetadataFormats, "the item has no metadata formats")
	}
	a.buf = append(a.buf, "<ListMetadataFormats>\n"...)
	for _, f := range formats {
		for _, prefix := range append([]string{f.Prefix}, f.Aliases...) {
			a.buf = append(a.buf, "<metadataFormat>\n"...)
			a.element("metadataPrefix", prefix)
			a.element("schema", strings.ReplaceAll(f.Schema, crosswalk.BaseURL, r.SiteURL))
			a.element("metadataNamespace", f.Namespace)
			a.buf = append(a.buf, "</metadataFormat>\n"...)
		}
	}
	a.buf = append(a.buf, "</ListMetadataFormats>\n"...)
	return nil
}

// listSets answers ListSets. A set without a name is called by its setSpec; its description is given as oai_dc.
//
// Source: OAI-PMH 2.0 §4.6; OAI Implementation Guidelines, setDescription.
func (r *Repository) listSets(ctx context.Context, a *answer, q *request) error {
	t := &token{verb: q.verb}
	first := q.args[argToken] == ""
	if !first {
		var err error
		if t, err = r.resume(ctx, q); err != nil {
			return err
		}
	}
	sets, err := r.Items.Sets(ctx, t.after.Local, r.PageSize+1)
	if err != nil {
		return err
	}
	more := len(sets) > r.PageSize
	if more {
		sets = sets[:r.PageSize]
	}
	switch {
	case len(sets) == 0 && first:
		return errorf(NoSetHierarchy, "this repository has no sets")
	case len(sets) == 0: // sets are never taken away, so this token was made by other data
		return errorf(BadResumptionToken, "no sets follow")
	}
	a.buf = append(a.buf, "<ListSets>\n"...)
	for _, s := range sets {
		name := s.Name
		if name == "" {
			name = s.Spec
		}
		a.buf = append(a.buf, "<set>\n"...)
		a.element("setSpec", s.Spec)
		a.element("setName", name)
		if s.Description != "" {
			a.buf = append(a.buf, `<setDescription><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd">`+"\n"...)
			a.element("dc:description", s.Description)
			a.buf = append(a.buf, "</oai_dc:dc></setDescription>\n"...)
		}
		a.buf = append(a.buf, "</set>\n"...)
	}
	a.told.Entries, a.told.First, a.told.Last = len(sets), first, !more
	cursor := t.cursor
	t.cursor += len(sets)
	t.after.Local = sets[len(sets)-1].Spec
	if more || !first {
		if a.buf, err = r.appendToken(ctx, a.buf, t, cursor, more); err != nil {
			return err
		}
	}
	a.buf = append(a.buf, "</ListSets>\n"...)
	return nil
}

// getRecord answers GetRecord; of a deleted record, its header.
//
// Source: OAI-PMH 2.0 §4.1.
func (r *Repository) getRecord(ctx context.Context, a *answer, q *request) error {
	identifier, prefix := q.args[argIdentifier], q.prefix
	for _, local := range r.locals(identifier) {
		_, err := r.Items.Record(ctx, local, prefix, func(row *store.Row) error {
			if !r.sound(row) {
				return store.ErrCorrupt
			}
			a.buf = append(a.buf, "<GetRecord>\n"...)
			a.buf = r.appendRecord(a.buf, row)
			a.buf = append(a.buf, "</GetRecord>\n"...)
			a.told.Entries = 1
			return nil
		})
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if _, err := r.item(ctx, identifier); err != nil {
		return err
	}
	return errorf(CannotDisseminateFormat, "the item has no %q", q.args[argPrefix])
}
