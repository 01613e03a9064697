package client

import (
	"context"
	"net/http"
	"time"
)

// Provider is an outside service that hears, thinks or speaks for agents, or one
// that is built in.
type Provider struct {
	Name       string     `json:"provider"`
	Stages     []string   `json:"stages"` // asr, llm, tts
	Configured bool       `json:"configured"`
	Source     string     `json:"source"`             // workspace, environment, none, built_in
	Updated    *time.Time `json:"updated_at"`         // when the workspace's key was set; nil: it has none
	Why        string     `json:"unavailable_reason"` // why it is not configured
}

// ProviderCheck is what came of a round trip to a provider.
type ProviderCheck struct {
	Stage   string           `json:"stage"`
	Model   string           `json:"model"` // or the voice
	OK      bool             `json:"ok"`
	Latency int64            `json:"latency_ms"`
	Cost    *float64         `json:"cost_usd"` // nil: not known
	Error   *ProviderFailure `json:"error"`    // nil when OK
}

// ProviderFailure is why a round trip failed.
type ProviderFailure struct {
	Class   string `json:"class"`
	Message string `json:"message"`
}

// Providers lists those that the gateway has a client for.
func (c *Client) Providers(ctx context.Context) ([]Provider, error) {
	return All[Provider](ctx, c, "/providers", nil)
}

// SetProviderKey keeps key as the workspace's own of a provider, and returns how
// that stands then.
func (c *Client) SetProviderKey(ctx context.Context, name, key string) (Provider, error) {
	var got Item[Provider]
	err := c.Send(ctx, http.MethodPut, Path("providers", name), map[string]string{"api_key": key}, &got)
	return got.Item, err
}

// RemoveProviderKey forgets the workspace's own key of a provider.
func (c *Client) RemoveProviderKey(ctx context.Context, name string) error {
	return c.Send(ctx, http.MethodDelete, Path("providers", name), nil, nil)
}

// CheckProvider makes a real round trip for each stage of a provider, which may
// cost a little, and tells of all of them.
func (c *Client) CheckProvider(ctx context.Context, name string) ([]ProviderCheck, error) {
	var got struct {
		Items []ProviderCheck `json:"items"`
	}
	err := c.Send(ctx, http.MethodPost, Path("providers", name, "check"), nil, &got)
	return got.Items, err
}
