package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// placer begins what is due: [agenda.Placer].
type placer struct{ s *Server }

var _ agenda.Placer = placer{}

// Place implements [agenda.Placer]. A trouble of ours, such as a database that is
// away, is no attempt.
func (p placer) Place(ctx context.Context, e agenda.Errand) error {
	err := p.place(ctx, e)
	means, trouble := agenda.Trouble(err, time.Now())
	if trouble {
		p.s.log.WarnContext(ctx, "what is due can't be begun, it is tried again", "errand", e.ID, "error", err)
	}
	return means
}

func (p placer) place(ctx context.Context, e agenda.Errand) error {
	a, err := p.s.store.Agent(ctx, e.Workspace, e.AgentUUID)
	switch {
	case errors.Is(err, roster.ErrNotFound):
		return &agenda.Refusal{Code: "agent_deleted", Why: "the agent was deleted"}
	case err != nil:
		return fmt.Errorf("server: the agent of an errand: %w", err)
	case !a.Enabled:
		return &agenda.Refusal{Code: string(telephony.AgentDisabled), Why: "the agent is disabled"}
	}
	if e.Kind == agenda.Chat {
		return p.s.openChat(ctx, a, e)
	}
	return p.call(ctx, a, e)
}

// call places the call of e's newest attempt.
func (p placer) call(ctx context.Context, a roster.Agent, e agenda.Errand) error {
	unfit, err := roster.Unfit(ctx, catalog{s: p.s}, a)
	switch {
	case err != nil:
		return fmt.Errorf("server: the agent of an errand: %w", err)
	case unfit != nil:
		return &agenda.Refusal{Code: string(telephony.AgentIncomplete), Why: strings.Join(unfit, "; ")}
	}
	w, err := p.wish(ctx, a, e)
	if err != nil {
		return err
	}
	_, _, err = outgoing{p.s.desk, p.s}.Dispatch(ctx, w)
	return agenda.NotNow(err, time.Now())
}

// wish is what e asks the desk for.
func (p placer) wish(ctx context.Context, a roster.Agent, e agenda.Errand) (dispatch.Wish, error) {
	from, err := p.s.callsFrom(ctx, a, e.From)
	if err != nil {
		return dispatch.Wish{}, err
	}
	given, err := vars.Decode(e.Variables)
	if err != nil {
		return dispatch.Wish{}, fmt.Errorf("server: the variables of an errand: %w", err)
	}
	w := dispatch.Wish{
		Workspace: a.Workspace, AgentUUID: a.UUID, Version: a.Version, Agent: a.Name,
		PreCall: hook(a.Definition, roster.PreCall), PostCall: hook(a.Definition, roster.PostCall),
		Variables: object(vars.Merge(vars.Set(a.Variables), given)),
		From:      telephony.Number(from.Number), Account: from.Account, To: telephony.Number(e.To),
		Call: e.Call, FollowUp: true, Chat: e.Options.Chat,
		BypassQuietHours: e.Options.BypassQuietHours, Consent: e.Options.Consent,
	}
	if e.Options.Hours != nil {
		if w.Hours, err = agenda.Encode(e.Options.Hours); err != nil {
			return w, fmt.Errorf("server: the hours of an errand: %w", err)
		}
	}
	return w, nil
}

// callsFrom is the number that a calls from: the one that is wanted, which is its
// workspace's or a channel's of it, or a's first that calls out. Whether it may be
// used is found out again when it is dialled.
func (s *Server) callsFrom(ctx context.Context, a roster.Agent, want string) (roster.Number, error) {
	all, err := s.store.ListNumbers(ctx, a.Workspace)
	if err != nil {
		return roster.Number{}, fmt.Errorf("server: the numbers of an agent: %w", err)
	}
	for _, n := range all {
		if n.Outbound && n.Status == roster.NumberActive && (want == "" && n.AgentUUID == a.UUID || want != "" && want == n.Number) {
			return n, nil
		}
	}
	if want != "" {
		ch, err := s.store.ChannelAt(ctx, telephony.Phone, want)
		if err == nil && ch.Workspace == a.Workspace && ch.Enabled {
			return roster.Number{Number: want}, nil
		}
		if err != nil && !errors.Is(err, roster.ErrNotFound) {
			return roster.Number{}, fmt.Errorf("server: the channel of a call: %w", err)
		}
	}
	return roster.Number{}, &agenda.Refusal{Code: "no_number", Why: "the agent has no such phone number that supports outbound calls"}
}

// caps are how many calls may go on at once.
func (s *Server) caps(ctx context.Context, workspace string) (dispatch.Caps, error) {
	p, err := s.policy(ctx, workspace)
	if err != nil {
		return dispatch.Caps{}, err
	}
	return dispatch.Caps{Workspace: p.MaxConcurrent, Trunk: s.c.Twilio.MaxCalls}, nil
}

// callsBack reports whether an agent calls those again whom it did not reach.
func callsBack(d roster.Definition) bool {
	return d.Callback != nil && d.Callback.Enabled && d.Callback.MaxAttempts > 0
}

