package agentcore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
)

// Config is what a Conversation is made of.
type Config struct {
	Call  telephony.Call
	Agent Agent

	Recognizer asr.Recognizer  // nil: the agent is deaf and understands keys only
	Hearing    asr.Options     // what the recogniser is told of the agent
	Detector   vad.Detector    // of this call alone; Run closes it. Required with a Recognizer
	Model      llm.Model       // required
	Voice      tts.Synthesizer // required
	Spare      tts.Synthesizer // says the apology when Voice has failed; nil: Voice is asked again
	Tools      []tools.Tool    // names are unique
	Variables  vars.Set        // what the agent's texts and the tools may name; tools may set others. Not changed
	Secrets    *Secrets        // what the caller keyed in for tools alone; one for all legs of a call. nil: it is lost with the leg
	Journal    Journal         // required
	Past       []Entry         // the journal so far, when the call goes on after its leg was lost
	Observer   Observer        // nil: nobody is told
	Recorder   Recorder        // nil: nothing is recorded. Run doesn't close it
	News       <-chan News     // what becomes of a transfer while the agent stays; nil: nothing
	Withdraw   func(id string) // a transfer that the agent has not left for is wanted no more, maybe one of who had the floor before; must not block. nil: nobody is told
	Interim    func(string)    // what the recogniser guesses while the caller speaks; nil: nobody is told
	Answering  *Answering      // of a call that was placed: who answered is found out. nil: whoever it is, is taken for a person
	Pipeline   string          // what hears, thinks and speaks, for people to read
	Floor      string          // id of the job that has the floor, see package room; empty: the call's own agent
	Yield      func() bool     // asked when the agent would end the call: true if somebody waits for the floor, who gets it then. Must not block. Nil: nobody does

	// Used is what was used of what is billed since it was last asked. It must not
	// block. nil: the journal says nothing of it.
	Used func() cost.Usage

	Lead time.Duration // how far ahead of the clock audio is sent. Zero means 200 ms
	Lump time.Duration // how much is sent at a time. Zero means 60 ms; at most Lead
	Log  *slog.Logger  // nil discards
}

// News is what became of a transfer of the call, or the carrier's word on who
// answered it. Exactly one of its kinds is set.
type News struct {
	Answerer string // in the carrier's word, such as machine_start
	Transfer string // its id
	Accepted bool   // somebody waits for the caller: the agent says so and leaves
	Over     *TransferOver
}

// Conversation is one call's dialogue on one leg. Make one for each leg.
type Conversation struct {
	holder
	cfg    Config
	ledger *ledger
	tools  tools.Set
	uses   uses
	events chan event
	speak  chan *utterance
	warned sync.Map    // names of variables that were missed
	mute   atomic.Bool // Voice has failed

	judging atomic.Bool // who answered is being found out
}

// New checks cfg and returns a Conversation ready to Run.
func New(cfg Config) (*Conversation, error) {
	cfg.defaults()
	err := errors.Join(
		required("Model", cfg.Model != nil),
		required("Voice", cfg.Voice != nil),
		required("Journal", cfg.Journal != nil),
		required("Detector (there is a Recognizer)", cfg.Recognizer == nil || cfg.Detector != nil),
	)
	state, bad := Resume(cfg.Past)
	set, twice := tools.NewSet(cfg.Tools...)
	if err := errors.Join(err, bad, twice); err != nil {
		return nil, err
	}
	c := &Conversation{
		holder: holder{
			call: cfg.Call, floor: FloorTaken{Job: cfg.Floor, Agent: cfg.Agent.Name, By: byOwn}, pipeline: cfg.Pipeline,
			journal: cfg.Journal, observer: cfg.Observer, withdraw: cfg.Withdraw, yield: cfg.Yield, used: cfg.Used, state: state,
		},
		cfg: cfg, ledger: newLedger(), tools: set,
		events: make(chan event, mostEvents), speak: make(chan *utterance, 8),
	}
	c.judging.Store(c.asksWho())
	return c, nil
}

func required(name string, ok bool) error {
	if ok {
		return nil
	}
	return fmt.Errorf("agentcore: Config.%s is required", name)
}

