package dispatch

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// tokenLasts is how long a token is good, from when it was first told. The
// stream that it is for comes within a second or two.
const tokenLasts = 60 * time.Second

// told is when the newest token of a call was first told. It is kept in memory:
// a token is of use only while a call is pending, which is a minute of one
// process's life. Who takes a call up that waits for a stream does not know when
// that was: it counts from then on, and for a first ring from the row.
type told struct {
	epoch int // 0: none
	at    time.Time
}

// tell notes that epoch's token is told. A repeat makes it no younger.
func (c *call) tell(epoch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.told.epoch != epoch {
		c.told = told{epoch, time.Now()}
	}
}

// toldBefore notes that another process may have told the token of r.
func (c *call) toldBefore(r Record, now time.Time, patience time.Duration) {
	if first := r.Created.Add(patience); r.Direction == telephony.Inbound && r.Epoch == 1 && first.Before(now) {
		now = first
	}
	c.told = told{r.Epoch, now}
}

// isStale reports whether the token of epoch is too old. One that another
// process told is as old as our first sight of it.
func (c *call) isStale(epoch int) bool {
	c.tell(epoch)
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.told.at) > tokenLasts
}
