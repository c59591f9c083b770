//go:build unix

package pgtest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// serverUser is whom root runs a server as: postgres, or else nobody.
func serverUser() (uid, gid int, ok bool) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil {
			return uid, gid, true
		}
	}
	return 0, 0, false
}

func canSwitch() bool {
	_, _, ok := serverUser()
	return ok
}

// own gives a folder to the server's user.
func own(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, _ := serverUser()
	return os.Chown(dir, uid, gid)
}

// asUser makes cmd run as the server's user, in a process group of its own: an interrupt of the test is not the server's.
func asUser(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return
	}
	uid, gid, _ := serverUser()
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
