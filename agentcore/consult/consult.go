// Package consult finds out who answered the other leg of a transfer, and
// whether they take the call.
package consult

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
)

// Config is what a consultation needs.
type Config struct {
	Voice    tts.Synthesizer // required
	Detector vad.Detector    // of this leg alone; Run closes it. Required

	// Whisper is what who answers is told before they decide, at most 500
	// characters of it. Empty: that somebody speaks is enough, and no key is asked
	// for.
	Whisper string
	Keys    string // said behind Whisper: which key does what. Empty has a default made of the two below
	Accept  byte   // key that takes the call. Zero means '1'
	Decline byte   // key that doesn't. Zero means '2'
	Hello   string // asked once when nobody speaks. Empty has a default

	Pause      time.Duration // of silence that ends what somebody says. Zero means 600 ms
	Short      time.Duration // who speaks no longer when they answer is a person, and not waited with. Zero means 1.2 s
	Person     time.Duration // the longest that a person speaks when they answer. Zero means 3 s
	BeepWait   time.Duration // for the beep of a greeting that is as long, behind Pause. Zero means 1 s
	Machine    time.Duration // whoever speaks longer without a pause is a recording. Zero means 4.5 s
	HelloWait  time.Duration // that nobody speaks, before Hello and again behind it. Zero means 6 s
	FirstPause time.Duration // that Whisper waits for a first pause. Zero means 2.5 s
	Again      time.Duration // from the end of Whisper to its repetition. Zero means 4 s
	KeyWait    time.Duration // for a key, from the end of the repetition. Zero means 10 s

	Lead time.Duration // how far ahead of the clock audio is sent. Zero means 200 ms
	Log  *slog.Logger  // nil discards
}

// mostWhisper bounds Config.Whisper, in characters: half a minute.
const mostWhisper = 500

// Outcomes of a call that nobody took.
const (
	Declined  = "declined"  // by key, or they hung up
	Voicemail = "voicemail" // a recording answered
	Silent    = "silent"    // nobody spoke, or pressed a key
)

// Verdict is what came of a consultation.
type Verdict struct {
	Accepted bool
	Outcome  string // empty if Accepted
	Reason   string // of Outcome, for people; neither words nor numbers of anybody. Empty if Accepted, or if nobody said a word
}

func (cfg *Config) defaults() error {
	if cfg.Voice == nil || cfg.Detector == nil {
		return errors.New("consult: Config.Voice and Config.Detector are required")
	}
	orByte(&cfg.Accept, '1')
	orByte(&cfg.Decline, '2')
	if cfg.Keys == "" {
		cfg.Keys = fmt.Sprintf("Press %c to take the call, or %c to decline.", cfg.Accept, cfg.Decline)
	}
	if cfg.Hello == "" {
		cfg.Hello = "Hello? Is anybody there?"
	}
	if w := []rune(cfg.Whisper); len(w) > mostWhisper {
		cfg.Whisper = string(w[:mostWhisper])
	}
	orDuration(&cfg.Pause, 600*time.Millisecond)
	orDuration(&cfg.Short, 1200*time.Millisecond)
	orDuration(&cfg.Person, 3*time.Second)
	orDuration(&cfg.BeepWait, time.Second)
	orDuration(&cfg.Machine, 4500*time.Millisecond)
	orDuration(&cfg.HelloWait, 6*time.Second)
	orDuration(&cfg.FirstPause, 2500*time.Millisecond)
	orDuration(&cfg.Again, 4*time.Second)
	orDuration(&cfg.KeyWait, 10*time.Second)
	orDuration(&cfg.Lead, 200*time.Millisecond)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

func orByte(b *byte, other byte) {
	if *b == 0 {
		*b = other
	}
}

func orDuration(d *time.Duration, other time.Duration) {
	if *d == 0 {
		*d = other
	}
}

// Run talks on leg until it knows whether who answered takes the call. Somebody
// who hangs up has declined. It does not let go of leg, unless ctx ends; then it
// returns the cause, and another error if the voice fails. Every goroutine that
// it started is gone when it returns.
func Run(ctx context.Context, cfg Config, leg telephony.Leg) (v Verdict, err error) {
	if cfg.Detector != nil {
		defer func() { err = errors.Join(err, cfg.Detector.Close()) }()
	}
	if err := cfg.defaults(); err != nil {
		return Verdict{}, err
	}
	let := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(let)
		_ = leg.Hangup(context.WithoutCancel(ctx)) // frees Next; ctx says why
	})
	defer func() {
		if !stop() {
			<-let
		}
	}()
	t := newTalk(ctx, cfg, leg)
	defer t.mouth.hush()
	v, err = t.run(ctx)
	if err == nil {
		cfg.Log.Info("consulted who answered a transfer", "accepted", v.Accepted, "outcome", v.Outcome, "reason", v.Reason)
	}
	return v, err
}

