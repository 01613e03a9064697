// Package gemini talks to Google's language models over the Gemini API's
// streamGenerateContent. It knows keys of that API only, not Vertex AI.
package gemini

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/genai"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is what errors and metrics call the provider.
const Name = "gemini"

// own is where Google's API is.
const own = "https://generativelanguage.googleapis.com"

// Config says which model to ask, where and how patiently. BaseURL is the part
// before /v1beta/models; Key is sent as x-goog-api-key, and required. Models
// since 3.5 Flash-Lite take no notice of Temperature.
type Config = chat.Config

// Efforts are the values of ReasoningEffort. A model that has not the one asked
// for thinks with the nearest that it has.
var Efforts = chat.Efforts

// Model is a model behind the Gemini API. It is an [llm.Model].
type Model struct {
	client     *chat.Client
	models     *genai.Models
	thinking   *genai.ThinkingConfig
	strict     bool // it refuses a tool call of its own without its signature
	signatures signatures
}

// New makes a Model; it does not connect. The errors name the field at fault.
func New(cfg Config) (*Model, error) {
	client, err := chat.New(Name, cfg, mistakes(cfg)...)
	if err != nil {
		return nil, err
	}
	if client.BaseURL == "" {
		client.BaseURL = own
	}
	m := &Model{client: client, thinking: thinking(cfg.Model, cfg.ReasoningEffort), strict: familyOf(cfg.Model) == byLevel}
	guarded := *client.HTTP
	guarded.Transport = wire{client.Name, client.HTTP.Transport}
	headers := http.Header{}
	for name, value := range cfg.Headers {
		headers.Set(name, value)
	}
	// Whatever is left out here the SDK takes from GOOGLE_* and GEMINI_*
	// variables, whoever set them.
	google, err := genai.NewClient(context.Background(), &genai.ClientConfig{
		Backend:     genai.BackendGeminiAPI,
		APIKey:      cfg.Key,
		HTTPClient:  &guarded,
		HTTPOptions: genai.HTTPOptions{BaseURL: client.BaseURL, APIVersion: "v1beta", Headers: headers},
	})
	if err != nil { // its text may show the configuration, the key included
		return nil, errors.New("gemini: the SDK refuses the configuration")
	}
	m.models = google.Models
	return m, nil
}

// modelRule is what a model's name looks like; it becomes part of the URL.
var modelRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$`)

// mistakes are what is wrong with c for this API only.
func mistakes(c Config) (errs []error) {
	if c.Model != "" && (!modelRule.MatchString(c.Model) || strings.Contains(c.Model, "..")) {
		errs = append(errs, errors.New("Model must be a model's name"))
	}
	if c.Key == "" {
		errs = append(errs, errors.New("Key is required"))
	}
	if c.MaxTokens > Window {
		errs = append(errs, fmt.Errorf("MaxTokens must be at most %d", Window))
	}
	return errs
}

// Close lets go of idle connections. Replies under way go on.
func (m *Model) Close() error { return m.client.Close() }

// String names the model in a log line.
func (m *Model) String() string { return m.client.String() }

// Chat implements [llm.Model]. Errors are [*llm.Error]; that of ctx is inside
// one.
func (m *Model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return m.client.Chat(ctx, func(reply *chat.Reply) error {
		if err := checkTools(r.Tools); err != nil {
			return reply.Fail(provider.Refused, err)
		}
		a := &answer{Reply: reply, model: m}
		return a.read(r)
	})
}
