package main_test

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fails runs one command that must fail with code 1, and returns what it says.
func fails(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 1, exit.ExitCode(), stderr.String())
	return stderr.String()
}

// A store on a disk that fills up: the import says so and what to do, nothing that was stored before is lost, and with more room it goes on.
func TestDiskFills(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("a small disk could not be mounted (it takes root): %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	bin, few, many := build(t), archive(t, 40), archive(t, 3000)
	db := filepath.Join(dir, "sheaf.db")
	require.Equal(t, 40, importAll(t, bin, db, few).Created)
	s := serve(t, bin, db)
	before, _ := s.harvest(t, "ListIdentifiers", url.Values{"metadataPrefix": {"jats"}})
	require.Len(t, before, 40)

	said := fails(t, exec.Command(bin, "import", "--db", db, many))
	assert.Contains(t, said, "the disk is full")
	assert.Contains(t, said, "make room on the disk and try again")
	after, _ := s.harvest(t, "ListIdentifiers", url.Values{"metadataPrefix": {"jats"}})
	assert.Subset(t, after, before, "the server goes on, and nothing is lost")
	s.stop(t)
	run(t, bin, "check", "--db", db)

	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=200m"))
	again := importAll(t, bin, db, many)
	assert.Equal(t, 3000, again.Created+again.Unchanged)
	run(t, bin, "check", "--db", db)
}

// A store that this user may not write.
func TestReadOnlyFile(t *testing.T) {
	bin, few := build(t), archive(t, 3)
	dir := t.TempDir()
	db := filepath.Join(dir, "sheaf.db")
	importAll(t, bin, db, few)
	require.NoError(t, os.Chmod(db, 0o444))
	require.NoError(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	for _, args := range [][]string{{"import", few}, {"serve", "--listen", "127.0.0.1:0"}, {"delete", "x"}} {
		cmd := exec.Command(bin, append(args, "--db", db)...)
		if os.Getuid() == 0 { // who may write whatever it says
			for d := dir; d != "/"; d = filepath.Dir(d) {
				if d != dir && strings.HasPrefix(d, os.TempDir()+"/") {
					require.NoError(t, os.Chmod(d, 0o755))
				}
			}
			for _, path := range []string{filepath.Dir(bin), filepath.Dir(filepath.Dir(bin)), filepath.Dir(few), filepath.Dir(filepath.Dir(few))} {
				require.NoError(t, os.Chmod(path, 0o755))
			}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		said := fails(t, cmd)
		assert.Contains(t, said, "not writable", args[0])
		assert.Contains(t, said, "must be writable by this user", args[0])
	}
}

// A store made by a later version.
func TestNewerStore(t *testing.T) {
	bin, few := build(t), archive(t, 3)
	db := filepath.Join(t.TempDir(), "sheaf.db")
	importAll(t, bin, db, few)
	f, err := os.OpenFile(db, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{0, 0, 0, 99}, 60) // user_version, by the file format of SQLite
	require.NoError(t, err)
	require.NoError(t, f.Close())
	before, err := os.ReadFile(db)
	require.NoError(t, err)
	said := fails(t, exec.Command(bin, "serve", "--db", db, "--listen", "127.0.0.1:0"))
	assert.Contains(t, said, "run a newer Sheaf")
	after, err := os.ReadFile(db)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(before, after), "it is left as it was")
}
