// Package openai talks to language models over the chat completions protocol:
// to OpenAI, and to whatever else speaks it under another base URL.
package openai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is what errors call the provider, unless the configuration says otherwise.
const Name = "openai"

// Config says which model to ask, where and how patiently.
type Config struct {
	BaseURL string // the part before /chat/completions, "http://127.0.0.1:11434/v1". Empty means OpenAI's own
	Key     string // sent as a bearer token. Empty sends none: local servers want none
	Model   string // the model's name there. Required
	Name    string // of the service, in errors and metrics: "groq". Empty means [Name]

	Patience provider.Patience // First runs to the first word or tool call, retries and hidden reasoning included
	Retries  int               // after 429, 5xx and no connection, before the first word. Zero means 2, negative none; at most 5

	Temperature     *float64          // 0 to 2. Nil leaves it to the server; left out for models that take none
	ReasoningEffort string            // one of [Efforts]. Empty leaves it to the server; every thought is silence on the line
	MaxTokens       int               // of a reply, hidden reasoning included. Zero leaves it to the server
	Headers         map[string]string // added to every request
	HTTP            *http.Client      // nil means one of its own, with Patience.Connect
	Log             *slog.Logger      // nil discards; told of retries, never of words or keys
}

// Efforts are the values of ReasoningEffort. Which of them a model knows differs;
// one that it refuses is replaced by "none", and then left out.
var Efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// Model is a model behind a chat completions endpoint. It is an [llm.Model].
type Model struct {
	cfg      Config
	http     *http.Client
	log      *slog.Logger
	chat     sdk.ChatCompletionService
	shared   bool // http is the caller's: not ours to close
	family   family
	optional *provider.Optional
	effort   atomic.Int32 // how much of the reasoning effort was refused so far: see [Model.reasoning]
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
	// The service is made without the SDK's client: that one takes keys, headers
	// and base URLs from OPENAI_* variables, whoever set them.
	opts := []option.RequestOption{
		option.WithEnvironmentProduction(),
		option.WithHTTPClient(m.http),
		option.WithMaxRetries(0), // ours knows how long a caller waits
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
	m.chat = sdk.NewChatCompletionService(opts...)
	return m, nil
}

func (c Config) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("openai: "+format, args...)) }
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
// one. A tool call's arguments are what the model wrote, JSON or not.
func (m *Model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(llm.Delta{}, m.failure(ctx, "chat", err))
			return
		}
		w := provider.Watch(ctx, m.cfg.Patience)
		defer w.Stop()
		a := &answer{model: m, watch: w, yield: yield, turn: len(r.Messages)}
		for try, learned := 0, 0; ; {
			params, sent, err := m.params(r)
			if err != nil {
				yield(llm.Delta{}, provider.New(m.cfg.Name, "chat", provider.Refused, err))
				return
			}
			err = a.read(params)
			switch {
			case err == nil || a.stopped:
				return
			case a.refused != "" && learned < mostLearned && w.Ctx.Err() == nil:
				m.without(a.refused, sent)
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
