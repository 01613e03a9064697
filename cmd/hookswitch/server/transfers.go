package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/consult"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/transfer"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
)

// handing is the tool with which d hands the call of r on; nil when d is not to,
// or has nobody to hand it to. start are the call's variables as it began.
func (s *Server) handing(d roster.Definition, r dispatch.Record, start vars.Set) tools.Tool {
	settings := d.SystemTools[roster.TransferToNumber]
	if !settings.Active {
		return nil
	}
	caller := r.From
	if r.Direction == telephony.Outbound {
		caller = r.To
	}
	tool, err := transfer.Tool(transfer.Config{
		Desk: s.desk, Call: r.ID, Caller: caller, Settings: settings, Variables: start,
		Owns: func(ctx context.Context, n telephony.Number) (bool, error) { return s.shows(ctx, r, n) },
	})
	switch {
	case errors.Is(err, transfer.ErrNowhere):
		s.log.Warn("an agent has nobody to hand a call to", "call", r.ID, "agent", d.Name)
		return nil
	case err != nil:
		s.log.Warn("an agent can't hand its calls on", "call", r.ID, "agent", d.Name, "error", err)
		return nil
	}
	return tool
}

// shows reports whether the call of r may be shown as coming from n.
func (s *Server) shows(ctx context.Context, r dispatch.Record, n telephony.Number) (bool, error) {
	number, _, err := s.store.NumberOf(ctx, string(n))
	switch {
	case errors.Is(err, roster.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("server: whose number it is: %w", err)
	}
	return number.Workspace == r.Workspace && s.owns(number, r.Account), nil
}

// withdraw calls a transfer off that the agent has not left for.
func (s *Server) withdraw(id string) {
	s.finishing.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), withdrawTime)
		defer cancel()
		err := s.desk.Withdraw(ctx, telephony.CallID(id), "the caller spoke on")
		if err != nil && !errors.Is(err, dispatch.ErrMoved) && !errors.Is(err, dispatch.ErrNotFound) {
			s.log.Warn("a transfer is not called off", "transfer", id, "error", err)
		}
	})
}

const withdrawTime = 10 * time.Second

// consult is the [dispatch.Config]'s Consult: it talks to who answered a
// transfer's leg in the voice that the caller hears.
func (s *Server) consult(ctx context.Context, t dispatch.Transfer, leg telephony.Leg) (dispatch.Consultation, error) {
	parts, err := s.patiently(ctx)
	if err != nil {
		return dispatch.Consultation{}, err
	}
	r, err := s.store.Call(ctx, t.Call)
	if err != nil {
		return dispatch.Consultation{}, fmt.Errorf("server: a transfer's call: %w", err)
	}
	if r, err = s.holding(ctx, r); err != nil { // a transfer is over when its agent loses the floor
		return dispatch.Consultation{}, err
	}
	who, err := s.person(ctx, r)
	if err != nil {
		return dispatch.Consultation{}, err
	}
	parties, err := s.cast(ctx, t.Call, who.wish, parts)
	if err != nil {
		return dispatch.Consultation{}, err
	}
	defer parties.release()
	ear, err := listener(parts)
	if err != nil {
		return dispatch.Consultation{}, err
	}
	cfg := consult.Config{Voice: parties.speaks, Detector: ear, Lead: s.c.Line.Lead, Log: s.log}
	if t.Kind == dispatch.Warm {
		cfg.Whisper = whisper(who.agent, t.Summary)
	}
	v, err := consult.Run(ctx, cfg, leg)
	return dispatch.Consultation{Accepted: v.Accepted, Outcome: v.Outcome, Reason: v.Reason}, err
}

// whisper is what who answers a warm transfer is told.
func whisper(a agentcore.Agent, summary string) string {
	return fmt.Sprintf("Hello, this is %s, with a caller for you. %s", cmp.Or(a.Name, "the assistant"), summary)
}

// listener is what notices that somebody speaks, whoever understands it.
func listener(parts *Speech) (vad.Detector, error) {
	if parts.Detector == nil {
		return vad.NewGate(&vad.Energy{}), nil
	}
	return parts.Detector()
}
