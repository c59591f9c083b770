//go:build !unix

package pgtest

import "os/exec"

func canSwitch() bool  { return true }
func own(string) error { return nil }
func asUser(*exec.Cmd) {}
