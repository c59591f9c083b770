package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"sheaf/store/postgres/pgtest"
)

// kept is a store with the fixtures, one of them deleted.
func kept(t *testing.T) (path string) {
	path = filepath.Join(t.TempDir(), "sheaf.db")
	_, errs, code := sheaf(t, "", "import", articles(), "--db", path)
	require.Zero(t, code, errs)
	_, errs, code = sheaf(t, "", "delete", deletedOne, "--db", path)
	require.Zero(t, code, errs)
	return path
}

const (
	deletedOne = "10.5555/tibb.2026.5"
	seed       = "S207751800019130-1"
)

// damage changes the file behind Sheaf's back.
func damage(t *testing.T, path, script string) {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, sqlitex.ExecuteScript(conn, script, nil))
}

var (
	headerDate   = regexp.MustCompile(`<identifier>([^<]*)</identifier>\s*<datestamp>([^<]*)</datestamp>`)
	responseDate = regexp.MustCompile(`<responseDate>[^<]*`)
)

// exported is every record in a format, and the datestamp of each.
func exported(t *testing.T, path, prefix string) (text string, dates map[string]string) {
	t.Helper()
	out, errs, code := sheaf(t, "", "export", "--prefix", prefix, "--db", path)
	require.Zero(t, code, errs)
	dates = map[string]string{}
	for _, m := range headerDate.FindAllStringSubmatch(out, -1) {
		dates[m[1]] = m[2]
	}
	return responseDate.ReplaceAllString(out, ""), dates
}

func locals(t *testing.T, path string) (all []string) {
	_, dates := exported(t, path, "oai_dc")
	for id := range dates {
		all = append(all, strings.TrimPrefix(id, "oai:sheaf.example.org:"))
	}
	return all
}

func TestCheckRepair(t *testing.T) {
	path := kept(t)
	all := locals(t, path)
	require.Greater(t, len(all), 6)
	_, dates := exported(t, path, "jats")
	before := map[string]string{}
	for _, prefix := range []string{"oai_dc", "jats"} {
		for _, l := range all {
			out, errs, code := sheaf(t, "", "get", l, "--prefix", prefix, "--db", path)
			require.Zero(t, code, errs)
			before[prefix+l] = out
		}
	}
	id := func(local string) string { return fmt.Sprintf("(SELECT id FROM item WHERE local = '%s')", local) }
	record := func(prefix, local string) string {
		return fmt.Sprintf("((SELECT id FROM format WHERE prefix = '%s') << 36 | %s)", prefix, id(local))
	}
	damage(t, path, fmt.Sprintf(`
		UPDATE clock SET hwm = hwm - 5000, first = first - 5000; -- so that a datestamp that moves is seen to move
		UPDATE item SET datestamp = datestamp - 5000;
		UPDATE entry SET datestamp = datestamp - 5000;
		UPDATE record SET metadata = x'00' WHERE id = %s;
		DELETE FROM record WHERE id = %s;
		UPDATE article SET json = x'ff' WHERE item = %s;
		DELETE FROM entry WHERE item = %s;
		UPDATE tally SET n = n + 1 WHERE level = 2;
		UPDATE clock SET live = live + 3;`,
		record("oai_dc", all[0]), record("jats", all[1]), id(all[2]), id(all[3])))
	_, errs, code := sheaf(t, "", "check", "--db", path)
	assert.Equal(t, exitFailed, code)
	for _, l := range all[:4] {
		assert.Contains(t, errs, "oai:sheaf.example.org:"+l+": ")
	}
	assert.NotContains(t, errs, all[5])
	assert.Contains(t, errs, "sheaf check --repair")

	out, errs, code := sheaf(t, "", "check", "--repair", "--db", path)
	assert.Zero(t, code, errs)
	assert.Contains(t, out, fmt.Sprintf("ok items=%d deleted=1", len(all)))
	for _, l := range all[:4] {
		assert.Contains(t, out, "repaired oai:sheaf.example.org:"+l)
	}
	for _, prefix := range []string{"oai_dc", "jats"} {
		_, after := exported(t, path, prefix)
		require.Len(t, after, len(all))
		for i, l := range all {
			out, errs, code := sheaf(t, "", "get", l, "--prefix", prefix, "--db", path)
			require.Zero(t, code, errs)
			assert.Equal(t, before[prefix+l], out, l)
			id := "oai:sheaf.example.org:" + l
			was, err := time.Parse(time.RFC3339, dates[id])
			require.NoError(t, err)
			is, err := time.Parse(time.RFC3339, after[id])
			require.NoError(t, err)
			if i < 4 {
				assert.False(t, is.Before(was), "%s: a harvester may have got wrong bytes, or none", id)
			} else {
				assert.Equal(t, was.Add(-5000*time.Second), is, id)
			}
		}
	}
}

// What cannot be repaired is said, and the rest is repaired.
func TestCheckRepairTellsWhatIsLost(t *testing.T) {
	path := kept(t)
	all := locals(t, path)
	damage(t, path, fmt.Sprintf(`UPDATE article SET json = x'ff' WHERE item = (SELECT id FROM item WHERE local = '%[1]s');
		UPDATE source SET data = x'ff' WHERE item = (SELECT id FROM item WHERE local = '%[1]s');
		UPDATE record SET metadata = x'00' WHERE id & ((1 << 36) - 1) = (SELECT id FROM item WHERE local = '%[2]s');`, all[0], all[1]))
	out, errs, code := sheaf(t, "", "check", "--repair", "--db", path)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, out, "repaired oai:sheaf.example.org:"+all[1])
	assert.Contains(t, errs, "oai:sheaf.example.org:"+all[0]+": not repaired: ")
	assert.Contains(t, errs, "import it again, or restore a backup")
	text, _ := exported(t, path, "jats")
	assert.Contains(t, text, "oai:sheaf.example.org:"+all[0], "its records are whole, and are served")
}

