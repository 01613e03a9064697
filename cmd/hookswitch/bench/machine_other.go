//go:build !linux

package bench

import (
	"errors"
	"time"
)

// errNotLinux is why nothing is measured elsewhere: the times and the memory of
// a process are asked of Linux.
var errNotLinux = errors.New("bench: only Linux tells a process's memory the way that is measured here")

func cpuModel() string                   { return "unknown" }
func loadAverage() float64               { return 0 }
func cpuTime() (time.Duration, error)    { return 0, errNotLinux }
func resident() (int64, error)           { return 0, errNotLinux }
func allCPUTime() (time.Duration, error) { return 0, errNotLinux }
func sleep(d time.Duration)              { time.Sleep(d) }
func cores() ([]int, error)              { return nil, errNotLinux }
func onCore(_ int, f func() error) error { return f() }
func confine([]int) error                { return errNotLinux }
