package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/oai/oaitest"
	"sheaf/store/postgres/pgtest"
)

// kills is how many kills a run makes: SHEAF_KILLS, or few.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("SHEAF_KILLS")); err == nil {
		return n
	}
	return 12
}

// deposits is one depositor: it puts its own items in turn, each time as a new version, and remembers what was acknowledged.
type deposits struct {
	name         string
	acknowledged map[string]int // by local, the last version
	tried        map[string]int
	refused      []string
}

// article is an item's JSON in one version.
func articleJSON(local string, version int) string {
	return fmt.Sprintf(`{"title":{"text":"Version %d of %s"},"ids":[{"type":"doi","value":"%s"}],"pubDates":[{"type":"pub","date":"2026-01-05"}]}`, version, local, local)
}

// run puts until stop is closed. While nobody answers it tries again.
func (d *deposits) run(at func() string, token string, seed uint64, stop <-chan struct{}) {
	r := rand.New(rand.NewPCG(seed, 1))
	client := &http.Client{Timeout: 20 * time.Second}
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		local := fmt.Sprintf("10.5555/%s.%d", d.name, r.IntN(40))
		version := d.tried[local] + 1
		d.tried[local] = version
		method, body := http.MethodPut, articleJSON(local, version)
		if version%7 == 0 {
			method, body = http.MethodDelete, ""
		}
		req, err := http.NewRequest(method, at()+"/api/v1/records/"+local, strings.NewReader(body))
		if err != nil {
			d.refused = append(d.refused, err.Error())
			return
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil { // it was killed: nothing is acknowledged
			time.Sleep(20 * time.Millisecond)
			continue
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		switch {
		case err != nil, resp.StatusCode == http.StatusServiceUnavailable:
		case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusCreated, resp.StatusCode == http.StatusNoContent:
			d.acknowledged[local] = version
		case method == http.MethodDelete && resp.StatusCode == http.StatusNotFound: // the put before it was not acknowledged, and is not there
		default:
			d.refused = append(d.refused, fmt.Sprintf("%s %s: %s %s", method, local, resp.Status, answer))
		}
	}
}

// lost tells which acknowledged versions are not there: an item must be as it was acknowledged last, or as it was tried after that.
func (d *deposits) lost(t *testing.T, base string) (lost []string) {
	for local, version := range d.acknowledged {
		resp, err := http.Get(base + "/api/v1/records/" + local)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		found := false
		for v := version; v <= d.tried[local] && !found; v++ {
			if v%7 == 0 {
				found = resp.StatusCode == http.StatusGone || resp.StatusCode == http.StatusNotFound
			} else {
				found = resp.StatusCode == http.StatusOK && bytes.Contains(body, fmt.Appendf(nil, "Version %d of", v))
			}
		}
		if !found {
			lost = append(lost, fmt.Sprintf("%s: version %d was acknowledged (%d tried), there is %s %.200s", local, version, d.tried[local], resp.Status, body))
		}
	}
	return lost
}

// Server and importer are killed again and again at random moments, while depositors put, an import runs and a harvester follows. Nothing that
// was acknowledged is ever lost, the store is always sound, and in the end the harvester has all that is there.
func TestKillServer(t *testing.T) {
	bin, tar := build(t), archive(t, 400)
	db := filepath.Join(t.TempDir(), "sheaf.db")
	killServer(t, bin, db, tar, kills(), nil)
}

// The same over PostgreSQL, whose server is killed too.
func TestKillServerPostgres(t *testing.T) {
	cluster := pgtest.Start(t, pgtest.Options{Durable: true})
	bin, tar := build(t), archive(t, 400)
	killed := 0
	killServer(t, bin, cluster.Database(t), tar, kills(), func(r *rand.Rand) {
		if r.IntN(3) == 0 {
			cluster.Kill(t)
			cluster.Restart(t)
			killed++
		}
	})
	t.Logf("%d kills of PostgreSQL", killed)
}

// killServer kills n times; also, where it is given, calls disturb before a kill.
func killServer(t *testing.T, bin, db, tar string, n int, disturb func(*rand.Rand)) {
	seed := oaitest.Seed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	token := strings.TrimSpace(run(t, bin, "token", "create", "--scope", "write", "--db", db, "killer"))
	var base atomic.Value // address of the site
	args := []string{"--page-size", "50", "--rate-limit", "0"}
	s := serve(t, bin, db, args...)
	at := func() string { return base.Load().(string) }
	base.Store(strings.TrimSuffix(s.base, "/oai"))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var all []*deposits
	for w := range 3 {
		d := &deposits{name: fmt.Sprint("kill", w), acknowledged: map[string]int{}, tried: map[string]int{}}
		all = append(all, d)
		wg.Go(func() { d.run(at, token, seed+uint64(w), stop) })
	}
	h := &oaitest.Harvester{Prefix: "oai_dc", Random: rand.New(rand.NewPCG(seed, 9))}
	h.Do = func(query url.Values) (*http.Response, error) {
		resp, err := http.Get(at() + "/oai?" + query.Encode())
		if err != nil {
			time.Sleep(50 * time.Millisecond)
		}
		return resp, err
	}
	harvested := make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				harvested <- nil
				return
			case <-time.After(30 * time.Millisecond):
			}
			if err := h.Harvest(); err != nil {
				harvested <- err
				return
			}
		}
	}()
	importers := 0
	for range n {
		importer := exec.Command(bin, "import", "--db", db, tar)
		importing := random.IntN(3) > 0
		if importing {
			require.NoError(t, importer.Start())
		}
		time.Sleep(time.Duration(random.IntN(700)) * time.Millisecond)
		if disturb != nil {
			disturb(random)
		}
		if importing {
			if importer.Process.Kill() == nil {
				importers++
			}
			importer.Wait()
		}
		s.kill()
		run(t, bin, "check", "--db", db)
		s = serve(t, bin, db, args...)
		base.Store(strings.TrimSuffix(s.base, "/oai"))
	}
	close(stop)
	wg.Wait()
	require.NoError(t, <-harvested)
	acknowledged := 0
	for _, d := range all {
		assert.Empty(t, d.refused)
		assert.Empty(t, d.lost(t, at()))
		for _, v := range d.acknowledged {
			acknowledged += v
		}
	}
	run(t, bin, "import", "--db", db, tar)
	h.Random = nil
	require.NoError(t, h.Harvest())
	items, _ := s.harvest(t, "ListRecords", url.Values{"metadataPrefix": {"oai_dc"}})
	require.Len(t, h.Mirror, len(items))
	for _, item := range items {
		assert.Equal(t, item.Datestamp, h.Mirror[item.Identifier].Datestamp, item.Identifier)
		assert.Equal(t, item.Status == "deleted", h.Mirror[item.Identifier].Deleted, item.Identifier)
	}
	s.stop(t)
	run(t, bin, "check", "--db", db)
	var st struct{ Items, Deleted int }
	require.NoError(t, json.Unmarshal([]byte(run(t, bin, "stats", "--json", "--db", db)), &st))
	assert.Equal(t, len(items), st.Items+st.Deleted)
	t.Logf("%d kills of the server, %d of an importer; about %d deposits acknowledged, %d lists and %d pages harvested", n, importers, acknowledged, h.Lists, h.Pages)
}
