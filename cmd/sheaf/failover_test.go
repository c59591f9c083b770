package main_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/oai/oaitest"
	"sheaf/store/postgres/pgtest"
)

// Two servers over a primary with a synchronous standby. The primary is killed and the standby promoted: the servers recover by themselves,
// nothing that was acknowledged is lost, and a harvester that goes from one to the other misses nothing.
func TestFailoverOfServers(t *testing.T) {
	primary := pgtest.Start(t, pgtest.Options{Durable: true})
	standby := primary.Standby(t, 0)
	primary.Set(t, "synchronous_standby_names", "*")
	address := primary.Database(t)
	name := address[strings.LastIndexByte(address, '/')+1:]
	both := fmt.Sprintf("postgres://postgres@%s,%s/%s", primary.Host(), standby.Host(), name)
	bin := build(t)
	token := strings.TrimSpace(run(t, bin, "token", "create", "--scope", "write", "--db", both, "failover"))
	a := serve(t, bin, both, "--page-size", "20", "--rate-limit", "0")
	b := serve(t, bin, both, "--page-size", "20", "--rate-limit", "0", "--replica", standby.URL(name))
	sites := []string{strings.TrimSuffix(a.base, "/oai"), strings.TrimSuffix(b.base, "/oai")}

	stop := make(chan struct{})
	var wg sync.WaitGroup
	var all []*deposits
	for w := range 4 {
		d := &deposits{name: fmt.Sprint("failover", w), acknowledged: map[string]int{}, tried: map[string]int{}}
		all = append(all, d)
		wg.Go(func() { d.run(func() string { return sites[w%2] }, token, uint64(w), stop) })
	}
	turn := 0
	h := &oaitest.Harvester{Prefix: "oai_dc", Do: func(query url.Values) (*http.Response, error) {
		turn++
		resp, err := http.Get(sites[turn%2] + "/oai?" + query.Encode())
		if err != nil || resp.StatusCode == http.StatusServiceUnavailable {
			time.Sleep(50 * time.Millisecond)
		}
		return resp, err
	}}
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if !assert.NoError(t, h.Harvest()) {
				return
			}
		}
	})
	put := func(timeout time.Duration) {
		began := time.Now()
		probe := &deposits{name: "probe", acknowledged: map[string]int{}, tried: map[string]int{}}
		done := make(chan struct{})
		var once sync.WaitGroup
		once.Go(func() { probe.run(func() string { return sites[0] }, token, 99, done) })
		time.Sleep(timeout)
		close(done)
		once.Wait()
		require.NotEmpty(t, probe.acknowledged, "no deposit was acknowledged in %s", time.Since(began))
	}
	put(2 * time.Second)
	primary.Kill(t)
	killed := time.Now()
	standby.Promote(t)
	t.Logf("promoted %s after the kill", time.Since(killed).Round(time.Millisecond))
	put(3 * time.Second)
	close(stop)
	wg.Wait()
	acknowledged := 0
	for _, d := range all {
		assert.Empty(t, d.refused)
		for _, site := range sites {
			assert.Empty(t, d.lost(t, site))
		}
		for _, v := range d.acknowledged {
			acknowledged += v
		}
	}
	require.NoError(t, h.Harvest())
	items, _ := a.harvest(t, "ListRecords", url.Values{"metadataPrefix": {"oai_dc"}})
	require.Len(t, h.Mirror, len(items))
	for _, item := range items {
		assert.Equal(t, item.Datestamp, h.Mirror[item.Identifier].Datestamp, item.Identifier)
	}
	run(t, bin, "check", "--db", both)
	t.Logf("about %d deposits acknowledged, %d lists and %d pages harvested", acknowledged, h.Lists, h.Pages)
}
