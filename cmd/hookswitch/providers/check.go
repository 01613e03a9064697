package providers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// Check is what came of one real round trip.
type Check struct {
	Stage   provider.Stage
	Model   string        // that was asked
	Latency time.Duration // to the first byte that matters: the words, a token, a sound
	Cost    *float64      // US dollars by the list price; nil: not known
	Err     error         // nil: it works
}

// Check asks p once for each of its stages, one after another.
func (p Provider) Check(ctx context.Context, a Access) []Check {
	var all []Check
	if p.Hears != nil {
		all = append(all, p.Hears.check(ctx, p.Name, a))
	}
	if p.Thinks != nil {
		all = append(all, p.Thinks.check(ctx, p.Name, a))
	}
	if p.Speaks != nil {
		all = append(all, p.Speaks.check(ctx, p.Name, a))
	}
	return all
}

// said is "one two three", spoken by flite's rms: µ-law, 8 kHz.
//
//go:embed one_two_three.ulaw
var said []byte

var errNothing = errors.New("it answered, and heard nothing in a spoken sentence")

func (h *Hears) check(ctx context.Context, name string, a Access) Check {
	c := Check{Stage: provider.Recogniser, Model: first(h.Models)}
	format := live.Mulaw
	if len(h.Formats) > 0 && !contains(h.Formats, format) {
		format = h.Formats[0]
	}
	r, err := h.New(a, Hearing{Model: c.Model, Format: format, Language: "en-US"})
	if err != nil {
		c.Err = err
		return c
	}
	defer closed(r)
	stream, err := r.Open(ctx, asr.Options{Language: "en-US"})
	if err != nil {
		c.Err = err
		return c
	}
	defer stream.Close()
	seconds := hear(stream)
	began := time.Now()
	c.Err = words(ctx, name, stream)
	c.Latency = time.Since(began)
	c.Cost = cost(h.Prices[c.Model], map[provider.Unit]float64{provider.AudioSeconds: seconds})
	return c
}

// hear writes the sentence, with silence around it, and returns its seconds.
func hear(s asr.Stream) float64 {
	var f media.Frame
	n := 0
	write := func(silence time.Duration) {
		f = media.Frame{}
		for ; silence > 0; silence -= media.FrameDuration {
			s.Write(&f)
			n++
		}
	}
	write(200 * time.Millisecond)
	s.Signal(asr.Began)
	for b := said; g711.Decode(&f, b) == nil; b = b[g711.FrameBytes:] {
		s.Write(&f)
		n++
	}
	write(200 * time.Millisecond)
	s.Signal(asr.Paused)
	write(300 * time.Millisecond)
	s.Signal(asr.Ended)
	return float64(n) * media.FrameDuration.Seconds()
}

// words waits for the final result.
func words(ctx context.Context, name string, s asr.Stream) error {
	for {
		select {
		case r, ok := <-s.Results():
			switch {
			case !ok:
				return provider.New(name, "decode", provider.Unavailable, errors.New("the stream ended without an answer"))
			case r.Err != nil:
				return r.Err
			case r.Final && r.Text == "":
				return provider.New(name, "decode", provider.Garbage, errNothing)
			case r.Final:
				return nil
			}
		case <-ctx.Done():
			return provider.Failure(ctx, name, "decode", ctx.Err())
		}
	}
}

func (t *Thinks) check(ctx context.Context, name string, a Access) Check {
	c := Check{Stage: provider.Model, Model: first(t.Models)}
	m, err := t.New(a, Thinking{Model: c.Model, Replaceable: true})
	if err != nil {
		c.Err = err
		return c
	}
	began, spoke := time.Now(), false
	for d, err := range m.Chat(ctx, llm.Request{Messages: []llm.Message{
		{Role: llm.System, Text: "Answer with one word."}, {Role: llm.User, Text: "Say yes."},
	}}) {
		if err != nil {
			c.Err, c.Latency = err, time.Since(began)
			return c
		}
		if d.Text != "" && !spoke {
			spoke, c.Latency = true, time.Since(began)
		}
		if d.Usage != nil {
			c.Cost = cost(t.Prices[c.Model], map[provider.Unit]float64{
				provider.InputTokens: float64(d.Usage.Input - d.Usage.Cached), provider.CachedTokens: float64(d.Usage.Cached), provider.OutputTokens: float64(d.Usage.Output),
			})
		}
	}
	if !spoke {
		c.Err = provider.New(name, "chat", provider.Garbage, errors.New("it answered without a word"))
	}
	return c
}

func (s *Speaks) check(ctx context.Context, name string, a Access) Check {
	c := Check{Stage: provider.Voice, Model: s.Model(a)}
	voices, err := s.Voices(ctx, a)
	if err == nil && len(voices) == 0 {
		err = provider.New(name, "voices", provider.Refused, errors.New("no voice of it is known"))
	}
	if err != nil {
		c.Err = err
		return c
	}
	v, err := s.New(a, voices[0].ID)
	if err != nil {
		c.Err = err
		return c
	}
	defer v.Close()
	const text = "One."
	began, loudest, frames := time.Now(), 0, 0
	c.Err = v.Speak(ctx, text, tts.Frames(func(f *media.Frame) error {
		if c.Latency == 0 {
			c.Latency = time.Since(began)
		}
		frames++
		for _, x := range f {
			loudest = max(loudest, int(math.Abs(float64(x))))
		}
		return nil
	}))
	price := s.Prices[c.Model]
	if _, byTime := price[provider.AudioSeconds]; byTime {
		c.Cost = cost(price, map[provider.Unit]float64{provider.AudioSeconds: float64(frames) * media.FrameDuration.Seconds()})
	} else {
		c.Cost = cost(price, map[provider.Unit]float64{provider.Characters: float64(len(text))})
	}
	if c.Err == nil && loudest < 500 {
		c.Err = provider.New(name, "speak", provider.Garbage, fmt.Errorf("it answered with silence: the loudest sample of a spoken word is %d", loudest))
	}
	return c
}

// cost is what units cost; nil when a price of one that was used is not known.
func cost(p provider.Prices, units map[provider.Unit]float64) *float64 {
	sum := 0.
	for _, unit := range slices.Sorted(maps.Keys(units)) { // in one order, for one sum
		n := units[unit]
		price, ok := p[unit]
		if n > 0 && !ok {
			return nil
		}
		sum += n * price
	}
	return &sum
}

func first(all []string) string {
	if len(all) > 0 {
		return all[0]
	}
	return ""
}

func contains(all []live.Format, f live.Format) bool {
	for _, one := range all {
		if one == f {
			return true
		}
	}
	return false
}

// closed closes what can be.
func closed(v any) {
	if c, ok := v.(interface{ Close() error }); ok {
		_ = c.Close() // it was only tried
	}
}
