package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// userTimeout makes the kernel give a connection up when what was sent is not acknowledged for 20 seconds: keepalives alone do not help
// while something is on its way to a machine that is gone.
func userTimeout(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 20000) // of a socket that is not TCP's it is refused, and not needed
	})
}
