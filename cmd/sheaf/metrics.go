package main

import (
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"sheaf/oai"
	"sheaf/store"
)

// metrics counts what /metrics tells, in the text format of Prometheus.
type metrics struct {
	repository *oai.Repository
	db         store.Store
	requests   atomic.Int64
	nanos      atomic.Int64
	underWay   atomic.Int64
}

func (m *metrics) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		m.underWay.Add(1)
		defer func() {
			m.underWay.Add(-1)
			m.requests.Add(1)
			m.nanos.Add(int64(time.Since(began)))
		}()
		next.ServeHTTP(w, r)
	})
}

func (m *metrics) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	write := func(name, kind, help string, value any) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %v\n", name, help, name, kind, name, value)
	}
	write("sheaf_oai_requests_total", "counter", "OAI-PMH requests answered.", m.requests.Load())
	write("sheaf_oai_request_seconds_total", "counter", "Time spent on them.", float64(m.nanos.Load())/1e9)
	write("sheaf_oai_requests_under_way", "gauge", "OAI-PMH requests being answered.", m.underWay.Load())
	write("sheaf_oai_record_faults_total", "counter", "Records that could not be read and were left out of a list.", m.repository.Faults())
	if st, err := m.db.Stats(r.Context()); err == nil {
		write("sheaf_items", "gauge", "Live items.", st.Items)
		write("sheaf_items_deleted", "gauge", "Tombstones.", st.Deleted)
		write("sheaf_store_bytes", "gauge", "Size of the database.", st.Bytes)
		write("sheaf_store_clock_seconds", "gauge", "Highest datestamp committed.", st.Clock)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	write("go_memstats_heap_inuse_bytes", "gauge", "Heap in use.", mem.HeapInuse)
	write("go_goroutines", "gauge", "Goroutines.", runtime.NumGoroutine())
}
