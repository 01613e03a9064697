package dispatch

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// verdict is that a call is over.
type verdict struct {
	reason telephony.EndReason
	hang   bool      // by our decision: the carrier must be told first
	sure   bool      // the carrier or the operator says so; else it holds only while nobody else took the call over
	ended  time.Time // when, as far as anybody knows; zero: now. Of no meaning while a conversation goes on
}

// finish notes that the call is over, by the first verdict that anyone gives,
// and tells its conversation. It reports whether nobody talks, so that the
// caller is to end the row.
func (c *call) finish(v verdict) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.finishLocked(v)
}

// finishIf is finish, unless something changed since the view.
func (c *call) finishIf(change int, v verdict) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.change == change && c.finishLocked(v)
}

func (c *call) finishLocked(v verdict) bool {
	if c.at >= over {
		c.sure = c.sure || v.sure
		return c.at == over && c.line == nil
	}
	reason := v.reason
	c.reason, c.sure = reason, v.sure
	c.hang = v.hang && c.line == nil
	if c.line == nil {
		c.until = v.ended
		c.move(over, time.Now())
		return true
	}
	c.line.cut(telephony.OverError{Reason: reason})
	c.move(over, time.Now().Add(epilogue))
	return false
}

// endedAt notes what the record says.
func (c *call) endedAt(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = t
}

// lasted is how long a call was that began at since and is over.
func (v view) lasted(since time.Time) time.Duration {
	if v.until.IsZero() {
		return time.Since(since)
	}
	return max(0, v.until.Sub(since))
}

// hangsUp reports, once, whether the carrier must be told to hang up.
func (c *call) hangsUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	must := c.hang
	c.hang = false
	return must
}

// ended notes that the row is ended. An empty reason means that the end was
// counted before, or that the call goes on elsewhere.
func (c *call) ended(reason telephony.EndReason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == gone {
		return
	}
	c.reason = reason
	c.move(gone, time.Time{})
}
