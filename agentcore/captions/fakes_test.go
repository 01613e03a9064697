package captions_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
)

// voice is somebody who says text number text for so long.
type voice struct {
	at, lasts time.Duration
	text      int
}

// call is an ear that hears two sides by the clock, until it is over.
type call struct {
	caller, agent []voice
	lasts         time.Duration
	holes         []voice // no frames come meanwhile
	began         time.Time
	frames        int
}

func (c *call) Next(ctx context.Context, caller, agent *media.Frame) error {
	if c.began.IsZero() {
		c.began = time.Now()
	}
	at := time.Duration(c.frames) * media.FrameDuration
	for _, h := range c.holes {
		if at >= h.at && at < h.at+h.lasts {
			at = h.at + h.lasts
		}
	}
	if at >= c.lasts {
		return io.EOF
	}
	wait := time.NewTimer(time.Until(c.began.Add(at + media.FrameDuration)))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	c.frames = int(at/media.FrameDuration) + 1
	say(caller, c.caller, at)
	say(agent, c.agent, at)
	return nil
}

func say(f *media.Frame, all []voice, at time.Duration) {
	*f = media.Frame{}
	for _, v := range all {
		if at >= v.at && at < v.at+v.lasts {
			agenttest.Code(f, v.text, 0)
		}
	}
}

// book is a store in memory that fails as often as it is told to.
type book struct {
	mu    sync.Mutex
	all   []captions.Caption
	fails int
	tries int
}

func (b *book) Append(_ context.Context, _ telephony.CallID, all []captions.Caption) ([]captions.Caption, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tries++; b.fails > 0 {
		b.fails--
		return nil, errors.New("the disk is full")
	}
	first := len(b.all)
	for _, c := range all {
		c.N = len(b.all) + 1
		b.all = append(b.all, c)
	}
	return append([]captions.Caption(nil), b.all[first:]...), nil
}

func (b *book) Captions(context.Context, string, telephony.CallID, int, int) ([]captions.Caption, error) {
	return nil, errors.New("nobody asks")
}

// counted is a recogniser that knows how many of its streams are open.
type counted struct {
	asr.Recognizer
	mu           sync.Mutex
	opened, open int
}

func (c *counted) Open(ctx context.Context, o asr.Options) (asr.Stream, error) {
	s, err := c.Recognizer.Open(ctx, o)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opened++; err != nil {
		return nil, err
	}
	c.open++
	return &countedStream{s, c}, nil
}

func (c *counted) look() (opened, open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened, c.open
}

type countedStream struct {
	asr.Stream
	of *counted
}

func (s *countedStream) Close() error {
	s.of.mu.Lock()
	s.of.open--
	s.of.mu.Unlock()
	return s.Stream.Close()
}

// desk is all that a Captioner needs, with a recogniser that reads coded speech.
type desk struct {
	book     book
	heard    *counted
	entries  chan agentcore.Entry
	n        int
	mu       sync.Mutex
	interims []captions.Interim
	missed   map[string]int
	began    time.Time
}

func newDesk(texts ...string) *desk {
	return &desk{
		heard:   &counted{Recognizer: &agenttest.Hearer{Texts: texts, Lag: 100 * time.Millisecond}},
		entries: make(chan agentcore.Entry, 100), missed: map[string]int{}, began: time.Now(),
	}
}

func (d *desk) config(ear captions.Ear) captions.Config {
	return captions.Config{
		Call: "c1", Job: "AJ_1", Agent: "live-captions",
		Recognizer: d.heard, Detector: func() (vad.Detector, error) { return agenttest.Detector{}, nil },
		Ear: ear, Entries: d.entries, Store: &d.book,
		Interim: func(i captions.Interim) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.interims = append(d.interims, i)
		},
		Missed: func(part string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.missed[part]++
		},
	}
}

// lost is how often words were lost to part.
func (d *desk) lost(part string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.missed[part]
}

// entry is the journal's next, now.
func (d *desk) entry(ev agentcore.Event) agentcore.Entry {
	d.n++
	return agentcore.Entry{N: d.n, At: time.Since(d.began), Wall: time.Now(), Event: ev}
}

// at writes an entry so long after the beginning.
func (d *desk) at(wait time.Duration, all ...agentcore.Event) {
	time.Sleep(time.Until(d.began.Add(wait)))
	for _, ev := range all {
		d.entries <- d.entry(ev)
	}
}

func run(t *testing.T, cfg captions.Config) error {
	t.Helper()
	c, err := captions.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c.Run(t.Context())
}

// line is a caption as one reads it.
type line struct {
	side       captions.Side
	speaker    string
	text       string
	start, end time.Duration
}

func (d *desk) lines() (all []line) {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	for _, c := range d.book.all {
		all = append(all, line{c.Side, c.Speaker, c.Text, c.Start.Sub(d.began), c.End.Sub(d.began)})
	}
	return all
}