// talk is one consultation. One goroutine uses it.
type talk struct {
	cfg   Config
	leg   telephony.Leg
	ear   *ear
	mouth *mouth
	mind  mind
	since time.Time // that nobody has spoken, or what Whisper waits for
}

// mind decides. Both methods return a verdict once there is one.
type mind interface {
	// spoke is told of what somebody said, when it is over.
	spoke(long time.Duration) *Verdict
	// tick is asked every 20 ms.
	tick(now time.Time) *Verdict
}

func newTalk(ctx context.Context, cfg Config, leg telephony.Leg) *talk {
	t := &talk{
		cfg: cfg, leg: leg, since: time.Now(),
		ear:   newEar(cfg),
		mouth: &mouth{ctx: ctx, leg: leg, voice: cfg.Voice, lead: cfg.Lead},
	}
	t.mind = &check{talk: t}
	if cfg.Whisper != "" {
		t.mind = &whisper{talk: t}
	}
	return t
}

// run reads the leg. Frames come every 20 ms: they are its clock.
func (t *talk) run(ctx context.Context) (Verdict, error) {
	var f media.Frame
	for {
		ev, err := t.leg.Next(&f)
		switch {
		case ctx.Err() != nil:
			return Verdict{}, context.Cause(ctx)
		case errors.Is(err, telephony.ErrLost):
			return Verdict{Outcome: Declined, Reason: "they hung up"}, nil
		case err != nil:
			return Verdict{}, fmt.Errorf("consult: %w", err)
		}
		v, err := t.take(ev, &f)
		switch {
		case ctx.Err() != nil:
			return Verdict{}, context.Cause(ctx)
		case err != nil:
			return Verdict{}, err
		case v != nil:
			return *v, nil
		}
	}
}

// take applies one thing that happened on the leg.
func (t *talk) take(ev telephony.Event, f *media.Frame) (*Verdict, error) {
	now := time.Now()
	switch ev.Kind {
	case telephony.Digit:
		return t.pressed(ev.Digit), nil
	case telephony.Played:
		t.mouth.played(ev.Mark)
	case telephony.Audio:
		return t.hear(f, now)
	}
	return nil, nil //nolint:nilnil // nothing is decided, and nothing wrong
}

// pressed takes a key, whatever else goes on.
func (t *talk) pressed(key byte) *Verdict {
	switch key {
	case t.cfg.Accept:
		return &Verdict{Accepted: true}
	case t.cfg.Decline:
		return &Verdict{Outcome: Declined, Reason: "they pressed the key that declines"}
	}
	return nil
}

func (t *talk) hear(f *media.Frame, now time.Time) (*Verdict, error) {
	if err := t.mouth.err(now); err != nil {
		return nil, fmt.Errorf("consult: voice: %w", err)
	}
	long, ended := t.ear.hear(f)
	switch {
	case t.ear.told != "":
		return &Verdict{Outcome: Voicemail, Reason: t.ear.told}, nil
	case ended:
		if v := t.mind.spoke(long); v != nil {
			return v, nil
		}
	}
	return t.mind.tick(now), nil
}
