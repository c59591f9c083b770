package api

import (
	"errors"
	"io"
	"os"
	"sync"
)

// queue holds lines between who makes them and who sends them, in a temporary file: so neither waits for the other, and the memory holds
// little however far they are apart. When the sender has caught up, the file begins anew.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	file    *os.File
	path    string // to remove in the end
	in, out int64  // bytes written and read
	ended   bool
	err     error // of the file
}

func newQueue() (*queue, error) {
	f, err := os.CreateTemp("", "sheaf-import-*.ndjson")
	if err != nil {
		return nil, err
	}
	q := &queue{file: f}
	if os.Remove(f.Name()) != nil { // an open file cannot be removed everywhere
		q.path = f.Name()
	}
	q.changed = sync.NewCond(&q.mu)
	return q, nil
}

// put adds v as a line of JSON.
func (q *queue) put(v any) {
	b, err := encode(v)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err == nil {
		_, err = q.file.WriteAt(b, q.in)
	}
	q.in += int64(len(b))
	q.err = errors.Join(q.err, err)
	q.changed.Signal()
}

// end says that nothing more will come.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.changed.Signal()
}

// next waits for lines and returns some, whole or in part; io.EOF after the last.
func (q *queue) next() ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.in == q.out && !q.ended && q.err == nil {
		q.changed.Wait()
	}
	if q.err != nil {
		return nil, q.err
	}
	if q.in == q.out {
		return nil, io.EOF
	}
	b := make([]byte, min(q.in-q.out, 64<<10))
	if _, err := q.file.ReadAt(b, q.out); err != nil {
		return nil, err
	}
	if q.out += int64(len(b)); q.out == q.in {
		q.in, q.out = 0, 0
	}
	return b, nil
}

func (q *queue) close() {
	q.file.Close()
	if q.path != "" {
		os.Remove(q.path)
	}
}
