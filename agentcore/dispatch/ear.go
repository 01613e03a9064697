package dispatch

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// ear is the stream by which a call is heard while its caller is with somebody
// else. It is no stream of the call: no epoch, no door and no lost line has to do
// with it.
type ear struct {
	of    telephony.CallID // the transfer that a token was told for; empty: none was
	told  time.Time        // then
	heard bool             // one may be open
	spent bool             // the token is
	open  bool             // a stream was let in and has not begun
	cut   context.CancelCauseFunc
}

// errBack is the cause with which an ear's context is cancelled.
var errBack = errors.New("dispatch: the call is not elsewhere any more")

// stop ends whoever listens, and lets nobody begin. call.mu is held.
func (e *ear) stop() {
	e.open, e.spent, e.heard = false, true, false
	if e.cut != nil {
		e.cut(errBack)
	}
}

// earOf is the token of the stream by which c is heard while t goes on; empty
// when nobody wants to. A repeat gets the same.
func (d *Desk) earOf(c *call, t Transfer) string {
	if !d.cfg.Overhears(c.id) {
		return ""
	}
	return d.tokens.ear(c.id, t.ID, c.tellEar(t.ID, time.Now()))
}

// tellEar notes that the token of an ear for transfer is told, and returns when
// that was first.
func (c *call) tellEar(transfer telephony.CallID, now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ear.of != transfer {
		cut := c.ear.cut
		c.ear = ear{of: transfer, told: now.Truncate(time.Second), cut: cut}
	}
	c.ear.heard = true
	return c.ear.told
}

// wasHeard notes that an ear may be open.
func (c *call) wasHeard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ear.heard = true
}

// mayBeHeard reports whether the carrier may still have an ear on the call.
func (c *call) mayBeHeard() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ear.heard
}

// Overhear implements [telephony.Desk]. The token is good for tokenLasts, and for
// one stream in each process.
func (d *Desk) Overhear(ctx context.Context, token string, as telephony.Ref) (telephony.Call, error) {
	call, err := d.overhear(ctx, token, as)
	if errors.Is(err, telephony.ErrToken) {
		d.cfg.Counter.StreamRefused("token")
	}
	return call, err
}

func (d *Desk) overhear(ctx context.Context, token string, as telephony.Ref) (telephony.Call, error) {
	e, ok := d.tokens.openEar(token)
	if age := time.Since(e.told); !ok || d.cfg.Transfers == nil || age > tokenLasts || age < -deadAfter {
		return telephony.Call{}, telephony.ErrToken
	}
	r, err := d.cfg.Calls.Call(ctx, e.call)
	switch {
	case errors.Is(err, ErrNotFound):
		return telephony.Call{}, telephony.ErrToken
	case err != nil:
		return telephony.Call{}, fmt.Errorf("dispatch: overhear: %w", err)
	case as.ID == "" || r.ref() != as || r.Over():
		return telephony.Call{}, telephony.ErrToken
	}
	t, err := d.cfg.Transfers.Transfer(ctx, e.transfer)
	switch {
	case errors.Is(err, ErrNotFound):
		return telephony.Call{}, telephony.ErrToken
	case err != nil:
		return telephony.Call{}, fmt.Errorf("dispatch: overhear: %w", err)
	case t.Call != r.ID || !t.isAway():
		return telephony.Call{}, telephony.ErrToken
	}
	c, err := d.adopt(ctx, r)
	if err != nil {
		return telephony.Call{}, fmt.Errorf("dispatch: overhear: %w", err)
	}
	if !c.spendEar(e) {
		return telephony.Call{}, telephony.ErrToken
	}
	return r.Call(), nil
}

// spendEar lets one stream in for e. Another process may have told its token.
func (c *call) spendEar(e earToken) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ear.of != e.transfer && c.ear.told.Before(e.told) {
		c.ear = ear{of: e.transfer, told: e.told, heard: true, cut: c.ear.cut}
	}
	if c.at >= over || c.at == talking || c.ear.of != e.transfer || !c.ear.told.Equal(e.told) || c.ear.spent {
		return false
	}
	c.ear.spent, c.ear.open = true, true
	return true
}

// Listen implements [telephony.Desk]. It fails with [telephony.ErrToken] when no
// stream was let in to hear call, and returns nil when the caller is back, or
// gone.
func (d *Desk) Listen(ctx context.Context, call telephony.Call, ears telephony.Ears) error {
	defer ears.Close()
	c := d.find(call.ID)
	if c == nil {
		return telephony.ErrToken
	}
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	if !c.hear(cut) {
		return telephony.ErrToken
	}
	defer c.unhear()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cut(nil)
	wg.Go(func() {
		d.untilBack(ctx, call, cut)
		ears.Close()
	})
	d.cfg.Log.Info("call is heard while somebody else has it", "call", call.ID)
	err := d.cfg.Listen(ctx, call, ears)
	if context.Cause(ctx) == errBack {
		return nil
	}
	return err
}

// untilBack waits for ctx, and ends it when another process has the caller of
// call on a stream again, or has ended it.
func (d *Desk) untilBack(ctx context.Context, call telephony.Call, cut context.CancelCauseFunc) {
	tick := time.NewTicker(attendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if r, err := d.cfg.Calls.Call(ctx, call.ID); err == nil && (r.Over() || r.Admitted > call.Epoch) {
			cut(errBack)
		}
	}
}

// hear begins to listen, if a stream was let in for it. One that listened before,
// to the transfer before, is cut.
func (c *call) hear(cut context.CancelCauseFunc) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ear.open {
		return false
	}
	if c.ear.cut != nil {
		c.ear.cut(errBack)
	}
	c.ear.open, c.ear.cut = false, cut
	c.talks++
	return true
}

func (c *call) unhear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talks--
	c.wake()
}

// earToken is what a token of an ear says.
type earToken struct {
	call, transfer telephony.CallID
	told           time.Time // in whole seconds
}

const earKind = "hookswitch ear token 1"

// ear makes the token that lets a call be heard while it is with whom a transfer
// handed it to: CALL.TRANSFER.SECONDS.MAC. Nothing keeps it: how old it is, it
// says itself.
func (s signer) ear(call, transfer telephony.CallID, told time.Time) string {
	head := string(call) + "." + string(transfer) + "." + strconv.FormatInt(told.Unix(), 10)
	return head + "." + base64.RawURLEncoding.EncodeToString(s.macOf(earKind, head))
}

// openEar returns what a genuine token of an ear is for.
func (s signer) openEar(token string) (e earToken, ok bool) {
	if len(token) > maxToken {
		return e, false
	}
	parts := strings.Split(token, ".")
	if len(parts) != 4 {
		return e, false
	}
	mac, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil || !hmac.Equal(mac, s.macOf(earKind, strings.Join(parts[:3], "."))) {
		return e, false
	}
	seconds, err := strconv.ParseInt(parts[2], 10, 64)
	return earToken{telephony.CallID(parts[0]), telephony.CallID(parts[1]), time.Unix(seconds, 0)}, err == nil
}
