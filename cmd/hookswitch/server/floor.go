package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/aside"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/storage/blob"
	"github.com/hookswitch/hookswitch/telephony"
)

// talk is the [dispatch.Talk] of this gateway: the host says who has the floor of
// the call, one after the other; all of them are on one recording.
func (s *Server) talk(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, journal agentcore.Journal) (agentcore.Summary, error) {
	t := &tape{s: s}
	s.tapes.Store(call.ID, t)
	defer s.tapes.CompareAndDelete(call.ID, t)
	defer t.stop(call)
	aside.Do(func() { s.arrive(ctx, call) })
	sum, err := s.host.Talk(ctx, call, leg, past, journal)
	if sum.End != "" {
		s.keyed.drop(call.ID)
	}
	return sum, err
}

// speak is the [room.Config]'s Speak: whoever has the floor talks until the call
// ends, or somebody else gets it.
func (s *Server) speak(ctx context.Context, f room.Floor) (agentcore.Summary, error) {
	var row dispatch.Record
	var err error
	aside.Do(func() { row, err = s.store.Call(ctx, f.Call.ID) })
	if err != nil {
		return s.helpless(ctx, f, err)
	}
	switch {
	case s.o.Echo:
		return s.echoes(ctx, f, row)
	case f.Nobody, f.Job.ID == "" && row.Foreign && row.Agent == "": // the settings' own agent is for the operator's calls
		return s.patched(ctx, f, s.hears(f, row), nil)
	case f.Job.Kind == room.Worker:
		return s.bridged(ctx, f, row)
	}
	return s.converse(ctx, f, row)
}

// converse has an agent of ours talk.
func (s *Server) converse(ctx context.Context, f room.Floor, row dispatch.Record) (sum agentcore.Summary, err error) {
	var e equipped
	aside.Do(func() { e, sum, err = s.equip(ctx, f, row) })
	if e.conversation == nil {
		return sum, err
	}
	defer e.release()
	return e.conversation.Run(ctx, f.Leg)
}

// equipped is an agent who is ready to talk.
type equipped struct {
	conversation *agentcore.Conversation // nil: there is none
	release      func()                  // lets go of what it talks with, when it is over
}

// equip makes an agent ready for f. Without one, it says how the call is left.
func (s *Server) equip(ctx context.Context, f room.Floor, row dispatch.Record) (made equipped, _ agentcore.Summary, err error) {
	helpless := func(err error) (equipped, agentcore.Summary, error) {
		sum, err := s.helpless(ctx, f, err)
		return equipped{}, sum, err
	}
	parts, err := s.patiently(ctx)
	if err != nil {
		return helpless(err)
	}
	if row.Prepared.IsZero() { // not for who has the floor later: what the caller says or keys in meanwhile is lost
		err = s.prepared(ctx, f.Call, f.Leg, parts.Voice)
		if errors.Is(err, telephony.ErrLost) {
			return equipped{}, agentcore.Summary{}, err // the line is, the call may go on
		}
		if err == nil {
			row, err = s.store.Call(ctx, f.Call.ID) // pre_call may have said something
		}
	}
	if err == nil {
		s.engage(ctx, row, f.Job)
		row, err = s.sentTo(ctx, row, f.Job)
	}
	if err != nil {
		return helpless(err)
	}
	who, err := s.person(ctx, row)
	if err != nil {
		return helpless(err)
	}
	parties, err := s.cast(ctx, f.Call.ID, who.wish, parts)
	if err != nil {
		return helpless(err)
	}
	defer func() {
		if made.conversation == nil {
			parties.release()
		}
	}()
	detector, err := detector(parties, parts)
	if err != nil {
		return helpless(err)
	}
	cfg := agentcore.Config{
		Call: f.Call, Agent: who.agent, Recognizer: parties.hears, Detector: detector,
		Hearing: asr.Options{Language: who.wish.language, Keywords: who.keywords},
		Model:   parties.thinks, Voice: parties.speaks, Spare: parts.Voice, Tools: who.tools, Variables: who.vars,
		Secrets: s.keyed.of(f.Call.ID), Journal: f.Journal, Past: f.Past, Observer: s.observer(f.Call.ID, who.agent.Name), Pipeline: parties.pipeline(),
		News: s.desk.News(f.Call.ID), Withdraw: s.withdraw, Recorder: s.hears(f, row), Answering: who.answers,
		Floor: f.Job.ID, Yield: f.Yield,
		Lead: s.c.Line.Lead, Lump: s.c.Line.Lump, Log: s.log,
	}
	if tally := s.tally(f.Call.ID); tally != nil {
		cfg.Used = tally.Take
	}
	if s.o.Interim != nil {
		cfg.Interim = func(text string) { s.o.Interim(f.Call.ID, text) }
	}
	conversation, err := agentcore.New(cfg)
	if err != nil {
		if detector != nil {
			err = errors.Join(err, detector.Close())
		}
		return helpless(err)
	}
	s.log.Info("call answered", "call", f.Call.ID, "direction", f.Call.Direction, "from", f.Call.From, "to", f.Call.To, "epoch", f.Call.Epoch, "pipeline", cfg.Pipeline)
	return equipped{conversation, parties.release}, agentcore.Summary{}, nil
}

