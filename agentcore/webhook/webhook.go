// Package webhook tells other systems of calls, and asks them: the one HTTP
// client that may be pointed at addresses of a user's choice, guarded; requests
// made of templates; the pre_call webhook, which a call waits for; and the
// post_call webhook, which is told until it listens.
package webhook

import "time"

// Bounds of one exchange.
const (
	MaxBody    = 1 << 20  // bytes of a request's or an answer's body
	MaxKept    = 64 << 10 // bytes of a body that a record keeps
	MaxHeaders = 64       // headers of a request
	MaxHeader  = 8 << 10  // bytes of a header's value

	connectTimeout = 5 * time.Second
	headerBytes    = 64 << 10 // of an answer, all headers together
)

// Timeouts of one exchange, from its start to the last byte of the answer.
const (
	DefaultTimeout = 10 * time.Second
	MaxTimeout     = 60 * time.Second
)

// Timeout is response_timeout_secs as it counts: 1 to 60 seconds, 10 when it is
// not set.
func Timeout(seconds int) time.Duration {
	if seconds <= 0 {
		return DefaultTimeout
	}
	return min(time.Duration(seconds)*time.Second, MaxTimeout)
}
