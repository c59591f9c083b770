package ingest

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures"
	"sheaf/jats"
	"sheaf/store"
	"sheaf/store/sqlite"
)

func depositStore(t testing.TB) store.Store {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// meddler changes an item just before each of the next writes to it.
type meddler struct {
	store.Store
	before func() error
}

func (m *meddler) Put(ctx context.Context, changes []store.Change) ([]store.Outcome, error) {
	if f := m.before; f != nil {
		if err := f(); err != nil {
			return nil, err
		}
	}
	return m.Store.Put(ctx, changes)
}

// Others change the item between the look and the write: a deposit without a condition is tried again, one whose condition does not hold
// any more is not carried out, and one that is never left alone gives up.
func TestDepositMeetsOthers(t *testing.T) {
	ctx := context.Background()
	m := &meddler{Store: depositStore(t)}
	im := &Importer{Store: m}
	mine := Deposit{Data: []byte(`{"lang":"en","title":{"text":"Mine"}}`), Local: "x"}
	out, _, err := im.Deposit(ctx, mine)
	require.NoError(t, err)
	require.Equal(t, store.Created, out.Status)
	first := out.Version

	other := &Importer{Store: m.Store}
	n := 0
	meddle := func() error {
		n++
		_, _, err := other.Deposit(ctx, Deposit{Data: []byte(`{"lang":"en","title":{"text":"Theirs ` + strings.Repeat("x", n) + `"}}`), Local: "x"})
		return err
	}
	m.before = func() error { m.before = nil; return meddle() }
	out, _, err = im.Deposit(ctx, mine)
	require.NoError(t, err)
	assert.Equal(t, store.Updated, out.Status, "theirs is there and is replaced")
	assert.Equal(t, first, out.Version)

	m.before = func() error { m.before = nil; return meddle() }
	mine.If = func(version string) bool { return version == first }
	mine.Data = []byte(`{"lang":"en","title":{"text":"Mine anew"}}`)
	out, _, err = im.Deposit(ctx, mine)
	require.NoError(t, err)
	assert.Equal(t, store.Stale, out.Status)
	item, err := m.Get(ctx, "x")
	require.NoError(t, err)
	assert.Contains(t, string(item.Article), "Theirs")
	assert.Equal(t, item.Version, out.Version, "the version as it is")

	mine.If, m.before = nil, meddle
	_, _, err = im.Deposit(ctx, mine)
	assert.ErrorIs(t, err, store.ErrBusy)
}

// A landing page completes what is deposited over it, and the depositor is told.
func TestDepositOverPage(t *testing.T) {
	ctx := context.Background()
	db := depositStore(t)
	page, err := fixtures.FS.ReadFile("articles/seed.txt")
	require.NoError(t, err)
	im := &Importer{Store: db}
	_, err = im.Import(ctx, func(_ context.Context, yield func(Input) error) error {
		return yield(Input{Name: "seed.txt", Data: page})
	})
	require.NoError(t, err)
	_, a, _, err := Parse(page, "")
	require.NoError(t, err)
	data, err := json.Marshal(&jats.Article{Lang: a.Lang, Title: a.Title, IDs: a.IDs, Volume: "99"})
	require.NoError(t, err)
	out, warnings, err := im.Deposit(ctx, Deposit{Data: data, Local: Local(a)})
	require.NoError(t, err)
	assert.Equal(t, store.Updated, out.Status)
	require.NotEmpty(t, warnings)
	assert.Equal(t, "completed", warnings[len(warnings)-1].Code)
	item, err := db.Get(ctx, out.Local)
	require.NoError(t, err)
	kept := new(jats.Article)
	require.NoError(t, json.Unmarshal(item.Article, kept))
	assert.Equal(t, "99", kept.Volume)
	assert.Equal(t, len(a.Contribs), len(kept.Contribs))
	for _, data := range [][]byte{data, item.Article} {
		again, told, err := im.Deposit(ctx, Deposit{Data: data, Local: Local(a)})
		require.NoError(t, err)
		assert.Equal(t, store.Unchanged, again.Status)
		assert.Equal(t, out.Version, again.Version)
		assert.Equal(t, len(warnings), len(told)+len(data)/len(item.Article), "what is whole is not completed")
	}
}

// Depositing what an older deposit said makes the item that again, though those bytes were stored in it once.
func TestDepositGoesBack(t *testing.T) {
	ctx := context.Background()
	im := &Importer{Store: depositStore(t)}
	old, anew := []byte(`{"title":{"text":"Old"}}`), []byte(`{"title":{"text":"New"}}`)
	_, err := im.Import(ctx, func(_ context.Context, yield func(Input) error) error {
		return yield(Input{Name: "old.json", Data: old})
	})
	require.NoError(t, err)
	for _, data := range [][]byte{anew, old, anew} {
		out, _, err := im.Deposit(ctx, Deposit{Data: data, Local: "old"})
		require.NoError(t, err)
		assert.Equal(t, store.Updated, out.Status)
	}
	sources, err := im.Store.Source(ctx, "old")
	require.NoError(t, err)
	assert.Len(t, sources, 2, "the file, and one deposit")
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]string{
		"10.5555/x": "10.5555/x", "a b": "a%20b", "a%20b": "a%20b", "a%2fb": "a/b", "%D0%b6": "%D0%B6", "ж": "%D0%B6", "100%": "100%25", "%zz": "%25zz", "a%25": "a%25",
		"<>": "%3C%3E", "\x00": "%00", "..a": "..a", "a//b": "a//b",
	} {
		got, err := Named(name)
		require.NoError(t, err, name)
		assert.Equal(t, want, got)
		again, err := Named(got)
		require.NoError(t, err)
		assert.Equal(t, got, again, "one form")
	}
	for _, name := range []string{"", ".", "a/../b", "a/%2e", strings.Repeat("ж", 34), strings.Repeat("x", store.MaxLocal+1)} {
		_, err := Named(name)
		assert.Error(t, err, name)
	}
}

