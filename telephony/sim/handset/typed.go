package handset

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// ErrBacklog is returned when more is typed than can be said.
var ErrBacklog = errors.New("handset: too much typed ahead")

// backlog is how many typed things may wait to be said.
const backlog = 16

// TypedConfig describes a phone whose person types.
type TypedConfig struct {
	Voice  Voice         // speaks what is typed. Required for Say
	AtOnce bool          // talk over the agent. Default: wait until it is silent
	Quiet  time.Duration // silence that lets a line go. Zero means 300 ms
}

// Typed is a [Handset] for a person who types lines. Its methods may be called
// from any goroutine, before and during the call.
type Typed struct {
	cfg  TypedConfig
	todo chan typedItem

	// used by Tick alone
	now   []media.Frame
	quiet time.Duration // since the agent was heard
}

type typedItem struct {
	frames []media.Frame
	touch  Touch
}

// NewTyped returns a phone that waits for what is typed.
func NewTyped(cfg TypedConfig) *Typed {
	if cfg.Quiet == 0 {
		cfg.Quiet = 300 * time.Millisecond
	}
	return &Typed{cfg: cfg, todo: make(chan typedItem, backlog), quiet: cfg.Quiet}
}

// Say synthesises text, in the caller's goroutine, and queues it to be said.
func (t *Typed) Say(ctx context.Context, text string) error {
	frames, err := t.cfg.Voice(ctx, text)
	if err != nil {
		return err
	}
	return t.Play(frames)
}

// Play queues frames to be said; they must not change afterwards.
func (t *Typed) Play(frames []media.Frame) error { return t.put(typedItem{frames: frames}) }

// Press queues a key.
func (t *Typed) Press(digit byte) error { return t.put(typedItem{touch: Touch{Digit: digit}}) }

// Hangup queues the end of the call, behind what was typed before.
func (t *Typed) Hangup() error { return t.put(typedItem{touch: Touch{Hangup: true}}) }

func (t *Typed) put(i typedItem) error {
	select {
	case t.todo <- i:
		return nil
	default:
		return ErrBacklog
	}
}

// Tick implements [Handset].
func (t *Typed) Tick(_ time.Duration, hear, say *media.Frame) Touch {
	if _, _, ok := Voiced(hear); ok {
		t.quiet = 0
	} else {
		t.quiet += media.FrameDuration
	}
	if len(t.now) == 0 {
		if t.quiet < t.cfg.Quiet && !t.cfg.AtOnce {
			return Touch{}
		}
		select {
		case i := <-t.todo:
			t.now = i.frames
			if len(i.frames) == 0 {
				return i.touch
			}
		default:
			return Touch{}
		}
	}
	*say, t.now = t.now[0], t.now[1:]
	return Touch{}
}
