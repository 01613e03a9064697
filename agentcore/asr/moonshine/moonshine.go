// Package moonshine recognises English speech with the network Moonshine tiny,
// in this process and without an account.
//
// The network takes a whole utterance at once, 30 s at most. So a stream
// collects what the caller says, from half a second before the voice detector
// was sure; it makes a guess whenever the caller pauses, and when they turn out
// to have finished, the guess is the result and has cost no waiting. Many calls
// share as many workers as there are cores.
package moonshine

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/models"
)

// Config of a [Recognizer].
type Config struct {
	// Runtime runs the models. Required; closed after the Recognizer.
	Runtime *models.Runtime
	// Workers is how many utterances are recognised at once. Zero means the
	// number of cores.
	Workers int
	// Guesses is how many early guesses may wait for a worker; more are not
	// made. Zero means four for each worker.
	Guesses int
	// Patience is how long a final result may wait for a worker before it fails
	// with an [asr.Error] whose Retry is set. Zero means 5 s.
	Patience time.Duration
}

// Recognizer recognises many calls at once. It implements [asr.Recognizer].
type Recognizer struct {
	pool     *pool
	patience time.Duration
	streams  sync.WaitGroup
	ended    context.Context
	end      context.CancelFunc
	free     func() error
}

var _ asr.Recognizer = (*Recognizer)(nil)

// New loads the network, which takes about a tenth of a second. Without cgo it
// fails with [models.ErrNoRuntime].
func New(c Config) (*Recognizer, error) {
	if !models.CanRun {
		return nil, fail("open", false, models.ErrNoRuntime)
	}
	if c.Runtime == nil {
		return nil, fail("open", false, errors.New("Config.Runtime is required"))
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	engines, free, err := load(c.Runtime, c.Workers)
	if err != nil {
		return nil, fail("open", false, err)
	}
	return newRecognizer(c, engines, free), nil
}

func newRecognizer(c Config, engines []engine, free func() error) *Recognizer {
	if c.Guesses <= 0 {
		c.Guesses = 4 * len(engines)
	}
	if c.Patience <= 0 {
		c.Patience = 5 * time.Second
	}
	r := &Recognizer{pool: newPool(engines, c.Guesses), patience: c.Patience, free: free}
	r.ended, r.end = context.WithCancel(context.Background())
	return r
}

// String names the provider.
func (r *Recognizer) String() string { return "moonshine" }

// Use says how many workers there are, and how many recognise now. It may be
// called from any goroutine.
func (r *Recognizer) Use() (workers, busy int) { return r.pool.use() }

// Open begins a stream, which ends with Close, with ctx, or with the
// Recognizer. Only English is understood. Options.Expect binds the network to
// those words, and to both ways of writing a digit; a stream's Expect method
// changes that later.
func (r *Recognizer) Open(ctx context.Context, o asr.Options) (asr.Stream, error) {
	if l := strings.ToLower(o.Language); l != "" && l != "en" && !strings.HasPrefix(l, "en-") {
		return nil, fail("open", false, errors.New("only English is understood, not "+o.Language))
	}
	if err := errors.Join(context.Cause(ctx), r.ended.Err()); err != nil {
		return nil, fail("open", false, err)
	}
	s := newStream(ctx, r, o)
	r.streams.Go(s.run)
	return s, nil
}

// Close ends every stream and frees the network.
func (r *Recognizer) Close() error {
	r.end()
	r.streams.Wait()
	return errors.Join(r.pool.close(), r.free())
}

func fail(op string, retry bool, err error) error {
	return &asr.Error{Provider: "moonshine", Op: op, Retry: retry, Err: err}
}
