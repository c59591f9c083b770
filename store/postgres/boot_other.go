//go:build !linux

package postgres

import "time"

var start = time.Now()

// uptime is the time since the program began; nothing that sets the clock moves it. Here it may stand still while the machine sleeps.
func uptime() time.Duration { return time.Since(start) }
