package store

import (
	"time"

	"golang.org/x/sys/unix"
)

// Uptime is the time since boot, sleep included: nothing that sets the clock moves it.
func Uptime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
