package captions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
)

// Ear is where both sides of a call are heard, every 20 ms. It fails with
// [io.EOF] when nothing follows, or with ctx's cause. [media/tap.Ear] is one.
type Ear interface {
	Next(ctx context.Context, caller, agent *media.Frame) error
}

// Config is what a [Captioner] needs.
type Config struct {
	Call  telephony.CallID
	Job   string // its id
	Agent string // the listener's name

	Recognizer asr.Recognizer // required; closed by who made it
	Options    asr.Options
	Detector   func() (vad.Detector, error) // a new one for each side. Required
	Ear        Ear                          // required; closed by who made it

	// Past is the call's journal so far, and Entries all that follow; an entry may
	// be in both. Without Past the Captioner finds out who has the floor from what
	// follows; until then it listens to the agent's side, too.
	Past    []agentcore.Entry
	Entries <-chan agentcore.Entry

	Store   Store             // required
	Kept    func([]Caption)   // told of captions that the store has. Must not block. Nil: nobody
	Interim func(Interim)     // told of guesses, five a second and side at most; one without text takes the last back. Must not block. Nil: nobody
	Missed  func(part string) // told of each caption that is lost, to the "recogniser" or the "store". Nil: nobody
	Log     *slog.Logger      // nil discards
}

func (c *Config) check() error {
	return errors.Join(
		required("Recognizer", c.Recognizer != nil),
		required("Detector", c.Detector != nil),
		required("Ear", c.Ear != nil),
		required("Store", c.Store != nil),
	)
}

func required(name string, ok bool) error {
	if ok {
		return nil
	}
	return fmt.Errorf("captions: Config.%s is required", name)
}

