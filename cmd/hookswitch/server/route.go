package server

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

// What the carrier's voice says to a caller whom nobody can answer.
const (
	sayUnknown    = "We are sorry. The number you have called is not in service. Goodbye."
	sayDisabled   = "We are sorry. This number does not take calls at the moment. Please call again later. Goodbye."
	sayIncomplete = Unable
)

// route says who answers an inbound call: the agent that is linked to the
// number, else the settings' own agent when the number is its, else nobody. What
// becomes of a call to a number that nobody has shown to be theirs is the
// operator's to see.
func (s *Server) route(ctx context.Context, in telephony.Incoming) (dispatch.Route, error) {
	if s.o.Echo {
		return s.house(), nil
	}
	n, a, err := s.numberOn(ctx, in.To, in.Account)
	switch {
	case errors.Is(err, roster.ErrNotFound):
		n = roster.Number{Workspace: roster.Default}
	case err != nil:
		return dispatch.Route{}, fmt.Errorf("server: who answers: %w", err)
	case a.UUID != "" && n.Status == roster.NumberActive:
		return s.routeTo(ctx, a)
	}
	if n.Workspace == roster.Default && s.owns(n, in.Account) && s.answersItself(in.To) {
		return s.house(), nil
	}
	return dispatch.Route{Workspace: n.Workspace, Variables: "{}", Refuse: telephony.NumberUnknown, Say: sayUnknown,
		Why: "no agent is linked to the number that was called"}, nil
}

// numberOn is number, and who answers it, when it is its workspace's on account:
// see [Server.owns]. Any other is as good as unknown: anybody may say that a
// number is theirs, and must not keep its calls from whose they are, nor see them.
func (s *Server) numberOn(ctx context.Context, number telephony.Number, account string) (roster.Number, roster.Agent, error) {
	n, a, err := s.store.NumberOf(ctx, string(number))
	if err == nil && !s.owns(n, account) {
		err = roster.ErrNotFound
	}
	return n, a, err
}

// owns reports whether n is its workspace's on account, which is empty for the
// gateway's own. There the operator's workspace may use any number; any other
// has shown that it has the account's token. On another account a number is used
// that was proved to be its: whoever has an account could else sign for a
// stranger's number. The simulated carrier has no account.
func (s *Server) owns(n roster.Number, account string) bool {
	switch {
	case s.c.Carrier != "twilio":
		return true
	case account != "" && account != s.c.Twilio.AccountSID:
		return n.Account == account && n.CarrierID != ""
	case n.Workspace == roster.Default:
		return true
	}
	token, err := s.keyring.Open(n.Token)
	return err == nil && n.Account == s.c.Twilio.AccountSID && same(token, s.c.Twilio.AuthToken)
}

// same compares secrets; an empty one is like no other.
func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// guarded keeps workspaces from calling with numbers that are not theirs.
type guarded struct {
	telephony.Carrier
	s *Server
}

// errNotYours is for the API's client.
var errNotYours = errors.New("the number to call from is not known to be yours: link it to an agent, with the SID and the token of the account that has it")

// Dial implements [telephony.Carrier]. The settings' own agent calls from any
// number of the gateway's account that nobody has shown to be theirs.
func (g guarded) Dial(ctx context.Context, o telephony.Outgoing) (string, error) {
	n, _, err := g.s.store.NumberOf(ctx, string(o.From))
	isOperators := o.Workspace == roster.Default && o.Account == ""
	switch {
	case err != nil && !errors.Is(err, roster.ErrNotFound):
		return "", err
	case isOperators:
	case err != nil, !g.s.owns(n, o.Account): // a channel may name any number
		return "", errNotYours
	}
	return g.Carrier.Dial(ctx, limited(o))
}

// answersItself reports whether the settings' own agent answers number.
func (s *Server) answersItself(number telephony.Number) bool {
	return s.c.Agent.Number == "*" || s.c.Agent.Number == string(number)
}

// house is the way to the settings' own agent.
func (s *Server) house() dispatch.Route {
	return dispatch.Route{Workspace: roster.Default, Agent: s.c.Agent.Name, Variables: "{}"}
}

// routeTo is the way to a, or why it can't answer.
func (s *Server) routeTo(ctx context.Context, a roster.Agent) (dispatch.Route, error) {
	r := dispatch.Route{
		Workspace: a.Workspace, Agent: a.Name, AgentUUID: a.UUID, Version: a.Version,
		PreCall: hook(a.Definition, roster.PreCall), PostCall: hook(a.Definition, roster.PostCall),
		Variables: object(vars.Set(a.Variables)), FollowUp: callsBack(a.Definition),
	}
	unfit, err := roster.Unfit(ctx, catalog{s: s}, a)
	switch {
	case err != nil:
		return r, fmt.Errorf("server: who answers: %w", err)
	case !a.Enabled:
		r.Refuse, r.Say, r.Why = telephony.AgentDisabled, sayDisabled, "the agent is disabled"
	case unfit != nil:
		r.Refuse, r.Say, r.Why = telephony.AgentIncomplete, sayIncomplete, strings.Join(unfit, "; ")
	}
	return r, nil
}

// hook is the id of d's webhook of that type; 0: it has none.
func hook(d roster.Definition, kind string) int64 {
	for _, w := range d.Webhooks {
		if w.Type == kind {
			return w.ID
		}
	}
	return 0
}

// object is set as a JSON object.
func object(set vars.Set) string {
	text, err := json.Marshal(vars.Merge(set)) // never nil
	if err != nil {
		return "{}" // only a value that no JSON held, and these came from JSON
	}
	return string(text)
}