func TestExplain(t *testing.T) {
	for in, want := range map[string]Refusal{
		"":                     {true, []jats.Warning{{Code: "empty", Message: "empty file"}}},
		"words":                {true, []jats.Warning{{Code: "not-recognised", Message: "not recognised: none of the kinds that Sheaf reads (" + strings.Join(Kinds(), ", ") + ")"}}},
		`{"lang":"en"`:         {true, []jats.Warning{{Code: "malformed", Line: 1, Message: "JSON ends in the middle of a value"}}},
		"{\"lang\":\n\"en\",}": {true, []jats.Warning{{Code: "malformed", Line: 2, Message: "invalid character '}' looking for beginning of object key string"}}},
		`{"lang":null}`:        {false, []jats.Warning{{Code: "no-title", Path: "title", Message: "the article has no title"}}},
		`{"xyzzy":{"a":[1,{}]},"lang":[1,{}],"counts":{"figs":1.5}}`: {false, []jats.Warning{
			{Code: "unknown-field", Path: "xyzzy", Line: 1, Message: `unknown field "xyzzy"`},
			{Code: "bad-field", Path: "lang", Line: 1, Message: `field "lang": want a string, not an array`},
			{Code: "bad-field", Path: "counts/figs", Line: 1, Message: `field "counts/figs": want a whole number, not the number 1.5`},
		}},
		"<article>\n<b></article>": {true, []jats.Warning{{Code: "malformed", Line: 2, Message: `end tag "a" where "b" is open`}}},
		"<a/>":                     {false, []jats.Warning{{Code: "not-recognised", Line: 1, Message: `no element "article"`}}},
	} {
		_, _, _, err := Parse([]byte(in), "")
		require.Error(t, err, in)
		got := Explain([]byte(in), "", err)
		if in[:min(1, len(in))] == "<" { // the words are those of package jats
			require.Len(t, got.Faults, 1)
			got.Faults[0].Message = want.Faults[0].Message
		}
		assert.Equal(t, want, *got, in)
	}
	deep := strings.Repeat(`{"contribs":[`, 1) + strings.Repeat(`{"members":[`, 2000) + "7" + strings.Repeat("]}", 2000) + "]}"
	_, _, _, err := Parse([]byte(deep), "json")
	require.Error(t, err)
	assert.Contains(t, Explain([]byte(deep), "json", err).Faults[0].Message, "nested more than 1000 deep")
	many := `{"a":1` + strings.Repeat(`,"a":1`, 100) + "}"
	_, _, _, err = Parse([]byte(many), "json")
	assert.Len(t, Explain([]byte(many), "json", err).Faults, maxFaults)
	door := Explain(nil, "", jats.Faultf("refused", 3, "x"))
	assert.Equal(t, Refusal{Faults: []jats.Warning{{Code: "refused", Line: 3, Message: "x"}}}, *door)
	assert.Equal(t, "ingest: line 3: x", door.Error())
}

// Whatever is refused for its form is explained, by a place and in words.
func FuzzExplain(f *testing.F) {
	for _, seed := range []string{`{"title":{"text":7}}`, `{"a":[{"b":1}],"lang":1}`, `[1]`, `{"contribs":[{"members":[{}]}]}`, "{", `{"title":{"text":{"markup":{}}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, _, _, err := Parse(data, "json"); err != nil {
			r := Explain(data, "json", err)
			require.NotEmpty(t, r.Faults)
			for _, w := range r.Faults {
				assert.NotEmpty(t, w.Message)
				assert.NotEmpty(t, w.Code)
			}
		}
	})
}
