// Package pgtest starts PostgreSQL clusters for tests, on loopback ports of their own, and throws them away. The programs are those of
// PATH or of the newest /usr/lib/postgresql. A cluster ends with its test, or when the test's process ends, however that ends.
package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sheaf/fixtures/fixturetest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// patience is how long a server may take for anything, on a slow machine.
const patience = 60 * time.Second

// Options is how a cluster is; the zero value is fast and forgets all when the machine fails.
type Options struct {
	Durable  bool              // with fsync
	Settings map[string]string // of postgresql.conf, as written there
}

// Cluster is a running server, or one that was killed and may be restarted.
type Cluster struct {
	Port int

	dir     string
	bin     string
	done    io.Closer     // closed: the server stops and its folder goes
	ended   chan struct{} // closed when the supervisor has ended
	options Options
}

// supervisor runs a server until its own standard input ends, which it also does when the test's process is killed. "again" is said to
// start the server anew; a server that was killed stays down until then.
const supervisor = `trap '' INT TERM
while read -r word; do
	"$1" -D "$2/data" >>"$2/log" 2>&1 </dev/null &
	pid=$!
done
kill -QUIT "$pid"
wait
rm -rf "$2"
`

var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
	n       int
	mu      sync.Mutex
}

// Shared returns a cluster that all tests of a process use, without fsync.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	bin := find(t)
	shared.once.Do(func() { shared.cluster, shared.err = start(bin, Options{}) })
	require.NoError(t, shared.err)
	return shared.cluster
}

// Start returns a new cluster, which ends with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	c, err := start(find(t), o)
	require.NoError(t, err)
	t.Cleanup(c.Stop)
	return c
}

// New is Start without a test; Stop ends it.
func New(o Options) (*Cluster, error) {
	if dir := installed(); dir != "" {
		return start(dir, o)
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return nil, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, err
	}
	return start(filepath.Dir(path), o)
}

// installed is where a package of Debian or Ubuntu puts the server's programs, of the newest version; "" if it is not there.
func installed() string {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(dirs) == 0 {
		return ""
	}
	return filepath.Dir(slices.MaxFunc(dirs, func(a, b string) int { return version(a) - version(b) }))
}

// find returns the folder of the server's programs.
func find(t testing.TB) string {
	t.Helper()
	if os.Getuid() == 0 && !canSwitch() {
		t.Skip("a PostgreSQL server does not run as root, and there is no other user to run it as")
	}
	if dir := installed(); dir != "" {
		return dir
	}
	path, err := filepath.EvalSymlinks(fixturetest.Tool(t, "postgres"))
	require.NoError(t, err)
	return filepath.Dir(path)
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// folder makes a folder that belongs to the user whom the server runs as.
func folder() (string, error) {
	dir, err := os.MkdirTemp("", "sheaf-pg")
	if err != nil {
		return "", err
	}
	return dir, own(dir)
}

func start(bin string, o Options) (*Cluster, error) {
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin, options: o}
	if err := c.run("initdb", "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--data-checksums", "--no-sync"); err != nil {
		return nil, err
	}
	return c, c.launch(map[string]string{"max_wal_senders": "8", "hot_standby": "on", "wal_level": "replica"})
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// run runs one of the server's programs as the server's user.
func (c *Cluster) run(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	asUser(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: %s: %w: %s", name, err, out)
	}
	return nil
}

// launch writes the settings and starts the supervisor and the server.
func (c *Cluster) launch(more map[string]string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.Port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	settings := map[string]string{
		"port": strconv.Itoa(c.Port), "listen_addresses": "'127.0.0.1'", "unix_socket_directories": "''", "max_connections": "200",
		"timezone": "'UTC'", "autovacuum_naptime": "5s",
	}
	if !c.options.Durable {
		settings["fsync"], settings["full_page_writes"] = "off", "off"
	}
	for _, m := range []map[string]string{more, c.options.Settings} {
		for k, v := range m {
			settings[k] = v
		}
	}
	var conf strings.Builder
	for k, v := range settings {
		fmt.Fprintf(&conf, "%s = %s\n", k, v)
	}
	if err := os.WriteFile(filepath.Join(c.data(), "postgresql.conf"), []byte(conf.String()), 0o644); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", supervisor, "pgtest", filepath.Join(c.bin, "postgres"), c.dir)
	cmd.Dir = c.dir
	asUser(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.done, c.ended = in, make(chan struct{})
	go func() {
		cmd.Wait() // how it ends is of no interest: its folder is gone
		close(c.ended)
	}()
	return c.again()
}

// again starts the server and waits until it answers.
func (c *Cluster) again() error {
	if _, err := io.WriteString(c.done.(io.Writer), "again\n"); err != nil {
		return fmt.Errorf("pgtest: start: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
			return fmt.Errorf("pgtest: the server does not answer: %w\n%s", err, log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// URL is the address of a database, with all rights.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s", c.Host(), database)
}

// Host is the host and port of the server.
func (c *Cluster) Host() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)) }

// Database makes a database and returns its URL. It is dropped with the test.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	shared.mu.Lock()
	shared.n++
	name := fmt.Sprintf("test%d", shared.n)
	shared.mu.Unlock()
	c.Exec(t, "postgres", "CREATE DATABASE "+name)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err != nil {
			return // the cluster was ended first
		}
		defer conn.Close(ctx)
		conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") // else it goes with the cluster
	})
	return c.URL(name)
}

