package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/BurntSushi/toml"
	"github.com/gorilla/mux"

	"sheaf/ingest"
	"sheaf/oai"
	"sheaf/store"
)

// setsFile is what --sets names: sets that are defined by queries, and what the endpoints of journals say of themselves.
type setsFile struct {
	Set     []ingest.SetDefinition `toml:"set"`
	Journal []journalEntry         `toml:"journal"`
}

// journalEntry is what the endpoint of a journal says in Identify where that is not what the repository says.
type journalEntry struct {
	Key        string   `toml:"key"` // KEY of /oai/KEY and of the set journal:KEY
	Name       string   `toml:"name"`
	AdminEmail []string `toml:"admin-email"`
}

// readSets reads the file; without one it is empty.
func readSets(path string) (*setsFile, error) {
	f := &setsFile{}
	if path == "" {
		return f, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--sets: %w", err)
	}
	meta, err := toml.Decode(string(data), f)
	if err != nil {
		return nil, fmt.Errorf("--sets %s: %w", path, err)
	}
	if odd := meta.Undecoded(); len(odd) > 0 {
		return nil, fmt.Errorf("--sets %s: %q is unknown: want [[set]] with spec, name, description and query, and [[journal]] with key, name and admin-email", path, odd[0])
	}
	for _, j := range f.Journal {
		if j.Key == "" || !store.ValidSetSpec("journal:"+j.Key) {
			return nil, fmt.Errorf("--sets %s: journal %q: want the KEY of a set journal:KEY", path, j.Key)
		}
		for _, mail := range j.AdminEmail {
			if !oai.ValidEmail(mail) {
				return nil, fmt.Errorf("--sets %s: journal %q: admin-email %q: want an address such as admin@journal.example.org", path, j.Key, mail)
			}
		}
	}
	return f, nil
}

// define makes the sets of --sets, if it is given, those of the store.
func (s *settings) define(ctx context.Context, db store.Store) (*setsFile, error) {
	f, err := readSets(s.Sets)
	if err != nil || s.Sets == "" {
		return f, err
	}
	if _, err := ingest.Define(ctx, db, f.Set); err != nil {
		return nil, fmt.Errorf("--sets %s: %w", s.Sets, err)
	}
	return f, nil
}

// journals answers at /oai/KEY for the journal of that key.
func journals(repository *oai.Repository, f *setsFile) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := mux.Vars(r)["journal"]
		var own journalEntry
		for _, j := range f.Journal {
			if j.Key == key {
				own = j
			}
		}
		journal, err := repository.Journal(r.Context(), key, own.Name, own.AdminEmail)
		switch {
		case errors.Is(err, store.ErrNotFound):
			http.Error(w, fmt.Sprintf("there is no journal %q here; the sets journal:KEY of /oai?verb=ListSets tell which there are", key), http.StatusNotFound)
		case err != nil:
			w.Header().Set("Retry-After", "30")
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		default:
			journal.ServeHTTP(w, r)
		}
	})
}
