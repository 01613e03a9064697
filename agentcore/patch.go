package agentcore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// ErrReplaced is the cause with which a conversation's context is cancelled when
// another agent takes the floor.
var ErrReplaced = errors.New("agentcore: another agent takes the floor")

// Line is the far end of a call that is bridged to agents somewhere else.
type Line interface {
	Send(caller *media.Frame)        // what the caller says; copies, never blocks
	Receive(agent *media.Frame) bool // the next 20 ms of what is said there; false: nothing, and agent is left alone. Never blocks
	Gone() <-chan struct{}           // closed when nobody there is connected any more
	Err() error                      // why it is Gone; nil: they hung up
	Close() error
}

// Waits and bounds of a patch.
const (
	quietLimit = 5 * time.Minute
	mostAhead  = 200 * time.Millisecond // of the far end's sound may be on its way to the caller; more is dropped
	lastWords  = 2 * time.Second        // that the far end may still be heard after it has gone
)

// PatchConfig is what a [Patch] is made of.
type PatchConfig struct {
	Call     telephony.Call
	Journal  Journal // required
	Past     []Entry // the journal so far
	Floor    string  // id of the job that has the floor. Required with a Line
	Agent    string  // its name
	Pipeline string  // who hears, thinks and speaks, for people to read

	Line     Line            // to the agent. Run doesn't close it. nil: nobody has the floor
	Recorder Recorder        // nil: nothing is recorded. Run doesn't close it
	Yield    func() bool     // see Config. nil: nobody waits for the floor
	Withdraw func(id string) // a transfer that is on is wanted no more; must not block. nil: nobody is told
	Observer Observer        // nil: nobody is told

	Quiet       time.Duration // how long nobody may have the floor. Zero means 5 m
	MaxDuration time.Duration // how long the agent may have it. Zero means 30 m
	Log         *slog.Logger  // nil discards
}

// Patch has the floor of a call for an agent somewhere else, whom it puts
// through, or for nobody: then the caller hears silence. Make one for each leg.
type Patch struct {
	holder
	cfg  PatchConfig
	gone <-chan struct{} // nil: there is no line

	// Of whoever owns the leg, pass.
	caller, agent, nothing media.Frame

	until  time.Time // what was written will have been played
	goneAt time.Time // the far end was found gone
	stray  stray
}

// NewPatch checks cfg and returns a Patch ready to Run.
func NewPatch(cfg PatchConfig) (*Patch, error) {
	state, bad := Resume(cfg.Past)
	err := errors.Join(bad, required("Journal", cfg.Journal != nil), required("Floor (there is a Line)", cfg.Line == nil || cfg.Floor != ""))
	if err != nil {
		return nil, err
	}
	cfg.defaults()
	p := &Patch{cfg: cfg, holder: holder{
		call: cfg.Call, pipeline: cfg.Pipeline,
		journal: cfg.Journal, observer: cfg.Observer, withdraw: cfg.Withdraw, yield: cfg.Yield, state: state,
	}}
	if cfg.Line != nil {
		p.floor = FloorTaken{Job: cfg.Floor, Agent: cfg.Agent, By: byWorker}
		p.gone = cfg.Line.Gone()
	}
	return p, nil
}

func (cfg *PatchConfig) defaults() {
	orDuration(&cfg.Quiet, quietLimit)
	orDuration(&cfg.MaxDuration, 30*time.Minute)
	orNobody(&cfg.Withdraw, &cfg.Yield, &cfg.Observer)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
}

// Run has the floor of leg until the call ends, the leg is lost or ctx is
// cancelled, as [Conversation.Run] does and with what it promises.
//
// When the far end has hung up the call ends with [telephony.AgentHangup], and
// when nobody has had the floor for too long with [telephony.Silence]; unless
// somebody waits for the floor. A far end that was lost ends no call: the Summary
// has Yield, and the error says why.
func (p *Patch) Run(ctx context.Context, leg telephony.Leg) (Summary, error) {
	ctx, end := context.WithCancelCause(ctx) // the first cause wins
	writing := p.start(ctx, end)
	if p.open() == foundOver {
		end(telephony.OverError{Reason: p.state.End})
	}
	p.stray = p.strays(time.Now())
	silent := make(chan struct{})
	var passing sync.WaitGroup
	passing.Go(func() {
		defer close(silent)
		end(p.pass(ctx, leg))
	})
	end(p.wait(ctx))

	writing.Wait()
	sum, err := p.finish(ctx, leg, silent)
	passing.Wait()
	return sum, err
}

