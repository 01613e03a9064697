package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"

	"github.com/hookswitch/hookswitch/telephony"
)

// desk takes every call, lets one stream in for each token, and gives it to the
// agent. It keeps nothing: what a store costs is not measured here.
type desk struct {
	handle telephony.Handler

	mu      sync.Mutex
	tokens  map[string]string // carrier's id of the call -> token not spent yet
	talking map[string]bool
	failed  int
}

func newDesk(h telephony.Handler) *desk {
	return &desk{handle: h, tokens: map[string]string{}, talking: map[string]bool{}}
}

// Ring implements [telephony.Desk].
func (d *desk) Ring(_ context.Context, in telephony.Incoming) (telephony.Step, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.talking[in.Carrier] {
		return telephony.Step{}, telephony.ErrStillTalking
	}
	token := d.tokens[in.Carrier]
	if token == "" {
		token = rand.Text()
		d.tokens[in.Carrier] = token
	}
	return telephony.Step{Kind: telephony.StepConnect, Token: token}, nil
}

// Next implements [telephony.Desk]: a call is over with its stream.
func (d *desk) Next(context.Context, telephony.Question) (telephony.Step, error) {
	return telephony.Step{Kind: telephony.StepHangup}, nil
}

// Report implements [telephony.Desk].
func (d *desk) Report(context.Context, telephony.Progress) error { return nil }

// Admit implements [telephony.Desk].
func (d *desk) Admit(_ context.Context, token string, as telephony.Ref) (telephony.Call, error) {
	carrierID := as.ID
	d.mu.Lock()
	defer d.mu.Unlock()
	if token == "" || d.tokens[carrierID] != token {
		return telephony.Call{}, telephony.ErrToken
	}
	delete(d.tokens, carrierID)
	d.talking[carrierID] = true
	return telephony.Call{ID: telephony.CallID(carrierID), Epoch: 1, Carrier: carrierID, Direction: telephony.Inbound}, nil
}

// Talk implements [telephony.Desk].
func (d *desk) Talk(ctx context.Context, call telephony.Call, leg telephony.Leg) error {
	err := d.handle(ctx, call, leg)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.talking, call.Carrier)
	if err != nil && !errors.Is(err, telephony.ErrLost) { // every caller who hangs up is a lost line first
		d.failed++
	}
	return err
}

// Overhear implements [telephony.Desk]: nobody listens.
func (d *desk) Overhear(context.Context, string, telephony.Ref) (telephony.Call, error) {
	return telephony.Call{}, telephony.ErrToken
}

// Listen implements [telephony.Desk].
func (d *desk) Listen(context.Context, telephony.Call, telephony.Ears) error {
	return telephony.ErrToken
}

// Enter implements [telephony.Desk]: there is no door.
func (d *desk) Enter(context.Context, string, telephony.Entering) (telephony.Call, error) {
	return telephony.Call{}, telephony.ErrToken
}

// tally returns how many talk now, and how many failed so far.
func (d *desk) tally() (talking, failed int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.talking), d.failed
}
