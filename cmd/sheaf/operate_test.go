package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/store"
	"sheaf/store/postgres"
	"sheaf/store/sqlite"
)

func operate(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(fixturetest.Root(), "docs", "operate", name))
	require.NoError(t, err)
	return b
}

// filled is a store with the fixtures.
func filled(t testing.TB) store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sheaf.db")
	_, errs, code := sheaf(t, "", "import", "--db="+path, articles())
	require.Zero(t, code, errs)
	db, err := sqlite.Open(path, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// pooled tells what a PostgreSQL store tells of its connections.
type pooled struct{ store.Store }

func (*pooled) Status(context.Context) postgres.Status {
	return postgres.Status{Write: postgres.Conns{InUse: 1, Idle: 2, Max: 8}, Replicas: []postgres.ReplicaStatus{{Name: "r1/sheaf", Healthy: true, Lag: 3, Conns: postgres.Conns{Max: 4}}, {Name: "r2/sheaf"}}}
}

// Every metric that the dashboard and the alerts ask for is there.
func TestDashboard(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	log := slog.New(slog.DiscardHandler)
	cert, err := loadCertificate(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), log)
	require.NoError(t, err)
	site := (&serveCmd{MaxRequests: 1}).front(&settings{RepositoryID: "sheaf.example.org", AdminEmail: []string{"a@example.org"}}, &pooled{filled(t)}, "http://sheaf.example.org", &setsFile{}, log)
	site.metrics.expiring(cert)
	site.metrics.open(&connections{})
	ask(site, "GET", "/oai?verb=ListRecords&metadataPrefix=jats")
	said := ask(site, "GET", "/metrics").Body.String()
	for _, line := range []string{
		`sheaf_store_connections{pool="write",state="used"} 1`, `sheaf_store_connections{pool="write",state="idle"} 2`, `sheaf_store_connections_max{pool="r1/sheaf"} 4`,
		`sheaf_store_replica_healthy{replica="r1/sheaf"} 1`, `sheaf_store_replica_healthy{replica="r2/sheaf"} 0`, `sheaf_store_replica_lag_seconds{replica="r1/sheaf"} 3`,
	} {
		assert.Contains(t, said, "\n"+line+"\n")
	}
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z_]+)[ {]`).FindAllStringSubmatch(said, -1) {
		known[m[1]] = true
	}

	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(operate(t, "grafana.json"), &dashboard))
	exprs := regexp.MustCompile(`(?m)^ +expr: .*$`).FindAllString(string(operate(t, "alerts.yml")), -1)
	require.Len(t, exprs, strings.Count(string(operate(t, "alerts.yml")), "alert:"))
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			exprs = append(exprs, target.Expr)
		}
	}
	n := 0
	for _, expr := range exprs {
		for _, name := range regexp.MustCompile(`\b(sheaf|go|process)_[a-z_]+`).FindAllString(expr, -1) {
			n++
			assert.True(t, known[name], "%s in %s", name, expr)
		}
	}
	assert.Greater(t, n, 30)
}

// The file of settings is one, and all in it is a setting.
func TestConfigFile(t *testing.T) {
	base, _ := serve(t, "--config="+filepath.Join(fixturetest.Root(), "docs", "operate", "sheaf.toml"))
	assert.Contains(t, fetch(t, base+"/oai?verb=Identify"), "<baseURL>https://oai.example.org/oai</baseURL>")

	bad := filepath.Join(t.TempDir(), "sheaf.toml")
	require.NoError(t, os.WriteFile(bad, []byte("page-size = 50\npage-sise = 50\n"), 0o644))
	_, errs, code := sheaf(t, "", "stats", "--config="+bad, tempDB(t))
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, errs, `"page-sise"`)
}
