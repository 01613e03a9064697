package simulation

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// carrier is a trunk made of memory: it places calls, asks the desk as a real
// one would, and connects phones. It implements [telephony.Carrier].
type carrier struct {
	w    *world
	desk telephony.Desk
	wg   sync.WaitGroup // the phones, and their callbacks

	legs  []*party               // of calls that are handed on; guarded by w.mu, as rooms are
	rooms map[string]*conference // by name
}

func carrierID(number int) string { return fmt.Sprintf("CA%02d", number) }

func phoneNumber(number int) telephony.Number {
	return telephony.Number(fmt.Sprintf("+155501%02d", number))
}

// newPhone makes the phone of a call. The calls of a run have their numbers
// from the start.
func (c *carrier) newPhone(number int, inbound bool) *phone {
	p := &phone{c: c, number: number, inbound: inbound, state: telephony.Queued, caller: newCaller(c.w, number)}
	if !inbound {
		p.machine = newMachine(c.w, number, p.caller)
	}
	p.gone, p.recalled = make(chan struct{}), make(chan struct{}, 1)
	p.thinker = &thinker{}
	p.thinker.Answers = answers
	p.thinker.Port = c.w.speech(&stream{call: number})
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.phones[number] = p
	return p
}

func (c *carrier) phone(id string) *phone {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if n := numbered(id); n > 0 && n < len(c.w.phones) {
		return c.w.phones[n]
	}
	return nil
}

// Dial implements [telephony.Carrier].
func (c *carrier) Dial(ctx context.Context, o telephony.Outgoing) (string, error) {
	if w := c.w; w.hands && strings.HasPrefix(string(o.Call), "xfer_") {
		return c.dialLeg(ctx, o)
	}
	number := numbered(string(o.To))
	if err := o.MayDial(ctx); err != nil {
		return "", err
	}
	_, err := c.w.through(ctx, number, "carrier.dial", func() error {
		if c.phone(carrierID(number)) != nil {
			c.w.violate(number, "dialled once", "its number is dialled again")
			return nil
		}
		p := c.newPhone(number, false)
		p.ours = o.Call
		c.wg.Go(p.called)
		return nil
	})
	return carrierID(number), err
}

// Find implements [telephony.Carrier].
func (c *carrier) Find(ctx context.Context, _ string, _, to telephony.Number, since time.Time) (ids []string, err error) {
	number := numbered(string(to))
	_, err = c.w.through(ctx, number, "carrier.find", func() error {
		if p := c.phone(carrierID(number)); p != nil && !p.inbound {
			ids = append(ids, carrierID(number))
		}
		return nil
	})
	return ids, err
}

// numbered is the number of the call that a leg is of.
func (c *carrier) numbered(id string) int {
	if leg := c.leg(id); leg != nil {
		return leg.number
	}
	return numbered(id)
}

// Hangup implements [telephony.Carrier].
func (c *carrier) Hangup(ctx context.Context, ref telephony.Ref) error {
	_, err := c.w.through(ctx, c.numbered(ref.ID), "carrier.hangup", func() error {
		if leg := c.leg(ref.ID); leg != nil {
			leg.end(telephony.Completed)
		} else if p := c.phone(ref.ID); p != nil {
			p.over(telephony.Completed)
		}
		return nil
	})
	return err
}

// State implements [telephony.Carrier].
func (c *carrier) State(ctx context.Context, ref telephony.Ref) (s telephony.Standing, err error) {
	_, err = c.w.through(ctx, c.numbered(ref.ID), "carrier.state", func() error {
		if leg := c.leg(ref.ID); leg != nil {
			s = leg.standing()
			return nil
		}
		p := c.phone(ref.ID)
		if p == nil {
			return telephony.ErrUnknownCall
		}
		s = p.standing()
		return nil
	})
	return s, err
}

// Recall implements [telephony.Carrier].
func (c *carrier) Recall(ctx context.Context, ref telephony.Ref) error {
	_, err := c.w.through(ctx, numbered(ref.ID), "carrier.recall", func() error {
		p := c.phone(ref.ID)
		if p == nil || p.now().Terminal() {
			return telephony.ErrUnknownCall
		}
		c.w.saw("recalled caller")
		select {
		case p.recalled <- struct{}{}:
		default:
		}
		return nil
	})
	return err
}
