package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// lines sets up numbers at the carrier. It implements [v2.Trunk], and
// [twilio.Accounts] over what was set up.
type lines struct{ s *Server }

var (
	_ v2.Trunk        = lines{}
	_ twilio.Accounts = lines{}
)

// Link implements [v2.Trunk]. Finding the number with the account's own
// credentials proves both: from then on the account counts.
func (l lines) Link(ctx context.Context, n roster.Number, who roster.Actor) error {
	if n.Provider != roster.Twilio {
		return nil // a SIP trunk sends calls where it was told to
	}
	a, err := l.of(n)
	if err != nil {
		return err
	}
	if l.s.sim != nil {
		if err := l.s.buy(n); err != nil {
			return err
		}
	}
	var was *twilio.Settings
	if n.CarrierID != "" {
		was = new(twilio.Settings)
		if err := json.Unmarshal([]byte(n.CarrierWas), was); err != nil {
			return fmt.Errorf("server: what a number was set to: %w", err)
		}
	}
	texts, err := l.s.takesTexts(ctx, n.Workspace, n.Number)
	if err != nil {
		return err
	}
	linked, err := l.s.rest.Numbers().Link(ctx, a, telephony.Number(n.Number), was, texts)
	if err != nil {
		return carrierSaid(err)
	}
	kept, err := json.Marshal(linked.Was)
	if err != nil {
		return fmt.Errorf("server: what a number was set to: %w", err)
	}
	if err := l.s.store.SetNumberCarrier(ctx, n.Workspace, n.ID, linked.ID, string(kept), who, time.Now()); err != nil {
		return fmt.Errorf("server: keep what a number was set to: %w", err)
	}
	return nil
}

// Release implements [v2.Trunk]. A number that somebody made lead elsewhere
// since is left alone.
func (l lines) Release(ctx context.Context, n roster.Number, who roster.Actor) error {
	if n.CarrierID == "" {
		return nil
	}
	a, err := l.of(n)
	if err != nil {
		return err
	}
	var was twilio.Settings
	if err := json.Unmarshal([]byte(n.CarrierWas), &was); err != nil {
		return fmt.Errorf("server: what a number was set to: %w", err)
	}
	switch err := l.s.rest.Numbers().Unlink(ctx, a, n.CarrierID, was); {
	case errors.Is(err, twilio.ErrElsewhere), errors.Is(err, twilio.ErrNoNumber): // not ours to give back
		l.s.log.WarnContext(ctx, "a number is not set as it was before: it leads elsewhere, or the account has it no more", "number_id", n.ID)
	case err != nil:
		return carrierSaid(err)
	}
	if err := l.s.store.SetNumberCarrier(ctx, n.Workspace, n.ID, "", "", who, time.Now()); err != nil {
		return fmt.Errorf("server: forget what a number was set to: %w", err)
	}
	return nil
}

// Reclaim implements [v2.Trunk]. A number is in one account at a time, so whoever
// finds it there is its owner.
func (l lines) Reclaim(ctx context.Context, n roster.Number, who roster.Actor) (bool, error) {
	if l.s.sim != nil || n.Provider != roster.Twilio {
		return false, nil
	}
	holder, _, err := l.s.store.NumberOf(ctx, n.Number)
	switch {
	case errors.Is(err, roster.ErrNotFound): // it was given up a moment ago
		return true, nil
	case err != nil:
		return false, fmt.Errorf("server: who claimed a number: %w", err)
	case holder.Workspace == n.Workspace || holder.CarrierID != "" || l.s.owns(holder, ""):
		return false, nil
	}
	a, err := l.of(n)
	if err != nil {
		return false, err
	}
	switch _, err := l.s.rest.Numbers().Find(ctx, a, telephony.Number(n.Number)); {
	case errors.Is(err, twilio.ErrNoNumber):
		return false, nil
	case err != nil:
		return false, carrierSaid(err)
	}
	if err := l.s.store.DeleteNumber(ctx, holder.Workspace, holder.ID, who, time.Now()); err != nil {
		return false, fmt.Errorf("server: forget a claim: %w", err)
	}
	l.s.log.WarnContext(ctx, "a number that was claimed without proof went to who could prove it", "number_id", holder.ID, "from_workspace", holder.Workspace, "to_workspace", n.Workspace)
	return true, nil
}

