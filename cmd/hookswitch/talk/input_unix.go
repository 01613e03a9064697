//go:build unix

package talk

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// readable waits for at most d until a read of f would not wait.
func readable(f *os.File, d time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(d.Milliseconds()))
	return n > 0 || err != nil && err != unix.EINTR
}