// patched has somebody on the line who is not here, or nobody.
func (s *Server) patched(ctx context.Context, f room.Floor, recorder agentcore.Recorder, line agentcore.Line) (agentcore.Summary, error) {
	cfg := agentcore.PatchConfig{
		Call: f.Call, Journal: f.Journal, Past: f.Past, Floor: f.Job.ID, Agent: f.Job.Agent, Pipeline: "twilio mu-law 8k -> nobody",
		Line: line, Recorder: recorder, Yield: f.Yield, Withdraw: s.withdraw, Observer: s.observer(f.Call.ID, f.Job.Agent), MaxDuration: s.c.Agent.MaxDuration, Log: s.log,
	}
	if line != nil {
		cfg.Pipeline = "twilio mu-law 8k -> LiveKit room -> twilio mu-law 8k"
	}
	patch, err := agentcore.NewPatch(cfg)
	if err != nil {
		return s.helpless(ctx, f, err)
	}
	s.log.Info("call answered", "call", f.Call.ID, "direction", f.Call.Direction, "from", f.Call.From, "to", f.Call.To, "epoch", f.Call.Epoch, "pipeline", cfg.Pipeline)
	return patch.Run(ctx, f.Leg)
}

// hears is where both sides of a call go: to who listens, and to the recording.
func (s *Server) hears(f room.Floor, row dispatch.Record) agentcore.Recorder {
	if t, ok := s.tapes.Load(f.Call.ID); ok {
		if r := t.(*tape).of(row); r != nil {
			return both{f.Tap, r}
		}
	}
	return f.Tap
}

// both records what passes twice.
type both [2]agentcore.Recorder

// Record implements [agentcore.Recorder].
func (b both) Record(caller, agent *media.Frame) {
	b[0].Record(caller, agent)
	b[1].Record(caller, agent)
}

// tape is the recording of a call's leg, whoever has the floor. It begins with
// the first who does. Beside it is what they use.
type tape struct {
	used      cost.Tally
	s         *Server
	once      sync.Once
	recording *blob.Recording // nil: nothing is recorded
}

func (t *tape) of(row dispatch.Record) *blob.Recording {
	t.once.Do(func() { t.recording = t.s.record(row) })
	return t.recording
}

func (t *tape) stop(call telephony.Call) {
	t.once.Do(func() {}) // nobody begins it any more
	if t.recording != nil {
		t.s.finish(call, t.recording)
	}
}

// helpless is for who has the floor of a call that they can't hold. An agent that
// was sent leaves it to the next. The call's own ends the call, unless somebody
// else did, or it is handed over: then it is left to them.
func (s *Server) helpless(ctx context.Context, f room.Floor, err error) (agentcore.Summary, error) {
	hangup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, f.Leg.Hangup(hangup))
	if reason, over := telephony.Over(context.Cause(ctx)); over {
		return agentcore.Summary{End: reason}, err
	}
	if ctx.Err() != nil {
		return agentcore.Summary{}, err
	}
	s.set.ProviderFailed("voice")
	s.log.Error("call can't be held", "call", f.Call.ID, "job", f.Job.ID, "error", err)
	if f.Job.ID != "" || f.Yield() {
		return agentcore.Summary{Yield: true}, fmt.Errorf("server: %s can't hold the call: %w", f.Job.Agent, err)
	}
	return agentcore.Summary{End: telephony.ProviderFailed}, err
}
