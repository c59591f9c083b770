package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/s2"
)

// Ready is a Change with all done that needs no lock: checked, put in order, hashed and packed. It is for backends.
type Ready struct {
	*Change
	Own         string         // the item's own sets, sorted, parted by one blank, without those that another one implies
	Specs       []string       // "" for the whole, then its sets with their ancestors
	Packed      []PackedRecord // those of formats that are not rare, sorted, and before them the Bundle if there is one
	Formats     string         // prefixes of all records, sorted, parted by one blank
	Hash        []byte         // of all that is served: sets and records
	ArticleHash [32]byte
	PackedJSON  []byte // Article as one S2 block
	SourceSum   [32]byte
	PackedInput []byte // Source.Data as one S2 block
}

// Bundle is the Prefix of the PackedRecord that holds an item's rare records: see [Unbundle].
const Bundle = ""

// PackedRecord is a Record as it is kept.
type PackedRecord struct {
	Prefix string   // or Bundle
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
	r := &Ready{Change: c, Own: strings.Join(ownSets(c.Sets), " "), ArticleHash: sha256.Sum256(c.Article), PackedJSON: squeeze(c.Article)}
	r.Specs = Lists(r.Own)
	records := slices.SortedFunc(slices.Values(c.Records), func(a, b Record) int { return cmp.Compare(a.Prefix, b.Prefix) })
	formats, hashes := make([]string, len(records)), make([][32]byte, len(records))
	for i, rec := range records {
		switch {
		case rec.Prefix == "" || rec.Prefix[0] == '-' || strings.ContainsAny(rec.Prefix, " \x00"):
			return nil, fmt.Errorf("put: %q: metadataPrefix %q: expected a word", c.Local, rec.Prefix)
		case i > 0 && rec.Prefix == formats[i-1]:
			return nil, fmt.Errorf("put: %q: two records in format %q", c.Local, rec.Prefix)
		}
		formats[i], hashes[i] = rec.Prefix, sha256.Sum256(rec.Metadata)
		if rec.Rare {
			continue
		}
		size, data := pack(rec.Metadata)
		r.Packed = append(r.Packed, PackedRecord{rec.Prefix, hashes[i], size, data})
	}
	var rare bundler
	for _, rec := range c.Records { // as they come: those beside each other are alike
		if rec.Rare {
			rare.add(rec.Prefix, rec.Metadata)
		}
	}
	if bundle := rare.bundle(); bundle != nil {
		r.Packed = slices.Insert(r.Packed, 0, PackedRecord{Bundle, sha256.Sum256(bundle), 0, bundle})
	}
	r.Formats = strings.Join(formats, " ")
	r.Hash = ServedHash(r.Own, formats, func(i int) []byte { return hashes[i][:] })
	if c.Source != nil {
		r.PackedInput, r.SourceSum = squeeze(c.Source.Data), sha256.Sum256(c.Source.Data)
	}
	return r, nil
}

// bundler makes a [Bundle]: groups of records, each of which is the prefixes that are in it, parted by blanks, and one S2 block of the records themselves, in
// that order. All but the prefixes has its length before it, as a uvarint, and so have these. Records that say the same are small together; but whoever wants
// one has to unpack its whole group.
type bundler struct {
	out      []byte
	prefixes []string
	raw      []byte
}

// groupSize is how many bytes of records a group has at most, unless it is one record.
const groupSize = 32 << 10

func (b *bundler) add(prefix string, metadata []byte) {
	if len(b.raw) > 0 && len(b.raw)+len(metadata) > groupSize {
		b.group()
	}
	b.prefixes = append(b.prefixes, prefix)
	b.raw = append(binary.AppendUvarint(b.raw, uint64(len(metadata))), metadata...)
}

func (b *bundler) group() {
	names := strings.Join(b.prefixes, " ")
	b.out = append(binary.AppendUvarint(b.out, uint64(len(names))), names...)
	packed := squeeze(b.raw)
	b.out = append(binary.AppendUvarint(b.out, uint64(len(packed))), packed...)
	b.prefixes, b.raw = b.prefixes[:0], b.raw[:0]
}

