package live

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// mostIdle is how many connections a Voice keeps for the next phrases.
const mostIdle = 8

// Config of a [Voice].
type Config struct {
	Provider string            // "elevenlabs": for errors. Required.
	Name     string            // what String says. Empty means Provider
	Format   Format            // of the sound that comes
	Protocol func() Protocol   // one for each connection. Required.
	Patience provider.Patience // time-outs; the first piece is the first sound
	Warm     time.Duration     // an idle connection is kept so long. Zero means 15 s, negative none
	MostText int               // bytes of one phrase; longer is refused. Zero means 2000
	TLS      *tls.Config       // nil has a default
}

// Voice speaks over websockets, one phrase at a time on each. It implements
// [tts.Synthesizer] and is used by many calls at once.
type Voice struct {
	cfg  Config
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup // the readers of all connections

	mu   sync.Mutex
	idle []*line // the one that spoke last at the end
}

var _ tts.Synthesizer = (*Voice)(nil)

// New makes a Voice; it does not connect.
func New(c Config) (*Voice, error) {
	var errs []error
	if c.Provider == "" {
		errs = append(errs, errors.New("Provider is required"))
	}
	if c.Protocol == nil {
		errs = append(errs, errors.New("Protocol is required"))
	}
	errs = append(errs, c.Format.check())
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("tts/live: %w", err)
	}
	if c.Name == "" {
		c.Name = c.Provider
	}
	if c.Warm == 0 {
		c.Warm = 15 * time.Second
	}
	if c.MostText <= 0 {
		c.MostText = 2000
	}
	c.Patience = c.Patience.OrDefault()
	v := &Voice{cfg: c}
	v.ctx, v.stop = context.WithCancel(context.Background())
	return v, nil
}

// String names the voice in the line of a call's pipeline.
func (v *Voice) String() string { return v.cfg.Name }

// Close closes every connection, once nobody speaks any more, and waits for
// what reads them.
func (v *Voice) Close() error {
	v.stop()
	v.mu.Lock()
	for _, l := range v.idle {
		l.retire.Stop()
	}
	v.idle = nil
	v.mu.Unlock()
	v.work.Wait()
	return nil
}

// Speak implements [tts.Synthesizer]. Its error is out's own or an *[tts.Error].
func (v *Voice) Speak(ctx context.Context, text string, out tts.Sink) error {
	if !Speakable(text) {
		return nil
	}
	if len(text) > v.cfg.MostText {
		return provider.New(v.cfg.Provider, "speak", provider.Refused, fmt.Errorf("text of %d bytes; %d is the most", len(text), v.cfg.MostText))
	}
	if ctx.Err() != nil {
		return provider.Failure(ctx, v.cfg.Provider, "speak", ctx.Err())
	}
	p, err := NewPour(v.cfg.Format, out)
	if err != nil {
		return provider.New(v.cfg.Provider, "speak", provider.Refused, err)
	}
	w := watchOver(ctx, v.cfg.Patience, p)
	defer w.Stop()
	return told(w, v.cfg.Provider, p, v.speak(w, Clean(text), p))
}

// told is err in the port's form; the sink's own error is told as it is.
func told(w *watch, name string, p *Pour, err error) error {
	var known *provider.Error
	switch {
	case err == nil || p.err != nil:
		return p.err
	case errors.As(err, &known):
		return known
	case errors.Is(err, errTooLong), errors.Is(err, errNothing):
		return provider.New(name, "speak", provider.Garbage, err)
	}
	return provider.Failure(w.Ctx, name, "speak", err)
}

// speak says text on a connection that is there, or on a new one. One that is
// there may have died meanwhile: if so, nobody has heard anything, and a new one
// takes its place.
func (v *Voice) speak(w *watch, text string, p *Pour) error {
	if l := v.awake(); l != nil {
		err := l.say(w, text, p)
		if !errors.Is(err, errDied) || w.Ctx.Err() != nil {
			return err
		}
	}
	l, err := v.dial(w.Ctx)
	if err != nil {
		return err
	}
	return l.say(w, text, p)
}

// awake takes the idle connection that spoke last, if it still stands.
func (v *Voice) awake() *line {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.idle) > 0 {
		l := v.idle[len(v.idle)-1]
		v.idle = v.idle[:len(v.idle)-1]
		if l.retire.Stop(); l.ahead.untouched() {
			return l
		}
		l.end(errUnasked)
	}
	return nil
}

// rest keeps l for the next phrase, if it is fit; false means it is not.
func (v *Voice) rest(l *line) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ctx.Err() != nil || v.cfg.Warm < 0 || len(v.idle) == mostIdle || !l.ahead.untouched() {
		return false
	}
	l.retire = time.AfterFunc(v.cfg.Warm, func() {
		if v.forget(l) {
			l.bye()
		}
	})
	v.idle = append(v.idle, l)
	return true
}

// forget takes l out of the idle ones; false when it was none.
func (v *Voice) forget(l *line) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, other := range v.idle {
		if other == l {
			v.idle = append(v.idle[:i], v.idle[i+1:]...)
			l.retire.Stop()
			return true
		}
	}
	return false
}
