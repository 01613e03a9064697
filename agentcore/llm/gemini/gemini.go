// Package gemini talks to Google's language models over the Gemini API's
// streamGenerateContent. It knows keys of that API only, not Vertex AI.
package gemini

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genai"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is what errors and metrics call the provider.
const Name = "gemini"

// own is where Google's API is.
const own = "https://generativelanguage.googleapis.com"

// Config says which model to ask, where and how patiently.
type Config struct {
	BaseURL string // the part before /v1beta/models. Empty means Google's own
	Key     string // sent as x-goog-api-key. Required
	Model   string // "gemini-3.8-flash". Required

	Patience provider.Patience // First runs to the first word or tool call, retries and hidden thoughts included
	Retries  int               // after 429, 5xx and no connection, before the first word. Zero means 2, negative none; at most 5

	Temperature     *float64     // 0 to 2. Nil leaves it to the server; models since 3.5 Flash-Lite take no notice of it
	ReasoningEffort string       // one of [Efforts]. Empty leaves it to the server; every thought is silence on the line
	MaxTokens       int          // of a reply, hidden thoughts included. Zero leaves it to the server
	HTTP            *http.Client // nil means one of its own, with Patience.Connect
	Log             *slog.Logger // nil discards; told of retries, never of words or keys
}

// Efforts are the values of ReasoningEffort. A model that has not the one asked
// for thinks with the nearest that it has.
var Efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// Model is a model behind the Gemini API. It is an [llm.Model].
type Model struct {
	cfg        Config
	http       *http.Client
	log        *slog.Logger
	client     *genai.Client
	shared     bool // http is the caller's: not ours to close
	thinking   *genai.ThinkingConfig
	strict     bool // it refuses a tool call of its own without its signature
	signatures signatures
}

// New makes a Model; it does not connect. The errors name the field at fault.
func New(cfg Config) (*Model, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	m := &Model{cfg: cfg.withDefaults(), http: cfg.HTTP, log: cfg.Log, shared: cfg.HTTP != nil}
	m.thinking, m.strict = thinking(cfg.Model, cfg.ReasoningEffort), familyOf(cfg.Model) == byLevel
	if m.http == nil {
		m.http = provider.NewClient(m.cfg.Patience.Connect)
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	guarded := *m.http
	guarded.Transport = wire{m.http.Transport}
	// Whatever is left out here the SDK takes from GOOGLE_* and GEMINI_*
	// variables, whoever set them.
	client, err := genai.NewClient(context.Background(), &genai.ClientConfig{
		Backend:     genai.BackendGeminiAPI,
		APIKey:      cfg.Key,
		HTTPClient:  &guarded,
		HTTPOptions: genai.HTTPOptions{BaseURL: m.cfg.BaseURL, APIVersion: "v1beta"},
	})
	if err != nil { // its text may show the configuration, the key included
		return nil, errors.New("gemini: the SDK refuses the configuration")
	}
	m.client = client
	return m, nil
}

// modelRule is what a model's name looks like; it becomes part of the URL.
var modelRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$`)

func (c Config) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("gemini: "+format, args...)) }
	if !modelRule.MatchString(c.Model) || strings.Contains(c.Model, "..") {
		fail("Model is required, and must be a model's name")
	}
	if c.Key == "" {
		fail("Key is required")
	}
	if err := provider.CheckKey(c.Key); err != nil {
		fail("%w", err)
	}
	if err := provider.CheckBase(c.BaseURL); err != nil {
		fail("%w", err)
	}
	if t := c.Temperature; t != nil && !(*t >= 0 && *t <= 2) {
		fail("Temperature must be from 0 to 2")
	}
	if c.ReasoningEffort != "" && !slices.Contains(Efforts, c.ReasoningEffort) {
		fail("ReasoningEffort must be one of %s", strings.Join(Efforts, ", "))
	}
	if c.MaxTokens < 0 || c.MaxTokens > Window {
		fail("MaxTokens must be from 0 to %d", Window)
	}
	if c.Patience.Connect < 0 || c.Patience.First < 0 || c.Patience.Gap < 0 {
		fail("Patience must not be negative")
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = own
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
// one.
func (m *Model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(llm.Delta{}, provider.Failure(ctx, Name, "chat", err))
			return
		}
		if err := checkTools(r.Tools); err != nil {
			yield(llm.Delta{}, provider.New(Name, "chat", provider.Refused, err))
			return
		}
		w := provider.Watch(ctx, m.cfg.Patience)
		defer w.Stop()
		a := &answer{model: m, watch: w, yield: yield}
		for try := 0; ; try++ {
			err := a.read(r)
			if err == nil || a.stopped {
				return
			}
			if try < m.cfg.Retries && !a.began && m.wait(w, try, err) {
				continue
			}
			yield(llm.Delta{}, provider.Failure(w.Ctx, Name, a.op, err))
			return
		}
	}
}
