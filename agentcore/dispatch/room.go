package dispatch

import (
	"errors"
	"math"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// returning is what calls that come back may take of MaxCalls: they were promised
// to somebody.
const returning = 1.1

// errNoRoom says that a call is not taken, and why.
type errNoRoom string

func (e errNoRoom) Error() string { return "dispatch: no new calls: " + string(e) }

// Is says that what Config.Room turned down is [ErrOverloaded].
func (e errNoRoom) Is(target error) bool {
	return target == ErrOverloaded && e != ErrDraining && e != ErrFull
}

// Why a call is not taken: what [Desk.Dispatch] returns, and what is counted.
var (
	ErrDraining error = errNoRoom("draining")
	ErrFull     error = errNoRoom("full")
	// ErrOverloaded is what every refusal of Config.Room is, which says what there is
	// too little of. It passes in seconds.
	ErrOverloaded = errors.New("dispatch: no new calls: overload")
)

// room reports why the call id is not taken now, if so: how many there are is all
// that it asks. back: the call comes back. d.mu is held.
func (d *Desk) room(id telephony.CallID, back bool) error {
	others := len(d.live) - d.aways()
	if c := d.live[id]; c != nil && c.look().at != away {
		others-- // it is one of them: Recover found its row before we came here
	}
	most := d.cfg.MaxCalls
	if back {
		most = int(math.Ceil(float64(most) * returning))
	}
	switch {
	case !back && (d.draining || d.closed):
		return ErrDraining
	case most > 0 && others >= most:
		return ErrFull
	}
	return nil
}

// noRoom reports why a new call is not taken, if so. Whoever goes on with the call
// asks once: it is counted by Config.Room.
func (d *Desk) noRoom() error { return d.noRoomFor("", false) }

func (d *Desk) noRoomFor(id telephony.CallID, back bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.room(id, back); err != nil {
		return err
	}
	if why := d.cfg.Room(back); why != "" {
		return errNoRoom(why)
	}
	return nil
}

// enlist makes a new call live, if there is room.
func (d *Desk) enlist(r Record, at phase, due time.Time) (c *call, isNew bool, err error) {
	if err := d.noRoomFor(r.ID, false); err != nil {
		return nil, false, err
	}
	return d.take(r, at, due)
}

// take makes a new call live, if there are not too many: it was asked before
// whether there is room. One that is live already is another's to end.
func (d *Desk) take(r Record, at phase, due time.Time) (c *call, isNew bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.room(r.ID, false); err != nil {
		return nil, false, err
	}
	if c := d.live[r.ID]; c != nil {
		return c, false, nil
	}
	d.add(newCall(r, at, due))
	return d.live[r.ID], true, nil
}
