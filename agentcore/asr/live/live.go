package live

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

// Config says how to listen, and to whom.
type Config struct {
	Provider string                     // for errors: "deepgram". Required
	Name     string                     // what String says: "deepgram nova-2 mu-law 8k". Empty means Provider and Format
	Format   Format                     // what the provider is sent. Empty means Mulaw
	Protocol func(asr.Options) Protocol // one for each connection. Required
	Limits   Limits
	Patience provider.Patience // Connect is for the dial; First for what a Protocol waits for before it is Ready

	// FinalWait is how long after Finalize the provider may take to settle the
	// words of an utterance. Zero means 3 s.
	FinalWait time.Duration

	TLS *tls.Config // nil has a default
}

// Recognizer is an [asr.Recognizer] that opens a websocket for each call.
type Recognizer struct{ cfg Config }

// New makes a Recognizer; it does not connect. The errors name the field at
// fault.
func New(c Config) (*Recognizer, error) {
	if c.Format == "" {
		c.Format = Mulaw
	}
	var errs []error
	if c.Provider == "" {
		errs = append(errs, errors.New("live: Provider is required"))
	}
	if c.Protocol == nil {
		errs = append(errs, errors.New("live: Protocol is required"))
	}
	if _, err := NewEncoder(c.Format); err != nil {
		errs = append(errs, err)
	}
	if c.FinalWait < 0 {
		errs = append(errs, errors.New("live: FinalWait must not be negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Recognizer{c.withDefaults()}, nil
}

func (c Config) withDefaults() Config {
	or := func(d *time.Duration, other time.Duration) {
		if *d <= 0 {
			*d = other
		}
	}
	or(&c.FinalWait, 3*time.Second)
	or(&c.Limits.Lump, 40*time.Millisecond)
	or(&c.Limits.Idle, 4*time.Second)
	c.Patience = c.Patience.OrDefault()
	if c.Name == "" {
		c.Name = fmt.Sprint(c.Provider, " ", c.Format)
	}
	return c
}

// lump is how many frames a message carries.
func (c *Config) lump() int { return max(1, int(c.Limits.Lump/media.FrameDuration)) }

// String names the recogniser in a log line.
func (r *Recognizer) String() string { return r.cfg.Name }

// Close implements the recogniser's end. Each stream has its own connection, so
// that there is nothing else to let go of.
func (r *Recognizer) Close() error { return nil }

// Open implements [asr.Recognizer]: it returns at once and dials behind the
// stream.
func (r *Recognizer) Open(ctx context.Context, o asr.Options) (asr.Stream, error) {
	return newStream(ctx, r.cfg, o), nil
}
