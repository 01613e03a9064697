// Package talk lets a person call the agent from a terminal: what they type is
// spoken to it, over a simulated carrier and a gateway of their own, and what it
// says is printed.
package talk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/booth"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// callerNumber is who calls.
const callerNumber = "+14155550134"

// Options of a call. Screen and one of Lines and Sound are required.
type Options struct {
	Config  config.Config // as `serve` has it. What belongs to a gateway that others reach is set aside
	Version string
	Screen  *show.Screen
	Log     *slog.Logger // nil discards

	Lines  Lines // what the caller says and does; the call ends after the last
	Person bool  // somebody types: mistakes are told and the call goes on, and "!" means now

	// Doing is told what the agent does whenever that changes: "agent speaks",
	// or nothing. It must not block. Nil tells nobody.
	Doing func(what string)

	Sound  []media.Frame // instead of Lines: what the caller says, once
	AtOnce bool          // say it when the call is answered, not after the greeting

	Record string // WAV file that the call is recorded to: left the caller, right the agent. Empty means none
}

// Run makes one call and returns when it is over and nothing of it goes on. When
// ctx ends the caller hangs up, and the error is [context.Canceled].
func Run(ctx context.Context, o Options) (err error) {
	record, err := recorder(o.Record)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	g, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	return g.call(ctx, record)
}

// call calls the agent.
func (g *gateway) call(ctx context.Context, record *recording) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	w := booth.NewWatch(g.o.Screen.Call(show.Heading{
		Direction: telephony.Inbound, From: callerNumber, To: server.SimNumber, Caller: "you", Recording: g.o.Record,
	}))
	p := newPhone(g.o.Person, record.Record)
	g.live.Store(&live{w, p})
	defer g.live.Store(nil)

	reading, stop := context.WithCancel(ctx)
	defer stop()
	if g.o.Lines != nil {
		if err := g.o.Lines.Open(reading); err != nil {
			return err
		}
		defer g.o.Lines.Close()
	}
	call, err := g.server.Sim().Call(context.WithoutCancel(ctx), callerNumber, server.SimNumber, booth.Metered(p, w.Shown().Meters()))
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := g.speak(reading, p, call.Hangup); err != nil && reading.Err() == nil {
			end(err)
		}
	})
	err = w.Wait(ctx, call, g.server.Desk(), g.o.Config.Agent.MaxDuration+time.Minute)
	cause := context.Cause(ctx)
	stop()
	wg.Wait()
	g.sum(w, p)
	return errors.Join(err, cause, g.o.Screen.Err())
}

// sum says what came of the call.
func (g *gateway) sum(w *booth.Watch, p *phone) {
	_, entries, _ := w.Known()
	g.o.Screen.Turns(0, show.Turns(entries))
	if n := p.unsaid(); n > 0 {
		fmt.Fprintf(g.o.Screen.Status(), "  the call was over before all was said; left unsaid: %d\n", n)
	}
}

// speak says what there is to say, and hangs up behind it.
func (g *gateway) speak(ctx context.Context, p *phone, hangup func()) error {
	bye := item{touch: handset.Touch{Hangup: true}}
	if g.o.Sound != nil {
		return p.put(ctx, spoken(g.o.Sound, g.o.AtOnce), bye)
	}
	for number := 1; ; number++ {
		text, err := g.o.Lines.ReadLine()
		if ctx.Err() != nil {
			return nil
		}
		var l line
		switch {
		case errors.Is(err, io.EOF):
			l.hangup, err = true, nil
		case err != nil:
			return err
		default:
			l, err = parse(text)
		}
		if err == nil {
			err = g.do(ctx, p, l, hangup)
		}
		if err != nil && (!g.o.Person || ctx.Err() != nil) {
			return at(err, number)
		}
		if err != nil {
			g.tell(err)
		}
		if l.hangup {
			return nil
		}
	}
}

// do does what one line asks for.
func (g *gateway) do(ctx context.Context, p *phone, l line, hangup func()) error {
	switch {
	case l.help:
		io.WriteString(g.o.Screen.Status(), help)
	case l.hangup && (g.o.Person || l.over):
		hangup()
	case l.hangup:
		return p.put(ctx, item{touch: handset.Touch{Hangup: true}})
	case l.keys != "":
		var items []item
		for n, key := range []byte(l.keys) {
			items = append(items, item{touch: handset.Touch{Digit: key}, over: l.over, more: n > 0})
		}
		return p.put(ctx, items...)
	case l.say != "":
		frames, err := booth.Voice(g.caller)(ctx, l.say)
		if err != nil {
			return err
		}
		i := spoken(frames, l.over)
		if i.voiced == 0 {
			return mistake("nothing in that line can be spoken", "write words")
		}
		return p.put(ctx, i)
	}
	return nil
}

// tell tells a person what was wrong with a line.
func (g *gateway) tell(err error) {
	text := err.Error()
	var f *fault.Fault
	switch {
	case errors.As(err, &f):
		text += "; " + f.Mend
	case errors.Is(err, errAhead):
		text = "that is more than can wait to be said; let the agent answer"
	}
	fmt.Fprintf(g.o.Screen.Status(), "  %s\n", show.Clean(text))
}

// spoken is the item that says frames.
func spoken(frames []media.Frame, over bool) item {
	i := item{frames: frames, over: over}
	if _, end, ok := handset.VoicedSpan(frames); ok {
		i.voiced = int((end + media.FrameDuration - 1) / media.FrameDuration)
	}
	return i
}

// recording is a call's recording, or none.
type recording struct {
	file *os.File
	*wav.Recorder
}

// recorder begins a recording at path, in the place of what is there.
func recorder(path string) (*recording, error) {
	if path == "" {
		return &recording{}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		var pe *os.PathError
		errors.As(err, &pe)
		return nil, &fault.Fault{What: "the call can't be recorded: " + pe.Err.Error(), Where: fault.Keep("--record " + path),
			Mend: "name a file in a folder that is there and can be written to", Code: "talk/record", Exit: fault.Wrong, Err: err}
	}
	r, err := wav.NewRecorder(f, wav.RecorderConfig{})
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &recording{f, r}, nil
}

// Record keeps 20 ms.
func (r *recording) Record(say, hear *media.Frame) {
	if r.Recorder != nil {
		r.Recorder.Record(say, hear)
	}
}

// Close finishes the file.
func (r *recording) Close() error {
	if r.Recorder == nil {
		return nil
	}
	return errors.Join(r.Recorder.Close(), r.file.Close())
}