func (b *bundler) bundle() []byte {
	if len(b.prefixes) > 0 {
		b.group()
	}
	return b.out
}

// Unbundle returns the metadata of the record in one format from a bundle, in *buf, which grows as needed; nil if they are not in it, or damaged.
func Unbundle(buf *[]byte, bundle []byte, prefix string) []byte {
	for len(bundle) > 0 {
		names, rest, ok := cutPiece(bundle)
		packed, rest, whole := cutPiece(rest)
		if !ok || !whole {
			return nil
		}
		bundle = rest
		place := slices.Index(strings.Fields(string(names)), prefix)
		if place < 0 {
			continue
		}
		n, err := s2.DecodedLen(packed)
		if err != nil || n > maxUnpacked {
			return nil
		}
		raw := UnpackRecord(*buf, int64(n), packed)
		if raw == nil {
			return nil
		}
		*buf = raw
		var metadata []byte
		for ; place >= 0; place-- {
			if metadata, raw, ok = cutPiece(raw); !ok {
				return nil
			}
		}
		return metadata
	}
	return nil
}

// cutPiece cuts what has its length before it off the front of b.
func cutPiece(b []byte) (piece, rest []byte, ok bool) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil, false
	}
	b = b[k:]
	return b[:n:n], b[n:], true
}

// Class names what formats an item has: those of formats, then with a "-" before each those that it has only as tombstones, which are those of gone and, of
// a deleted item, all. Both are as in an item: sorted, parted by one blank.
func Class(formats, gone string, deleted bool) string {
	words := strings.Fields(formats)
	own := len(words)
	words = append(words, strings.Fields(gone)...)
	for i := range words {
		if deleted || i >= own {
			words[i] = "-" + words[i]
		}
	}
	return strings.Join(words, " ")
}

// InClass tells whether items of a class have a record in a format, and whether it is a tombstone.
func InClass(class, prefix string) (deleted, ok bool) {
	for word := range strings.SplitSeq(class, " ") {
		if name, deleted := strings.CutPrefix(word, "-"); name == prefix && name != "" {
			return deleted, true
		}
	}
	return false, false
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

// pack makes large metadata small: a list is then read with few calls to the system, which cost more than unpacking does. size is 0 where the bytes
// stay as they are.
func pack(metadata []byte) (size int, data []byte) {
	if metadata == nil {
		return 0, []byte{}
	}
	if len(metadata) < 8<<10 {
		return 0, metadata
	}
	return Pack(metadata)
}

// Pack makes one S2 block of metadata where that saves an eighth or more. size and data are those of a PackedRecord.
func Pack(metadata []byte) (size int, data []byte) {
	if p := squeeze(metadata); len(p) <= len(metadata)-len(metadata)/8 {
		return len(metadata), p
	}
	return 0, metadata
}

var scratch = sync.Pool{New: func() any { return new([]byte) }}

// squeeze makes one S2 block of data. The room that this needs is more than the data, and what stays is less.
func squeeze(data []byte) []byte {
	if len(data) > 1<<20 {
		return s2.Encode(nil, data)
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	if n := s2.MaxEncodedLen(len(data)); cap(*buf) < n {
		*buf = make([]byte, n)
	}
	return bytes.Clone(s2.Encode((*buf)[:cap(*buf)], data))
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

// Lists returns the specs of the lists that an item with these own sets is in: "" for the whole, then each set with its ancestors.
func Lists(own string) []string {
	var sets []Set
	for _, spec := range strings.Fields(own) {
		sets = append(sets, Set{Spec: spec})
	}
	return append([]string{""}, SetSpecs(sets)...)
}

// TallyShifts are the bits that a datestamp loses at each level of the tallies: a bucket of a level holds 128 of the level below.
var TallyShifts = [...]uint{0, 7, 14, 21}