// Check implements [v2.Trunk].
func (l lines) Check(ctx context.Context, n roster.Number) (v2.NumberState, error) {
	if n.Provider != roster.Twilio {
		return v2.NumberState{Why: "only numbers at Twilio can be looked at"}, nil
	}
	state := v2.NumberState{Linked: n.CarrierID != ""}
	a, err := l.of(n)
	if err != nil {
		return state, err
	}
	texts, err := l.s.takesTexts(ctx, n.Workspace, n.Number)
	if err != nil {
		return state, err
	}
	drift, err := l.s.rest.Numbers().Check(ctx, a, n.Number, texts)
	if err != nil {
		return state, carrierSaid(err)
	}
	for _, d := range drift {
		state.Drift = append(state.Drift, v2.Drift{Setting: d.Setting, Want: d.Want, Is: d.Is})
	}
	return state, nil
}

// of is the account that n came with; the zero one is the gateway's own. The
// simulated carrier has but one.
func (l lines) of(n roster.Number) (twilio.Account, error) {
	if l.s.sim != nil || n.Account == "" {
		return twilio.Account{}, nil
	}
	token, err := l.s.keyring.Open(n.Token)
	if err != nil {
		return twilio.Account{}, fmt.Errorf("server: a number's credentials: %w", err)
	}
	if own := l.s.c.Twilio; n.Account == own.AccountSID && same(token, own.AuthToken) {
		return twilio.Account{}, nil
	}
	return l.account(n.Account, token), nil
}

func (l lines) account(sid string, tokens ...string) twilio.Account {
	return twilio.Account{SID: sid, Token: tokens[0], OldTokens: tokens[1:], Edge: l.s.c.Twilio.Edge, Region: l.s.c.Twilio.Region}
}

// Account implements [twilio.Accounts]: an account whose token was proved when
// one of its numbers was set up, newest proof first.
func (l lines) Account(ctx context.Context, sid string) (twilio.Account, error) {
	all, err := l.s.store.NumbersOfAccount(ctx, sid)
	if err != nil {
		return twilio.Account{}, fmt.Errorf("server: whose account it is: %w", err)
	}
	var tokens []string
	for _, n := range slices.Backward(all) {
		token, err := l.s.keyring.Open(n.Token)
		if err == nil && token != "" && !slices.Contains(tokens, token) {
			tokens = append(tokens, token)
		}
	}
	if len(tokens) == 0 || l.s.sim != nil {
		return twilio.Account{}, twilio.ErrNoAccount
	}
	return l.account(sid, tokens...), nil
}

// ours are the errors of a trunk whose text is for anybody.
var ours = []error{twilio.ErrNoNumber, twilio.ErrNoVoice, twilio.ErrElsewhere, twilio.ErrNoAccount}

// carrierSaid is err for the API's client, if the client can do something about it.
func carrierSaid(err error) error {
	var said *twilio.Error
	if errors.As(err, &said) {
		told := *said
		if !slices.ContainsFunc(ours, func(known error) bool { return errors.Is(said.Err, known) }) {
			told.Err = nil // it may name an address inside
		}
		return &v2.TrunkError{Why: told.Error()}
	}
	return err
}

// outgoing is the desk as the API has it: a call from a number of the gateway's
// own account says so by naming none.
type outgoing struct {
	*dispatch.Desk
	s *Server
}

// Dispatch is [dispatch.Desk.Dispatch].
func (o outgoing) Dispatch(ctx context.Context, w dispatch.Wish) (dispatch.Dispatch, bool, error) {
	if o.s.sim != nil || w.Account == o.s.c.Twilio.AccountSID {
		w.Account = ""
	}
	w.DetectMachine = o.s.c.Twilio.AMD == "on"
	var err error
	if w.Caps, err = o.s.caps(ctx, w.Workspace); err != nil {
		return dispatch.Dispatch{}, false, err
	}
	return o.Desk.Dispatch(ctx, w)
}
