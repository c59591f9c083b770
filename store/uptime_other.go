//go:build !linux

package store

import "time"

var began = time.Now()

// Uptime is the time since the program began; nothing that sets the clock moves it. Here it may stand still while the machine sleeps.
func Uptime() time.Duration { return time.Since(began) }
