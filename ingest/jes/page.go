// Package jes reads landing pages of the Russian Academy's journal platform (jes.su and its kin) that were kept as plain text.
//
// Four layouts are met, in English and in Russian and with labels of both mixed: the portal's compact page, where labels are glued to
// their values and the names of authors are lost; the page of a journal's own site, where each label and each value has a line; the
// aggregator's page with "About authors"; and what is left when a page lost its labels.
//
//	bytes ──> text (UTF-8, UTF-16, Windows-1251) ──> lines ──> [Page], what a careful reader finds ──> jats.Article
//
// A label may be missing, stand anywhere, or have no value. What is not on the page is not made up: an author whose name was lost
// stays nameless.
package jes

import (
	"encoding/json"

	"sheaf/jats"
)

// Page is what is printed on a landing page. A nil field is not on it.
type Page struct {
	Variant    string         `json:"variant"`  // "compact", "long-en", "long-ru", "portal" or "stripped"
	Language   string         `json:"language"` // of the labels, or of the text where there are none: "en" or "ru"
	Title      *string        `json:"title"`
	PII        *string        `json:"pii"` // as printed, damaged or not
	DOI        *string        `json:"doi"` // bare
	Type       *string        `json:"type"`
	Status     *string        `json:"status"`
	Authors    []Author       `json:"authors"`
	Journal    *string        `json:"journal"`
	Volume     *string        `json:"volume"`
	Issue      *string        `json:"issue"`
	Pages      *string        `json:"pages"` // as printed
	Abstract   []string       `json:"abstract"`
	Keywords   []string       `json:"keywords"`
	Received   *string        `json:"received"`   // YYYY-MM-DD, or less where less is printed
	Published  *string        `json:"published"`  // the same
	Characters *int           `json:"characters"` // of the full text
	Price      *Price         `json:"price"`
	Purchasers *int           `json:"purchasers"`
	Views      *int           `json:"views"`
	Rating     *Rating        `json:"rating"`
	RefCount   int            `json:"references_count"`
	References []string       `json:"references"` // without their numbers
	Paragraphs int            `json:"body_paragraphs"`
	Classifier *string        `json:"-"` // as printed
	Subscribe  bool           `json:"-"` // the page says that the full text is for subscribers
	Warnings   []jats.Warning `json:"-"`
}

// Author is one author as printed.
type Author struct {
	Name         *string  `json:"name"` // nil: lost
	Position     *string  `json:"position"`
	Affiliations []string `json:"affiliations"`
	Address      *string  `json:"address"` // several are joined with "; "

	places []place // the affiliations with the address that stands by each
}

type place struct{ aff, address string }

// Price is what a copy costs.
type Price struct {
	Amount   json.Number `json:"amount"`
	Currency string      `json:"currency"` // ISO 4217
}

// Rating is what the readers think.
type Rating struct {
	Value *string `json:"value"` // as printed
	Votes *int    `json:"votes"`
}
