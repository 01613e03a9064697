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
	"net/url"
	"strings"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// Config says which model to ask, where and how patiently.
type Config struct {
	BaseURL string // the part before /chat/completions, "http://127.0.0.1:11434/v1". Empty means OpenAI's own
	Key     string // sent as a bearer token. Empty sends none: local servers want none
	Model   string // the model's name there. Required

	FirstToken    time.Duration // from the request to the first word or tool call, retries included. Zero means 10 s
	BetweenTokens time.Duration // from one to the next. Zero means 5 s
	Retries       int           // after 429 and 5xx, before the first word. Zero means 2, negative none; at most 5

	Temperature *float64          // 0 to 2. Nil leaves it to the server
	MaxTokens   int               // of a reply. Zero leaves it to the server
	Headers     map[string]string // added to every request
	HTTP        *http.Client      // nil means one of its own
	Log         *slog.Logger      // nil discards; told of retries, never of words or keys
}

// Model is a model behind a chat completions endpoint. It is an [llm.Model].
type Model struct {
	cfg    Config
	http   *http.Client
	log    *slog.Logger
	chat   sdk.ChatCompletionService
	shared bool // http is the caller's: not ours to close
}

// New makes a Model; it does not connect. The errors name the field at fault.
func New(cfg Config) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	m := &Model{cfg: cfg.withDefaults(), http: cfg.HTTP, log: cfg.Log, shared: cfg.HTTP != nil}
	if m.http == nil {
		m.http = newClient()
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
		option.WithMiddleware(guard),
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
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		fail("BaseURL must be http:// or https:// with a host and a path, and nothing else")
	}
	if strings.ContainsFunc(c.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		fail("Key has characters that a header can't carry") // and is not shown
	}
	if t := c.Temperature; t != nil && !(*t >= 0 && *t <= 2) {
		fail("Temperature must be from 0 to 2")
	}
	if c.MaxTokens < 0 {
		fail("MaxTokens must not be negative")
	}
	if c.FirstToken < 0 || c.BetweenTokens < 0 {
		fail("FirstToken and BetweenTokens must not be negative")
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.FirstToken == 0 {
		c.FirstToken = 10 * time.Second
	}
	if c.BetweenTokens == 0 {
		c.BetweenTokens = 5 * time.Second
	}
	switch {
	case c.Retries == 0:
		c.Retries = 2
	case c.Retries < 0:
		c.Retries = 0
	}
	c.Retries = min(c.Retries, 5)
	return c
}

// newClient follows no redirect: a key is for the host it was given for.
func newClient() *http.Client {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 32,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
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
		params, err := m.params(r)
		if err != nil {
			yield(llm.Delta{}, &llm.Error{Provider: provider, Op: "chat", Err: err})
			return
		}
		w := watch(ctx, m.cfg.FirstToken, m.cfg.BetweenTokens)
		defer w.stop()
		a := &answer{model: m, watch: w, yield: yield, turn: len(r.Messages)}
		for try := 0; ; try++ {
			err := a.read(params)
			if err == nil || a.stopped {
				return
			}
			if try < m.cfg.Retries && !a.began && m.wait(w, try, err) {
				continue
			}
			yield(llm.Delta{}, m.failure(w.ctx, a.op, err))
			return
		}
	}
}