func (c *Config) defaults() {
	if c.Kept == nil {
		c.Kept = func([]Caption) {}
	}
	if c.Interim == nil {
		c.Interim = func(Interim) {}
	}
	if c.Missed == nil {
		c.Missed = func(string) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Captioner writes down one call. Make one for each job.
type Captioner struct {
	cfg           Config
	floor         floor
	scribe        *scribe
	caller, agent *side
	watching      bool          // the agent's side is listened to
	ended         chan struct{} // closed when the journal is over
	give          context.CancelCauseFunc
}

// New checks cfg and returns a Captioner ready to Run.
func New(cfg Config) (*Captioner, error) {
	cfg.defaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := &Captioner{cfg: cfg, ended: make(chan struct{})}
	c.scribe = &scribe{
		call: cfg.Call, store: cfg.Store, interim: cfg.Interim, kept: cfg.Kept, missed: cfg.Missed, log: cfg.Log,
		soon: make(chan struct{}, 1), shown: map[Side]Interim{}, at: map[Side]time.Time{},
	}
	for _, e := range cfg.Past {
		c.floor.read(e)
	}
	return c, nil
}

const (
	tendEvery   = 500 * time.Millisecond
	lastWords   = 3 * time.Second // for what is owed when the call is over
	takenOff    = time.Second     // for it when the agent is taken off the call
	lastEntries = time.Second     // for the journal's, when the call is over
	lastWrites  = 5 * time.Second // for the store
)

// Run writes down what is said until the ear is at its end, when it returns nil,
// or ctx is cancelled, whose cause it returns. It fails before that only when a
// recogniser has failed five times in a row. When Run returns, what was said is
// in the store and every goroutine that it started is gone.
func (c *Captioner) Run(ctx context.Context) error {
	if err := c.begin(); err != nil {
		return err
	}
	ctx, c.give = context.WithCancelCause(ctx)
	defer c.give(nil)
	// Streams and the store outlive ctx by as much as their last words take.
	behind, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()

	var reading, writing sync.WaitGroup
	read, stop := context.WithCancel(behind)
	reading.Go(func() { c.read(read) })
	tending, rest := context.WithCancel(ctx)
	reading.Go(func() { c.tend(tending) })
	writing.Go(func() { c.scribe.run(behind) })

	err := c.hear(ctx, behind)
	rest()
	err = errors.Join(err, c.finish(behind, err == nil))
	stop()
	reading.Wait()
	if w, said := c.floor.over(time.Now()); said {
		c.quote(w)
	}
	end()
	writing.Wait()
	last, over := context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	defer over()
	c.scribe.close(last)
	return err
}

// begin makes both sides.
func (c *Captioner) begin() error {
	var err error
	if c.caller, err = c.side(); err != nil {
		return err
	}
	if c.agent, err = c.side(); err != nil {
		return errors.Join(err, c.caller.detector.Close())
	}
	return nil
}

func (c *Captioner) side() (*side, error) {
	d, err := c.cfg.Detector()
	if err != nil {
		return nil, fmt.Errorf("captions: detector: %w", err)
	}
	s := &side{
		detector: d,
		open:     func(ctx context.Context) (asr.Stream, error) { return c.cfg.Recognizer.Open(ctx, c.cfg.Options) },
		said:     c.said, guessed: c.guessed, failed: c.failed,
		missed: func() { c.cfg.Missed("recogniser") },
	}
	s.reset()
	return s, nil
}

// hear takes in the ear's frames until nothing follows. Streams are opened until
// behind ends.
func (c *Captioner) hear(ctx, behind context.Context) error {
	var caller, agent media.Frame
	for {
		switch err := c.cfg.Ear.Next(ctx, &caller, &agent); {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("captions: ear: %w", err)
		}
		c.frame(behind, &caller, &agent, time.Now())
	}
}

// frame takes in the 20 ms that ended now.
func (c *Captioner) frame(ctx context.Context, caller, agent *media.Frame, now time.Time) {
	c.caller.hear(ctx, caller, who{side: Caller}, now)
	w := c.floor.now()
	if w.listen {
		c.watching = true
		c.agent.hear(ctx, agent, w, now)
		return
	}
	if c.watching {
		c.watching = false
		c.agent.hush(now)
	}
}

// tend looks after both sides until ctx ends.
func (c *Captioner) tend(ctx context.Context) {
	every := time.NewTicker(tendEvery)
	defer every.Stop()
	for {
		select {
		case now := <-every.C:
			c.caller.tend(now)
			c.agent.tend(now)
		case <-ctx.Done():
			return
		}
	}
}

// read takes in the journal until it is over, or ctx ends.
func (c *Captioner) read(ctx context.Context) {
	defer close(c.ended)
	for {
		select {
		case e, ok := <-c.cfg.Entries:
			if !ok {
				return
			}
			if c.enter(e) {
				return
			}
		case <-ctx.Done():
			c.drain()
			return
		}
	}
}

// enter takes in an entry, and reports whether it is the last.
func (c *Captioner) enter(e agentcore.Entry) (last bool) {
	if w, said := c.floor.read(e); said {
		c.quote(w)
	}
	_, last = e.Event.(agentcore.Ended)
	return last
}

// drain takes in what waits.
func (c *Captioner) drain() {
	for {
		select {
		case e, ok := <-c.cfg.Entries:
			if !ok || c.enter(e) {
				return
			}
		default:
			return
		}
	}
}

// quote writes down what the journal says of our agent's voice.
func (c *Captioner) quote(w words) {
	if !w.Final {
		c.scribe.guess(Interim{Call: c.cfg.Call, Job: c.cfg.Job, Side: Agent, Text: w.Text, Start: w.Start})
		return
	}
	c.scribe.write(Caption{
		Call: c.cfg.Call, Job: c.cfg.Job, Agent: c.cfg.Agent, Side: Agent, Speaker: w.Speaker,
		Text: w.Text, Start: w.Start, End: w.End,
	})
}

// said writes down what a recogniser understood.
func (c *Captioner) said(u utterance, r asr.Result) {
	text := strings.TrimSpace(strings.ToValidUTF8(r.Text, ""))
	if text == "" || u.who.side != Caller && c.floor.told(u.start, u.end) {
		c.guessed(u, asr.Result{})
		return
	}
	c.scribe.write(Caption{
		Call: c.cfg.Call, Job: c.cfg.Job, Agent: c.cfg.Agent, Side: u.who.side, Speaker: u.who.speaker,
		Text: text, Confidence: r.Confidence, Start: u.start, End: u.end,
	})
}

// guessed shows what a recogniser makes of an utterance so far.
func (c *Captioner) guessed(u utterance, r asr.Result) {
	c.scribe.guess(Interim{
		Call: c.cfg.Call, Job: c.cfg.Job, Side: u.who.side,
		Text: strings.TrimSpace(strings.ToValidUTF8(r.Text, "")), Start: u.start,
	})
}

// mostFailures in a row are more than a bad moment.
const mostFailures = 5

func (c *Captioner) failed(failures int, err error) {
	c.cfg.Log.Warn("captions have a gap: the recogniser failed", "call", c.cfg.Call, "job", c.cfg.Job, "failures", failures, "error", err)
	if failures >= mostFailures {
		c.give(fmt.Errorf("captions: the recogniser failed %d times in a row: %w", failures, err))
	}
}

// finish waits for the last words of both sides, and of the journal: for longer
// when the call is over than when the agent is taken off it.
func (c *Captioner) finish(behind context.Context, over bool) error {
	wait := takenOff
	if over {
		wait = lastWords
	}
	ctx, stop := context.WithTimeout(behind, wait)
	defer stop()
	var wg sync.WaitGroup
	var caller, agent error
	wg.Go(func() { caller = c.caller.close(ctx, time.Now()) })
	wg.Go(func() { agent = c.agent.close(ctx, time.Now()) })
	wg.Go(func() {
		if over {
			c.await(ctx)
		}
	})
	wg.Wait()
	return errors.Join(caller, agent)
}

// await waits for the journal's last entries: they are committed when the line is
// let go.
func (c *Captioner) await(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, lastEntries)
	defer stop()
	select {
	case <-c.ended:
	case <-ctx.Done():
	}
}
