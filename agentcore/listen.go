package agentcore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
)

// event is one thing that happened on the call, on its way to converse.
type event struct {
	kind   eventKind
	at     time.Time // when it happened
	voice  time.Time // began: the first sample of it that had voice; ended: the last
	reply  int
	phrase int
	digit  byte
	leave  bool        // handed: the agent was to leave for it
	id     string      // handed: of the transfer
	result *asr.Result // result, guess
	sound  answer.Sound
	err    error
}

// mostEvents is how many may wait for converse, 3 KB. It waits for nobody, and
// who has more to tell may.
const mostEvents = 16

type eventKind uint8

const (
	evBegan   eventKind = iota + 1 // the caller began to speak
	evEnded                        // the caller has finished
	evResult                       // the recogniser's final word on an utterance
	evDeaf                         // the recogniser is dead
	evDigit                        // a key
	evPlayed                       // a mark of a reply came back played
	evAudio                        // the first frame of a reply was sent
	evSent                         // all of a reply was sent; phrase is how many phrases it had
	evFailed                       // a reply broke; err says why
	evGoodbye                      // a reply is the agent's last
	evHeld                         // a reply may not be cut by the caller from now on
	evHanded                       // a tool hands the call to somebody else
	evCollect                      // a tool wants the caller to key something in
	evSound                        // something that tells who answered was heard
	evGuess                        // what the recogniser guesses of words that are being said
	evMachine                      // a tool says that a voicemail is on the line
)

// listen owns the receiving side of leg. Frames stop here: only what they mean
// goes on as events.
func (c *Conversation) listen(ctx context.Context, leg telephony.Leg, stream asr.Stream) error {
	var caller, agent, nothing media.Frame
	ear := newEar(c.cfg.Detector, stream, c.cfg.Agent)
	var who *answer.Ear
	for {
		ev, err := next(leg, &caller)
		if err != nil {
			return err
		}
		switch ev.Kind {
		case telephony.Audio:
			now := time.Now()
			c.ledger.play(&agent, now)
			switch {
			case c.cfg.Recorder == nil:
			case c.discreet(now):
				c.cfg.Recorder.Record(&nothing, &agent) // the keys' tones would tell them
			default:
				c.cfg.Recorder.Record(&caller, &agent)
			}
			change, voice := ear.hear(&caller, now)
			c.tellVoice(ctx, change, now, voice)
			who = c.hearWho(ctx, who, &caller, ear.speech, now)
			ear.signal(change) // its words must not overtake the end of the utterance
			if ear.dropped {
				c.cfg.Observer.FrameDropped("recogniser")
			}
		case telephony.Digit:
			c.tellKey(ctx, ev.Digit)
		case telephony.Played:
			reply, phrase := ofMark(ev.Mark)
			c.tellOf(ctx, evPlayed, reply, phrase)
		}
	}
}

// next waits for what leg brings. It fails with [errGone] once the leg is let go.
func next(leg telephony.Leg, f *media.Frame) (telephony.Event, error) {
	ev, err := leg.Next(f)
	switch {
	case errors.Is(err, io.EOF):
		return ev, errGone
	case err != nil:
		return ev, fmt.Errorf("agentcore: listen: %w", err)
	}
	return ev, nil
}

// ear hears one caller: it feeds the recogniser, and finds where utterances
// begin and end.
type ear struct {
	detector vad.Detector // nil: deaf
	tracker  *vad.Tracker
	stream   asr.Stream
	dropped  bool    // the recogniser did not take the last frame
	speech   float32 // the probability that the last frame held speech
}

func newEar(d vad.Detector, s asr.Stream, a Agent) *ear {
	return &ear{detector: d, stream: s, tracker: vad.NewTracker(vad.TrackerConfig{
		PauseWait: a.PauseWait, EndpointWait: a.EndpointWait,
	})}
}

// hear takes the caller's frame that ended now. voice is when the voice began, or
// ended, that the change tells of.
func (e *ear) hear(f *media.Frame, now time.Time) (change vad.Change, voice time.Time) {
	if e.detector == nil {
		return vad.None, voice
	}
	e.dropped = !e.stream.Write(f)
	e.speech = e.detector.Speech(f)
	change = e.tracker.Step(e.speech)
	// Positions count the caller's frames; this one ended now.
	when := func(position time.Duration) time.Time { return now.Add(position - e.tracker.Now()) }
	switch change {
	case vad.Began:
		voice = when(e.tracker.BeganAt())
	case vad.Ended:
		voice = when(e.tracker.VoicedUntil())
	}
	return change, voice
}

// signal tells the recogniser of a change.
func (e *ear) signal(change vad.Change) {
	switch change {
	case vad.Began:
		e.stream.Signal(asr.Began)
	case vad.Paused:
		e.stream.Signal(asr.Paused)
	case vad.Resumed:
		e.stream.Signal(asr.Resumed)
	case vad.Ended:
		e.stream.Signal(asr.Ended)
	}
}

// recognize passes on what the recogniser understood, until its stream is
// closed.
func (c *Conversation) recognize(ctx context.Context, stream asr.Stream) {
	for r := range stream.Results() {
		if !r.Final {
			c.cfg.Interim(r.Text)
			if c.judging.Load() {
				c.tellWords(ctx, evGuess, r)
			}
			continue
		}
		c.cfg.Observer.RecogniserQueued(r.Queued)
		c.tellWords(ctx, evResult, r)
	}
	if ctx.Err() == nil { // else it is closed because the call is over
		c.tellOf(ctx, evDeaf, 0, 0)
	}
}

// An event is 200 bytes. It is put together in functions of its own, not inlined,
// so that it is not on the stacks of those who wait, in every call, for something
// to tell: 1 KB and a stack of 2 KB grows to 4.

// tellOf tells of a reply, and a phrase of it, or of neither.
//
//go:noinline
func (c *Conversation) tellOf(ctx context.Context, kind eventKind, reply, phrase int) {
	c.tell(ctx, event{kind: kind, at: time.Now(), reply: reply, phrase: phrase})
}

// tellFailed tells that a reply broke.
//
//go:noinline
func (c *Conversation) tellFailed(ctx context.Context, reply int, err error) {
	c.tell(ctx, event{kind: evFailed, at: time.Now(), reply: reply, err: err})
}

// tellKey tells of a key.
//
//go:noinline
func (c *Conversation) tellKey(ctx context.Context, digit byte) {
	c.tell(ctx, event{kind: evDigit, at: time.Now(), digit: digit})
}

// tellVoice tells of a change in the caller's voice, if converse has to know.
//
//go:noinline
func (c *Conversation) tellVoice(ctx context.Context, change vad.Change, now, voice time.Time) {
	switch change {
	case vad.Began:
		c.tell(ctx, event{kind: evBegan, at: now, voice: voice})
	case vad.Ended:
		c.tell(ctx, event{kind: evEnded, at: now, voice: voice})
	}
}

// tellWords tells what the recogniser understood.
//
//go:noinline
func (c *Conversation) tellWords(ctx context.Context, kind eventKind, r asr.Result) {
	c.tell(ctx, event{kind: kind, at: time.Now(), result: &r})
}

// tellSound tells of a sound that says who answered.
//
//go:noinline
func (c *Conversation) tellSound(ctx context.Context, now time.Time, s answer.Sound) {
	c.tell(ctx, event{kind: evSound, at: now, sound: s})
}

func (c *Conversation) tell(ctx context.Context, ev event) {
	select {
	case c.events <- ev:
	case <-ctx.Done():
	}
}
