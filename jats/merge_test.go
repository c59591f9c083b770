package jats

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMergeTwoLanguages(t *testing.T) {
	n := 12
	ru := &Article{
		Lang: "ru", Title: Title{Text: "Модели"}, IDs: []ID{{"pii", "S1"}}, FPage: "24", LPage: "35",
		Contribs:  []Contrib{{Names: []Name{{Surname: "Примерова", GivenNames: "Анна"}}, Positions: []Text{{Text: "Старший научный сотрудник"}}, Affs: []string{"a"}}},
		Affs:      []Aff{{ID: "a", Forms: []AffForm{{Text: "Институт"}}}},
		Abstracts: []Abstract{{P: []Rich{"Обзор."}}}, KwdGroups: []KwdGroup{{Kwds: []Kwd{{Text: "города"}}}},
		Permissions: Permissions{Price: &Price{"100", "RUB"}},
	}
	en := &Article{
		Lang: "en", Title: Title{Text: "Models"}, IDs: []ID{{"pii", "S1"}, {"doi", "10.5555/1"}}, FPage: "99",
		Contribs:  []Contrib{{Names: []Name{{Full: "Anna Primerova"}}, Affs: []string{"x"}}},
		Affs:      []Aff{{ID: "x", Forms: []AffForm{{Text: "Institute"}}}},
		Abstracts: []Abstract{{P: []Rich{"A review."}}}, KwdGroups: []KwdGroup{{Kwds: []Kwd{{Text: "towns"}}}},
		Counts: Counts{Characters: &n}, Journal: Journal{Title: Title{Text: "Bulletin"}},
	}
	before, err := json.Marshal([]*Article{ru, en})
	require.NoError(t, err)
	m := Merge(ru, en)
	after, err := json.Marshal([]*Article{ru, en})
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "the two are as they were")

	assert.Equal(t, "ru", m.Lang)
	assert.Equal(t, Rich("Модели"), m.Title.Text)
	assert.Equal(t, []Title{{Lang: "en", Text: "Models"}}, m.TransTitles)
	assert.Equal(t, []ID{{"pii", "S1"}, {"doi", "10.5555/1"}}, m.IDs)
	assert.Equal(t, "24", m.FPage, "what was there stays")
	assert.Equal(t, []Name{{Lang: "ru", Surname: "Примерова", GivenNames: "Анна"}, {Lang: "en", Full: "Anna Primerova"}}, m.Contribs[0].Names)
	assert.Equal(t, []string{"a"}, m.Contribs[0].Affs)
	assert.Equal(t, []AffForm{{Lang: "ru", Text: "Институт"}, {Lang: "en", Text: "Institute"}}, m.Affs[0].Forms)
	assert.Equal(t, []string{"ru", "en"}, []string{m.Abstracts[0].Lang, m.Abstracts[1].Lang})
	assert.Equal(t, []string{"ru", "en"}, []string{m.KwdGroups[0].Lang, m.KwdGroups[1].Lang})
	assert.Equal(t, &n, m.Counts.Characters)
	assert.Equal(t, &Price{"100", "RUB"}, m.Permissions.Price)
	assert.Equal(t, Title{Lang: "en", Text: "Bulletin"}, m.Journal.Title)

	assert.Equal(t, m, Merge(m, en), "the same source again adds nothing")
	assert.Equal(t, m, Merge(m, ru))
}

func TestMergeNeverTakesAway(t *testing.T) {
	rich := &Article{
		Lang: "en", Title: Title{Text: "A"}, Refs: []Ref{{Label: "1"}},
		Contribs:    []Contrib{{Names: []Name{{Surname: "Doe"}}}, {Names: []Name{{Surname: "Roe"}}}},
		Permissions: Permissions{Licenses: []License{{URI: "https://creativecommons.org/licenses/by/4.0/"}}},
	}
	poor := &Article{Lang: "en", Title: Title{Text: "Another"}, Contribs: []Contrib{{}}, Permissions: Permissions{Access: "restricted"}}
	m := Merge(rich, poor)
	assert.Equal(t, rich.Title, m.Title)
	assert.Empty(t, m.TransTitles)
	assert.Equal(t, rich.Contribs, m.Contribs)
	assert.Equal(t, rich.Permissions, m.Permissions)
	assert.Equal(t, rich.Refs, m.Refs)
}

// Where neither says a title, none is made of a language alone.
func TestMergeNoTitle(t *testing.T) {
	m := Merge(&Article{Lang: "en", Title: Title{Text: "A"}}, &Article{Lang: "ru", Title: Title{Text: "Б"}})
	assert.Zero(t, m.Journal.Title)
}
