package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// State is what is kept of watched folders: of each file how it was when it was taken, and what it gave. It is written whole, synced and put in place at once.
// Losing it costs one reading of all files, and the knowledge of what vanished meanwhile.
type State struct {
	path    string
	files   map[string]file
	lost    []lost // to be taken back
	changed bool
}

type file struct {
	form
	Pieces []Piece `json:"pieces,omitempty"` // none: it was refused, or what it holds is elsewhere
}

// lost is a piece that its file does not give any more.
type lost struct {
	Piece
	Sure bool `json:"sure,omitempty"` // whatever other files give
}

type stateFile struct {
	Version int             `json:"version"` // 1
	Files   map[string]file `json:"files"`
	Lost    []lost          `json:"lost,omitempty"`
}

// OpenState reads the state in a file, which need not be there yet.
func OpenState(path string) (*State, error) {
	s := &State{path: path, files: map[string]file{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	var f stateFile
	if err := json.Unmarshal(data, &f); err != nil || f.Version != 1 {
		return nil, fmt.Errorf("watch: %s is no state of watched folders that this program knows: put it away to read all files anew", path)
	}
	maps.Copy(s.files, f.Files)
	s.lost = f.Lost
	return s, nil
}

func (s *State) put(path string, f file) { s.files[path], s.changed = f, true }

func (s *State) drop(path string) {
	delete(s.files, path)
	s.changed = true
}

// save writes the state, if it has changed.
func (s *State) save() (err error) {
	if !s.changed {
		return nil
	}
	data, err := json.Marshal(stateFile{1, s.files, s.lost})
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(s.path), "."+filepath.Base(s.path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), s.path)
	}
	s.changed = err != nil
	return err
}