// Exec runs statements, parted by semicolons, in a database.
func (c *Cluster) Exec(t testing.TB, database, statements string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL(database))
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.PgConn().Exec(ctx, statements).ReadAll()
	require.NoError(t, err)
}

// Set changes a setting of the server that needs no restart.
func (c *Cluster) Set(t testing.TB, name, value string) {
	t.Helper()
	c.Exec(t, "postgres", fmt.Sprintf("ALTER SYSTEM SET %s = '%s'", name, value))
	c.Exec(t, "postgres", "SELECT pg_reload_conf()")
}

// Standby returns a streaming replica of c, which carries out each transaction delay later. A standby can have standbys of its own.
func (c *Cluster) Standby(t testing.TB, delay time.Duration) *Cluster {
	t.Helper()
	dir, err := folder()
	require.NoError(t, err)
	s := &Cluster{dir: dir, bin: c.bin, options: c.options}
	require.NoError(t, s.run("pg_basebackup", "-d", c.URL("postgres"), "-D", s.data(), "--checkpoint=fast", "--no-sync"))
	require.NoError(t, os.WriteFile(filepath.Join(s.data(), "standby.signal"), nil, 0o644))
	require.NoError(t, s.launch(map[string]string{
		"hot_standby": "on", "recovery_min_apply_delay": fmt.Sprintf("'%dms'", delay.Milliseconds()), "wal_retrieve_retry_interval": "'100ms'",
		"primary_conninfo": fmt.Sprintf("'host=127.0.0.1 port=%d user=postgres application_name=standby'", c.Port),
	}))
	t.Cleanup(s.Stop)
	return s
}

// Promote makes a standby a primary.
func (c *Cluster) Promote(t testing.TB) {
	t.Helper()
	c.Exec(t, "postgres", "SELECT pg_promote(true, 60)")
}

// Kill ends the server at once, as a crash does. Its files stay for Restart.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	require.NoError(t, c.run("pg_ctl", "stop", "-D", c.data(), "-m", "immediate"))
}

// Restart starts a server that was killed.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	require.NoError(t, c.again())
}

// Damage overwrites bytes in the middle of one page of a table's file, as a failing disk does. The server is restarted for it.
func (c *Cluster) Damage(t testing.TB, database, table string, page int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL(database))
	require.NoError(t, err)
	var path string
	require.NoError(t, conn.QueryRow(ctx, "SELECT pg_relation_filepath($1)", table).Scan(&path))
	_, err = conn.Exec(ctx, "CHECKPOINT")
	require.NoError(t, err)
	conn.Close(ctx)
	require.NoError(t, c.run("pg_ctl", "stop", "-D", c.data(), "-m", "fast"))
	f, err := os.OpenFile(filepath.Join(c.data(), path), os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt(bytes.Repeat([]byte{0x5a}, 64), int64(page)*8192+4096)
	require.NoError(t, err)
	c.Restart(t)
}

// Stop ends the server and removes its files.
func (c *Cluster) Stop() {
	c.done.Close()
	<-c.ended
}
