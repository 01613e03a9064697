// Package chat is what every language model over HTTP does in the same way: how
// it is configured, when a request is tried again, and how much of a reply is
// believed.
package chat

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Config says which model to ask, where and how patiently. What differs from
// one provider to the other is in the comment of its package's Config.
type Config struct {
	BaseURL string // the part before the protocol's own path. Empty means the provider's own
	Key     string // Empty sends none: local servers want none
	Model   string // the model's name there. Required
	Name    string // of the service, in errors and metrics: "groq". Empty means the provider's

	Patience provider.Patience // First runs to the first word or tool call, retries and hidden reasoning included
	Retries  int               // after 429, 5xx and no connection, before the first word. Zero means 2, negative none; at most 5

	Temperature     *float64          // 0 to 2. Nil leaves it to the server; left out for models that take none
	ReasoningEffort string            // one of [Efforts]. Empty leaves it to the server; every thought is silence on the line
	MaxTokens       int               // of a reply, hidden reasoning included. Zero leaves it to the server
	Headers         map[string]string // added to every request
	HTTP            *http.Client      // nil means one of its own, with Patience.Connect
	Log             *slog.Logger      // nil discards; told of retries, never of words or keys
}

// Efforts are the values of ReasoningEffort. Which of them a model knows differs.
var Efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// check says everything that is wrong with c, the field at fault by name.
func (c Config) check() error {
	errs := []error{provider.CheckAccount(c.BaseURL, c.Key, false)}
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Model == "" {
		fail("Model is required")
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

// orDefault is c with nothing left out that has a default everywhere.
func (c Config) orDefault(name string) Config {
	if c.Name == "" {
		c.Name = name
	}
	c.Patience = c.Patience.OrDefault()
	switch {
	case c.Retries == 0:
		c.Retries = 2
	case c.Retries < 0:
		c.Retries = 0
	}
	c.Retries = min(c.Retries, 5)
	if c.HTTP == nil {
		c.HTTP = provider.NewClient(c.Patience.Connect)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
