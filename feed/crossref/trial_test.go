package crossref

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "sheaf/feed/deposit/deposittest"
)

// The feed dies at each failure, and a new one goes on: whatever is lost on the way, in the end Crossref has each work as it is in the store, and
// the store knows it. SHEAF_FEED is how many articles there are.
func TestTrialOfFailures(t *testing.T) {
	n := 120
	if s := os.Getenv("SHEAF_FEED"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	db, s, log := Store(t), serve(t), &Log{}
	random := rand.New(rand.NewPCG(1, 2))
	title := map[int]string{}
	deaths := 0
	for round := range 4 {
		for i := range n {
			if round == 0 || random.IntN(10) == 0 {
				title[i] = fmt.Sprintf("Version %d of %d.", round, i)
				Put(t, db, Article(i, title[i]))
			}
		}
		s.mu.Lock()
		s.slow = random.IntN(3)
		s.next = nil
		for range n / 30 {
			s.next = append(s.next, []func(http.ResponseWriter) bool{
				nil,
				func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusServiceUnavailable); return true },
				func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) },
				func(http.ResponseWriter) bool { return false },
			}[random.IntN(4)])
		}
		s.mu.Unlock()
		for {
			c := target(db, s)
			c.Items = 7
			f := Feed(db, c, log)
			f.Items = 25
			f.Patience = time.Nanosecond
			rep, err := f.Run(bg)
			require.Zero(t, rep.Refused)
			if err == nil {
				break
			}
			deaths++
		}
	}
	t.Logf("%d articles, %d deaths, %d deposits", n, deaths, len(s.sent()))
	assert.Positive(t, deaths)
	all := kept(t, db)
	for i := range n {
		assert.Contains(t, s.docs[Local(i)], "<title>"+title[i]+"</title>")
		assert.Contains(t, all[Local(i)], "taken: ", Local(i))
	}
	assert.Zero(t, open(t, db))
}
