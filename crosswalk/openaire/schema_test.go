package openaire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/openaire"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

const schema = "indexers/openaire/4.0/openaire.xsd"

// All that there is validates by the schema 4.0, or is refused for a reason that the package comment names.
func TestEverything(t *testing.T) {
	crosswalktest.Everything(t, openaire.Append, schema, func(t testing.TB, name string, _ *flat.Record, doc []byte) {
		require.NoError(t, crosswalktest.WellFormed(doc), name)
	})
}

// Every kind of article has a type of the list in the schema, and every access and version theirs.
func TestVocabulariesAreOfTheSchema(t *testing.T) {
	docs := map[string][]byte{}
	for _, kind := range strings.Fields(`abstract addendum announcement article article-commentary book book-chapter book-review books-received brief-report calendar case-report clinical-trial commentary
		conference-paper correction data-paper dataset discussion dissertation editorial expression-of-concern in-brief interview introduction letter meeting-report methods-article news obituary opinion oration other
		partial-retraction patent preprint proceedings-paper product-review protocol rapid-communication referee-report registered-report reply report reprint research-article retraction review review-article
		reviewer-report short-communication software software-paper standard systematic-review technical-note translation working-paper unheard-of`) {
		docs[kind] = rendered(t, open(func(a *jats.Article) { a.ArticleType = kind }))
	}
	for _, version := range strings.Fields("AO SMUR AM P VoR CVoR EVoR NA") {
		docs[version] = rendered(t, open(func(a *jats.Article) { a.Version = &jats.Version{Type: version} }))
	}
	for _, access := range strings.Fields("open embargoed restricted closed") {
		docs[access] = rendered(t, open(func(a *jats.Article) { a.Permissions = jats.Permissions{Access: access, EmbargoEnd: "2030-01-01"} }))
	}
	docs["rich"] = rendered(t, crosswalktest.Rich())
	assert.Empty(t, fixturetest.XSD(t, schema, docs))
}
