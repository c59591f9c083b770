package postgres

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Each statement must seek by index, whatever statistics say of tables that were empty a minute ago: so that is all that the planner
// is left with, and it plans once. It must not think that worth compiling.
const plans = `SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;
	SET enable_mergejoin = off; SET enable_sort = off; SET enable_material = off; SET enable_memoize = off; SET max_parallel_workers_per_gather = 0; SET jit = off;`

// tcpKeep makes the server notice within half a minute that this machine is gone.
const tcpKeep = `SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;`

// durable is never weaker than "on", whatever the server's own setting.
const durable = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');`

// idleWait is how long a transaction that has the write lock may stand still before the server ends it: a process that was stopped, or a
// machine that was cut off. In between two statements Sheaf does nothing that takes longer than milliseconds.
const idleWait = 10 * time.Second

// pool is some connections to one server, or to whichever of several is the primary.
type pool struct {
	*pgxpool.Pool
	name string // hosts and database, for people
}

// readBuffer is how many bytes are taken from the system at once. The server sends 8 KB at a time, and each call costs more than the bytes.
const readBuffer = 128 << 10

// config reads a connection URL. Its errors never tell the password.
func config(address string) (*pgxpool.Config, string, error) {
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		text := err.Error()
		if u, e := url.Parse(address); e != nil || u.User != nil && hasPassword(u, text) {
			text = "it cannot be parsed"
		}
		return nil, "", fmt.Errorf("store/postgres: open: the URL of the database is not good: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, with several HOST:PORT parted by commas (%s)", text)
	}
	c := cfg.ConnConfig
	hosts := []string{hostPort(c.Host, c.Port)}
	for _, f := range c.Fallbacks {
		hosts = append(hosts, hostPort(f.Host, f.Port))
	}
	var once []string
	for _, h := range hosts { // each comes twice where TLS is preferred but not required
		if !slices.Contains(once, h) {
			once = append(once, h)
		}
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "sheaf"
	}
	dialer := net.Dialer{Timeout: c.ConnectTimeout, Control: userTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
	c.DialFunc = dialer.DialContext
	return cfg, strings.Join(once, ",") + "/" + c.Database, nil
}

func hasPassword(u *url.URL, text string) bool {
	password, ok := u.User.Password()
	return ok && password != "" && strings.Contains(text, password)
}

func hostPort(host string, port uint16) string {
	if strings.HasPrefix(host, "/") {
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// connect makes a pool of at most size connections, each set up by the statements setup. Nothing is connected yet. primary: of the
// URL's servers only the one that can be written to.
func connect(address string, size int, primary bool, setup string) (*pool, error) {
	cfg, name, err := config(address)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(size)
	cfg.ConnConfig.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, readBuffer), w)
	}
	if primary && cfg.ConnConfig.ValidateConnect == nil {
		cfg.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.PgConn().Exec(ctx, setup).ReadAll()
		return err
	}
	p, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("store/postgres: open: %w", err)
	}
	return &pool{p, name}, nil
}

// once lends do a connection. A transaction that do has left open is rolled back.
func (p *pool) once(ctx context.Context, do func(*pgxpool.Conn) error) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	err = do(conn)
	if c := conn.Conn(); err != nil && !c.IsClosed() && !c.PgConn().IsBusy() && c.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		conn.Exec(ctx, "ROLLBACK") // if that fails, so does the connection, and Release closes it
	}
	return err
}

// again is once, and tries again with other connections for as long as wait while the server is away.
func (p *pool) again(ctx context.Context, wait time.Duration, do func(*pgxpool.Conn) error) error {
	pause := 20 * time.Millisecond
	for begun := time.Now(); ; {
		err := p.once(ctx, do)
		if err == nil || ctx.Err() != nil || !gone(err) || time.Since(begun)+pause > wait {
			return err
		}
		p.Reset() // the others are likely to be gone as well
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
		pause = min(2*pause, 500*time.Millisecond)
	}
}

// readWait is how long a reader looks for a server that answers. A harvester that is told to come back later is not worse off.
const readWait = 5 * time.Second

// Conns counts the connections of a pool.
type Conns struct {
	InUse, Idle, Max int
}

func (p *pool) conns() Conns {
	s := p.Stat()
	return Conns{int(s.AcquiredConns()), int(s.IdleConns()), int(s.MaxConns())}
}

// writing are the settings of a session that writes.
func writing(wait, idle time.Duration) string {
	return plans + tcpKeep + durable + fmt.Sprintf(`SET lock_timeout = %d; SET idle_in_transaction_session_timeout = %d;`,
		min(wait, idle).Milliseconds(), idle.Milliseconds())
}

// reading are those of one that reads.
func reading() string {
	return plans + tcpKeep + fmt.Sprintf(`SET statement_timeout = %d; SET idle_in_transaction_session_timeout = %[1]d;`, time.Minute.Milliseconds())
}
