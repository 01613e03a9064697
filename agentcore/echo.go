package agentcore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
)

// Bounds of an echo.
const (
	echoMarks = time.Second     // between two marks, or the next whole lump
	echoAhead = 2 * time.Second // of the echo may wait at the far end, after a stall; more is dropped
	echoPipe  = "twilio mu-law 8k -> echo -> twilio mu-law 8k"
)

// EchoConfig is what an [Echo] is made of.
type EchoConfig struct {
	Call    telephony.Call
	Journal Journal // required
	Past    []Entry // the journal so far
	Floor   string  // id of the job that has the floor; empty for the call's own agent
	Agent   string  // its name

	Recorder Recorder        // nil: nothing is recorded. Run doesn't close it
	Yield    func() bool     // see Config. nil: nobody waits for the floor
	Withdraw func(id string) // see PatchConfig. nil: nobody is told
	Observer Observer        // nil: nobody is told

	Lump        time.Duration // audio sent at a time, see twilio.LegConfig. Zero means 20 ms
	MaxDuration time.Duration // of the call. Zero means 30 m
}

// Echo has the floor of a call and says back what the caller says, frame by
// frame, for whoever measures a line. Each frame is decoded, looked at by a voice
// detector and encoded again, as in any call; keys are not written down. Make one
// for each leg.
//
// With a Lump of more than one frame the echo begins with silence, a lump and one
// frame: else the line would run dry between any two lumps, and each frame be sent
// by itself. It does so again when the caller's sound was 40 ms late.
type Echo struct {
	holder
	cfg EchoConfig

	// Of the goroutine that owns the leg.
	detector   vad.Energy
	frame      media.Frame
	nothing    media.Frame
	lead, turn int           // frames: of silence first, and between two marks
	kept       time.Duration // the most that the leg keeps back for a lump
	until      time.Time     // what was written will have been played
	said       uint32        // frames of the echo
}

// NewEcho checks cfg and returns an Echo ready to Run.
func NewEcho(cfg EchoConfig) (*Echo, error) {
	state, bad := Resume(cfg.Past)
	if err := errors.Join(bad, required("Journal", cfg.Journal != nil)); err != nil {
		return nil, err
	}
	orDuration(&cfg.Lump, media.FrameDuration)
	orDuration(&cfg.MaxDuration, 30*time.Minute)
	orNobody(&cfg.Withdraw, &cfg.Yield, &cfg.Observer)
	e := &Echo{cfg: cfg, holder: holder{
		call: cfg.Call, floor: FloorTaken{Job: cfg.Floor, Agent: cfg.Agent, By: byOwn}, pipeline: echoPipe,
		journal: cfg.Journal, observer: cfg.Observer, withdraw: cfg.Withdraw, yield: cfg.Yield, state: state,
	}}
	lump := max(1, int(cfg.Lump/media.FrameDuration))
	e.kept = time.Duration(lump-1) * media.FrameDuration
	if lump > 1 {
		e.lead = lump + 1 // the first goes at once, the others are a lump
	}
	second := int(echoMarks / media.FrameDuration)
	e.turn = (second + lump - 1) / lump * lump // a mark takes along what waits: between lumps it costs no message
	return e, nil
}

// Run has the floor of leg until the call ends, the leg is lost or ctx is
// cancelled, as [Conversation.Run] does and with what it promises.
func (e *Echo) Run(ctx context.Context, leg telephony.Leg) (Summary, error) {
	ctx, end := context.WithCancelCause(ctx) // the first cause wins
	writing := e.start(ctx, end)
	if e.open() == foundOver {
		end(telephony.OverError{Reason: e.state.End})
	}
	limit := time.AfterFunc(max(0, e.cfg.MaxDuration-e.held()), func() { end(e.over()) })
	defer limit.Stop()
	silent := make(chan struct{})
	var passing sync.WaitGroup
	passing.Go(func() {
		defer close(silent)
		end(e.pass(ctx, leg))
	})
	<-ctx.Done()

	writing.Wait()
	sum, err := e.finish(ctx, leg, silent)
	passing.Wait()
	return sum, err
}

// over is the cause of the end when time is up.
func (e *Echo) over() error {
	if e.yield() {
		return errYield
	}
	return telephony.OverError{Reason: telephony.MaxDuration}
}

// pass owns both sides of leg. The caller's frames are its clock.
func (e *Echo) pass(ctx context.Context, leg telephony.Leg) error {
	for {
		ev, err := next(leg, &e.frame)
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return leg.Clear()
		case ev.Kind != telephony.Audio:
			continue
		}
		if err := e.back(leg, time.Now()); err != nil {
			return fmt.Errorf("agentcore: echo: %w", err)
		}
	}
}

// back says the frame back.
func (e *Echo) back(leg telephony.Leg, now time.Time) error {
	e.detector.Speech(&e.frame)
	if e.until.Sub(now) > echoAhead {
		e.record(&e.nothing)
		return nil
	}
	if e.until.Sub(now) <= e.kept { // the line is dry, or as good as: lumps need a lead
		for range e.lead {
			if err := e.write(leg, &e.nothing, now); err != nil {
				return err
			}
		}
	}
	if err := e.write(leg, &e.frame, now); err != nil {
		return err
	}
	e.record(&e.frame)
	if e.said++; int(e.said)%e.turn == 0 {
		return leg.Mark(e.said)
	}
	return nil
}

func (e *Echo) write(leg telephony.Leg, f *media.Frame, now time.Time) error {
	e.until = later(e.until, now).Add(media.FrameDuration)
	return leg.Write(f)
}

func (e *Echo) record(echo *media.Frame) {
	if e.cfg.Recorder != nil {
		e.cfg.Recorder.Record(&e.frame, echo)
	}
}
