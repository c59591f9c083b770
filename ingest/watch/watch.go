// Package watch follows folders: it tells which files in them are new, changed or gone, once they stand still. What a file holds is no affair of its own; what
// became of it is kept in a small file of state, so that after a restart only what has changed meanwhile is told.
//
// The system's notices are only hints to look sooner: every folder is looked through at the start and again every [Watcher.Every], so that a notice that was lost, or
// a file system that gives none, costs time and nothing else. A file is told when its size and its time of change were the same in two looks [Watcher.Settle] apart, so
// that none is read while it is still being written.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A Piece is what a file gave: an item, and the name of the source that it has from the file.
type Piece struct {
	Local  string `json:"local"`
	Name   string `json:"name"`
	Stored bool   `json:"-"` // of what Take returns: the source is there under this name, not under that of another file with the same bytes
}

// Watcher follows folders with all below them. Hidden files and folders, and those that programs write before they give them their names, are passed over, and links
// to folders are not followed.
type Watcher struct {
	Dirs  []string
	State *State

	// Take is given new and changed files, in the order of their names, and returns what each gave. What it does not return is tried again with the next look.
	Take func(ctx context.Context, paths []string) (map[string][]Piece, error)

	// Gone is given what files gave that do not give it any more. Nil: nobody asks.
	Gone func(ctx context.Context, pieces []Piece) error

	Ours   func(path string) bool // whether a file may be an input; nil: each may
	Settle time.Duration          // how long a file must stand still; 0: two seconds
	Every  time.Duration          // between two looks at everything; 0: a minute
	Log    *slog.Logger           // nil: silence
	Looked func()                 // told after each look; may be nil
}

const (
	batch    = 256 // files that are given to Take at a time
	maxWaits = 20  // looks for which what is missing is not told while there are files that do not stand still
)

// Run follows the folders until ctx ends. No error ends it but that of folders which are not there at the start.
func (w *Watcher) Run(ctx context.Context) error {
	for i, dir := range w.Dirs {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		info, err := os.Stat(abs)
		if err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		if !info.IsDir() {
			return fmt.Errorf("watch: %s is no folder", dir)
		}
		w.Dirs[i] = abs
	}
	if w.Settle <= 0 {
		w.Settle = 2 * time.Second
	}
	if w.Every <= 0 {
		w.Every = time.Minute
	}
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	notices, err := fsnotify.NewWatcher()
	if err != nil {
		w.Log.Warn("watch: the system gives no notices; folders are looked through from time to time", "error", err, "every", w.Every)
		notices = &fsnotify.Watcher{}
	} else {
		defer notices.Close()
	}
	l := &look{Watcher: w, notices: notices, mute: map[string]bool{}, seen: map[string]sight{}}
	for {
		again := l.look(ctx)
		if w.Looked != nil {
			w.Looked()
		}
		if ctx.Err() != nil {
			return nil
		}
		wait := w.Every
		if again {
			wait = w.Settle
		}
		if !l.rest(ctx, wait) {
			return nil
		}
	}
}

// look is a Watcher at work.
type look struct {
	*Watcher
	notices *fsnotify.Watcher
	mute    map[string]bool  // folders that give no notices
	seen    map[string]sight // files that are not told of yet
	waits   int              // looks since something was missing and others did not stand still
	bare    bool             // it was said that there is nothing any more
}

// form tells a file's content from another without reading it.
type form struct {
	Size  int64 `json:"size"`
	MTime int64 `json:"mtime"` // nanoseconds since 1970
}

// sight is since when a file has had its form.
type sight struct {
	form
	since time.Time
}

// rest waits until it is time for the next look: after wait, or Settle after a notice. It returns false when ctx ends.
func (l *look) rest(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	sooner := false
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case e, ok := <-l.notices.Events:
			if ok && !sooner && !hidden(filepath.Base(e.Name)) && !e.Has(fsnotify.Chmod) {
				sooner = true
				timer.Reset(min(wait, l.Settle/2))
			}
		case err := <-l.notices.Errors:
			l.Log.Warn("watch: notices were lost; it is looked through sooner", "error", err)
		}
	}
}

