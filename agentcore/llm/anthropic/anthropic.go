// Package anthropic talks to Claude over the Messages API.
package anthropic

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is what errors call the provider, unless the configuration says otherwise.
const Name = "anthropic"

// Config says which model to ask, where and how patiently.
type Config struct {
	BaseURL string // the part before /v1/messages. Empty means Anthropic's own
	Key     string // sent as x-api-key. Empty sends none
	Model   string // "claude-haiku-5-5". Required
	Name    string // of the service, in errors and metrics. Empty means [Name]

	Patience provider.Patience // First runs to the first word or tool call, retries and thoughts included
	Retries  int               // after 429, 529, other 5xx and no connection, before the first word. Zero means 2, negative none; at most 5

	// Temperature is from 0 to 2, as everywhere in Hookswitch; Claude's ends at 1,
	// and what is above counts as 1. It is left out for models from 4.7 on, which
	// refuse it, and for a model that thinks. Nil leaves it to the server.
	Temperature *float64
	// ReasoningEffort is one of [Efforts]. Empty leaves it to the server: models
	// from 5 on think before they speak then, and every thought is silence on the
	// line. A call wants "none" or "low".
	ReasoningEffort string
	MaxTokens       int               // of a reply's words and tool calls; room to think is added. Zero means 1024
	Headers         map[string]string // added to every request
	HTTP            *http.Client      // nil means one of its own, with Patience.Connect
	Log             *slog.Logger      // nil discards; told of retries, never of words or keys
}

// Efforts are the values of ReasoningEffort. A model that can't do without
// thinking takes "none" for "low".
var Efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// Model is a model of Anthropic's. It is an [llm.Model].
type Model struct {
	cfg      Config
	http     *http.Client
	log      *slog.Logger
	messages sdk.MessageService
	shared   bool // http is the caller's: not ours to close
	family   family
	optional *provider.Optional
}

// New makes a Model; it does not connect. The errors name the field at fault.
func New(cfg Config) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	m := &Model{
		cfg: cfg.withDefaults(), http: cfg.HTTP, log: cfg.Log, shared: cfg.HTTP != nil,
		family: familyOf(cfg.Model), optional: provider.NewOptional(optionalFields...),
	}
	if m.http == nil {
		m.http = provider.NewClient(m.cfg.Patience.Connect)
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	// The service is made without the SDK's client: that one takes keys, profiles,
	// headers and base URLs from ANTHROPIC_* variables and files, whoever set them.
	// Its traces could hold what was said.
	opts := []option.RequestOption{
		option.WithEnvironmentProduction(),
		option.WithHTTPClient(m.http),
		option.WithMaxRetries(0), // ours knows how long a caller waits
		option.WithoutOpenTelemetry(),
		option.WithOpenTelemetryPropagation(false),
	}
	if cfg.BaseURL != "" {
		opts = append(opts, option.WithBaseURL(strings.TrimRight(cfg.BaseURL, "/")+"/"))
	}
	if cfg.Key != "" {
		opts = append(opts, option.WithAPIKey(cfg.Key))
	}
	for name, value := range cfg.Headers {
		opts = append(opts, option.WithHeader(name, value))
	}
	m.messages = sdk.NewMessageService(opts...)
	return m, nil
}

func (c Config) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("anthropic: "+format, args...)) }
	if c.Model == "" {
		fail("Model is required")
	}
	if err := provider.CheckBase(c.BaseURL); err != nil {
		fail("%w", err)
	}
	if err := provider.CheckKey(c.Key); err != nil {
		fail("%w", err)
	}
	if t := c.Temperature; t != nil && !(*t >= 0 && *t <= 2) {
		fail("Temperature must be from 0 to 2")
	}
	if c.ReasoningEffort != "" && !slices.Contains(Efforts, c.ReasoningEffort) {
		fail("ReasoningEffort must be one of %s", strings.Join(Efforts, ", "))
	}
	if c.MaxTokens < 0 {
		fail("MaxTokens must not be negative")
	}
	if c.Patience.Connect < 0 || c.Patience.First < 0 || c.Patience.Gap < 0 {
		fail("Patience must not be negative")
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = Name
	}
	if c.MaxTokens == 0 {
		c.MaxTokens = 1024 // the API wants a bound, and nobody listens to a longer reply
	}
	c.Patience = c.Patience.OrDefault()
	switch {
	case c.Retries == 0:
		c.Retries = 2
	case c.Retries < 0:
		c.Retries = 0
	}
	c.Retries = min(c.Retries, 5)
	return c
}

// Close lets go of idle connections. Replies under way go on.
func (m *Model) Close() error {
	if !m.shared {
		m.http.CloseIdleConnections()
	}
	return nil
}

// String names the model in a log line.
func (m *Model) String() string { return m.cfg.Model }

// Chat implements [llm.Model]. Errors are [*llm.Error]; that of ctx is inside
// one. The Input of the cost counts what was read from and written to the cache,
// as the other providers do.
func (m *Model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(llm.Delta{}, m.failure(ctx, "chat", err))
			return
		}
		w := provider.Watch(ctx, m.cfg.Patience)
		defer w.Stop()
		a := &answer{model: m, watch: w, yield: yield}
		for try, learned := 0, 0; ; {
			params, err := m.params(r)
			if err != nil {
				yield(llm.Delta{}, provider.New(m.cfg.Name, "chat", provider.Refused, err))
				return
			}
			err = a.read(params)
			switch {
			case err == nil || a.stopped:
				return
			case a.refused != "" && learned < len(optionalFields) && w.Ctx.Err() == nil:
				m.log.Info(m.cfg.Name+": the model refuses a field, and is asked without it from now on", "model", m.cfg.Model, "field", a.refused)
				learned++
				continue
			case try < m.cfg.Retries && !a.began && m.wait(w, try, err):
				try++
				continue
			}
			yield(llm.Delta{}, m.failure(w.Ctx, a.op, err))
			return
		}
	}
}

// wait waits before another try, and says whether there is to be one.
func (m *Model) wait(w *provider.Watchdog, try int, err error) bool {
	pause, ok := w.Again(try, err)
	if !ok {
		return false
	}
	var status *provider.StatusError
	if errors.As(err, &status) {
		m.log.Warn(m.cfg.Name+": trying again", "status", status.Status, "code", status.Code, "try", try+1, "wait", pause)
	} else {
		m.log.Warn(m.cfg.Name+": trying again: no connection", "try", try+1, "wait", pause)
	}
	return w.Sleep(pause)
}

// failure makes of an error one that says whether to try again, and neither
// where the server is, nor the key, nor a word that was said.
func (m *Model) failure(ctx context.Context, op string, err error) error {
	var inStream *sdk.Error
	if ctx.Err() == nil && errors.As(err, &inStream) { // an error event; one before the stream never comes so far
		return provider.Said(m.cfg.Name, op, []byte(inStream.RawJSON()))
	}
	return provider.Failure(ctx, m.cfg.Name, op, err)
}