func (cfg *Config) defaults() {
	a := &cfg.Agent
	orDuration(&a.EndpointWait, 500*time.Millisecond)
	orDuration(&a.PauseWait, 200*time.Millisecond)
	a.silences()
	orDuration(&a.MaxDuration, 30*time.Minute)
	orDuration(&cfg.Lead, 200*time.Millisecond)
	orDuration(&cfg.Lump, 60*time.Millisecond)
	cfg.Lump = min(cfg.Lump, cfg.Lead)
	if a.Apology == "" {
		a.Apology = "I am sorry, something went wrong here. Please call again later. Goodbye."
	}
	if a.CutOff == "" {
		a.CutOff = "Sorry, we were cut off."
	}
	if a.Filler == "" {
		a.Filler = "One moment, please."
	}
	if a.Connecting == "" {
		a.Connecting = "I am connecting you now."
	}
	if cfg.Secrets == nil {
		cfg.Secrets = &Secrets{}
	}
	orNobody(&cfg.Withdraw, &cfg.Yield, &cfg.Observer)
	if cfg.Interim == nil {
		cfg.Interim = func(string) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
}

func orDuration(d *time.Duration, other time.Duration) {
	if *d == 0 {
		*d = other
	}
}

// orNobody fills in who is told nothing, and whoever never takes the floor away.
func orNobody(withdraw *func(string), yield *func() bool, o *Observer) {
	if *withdraw == nil {
		*withdraw = func(string) {}
	}
	if *yield == nil {
		*yield = func() bool { return false }
	}
	if *o == nil {
		*o = nobody{}
	}
}

// Run talks on leg until the call ends or the leg is lost. When it returns, the
// journal is committed, the leg is let go, and every goroutine that it started
// is gone.
//
// Only a Summary with an End says that the call is over. One that says that the
// agent has Left, or Yields, comes without an error: somebody else has the call,
// or is about to. Without any of these the error says why this leg is done: it wraps [telephony.ErrLost] or the journal's
// error, or is the cause of ctx.
//
// Cancelling ctx with a [telephony.OverError] ends the call for its reason; any
// other cancellation hands the call over: nothing is ended. With [ErrReplaced] the
// agent falls silent before the leg is let go: another talks on it.
//
// Who finds that another had the floor before begins as on a new call: it greets,
// or answers at once when the caller waits for an answer. See [FloorTaken].
func (c *Conversation) Run(ctx context.Context, leg telephony.Leg) (Summary, error) {
	ctx, end := context.WithCancelCause(ctx) // the first cause wins
	writing := c.start(ctx, end)
	var talking, listening sync.WaitGroup
	stream, err := c.hearing(ctx)
	if err != nil {
		c.pen.note(ProviderError{Part: "recogniser", Error: err.Error()})
		c.cfg.Observer.ProviderFailed("recogniser")
	}
	listening.Go(func() { end(c.listen(ctx, leg, stream)) })
	talking.Go(func() { c.recognize(ctx, stream) })
	silent := make(chan struct{})
	talking.Go(func() {
		defer close(silent)
		if err := c.play(ctx, leg); err != nil {
			end(err)
		}
	})
	end(c.converse(ctx, &talking, err != nil))

	writing.Wait()
	gone := c.countOut(&talking)
	if mutant("let-go-before-end") {
		_ = leg.Hangup(ctx)
	}
	sum, err := c.finish(ctx, leg, silent)
	listening.Wait()
	err = errors.Join(err, stream.Close())
	if c.cfg.Detector != nil {
		err = errors.Join(err, c.cfg.Detector.Close())
	}
	<-gone
	c.uses.work.Wait()
	return sum, err
}

// hearing opens the recogniser. Without one, or when it fails, the stream is
// deaf.
func (c *Conversation) hearing(ctx context.Context) (asr.Stream, error) {
	if c.cfg.Recognizer == nil {
		return newDeaf(ctx), nil
	}
	ctx = provider.WithTrace(ctx, provider.Trace{Replaced: c.replaced})
	stream, err := c.cfg.Recognizer.Open(ctx, c.cfg.Hearing)
	if err != nil {
		return newDeaf(ctx), err
	}
	return stream, nil
}

// replaced is told that a provider failed and another went on.
func (c *Conversation) replaced(r provider.Replacement) {
	c.pen.note(ProviderError{Part: string(r.Stage), Error: r.Err.Error(), Provider: r.From, Next: r.To})
	c.cfg.Log.Warn("a provider failed and was replaced", "call", c.cfg.Call.ID, "part", r.Stage, "provider", r.From, "next", r.To, "error", r.Err)
	c.cfg.Observer.ProviderFailed(string(r.Stage))
}

// deaf is a recogniser's stream that hears nothing. It ends with Close or with
// its context.
type deaf struct {
	results chan asr.Result
	once    sync.Once
}

func newDeaf(ctx context.Context) *deaf {
	d := &deaf{results: make(chan asr.Result)}
	context.AfterFunc(ctx, func() { d.Close() })
	return d
}

func (d *deaf) Write(*media.Frame) bool    { return true }
func (d *deaf) Signal(asr.Signal)          {}
func (d *deaf) Results() <-chan asr.Result { return d.results }
func (d *deaf) Close() error               { d.once.Do(func() { close(d.results) }); return nil }
