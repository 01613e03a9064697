//go:build unix

package agentfile

import (
	"syscall"
	"time"
)

// ProcessTime is the processors' time that this process has used, in its own code
// and in the kernel.
func ProcessTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // then there is no load: a threshold must not refuse what can't be measured
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
