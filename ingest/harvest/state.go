package harvest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// State is what is kept of harvests from one run to the next: a file of JSON beside the store. It is written anew, synced and put in place at once, so that it is
// whole after any stop. Losing it loses no record: the next run takes everything again. It is safe for use by many goroutines; of several processes that write
// one file at the same moment, one may put back the place of the other, which then asks for some answers twice.
type State struct {
	path string
	mu   sync.Mutex
}

// Source is the state of one harvest, named by URL, Set, Prefix, From and Until as they were asked for.
type Source struct {
	URL    string `json:"url"`
	Set    string `json:"set,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	From   string `json:"from,omitempty"`
	Until  string `json:"until,omitempty"`

	Format    string `json:"format"`              // metadataPrefix that is harvested
	Since     string `json:"since,omitempty"`     // where the next run begins: the first responseDate of the last complete one
	Completed string `json:"completed,omitempty"` // when that was, by our clock
	Open      *Open  `json:"open,omitempty"`      // a run that is not complete
}

// Open is how far a run has come: all up to here is stored or refused.
type Open struct {
	From     string `json:"from,omitempty"` // as asked for; "": everything
	Began    string `json:"began,omitempty"`
	Doubtful bool   `json:"doubtful,omitempty"` // its clock disagrees with itself
	Token    string `json:"token,omitempty"`    // of the next answer
	Records  int    `json:"records,omitempty"`
	Listed   bool   `json:"listed,omitempty"` // the list of records is at its end
}

type stateFile struct {
	Version int      `json:"version"` // 1
	Sources []Source `json:"sources"`
}

// OpenState reads the state in a file, which need not be there yet.
func OpenState(path string) (*State, error) {
	s := &State{path: path}
	_, err := s.read()
	return s, err
}

func (s *State) read() (stateFile, error) {
	f := stateFile{Version: 1}
	data, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("harvest: %w", err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("harvest: %s is no state of harvests (%w): put it away to harvest everything anew", s.path, err)
	}
	if f.Version != 1 {
		return f, fmt.Errorf("harvest: %s is of version %d, this program knows 1", s.path, f.Version)
	}
	return f, nil
}

// is tells whether two are the same harvest.
func (a Source) is(b Source) bool {
	return a.URL == b.URL && a.Set == b.Set && a.Prefix == b.Prefix && a.From == b.From && a.Until == b.Until
}

// Source returns what is kept of a harvest; key itself if nothing is.
func (s *State) Source(key Source) Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.read()
	if err != nil {
		return key
	}
	for _, k := range f.Sources {
		if k.is(key) {
			return k
		}
	}
	return key
}

// Due tells when a harvest is to run again, if it is to run every so often: at once when it never came to its end or was stopped.
func (s *State) Due(key Source, every time.Duration) time.Time {
	k := s.Source(key)
	done, err := time.Parse(seconds, k.Completed)
	if err != nil || k.Open != nil {
		return time.Time{}
	}
	return done.Add(every)
}

// put keeps a harvest; one with a window of its own is forgotten when it is complete.
func (s *State) put(of Source) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.read()
	if err != nil {
		return err
	}
	kept := f.Sources[:0]
	found := of.Open == nil && (of.From != "" || of.Until != "")
	for _, k := range f.Sources {
		switch {
		case !k.is(of):
			kept = append(kept, k)
		case !found:
			kept, found = append(kept, of), true
		}
	}
	if !found {
		kept = append(kept, of)
	}
	f.Sources = kept
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("harvest: %w", err)
	}
	if err := write(s.path, append(data, '\n')); err != nil {
		return fmt.Errorf("harvest: state: %w", err)
	}
	return nil
}

// write puts a file in place at once, so that after a power cut either the old or the new one is there.
func write(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	if dir, derr := os.Open(filepath.Dir(path)); derr == nil { // where a folder cannot be synced, the rename is as durable as it gets
		dir.Sync()
		dir.Close()
	}
	return nil
}