// look goes through all folders, takes what stands still and tells what is gone. It returns true when there are files that do not stand still yet, or could not be taken.
func (l *look) look(ctx context.Context) (again bool) {
	there := map[string]form{}
	whole := true // every folder could be read
	for _, dir := range l.Dirs {
		if err := l.walk(dir, there); err != nil {
			whole = false
			l.Log.Warn("watch: a folder cannot be read; what is in it is not held to be gone", "error", err)
		}
	}
	now := time.Now()
	seen := map[string]sight{}
	var ready []string
	for path, is := range there {
		if was, ok := l.State.files[path]; ok && was.form == is {
			continue
		}
		before, ok := l.seen[path]
		if !ok || before.form != is {
			before = sight{is, now}
		}
		if now.Sub(before.since) < l.Settle {
			seen[path], again = before, true
			continue
		}
		ready = append(ready, path)
	}
	slices.Sort(ready)
	for paths := range slices.Chunk(ready, batch) {
		took, err := l.Take(ctx, paths)
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			l.Log.Error("watch: files could not be taken; they are tried again", "error", err)
		}
		for _, path := range paths {
			pieces, ok := took[path]
			if !ok { // again, with the next look
				seen[path] = sight{there[path], now}
				continue
			}
			l.replace(path, there[path], pieces)
		}
	}
	l.seen = seen
	if l.waits++; !again || l.waits > maxWaits { // what is missing may be what is new, under another name
		l.waits = 0
		if whole {
			l.gone(ctx, there)
		}
	}
	if err := l.State.save(); err != nil {
		l.Log.Error("watch: its state cannot be kept: after a restart files are read once more", "error", err)
	}
	return again
}

// replace keeps what a file gave. What it gave before and does not now is to be taken back.
func (l *look) replace(path string, is form, pieces []Piece) {
	stored := map[string]bool{}
	for i := range pieces {
		stored[pieces[i].Local] = stored[pieces[i].Local] || pieces[i].Stored
		pieces[i].Stored = false
	}
	for _, p := range l.State.files[path].Pieces {
		if !slices.Contains(pieces, p) {
			l.State.lost = append(l.State.lost, lost{p, stored[p.Local]})
		}
	}
	l.State.put(path, file{is, pieces})
}

// gone takes back what files gave that are not there any more, or do not give it any more. What another file gives as well stays, and that file
// answers for it from then on: it was moved.
func (l *look) gone(ctx context.Context, there map[string]form) {
	var missing []string
	for _, path := range slices.Sorted(maps.Keys(l.State.files)) {
		if _, ok := there[path]; !ok {
			missing = append(missing, path)
		}
	}
	if len(missing) > 0 && len(there) == 0 { // more likely a disk that is not mounted than the end of everything
		if !l.bare {
			l.Log.Warn("watch: there is no file at all any more; nothing is held to be gone", "files", len(missing))
		}
		l.bare = true
		return
	}
	l.bare = false
	for _, path := range missing {
		for _, p := range l.State.files[path].Pieces {
			l.State.lost = append(l.State.lost, lost{Piece: p})
		}
		l.State.drop(path)
	}
	if len(l.State.lost) == 0 {
		return
	}
	l.State.changed = true
	owners := map[string]string{}
	for path, f := range l.State.files {
		for _, p := range f.Pieces {
			if owner, ok := owners[p.Local]; !ok || path < owner {
				owners[p.Local] = path
			}
		}
	}
	var free []Piece
	for _, p := range l.State.lost {
		if owner, ok := owners[p.Local]; !ok || p.Sure {
			free = append(free, p.Piece)
		} else if f := l.State.files[owner]; !slices.Contains(f.Pieces, p.Piece) {
			f.Pieces = append(slices.Clone(f.Pieces), p.Piece)
			l.State.put(owner, f)
		}
	}
	l.State.lost = nil
	if l.Gone == nil || len(free) == 0 {
		return
	}
	if err := l.Gone(ctx, free); err != nil {
		l.Log.Error("watch: what is gone could not be taken back; it is tried again", "error", err)
		for _, p := range free {
			l.State.lost = append(l.State.lost, lost{p, true})
		}
	}
}

// walk adds the files in dir and below it, and asks for notices of each folder.
func (l *look) walk(dir string, there map[string]form) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != dir: // gone since its folder was listed
			return nil
		case err != nil:
			return err
		case path != dir && hidden(d.Name()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			if l.notices.Events != nil { // each time: it may be another folder of that name
				err := l.notices.Add(path)
				if err != nil && !l.mute[path] {
					l.Log.Warn("watch: no notices of a folder; it is looked through from time to time", "folder", path, "error", err)
				}
				l.mute[path] = err != nil
			}
			return nil
		case l.Ours != nil && !l.Ours(path):
			return nil
		}
		info, err := os.Stat(path) // of what a link points at
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		there[path] = form{info.Size(), info.ModTime().UnixNano()}
		return nil
	})
}

// hidden tells by its name what is not meant to be read: hidden files, and those that programs write before they give them their names.
func hidden(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") || strings.HasSuffix(name, "~") {
		return true
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".tmp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", ".swx", ".lock":
		return true
	}
	return false
}