// retry is the [agenda.Config]'s Retry. Version 0 is the agent's newest.
func (s *Server) retry(ctx context.Context, workspace, agent string, version int) (*agenda.Retry, error) {
	d, err := s.definition(ctx, workspace, agent, version)
	if err != nil || !callsBack(d) {
		return nil, err
	}
	r := &agenda.Retry{Max: d.Callback.MaxAttempts}
	for _, g := range d.Callback.Gaps {
		r.Gaps = append(r.Gaps, agenda.Gap(g))
	}
	return r, nil
}

// definition is a version of an agent; the empty one of an agent that is gone.
func (s *Server) definition(ctx context.Context, workspace, agent string, version int) (roster.Definition, error) {
	if agent == "" {
		return roster.Definition{}, nil // the settings' own calls nobody again
	}
	if version == 0 {
		a, err := s.store.Agent(ctx, workspace, agent)
		if errors.Is(err, roster.ErrNotFound) {
			return roster.Definition{}, nil
		}
		return a.Definition, err
	}
	v, err := s.store.Version(ctx, workspace, agent, version)
	return v.Definition, err
}

// called is what a client that left an address is told when its call is over.
type called struct {
	Event string     `json:"event"` // call.completed, call.failed
	Data  calledData `json:"data"`
}

type calledData struct {
	Call     string          `json:"callId"`
	Agent    string          `json:"agentId"`
	Duration int64           `json:"duration"` // seconds
	Status   string          `json:"status"`   // the end reason
	Attempt  int             `json:"attempt"`
	Metadata json.RawMessage `json:"metadata"`
}

// tellFor is how long after a call's end its client's address is tried.
const tellFor = 24 * time.Hour

// soonAgain is after how long a chat is looked at again that is busy.
const soonAgain = 2 * time.Second

// followUp does what follows a call: the errand moves on, and who asked for the
// call is told.
func (s *Server) followUp(ctx context.Context, id string) (time.Duration, error) {
	again, err := s.clerk.Over(ctx, id)
	if err != nil || again > 0 {
		return again, err
	}
	r, err := s.store.Call(ctx, telephony.CallID(id))
	if err != nil {
		return 0, fmt.Errorf("server: follow up: %w", err)
	}
	if r.Chat != "" {
		err := s.backToChat(ctx, r)
		switch {
		case errors.Is(err, chat.ErrBusy): // an answer is being written
			return soonAgain, nil
		case err != nil:
			return 0, err
		}
	}
	e, err := s.store.Agenda().ErrandOfCall(ctx, r.ID)
	switch {
	case errors.Is(err, agenda.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("server: follow up: %w", err)
	case r.Unplaced() && !agenda.Over(e.Status): // nobody was called: it is placed again
		return 0, nil
	case e.Options.CallbackURL == "":
		return 0, nil
	}
	return 0, s.oweClient(ctx, fmt.Sprintf("%s %d", r.ID, max(1, e.Called())))
}

// jobTell is the job that tells a client of a call: its ID is the call's, and
// which attempt it was. It stands apart: a client may take its time.
const jobTell = "tell_client"

// oweClient leaves the job. To do so twice tells the same thing under the same id.
func (s *Server) oweClient(ctx context.Context, id string) error {
	engine := s.store.Engine()
	err := engine.Write(ctx, func(tx storage.Tx) error {
		return engine.Enqueue(ctx, tx, storage.Job{Kind: jobTell, ID: id, Line: storage.Slow})
	})
	if err != nil {
		return fmt.Errorf("server: owe a client: %w", err)
	}
	return nil
}

// tell is the worker of [jobTell].
func (s *Server) tell(ctx context.Context, id string) (time.Duration, error) {
	call, n, _ := strings.Cut(id, " ")
	attempt, err := strconv.Atoi(n)
	if err != nil {
		return 0, fmt.Errorf("server: tell a client: %w", err)
	}
	r, err := s.store.Call(ctx, telephony.CallID(call))
	if err != nil {
		return 0, fmt.Errorf("server: tell a client: %w", err)
	}
	e, err := s.store.Agenda().Errand(ctx, r.Workspace, agenda.ErrandID(r.ID))
	if err != nil {
		return 0, fmt.Errorf("server: tell a client: %w", err)
	}
	return 0, s.tellClient(ctx, e, r, attempt)
}

// tellClient tells the address that a client left for the call of e.
func (s *Server) tellClient(ctx context.Context, e agenda.Errand, r dispatch.Record, attempt int) error {
	if time.Since(r.Ended) > tellFor {
		return nil
	}
	body := called{"call.completed", calledData{
		Call: string(r.ID), Agent: r.AgentUUID, Status: string(r.Reason), Attempt: attempt,
		Metadata: json.RawMessage(cmp.Or(e.Metadata, "{}")),
	}}
	if r.Answered.IsZero() {
		body.Event = "call.failed"
	} else {
		body.Data.Duration = int64(r.Ended.Sub(r.Answered).Round(time.Second).Seconds())
	}
	return s.post(ctx, e.Options.CallbackURL, "callback_"+string(r.ID), body)
}
