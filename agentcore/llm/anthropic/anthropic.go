// Package anthropic talks to Claude over the Messages API.
package anthropic

import (
	"context"
	"iter"
	"strings"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is what errors call the provider, unless the configuration says otherwise.
const Name = "anthropic"

// Config says which model to ask, where and how patiently. BaseURL is the part
// before /v1/messages; Key is sent as x-api-key.
//
// Claude's Temperature ends at 1, and what is above counts as 1. It is left out
// for models from 4.7 on, which refuse it, and for a model that thinks. Without
// ReasoningEffort models from 5 on think before they speak: a call wants "none"
// or "low". MaxTokens are of a reply's words and tool calls; room to think is
// added. Zero means 1024.
type Config = chat.Config

// Efforts are the values of ReasoningEffort. A model that can't do without
// thinking takes "none" for "low".
var Efforts = chat.Efforts

// Model is a model of Anthropic's. It is an [llm.Model].
type Model struct {
	client   *chat.Client
	messages sdk.MessageService
	family   family
}

// New makes a Model; it does not connect. The errors name the field at fault.
func New(cfg Config) (*Model, error) {
	client, err := chat.New(Name, cfg)
	if err != nil {
		return nil, err
	}
	client.Optional, client.Learns = provider.NewOptional(optionalFields...), len(optionalFields)
	if client.MaxTokens == 0 {
		client.MaxTokens = 1024 // the API wants a bound, and nobody listens to a longer reply
	}
	m := &Model{client: client, family: familyOf(cfg.Model)}
	// The service is made without the SDK's client: that one takes keys, profiles,
	// headers and base URLs from ANTHROPIC_* variables and files, whoever set them.
	// Its traces could hold what was said.
	opts := []option.RequestOption{
		option.WithEnvironmentProduction(),
		option.WithHTTPClient(client.HTTP),
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

// Close lets go of idle connections. Replies under way go on.
func (m *Model) Close() error { return m.client.Close() }

// String names the model in a log line.
func (m *Model) String() string { return m.client.String() }

// Chat implements [llm.Model]. Errors are [*llm.Error]; that of ctx is inside
// one. The Input of the cost counts what was read from and written to the cache,
// as the other providers do.
func (m *Model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return m.client.Chat(ctx, func(reply *chat.Reply) error {
		params, err := m.params(r)
		if err != nil {
			return reply.Fail(provider.Refused, err)
		}
		a := &answer{Reply: reply, model: m}
		return a.read(params)
	})
}
