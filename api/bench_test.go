package api

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A PUT of a new item of 5 KB over a connection that is kept, durable when it is answered; by one client and by 8 at once.
func BenchmarkPut(b *testing.B) {
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			s := serve(b)
			data := string(fixtureFiles(b)["articles/plain-language.json"])
			require.Contains(b, data, `"title"`)
			var n atomic.Int64
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
			b.ResetTimer()
			var wg sync.WaitGroup
			for range clients {
				wg.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						body := strings.ReplaceAll(data, "10.5555/", fmt.Sprintf("10.5555/%d.", i))
						req, err := http.NewRequest("PUT", fmt.Sprintf("%s/records/bench/%d", s.url, i), strings.NewReader(body))
						if err != nil {
							b.Error(err)
							return
						}
						req.Header.Set("Authorization", "Bearer "+s.write)
						req.Header.Set("Content-Type", "application/json")
						res, err := client.Do(req)
						if err != nil {
							b.Error(err)
							return
						}
						text, _ := io.ReadAll(res.Body)
						res.Body.Close()
						if res.StatusCode != 201 {
							b.Errorf("%d %s", res.StatusCode, text)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