// wait returns why the floor is given up when time is up, or ctx's cause.
func (p *Patch) wait(ctx context.Context) error {
	most, why := p.cfg.MaxDuration, telephony.MaxDuration
	if p.cfg.Line == nil {
		most, why = p.cfg.Quiet, telephony.Silence
	}
	limit := time.NewTimer(max(0, most-p.held()))
	defer limit.Stop()
	select {
	case <-limit.C:
		return p.over(why)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// over is the cause of an end for why: none if somebody waits for the floor.
func (p *Patch) over(why telephony.EndReason) error {
	if p.yield() {
		return errYield
	}
	return telephony.OverError{Reason: why}
}

// pass owns both sides of leg. The caller's frames are its clock.
func (p *Patch) pass(ctx context.Context, leg telephony.Leg) error {
	for {
		ev, err := next(leg, &p.caller)
		if err != nil {
			return err
		}
		now := time.Now()
		if ctx.Err() != nil {
			return p.hush(leg, now)
		}
		switch ev.Kind {
		case telephony.Audio:
			if err := p.frame(leg, now); err != nil {
				return err
			}
		case telephony.Digit:
			p.pressed(ev.Digit, now)
		}
	}
}

// hush drops what of the far end is still on its way to the caller.
func (p *Patch) hush(leg telephony.Leg, now time.Time) error {
	if now.Before(p.until) {
		return leg.Clear()
	}
	return nil
}

// frame passes on the caller's frame, and what the far end says meanwhile.
func (p *Patch) frame(leg telephony.Leg, now time.Time) error {
	from, to := &p.caller, &p.nothing
	if p.discreet(now) {
		from = &p.nothing
	}
	if line := p.cfg.Line; line != nil {
		line.Send(from)
		if line.Receive(&p.agent) && p.until.Sub(now) < mostAhead { // after a stall all the caller's frames come at once
			if err := leg.Write(&p.agent); err != nil {
				return fmt.Errorf("agentcore: play: %w", err)
			}
			p.until = later(p.until, now).Add(media.FrameDuration)
			to = &p.agent
		}
		if p.left(now) {
			return p.hungUp(line.Err())
		}
	}
	if r := p.cfg.Recorder; r != nil {
		r.Record(from, to)
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// left reports whether the far end has gone, and its last words were heard.
func (p *Patch) left(now time.Time) bool {
	select {
	case <-p.gone:
	default:
		return false
	}
	if p.goneAt.IsZero() {
		p.goneAt = now
	}
	return !now.Before(p.until) || now.Sub(p.goneAt) >= lastWords
}

// hungUp is a far end that nobody is at any more; err says why, nil that they
// hung up.
func (p *Patch) hungUp(err error) error {
	if err == nil {
		return p.over(telephony.AgentHangup)
	}
	p.pen.note(ProviderError{Part: "bridge", Error: err.Error(), Fatal: true})
	p.cfg.Log.Warn("the agent that a call is bridged to was lost", "call", p.call.ID, "job", p.cfg.Floor, "error", err)
	p.observer.ProviderFailed("bridge")
	return fmt.Errorf("%w: %w", errBroken, err)
}

// pressed writes down a key.
func (p *Patch) pressed(digit byte, now time.Time) {
	switch {
	case !isKey(digit):
	case p.stray.takes(now):
		p.strayed(&p.stray, digit, now)
	default:
		p.pen.decide(func(s *State) []Event {
			return []Event{CallerPressed{Turn: s.nextTurn(), Digit: string(digit)}}
		})
	}
}
