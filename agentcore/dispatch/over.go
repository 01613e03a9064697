package dispatch

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// finish notes that the call is over, for the first reason that anyone gives,
// and tells its conversation. It reports whether nobody talks, so that the
// caller is to end the row. hang: the carrier must be told first.
func (c *call) finish(reason telephony.EndReason, hang bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.finishLocked(reason, hang)
}

// finishIf is finish, unless something changed since the view.
func (c *call) finishIf(change int, reason telephony.EndReason, hang bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.change == change && c.finishLocked(reason, hang)
}

func (c *call) finishLocked(reason telephony.EndReason, hang bool) bool {
	if c.at >= over {
		return c.at == over && c.line == nil
	}
	c.reason = reason
	c.hang = hang && c.line == nil
	if c.line == nil {
		c.move(over, time.Now())
		return true
	}
	c.line.cut(telephony.OverError{Reason: reason})
	c.move(over, time.Now().Add(epilogue))
	return false
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
// counted before.
func (c *call) ended(reason telephony.EndReason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == gone {
		return
	}
	c.reason = reason
	c.move(gone, time.Time{})
}
