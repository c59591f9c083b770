package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/s2"
)

// Ready is a Change with all done that needs no lock: checked, put in order, hashed and packed. It is for backends.
type Ready struct {
	*Change
	Own         string   // the item's own sets, sorted, parted by one blank, without those that another one implies
	Specs       []string // every list of a format that the item is in: "" for the whole, then its sets with their ancestors
	Packed      []PackedRecord
	Formats     string // prefixes of Packed, sorted, parted by one blank
	Hash        []byte // of all that is served: sets and records
	ArticleHash [32]byte
	PackedJSON  []byte // Article as one S2 block
	SourceSum   [32]byte
	PackedInput []byte // Source.Data as one S2 block
}

// PackedRecord is a Record as it is kept.
type PackedRecord struct {
	Prefix string
	Hash   [32]byte // SHA-256 of the metadata
	Size   int      // of the metadata, when Data is one S2 block of it; 0: Data is the metadata
	Data   []byte
}

// Version is that of the item once the change was carried out (Item.Version).
func (r *Ready) Version() string { return Version(r.Hash, r.ArticleHash[:]) }

// Version makes Item.Version of the hash of what is served and the hash of the article.
func Version(served, article []byte) string {
	h := sha256.New()
	h.Write(served)
	h.Write(article)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Prepare does for c all that needs no lock. Its error names what of c cannot be kept.
func Prepare(c *Change) (*Ready, error) {
	switch {
	case c.Local == "" || len(c.Local) > MaxLocal || !utf8.ValidString(c.Local) || strings.IndexByte(c.Local, 0) >= 0:
		return nil, fmt.Errorf("put: identifier %q: expected 1 to %d bytes of UTF-8", c.Local, MaxLocal)
	case c.Delete:
		return &Ready{Change: c}, nil
	}
	for _, name := range c.Aliases {
		if !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0 {
			return nil, fmt.Errorf("put: %q: alias %q: expected UTF-8", c.Local, name)
		}
	}
	for _, s := range c.Sets {
		if !ValidSetSpec(s.Spec) {
			return nil, fmt.Errorf("put: %q: setSpec %q is not one of OAI-PMH", c.Local, s.Spec)
		}
	}
	r := &Ready{Change: c, Own: strings.Join(ownSets(c.Sets), " "), ArticleHash: sha256.Sum256(c.Article), PackedJSON: s2.Encode(nil, c.Article)}
	r.Specs = Lists(r.Own)
	for _, rec := range c.Records {
		if rec.Prefix == "" || strings.ContainsAny(rec.Prefix, " \x00") {
			return nil, fmt.Errorf("put: %q: metadataPrefix %q: expected a word", c.Local, rec.Prefix)
		}
		size, data := pack(rec.Metadata)
		r.Packed = append(r.Packed, PackedRecord{rec.Prefix, sha256.Sum256(rec.Metadata), size, data})
	}
	slices.SortFunc(r.Packed, func(a, b PackedRecord) int { return cmp.Compare(a.Prefix, b.Prefix) })
	var formats []string
	for i, rec := range r.Packed {
		if i > 0 && rec.Prefix == r.Packed[i-1].Prefix {
			return nil, fmt.Errorf("put: %q: two records in format %q", c.Local, rec.Prefix)
		}
		formats = append(formats, rec.Prefix)
	}
	r.Formats = strings.Join(formats, " ")
	r.Hash = ServedHash(r.Own, formats, func(i int) []byte { return r.Packed[i].Hash[:] })
	if c.Source != nil {
		r.PackedInput, r.SourceSum = s2.Encode(nil, c.Source.Data), sha256.Sum256(c.Source.Data)
	}
	return r, nil
}

// Change returns what makes k anew but for its sources and its datestamp, and the prefixes of the tombstones that it has for formats that
// it had once. It is for backends.
func (k *Kept) Change() (c *Change, gone []string) {
	c = &Change{Local: k.Local, Article: k.Article, Aliases: k.Aliases, Due: k.Due, Revision: k.Revision}
	for _, spec := range k.Sets {
		c.Sets = append(c.Sets, Set{Spec: spec})
	}
	for _, r := range k.Records {
		switch {
		case r.Metadata != nil:
			c.Records = append(c.Records, r)
		case !slices.Contains(k.Prefixes, r.Prefix):
			gone = append(gone, r.Prefix)
		}
	}
	return c, gone
}

// ServedHash is the hash of all that is served of an item: its own sets as kept, and the hashes of its records in the order of formats.
func ServedHash(own string, formats []string, hash func(i int) []byte) []byte {
	h := sha256.New()
	h.Write([]byte(own))
	for i, f := range formats {
		h.Write([]byte("\x00" + f + "\x00"))
		h.Write(hash(i))
	}
	return h.Sum(nil)
}

// pack makes large metadata small where that saves an eighth or more: a list is then read with few calls to the system, which cost more
// than unpacking does. size is 0 where the bytes stay as they are.
func pack(metadata []byte) (size int, data []byte) {
	if metadata == nil {
		return 0, []byte{}
	}
	if len(metadata) < 8<<10 {
		return 0, metadata
	}
	if p := s2.Encode(nil, metadata); len(p) <= len(metadata)-len(metadata)/8 {
		return len(metadata), p
	}
	return 0, metadata
}

// maxUnpacked is more than any input or article that was taken in.
const maxUnpacked = 1 << 28

// Unpack undoes what Prepare did to an article or a source. Its error is ErrCorrupt.
func Unpack(packed []byte) ([]byte, error) {
	n, err := s2.DecodedLen(packed)
	if err == nil && n > maxUnpacked {
		err = fmt.Errorf("%d bytes are too many", n)
	}
	var data []byte
	if err == nil {
		data, err = s2.Decode(nil, packed)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack: %w (%w)", ErrCorrupt, err)
	}
	return data, nil
}

// UnpackRecord returns the metadata of a PackedRecord's Size and Data, in buf where that is large enough; nil if they are damaged. Data of
// size 0 are returned themselves.
func UnpackRecord(buf []byte, size int64, data []byte) []byte {
	if size == 0 {
		return data
	}
	if n, err := s2.DecodedLen(data); err != nil || int64(n) != size || size > maxUnpacked {
		return nil
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, size+size/4)
	}
	m, err := s2.Decode(buf[:cap(buf)], data)
	if err != nil {
		return nil
	}
	return m
}

// ownSets returns the specs of sets, sorted, without those that another one implies.
func ownSets(sets []Set) []string {
	var own []string
	for _, s := range sets {
		own = append(own, s.Spec)
	}
	slices.Sort(own)
	own = slices.Compact(own)
	return slices.DeleteFunc(slices.Clone(own), func(a string) bool {
		return slices.ContainsFunc(own, func(b string) bool { return strings.HasPrefix(b, a+":") })
	})
}

// Lists returns the lists of a format that an item with these own sets is in: "" for the whole, then each set with its ancestors.
func Lists(own string) []string {
	var sets []Set
	for _, spec := range strings.Fields(own) {
		sets = append(sets, Set{Spec: spec})
	}
	return append([]string{""}, SetSpecs(sets)...)
}

// TallyShifts are the bits that a datestamp loses at each level of the tallies: a bucket of a level holds 128 of the level below.
var TallyShifts = [...]uint{0, 7, 14, 21}