func TestBackupAndRestore(t *testing.T) {
	path := kept(t)
	dir := t.TempDir()
	backup, restored := filepath.Join(dir, "back up.db"), filepath.Join(dir, "restored.db")
	_, errs, code := sheaf(t, "", "backup", backup, "--db", path)
	require.Zero(t, code, errs)
	_, errs, code = sheaf(t, "", "backup", backup, "--db", path)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "is there already")
	_, errs, code = sheaf(t, "", "restore", backup, "--db", restored)
	require.Zero(t, code, errs)
	stats, _, _ := sheaf(t, "", "stats", "--json", "--db", path)
	for _, copied := range []string{backup, restored} {
		out, errs, code := sheaf(t, "", "check", "--db", copied)
		require.Zero(t, code, errs)
		assert.Contains(t, out, "deleted=1")
		for _, prefix := range []string{"oai_dc", "jats"} {
			want, wantDates := exported(t, path, prefix)
			got, gotDates := exported(t, copied, prefix)
			assert.Equal(t, want, got)
			assert.Equal(t, wantDates, gotDates)
		}
		got, _, _ := sheaf(t, "", "stats", "--json", "--db", copied)
		bytes := regexp.MustCompile(`"bytes":\d+`)
		assert.Equal(t, bytes.ReplaceAllString(stats, ""), bytes.ReplaceAllString(got, ""))
		out, _, code = sheaf(t, "", "import", articles(), "--db", copied)
		assert.Zero(t, code)
		assert.Contains(t, out, "created=1 updated=0", "only the deleted one is created anew")
	}
	_, errs, code = sheaf(t, "", "restore", backup, "--db", restored)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "holds items")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.NotContains(t, e.Name(), "part", "nothing is left behind")
	}
}

// Of a file with a broken page, backup saves what can be read, and check --repair makes the rest anew.
func TestBackupOfABrokenFile(t *testing.T) {
	path := kept(t)
	all := locals(t, path)
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	var page, size int64
	require.NoError(t, sqlitex.Execute(conn, `SELECT pageno, pgsize FROM dbstat WHERE name = 'record' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 1`,
		&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error { page, size = s.ColumnInt64(0), s.ColumnInt64(1); return nil }}))
	require.NotZero(t, page)
	require.NoError(t, conn.Close())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte(strings.Repeat("\xff", 4000)), (page-1)*size)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	_, errs, code := sheaf(t, "", "check", "--db", path)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "file: ")
	saved := filepath.Join(t.TempDir(), "saved.db")
	_, errs, code = sheaf(t, "", "backup", saved, "--db", path)
	assert.Equal(t, exitRefused, code, errs)
	assert.Contains(t, errs, "check --repair")
	out, errs, code := sheaf(t, "", "check", "--repair", "--db", saved)
	assert.Zero(t, code, errs)
	assert.Contains(t, out, fmt.Sprintf("ok items=%d deleted=1", len(all)))
	assert.ElementsMatch(t, all, locals(t, saved))
}

// A store moves from SQLite to PostgreSQL and back by backup and restore, and harvesters notice nothing: records, datestamps, tombstones and
// tokens of lists stay what they were.
func TestMoveToPostgresAndBack(t *testing.T) {
	database := pgtest.Shared(t).Database(t)
	path := kept(t)
	backup, back := filepath.Join(t.TempDir(), "backup.db"), filepath.Join(t.TempDir(), "back.db")
	for _, args := range [][]string{
		{"backup", backup, "--db", path},
		{"restore", backup, "--db", database},
		{"check", "--db", database},
		{"backup", back, "--db", database},
		{"check", "--db", back},
	} {
		_, errs, code := sheaf(t, "", args...)
		require.Zero(t, code, "%v: %s", args, errs)
	}
	bytes := regexp.MustCompile(`"bytes":\d+`)
	stats, _, _ := sheaf(t, "", "stats", "--json", "--db", path)
	for _, other := range []string{database, back} {
		for _, prefix := range []string{"oai_dc", "jats"} {
			want, wantDates := exported(t, path, prefix)
			got, gotDates := exported(t, other, prefix)
			assert.Equal(t, want, got)
			assert.Equal(t, wantDates, gotDates)
		}
		got, _, _ := sheaf(t, "", "stats", "--json", "--db", other)
		assert.Equal(t, bytes.ReplaceAllString(stats, ""), bytes.ReplaceAllString(got, ""))
	}
	first := func(db string) string {
		s, err := (&settings{DB: db}).open(false)
		require.NoError(t, err)
		defer s.Close()
		key, err := s.Secret(t.Context())
		require.NoError(t, err)
		return string(key)
	}
	assert.Equal(t, first(path), first(database))
	assert.Equal(t, first(path), first(back))
	_, errs, code := sheaf(t, "", "restore", backup, "--db", database)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "holds items")
}
