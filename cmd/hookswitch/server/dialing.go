package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/telephony"
)

// permission makes the gate that every number passes before it is dialled.
func (s *Server) permission() (err error) {
	s.gate, err = dialplan.NewGate(dialplan.Config{
		Policy: s.policy, History: s.store.Placed, Log: s.log,
		OptedOut: s.optedOut, Refused: func(code dialplan.Code) { s.set.NotPermitted(string(code)) },
	})
	if err != nil {
		return fmt.Errorf("server: whom may be called: %w", err)
	}
	return nil
}

// permit is the [dispatch.Config]'s Permit.
func (s *Server) permit(ctx context.Context, c dispatch.Cost) (proof string, err error) {
	a := dialplan.Ask{Workspace: c.Workspace, From: string(c.From), To: string(c.To), Transfer: c.Transfer,
		BypassQuietHours: c.BypassQuietHours, Consent: c.Consent}
	if c.Hours != "" {
		a.Hours = &dialplan.Hours{}
		if err := json.Unmarshal([]byte(c.Hours), a.Hours); err != nil {
			return "", fmt.Errorf("server: the hours of a call: %w", err)
		}
	}
	p, err := s.gate.Permit(ctx, a)
	if err != nil {
		return "", err
	}
	return p.Encode(), nil
}

// unpermit is the [dispatch.Config]'s Release.
func (s *Server) unpermit(c dispatch.Cost) { s.gate.Release(c.Workspace, string(c.To)) }

// optedOut is the [dialplan.Config]'s OptedOut.
func (s *Server) optedOut(ctx context.Context, workspace, number string) (bool, error) {
	_, err := s.store.OptedOut(ctx, workspace, number, roster.OptOutCalls)
	if errors.Is(err, roster.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// mostTalk is the longest that a call which we place may last, whoever talks on
// it: what Twilio takes when nobody says.
const mostTalk = 4 * time.Hour

// limited is o with a limit. A call that nobody ends costs money until somebody
// looks.
func limited(o telephony.Outgoing) telephony.Outgoing {
	o.TimeLimit = cmp.Or(o.TimeLimit, mostTalk)
	return o
}

// freely are the caps of a workspace that set none, behind the simulated carrier:
// nobody pays, and who builds an agent calls the same phone all day.
var freely = dialplan.Policy{
	MaxPerNumberHour: 1_000_000, MaxPerNumberDay: 1_000_000, MaxPerHour: 1_000_000,
	MaxConcurrentPrefix: 1_000_000, NewForeignPerHour: 1_000_000, MinutesPerNumberDay: 1_000_000,
}

// policy is whom a workspace may call, and how often.
func (s *Server) policy(ctx context.Context, workspace string) (dialplan.Policy, error) {
	d, changed, err := s.store.Dialing(ctx, workspace)
	if err != nil {
		return dialplan.Policy{}, fmt.Errorf("server: the dialing policy: %w", err)
	}
	if s.sim != nil && changed.IsZero() {
		return freely, nil
	}
	return v2.Policy(d), nil
}
