// Package pubmed writes the files that a publisher sends to PubMed, as a target of package feed: an ArticleSet for each journal and batch, in a folder.
// It sends nothing: NLM takes them by SFTP into the publisher's own folder, with the client of one's choice.
//
// A file is written under a temporary name, made durable, and then given its own: sheaf-DATESTAMP-JOURNAL-HASH.xml, which depends on nothing but what is in it. So the
// same batch, written again after a crash, is the same file, and whoever sends the folder finds only whole files. By their names files come in the order in which
// they must be sent.
//
// An article that was in a file before is written with Replaces, which names the citation that it stands in place of. A deletion is a DeleteCitation,
// which needs the PMID, that the article must have among its identifiers; without one it is a refusal: PubMed's staff delete by hand on request.
package pubmed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/pubmed"
	"sheaf/feed"
	"sheaf/feed/deposit"
	"sheaf/store"
)

// PubMed is a folder of files for PubMed as a target.
type PubMed struct {
	Dir   string // made if it is not there
	Dry   bool   // keep nothing
	State feed.State
	Now   func() time.Time
}

// set is what goes into one file.
type set struct {
	journal  string
	articles []pubmed.Submission
	deleted  []string // PMIDs
	items    []int    // in the changes: first those of articles, in their order
	gone     []int    // those of deleted
	newest   int64
}

// Send writes changes.
//
// Source: NLM, "PubMed XML Tagged Format" (NBK3828).
func (p *PubMed) Send(ctx context.Context, changes []*feed.Change) ([]feed.Outcome, error) {
	outcomes := make([]feed.Outcome, len(changes))
	kept := make([]deposit.Item, len(changes))
	var sets []*set
	for i, ch := range changes {
		if !p.Dry {
			var err error
			if kept[i], err = deposit.Load(ctx, p.State, ch.Local); err != nil {
				return nil, err
			}
		}
		kept[i].Local = ch.Local
		r := ch.Record()
		if r == nil {
			if kept[i].Seen { // deleted, and its article is not kept
				outcomes[i].Refused = noPMID
			}
			continue
		}
		s := place(&sets, r)
		switch {
		case !ch.Deleted && kept[i].Datestamp == ch.Datestamp && kept[i].There() && !ch.Again:
			continue
		case !ch.Deleted:
			s.articles, s.items = append(s.articles, pubmed.Submission{Record: r, Replaces: kept[i].Seen}), append(s.items, i)
		case !kept[i].Seen:
			continue
		default:
			pmid := flat.FirstID(r.Article.IDs, "pmid")
			if pmid == "" {
				outcomes[i].Refused = noPMID
				continue
			}
			s.deleted, s.gone = append(s.deleted, pmid), append(s.gone, i)
		}
		s.newest = max(s.newest, ch.Datestamp)
	}
	for _, s := range sets {
		doc, errs := pubmed.AppendSet(nil, s.articles, s.deleted)
		name := ""
		if len(doc) > 0 {
			var err error
			if name, err = p.write(s, doc); err != nil {
				return nil, err
			}
		}
		for n, i := range s.items {
			kept[i].Status, kept[i].Message, kept[i].Batch = deposit.Taken, "", name
			if errs[n] != nil {
				outcomes[i].Refused = why(errs[n])
				kept[i].Status, kept[i].Message, kept[i].Batch = deposit.Refused, outcomes[i].Refused, ""
			}
			kept[i].Seen = kept[i].Seen || errs[n] == nil
			if err := p.keep(ctx, changes[i], kept[i]); err != nil {
				return nil, err
			}
		}
		for _, i := range s.gone {
			kept[i].Status, kept[i].Message, kept[i].Batch, kept[i].Seen = deposit.Deleted, "", name, false
			if err := p.keep(ctx, changes[i], kept[i]); err != nil {
				return nil, err
			}
		}
	}
	return outcomes, nil
}

const noPMID = "no-pmid: PubMed deletes a citation by its PMID, and the article does not have it: ask PubMed to delete it"

func why(err error) string {
	var cannot *flat.Cannot
	if errors.As(err, &cannot) {
		return cannot.Code + ": " + cannot.Message
	}
	return err.Error()
}

// place is the file for a journal.
func place(sets *[]*set, r *flat.Record) *set {
	key := strings.ToLower(r.Journal.Title)
	if len(r.Journal.ISSNs) > 0 {
		key = r.Journal.ISSNs[0]
	}
	for _, s := range *sets {
		if s.journal == key {
			return s
		}
	}
	s := &set{journal: key}
	*sets = append(*sets, s)
	return s
}

func (p *PubMed) keep(ctx context.Context, ch *feed.Change, kept deposit.Item) error {
	if p.Dry {
		return nil
	}
	now := time.Now
	if p.Now != nil {
		now = p.Now
	}
	kept.Datestamp, kept.At = ch.Datestamp, now().Unix()
	return deposit.Save(ctx, p.State, kept)
}

// write writes a file whole, or not at all, and returns its name.
func (p *PubMed) write(s *set, doc []byte) (name string, err error) {
	if err := os.MkdirAll(p.Dir, 0o755); err != nil {
		return "", err
	}
	sum := sha256.Sum256(doc)
	journal := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == 'X' || c == 'x' {
			return c
		}
		return -1
	}, s.journal)
	if len(journal) != 8 {
		journal = "0"
	}
	name = fmt.Sprintf("sheaf-%s-%s-%s.xml", store.Time(s.newest).Format("20060102150405"), journal, hex.EncodeToString(sum[:6]))
	f, err := os.CreateTemp(p.Dir, ".sheaf-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // fails when it has its own name
	_, err = f.Write(doc)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return "", err
	}
	if err := os.Rename(f.Name(), filepath.Join(p.Dir, name)); err != nil {
		return "", err
	}
	d, err := os.Open(p.Dir)
	if err != nil {
		return "", err
	}
	defer d.Close()
	return name, d.Sync()
}
