// Package openai talks to language models over the chat completions protocol:
// to OpenAI, and to whatever else speaks it under another base URL.
package openai

import (
	"context"
	"iter"
	"strings"
	"sync/atomic"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is what errors call the provider, unless the configuration says otherwise.
const Name = "openai"

// Config says which model to ask, where and how patiently. BaseURL is the part
// before /chat/completions, "http://127.0.0.1:11434/v1"; Key is sent as a bearer
// token.
type Config = chat.Config

// Efforts are the values of ReasoningEffort. Which of them a model knows differs;
// one that it refuses is replaced by "none", and then left out.
var Efforts = chat.Efforts

// Model is a model behind a chat completions endpoint. It is an [llm.Model].
type Model struct {
	client      *chat.Client
	completions sdk.ChatCompletionService
	family      family
	effort      atomic.Int32 // how much of the reasoning effort was refused so far: see [Model.reasoning]
}

// New makes a Model; it does not connect. The errors name the field at fault.
func New(cfg Config) (*Model, error) {
	client, err := chat.New(Name, cfg)
	if err != nil {
		return nil, err
	}
	client.Optional, client.Learns = provider.NewOptional(optionalFields...), mostLearned
	m := &Model{client: client, family: familyOf(cfg.Model)}
	// The service is made without the SDK's client: that one takes keys, headers
	// and base URLs from OPENAI_* variables, whoever set them.
	opts := []option.RequestOption{
		option.WithEnvironmentProduction(),
		option.WithHTTPClient(client.HTTP),
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
	m.completions = sdk.NewChatCompletionService(opts...)
	return m, nil
}

// Close lets go of idle connections. Replies under way go on.
func (m *Model) Close() error { return m.client.Close() }

// String names the model in a log line.
func (m *Model) String() string { return m.client.String() }

// Chat implements [llm.Model]. Errors are [*llm.Error]; that of ctx is inside
// one. A tool call's arguments are what the model wrote, JSON or not.
func (m *Model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return m.client.Chat(ctx, func(reply *chat.Reply) error {
		params, effort, err := m.params(r)
		if err != nil {
			return reply.Fail(provider.Refused, err)
		}
		a := &answer{Reply: reply, model: m, turn: len(r.Messages)}
		err = a.read(params)
		if a.Refused == fieldEffort {
			m.effort.CompareAndSwap(effort, effort+1) // of many calls at once one counts
		}
		return err
	})
}
