//go:build unix

package sim

import (
	"os"
	"syscall"
	"time"
)

// Killing is a fault that kills the gateway, which is p, at after answer: as a
// machine that loses power, or kill -9.
func Killing(p *os.Process, at time.Duration) Fault {
	return Fault{What: Do, At: at, Run: func() { _ = p.Signal(syscall.SIGKILL) }} // over already is as good
}

// Freezing is a fault that stops the gateway, which is p, at after answer, and
// lets it go on after d: as a machine that swaps, or is moved.
func Freezing(p *os.Process, at, d time.Duration) Fault {
	return Fault{What: Do, At: at, Run: func() {
		if p.Signal(syscall.SIGSTOP) != nil {
			return // over already
		}
		time.Sleep(d)
		_ = p.Signal(syscall.SIGCONT)
	}}
}
