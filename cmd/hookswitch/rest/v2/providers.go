package v2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// checkPatience is how long all round trips of a check may take together: less
// than a client waits for an answer.
const checkPatience = 25 * time.Second

// providerItem is a provider in an answer. No key is ever in one.
type providerItem struct {
	Name       string      `json:"provider" example:"deepgram"`
	Stages     []string    `json:"stages" doc:"What it can do for an agent: asr, llm, tts."`
	Configured bool        `json:"configured" doc:"A call could use it now."`
	Source     string      `json:"source" enum:"workspace,environment,none,built_in" doc:"Whose key is used: the workspace's own, before that of the gateway's environment. built_in takes no key."`
	Updated    stampOrNull `json:"updated_at" doc:"When the workspace's key was set; null: it has none."`
	Why        string      `json:"unavailable_reason,omitempty" doc:"Why it is not configured, and what to do about it."`
}

type providerAnswer struct {
	Success bool         `json:"success"`
	Item    providerItem `json:"item"`
	Message string       `json:"message"`
}

type providersAnswer struct {
	Success bool           `json:"success"`
	Items   []providerItem `json:"items"`
	Count   int            `json:"count"`
}

// checkItem is what came of a round trip in an answer.
type checkItem struct {
	Stage   string             `json:"stage" enum:"asr,llm,tts"`
	Model   string             `json:"model" doc:"The model, or the voice, that was asked."`
	OK      bool               `json:"ok"`
	Latency int64              `json:"latency_ms" doc:"Milliseconds to the first word, token or sound; of a failure, to that."`
	Cost    *float64           `json:"cost_usd" doc:"What it cost by the list price, in US dollars; null: not known."`
	Error   orNull[checkError] `json:"error"`
}

type checkError struct {
	Class   string `json:"class" enum:"auth,quota,rate_limited,refused,unavailable,timeout,garbage,canceled"`
	Message string `json:"message"`
}

type checksAnswer struct {
	Success bool        `json:"success" doc:"The check was made; see ok of each stage."`
	Items   []checkItem `json:"items"`
	Count   int         `json:"count"`
}

// ProviderPath is the input of what is about one provider.
type ProviderPath struct {
	Provider string `path:"provider" doc:"Name of the provider, as the list has it."`
}

type providerBody struct {
	Key string `json:"api_key" writeOnly:"true" minLength:"1" maxLength:"512" doc:"The key as the provider gave it. Kept encrypted, never shown."`
}

// providers registers what is done with the keys of outside services.
func (a *API) providers() {
	if a.Providers == nil {
		return
	}
	doc := a.huma.OpenAPI()
	doc.Tags = append(doc.Tags, &huma.Tag{Name: tagProviders,
		Description: "The services that hear, think and speak for agents, and the workspace's own keys of them. A key that is set is used from the next call on."})
	handle(a, operation{ID: "list-providers", Method: http.MethodGet, Path: "/providers", Tag: tagProviders,
		Summary: "List providers", Scope: roster.ProvidersRead, Fail: "Failed to list providers",
		About: "Lists every service that this build has a client for, and whether there is a key of it.",
		Answer: `{"success":true,"items":[{"provider":"deepgram","stages":["asr","tts"],"configured":true,"source":"workspace","updated_at":"2025-01-27T10:00:00Z"},` +
			`{"provider":"moonshine","stages":["asr"],"configured":true,"source":"built_in","updated_at":null}],"count":2}`}, a.listProviders)
	handle(a, operation{ID: "set-provider-key", Method: http.MethodPut, Path: "/providers/{provider}", Tag: tagProviders, Thing: "Provider",
		Summary: "Set a provider's key", Scope: roster.ProvidersWrite, Fail: "Failed to set the key",
		About: "Keeps the workspace's key of a service, in the place of the one before. It is not tried: see check. No answer ever shows it.",
		Body:  providerBody{}, Example: `{"api_key":"the-key-of-your-account"}`}, a.setProviderKey)
	handle(a, operation{ID: "remove-provider-key", Method: http.MethodDelete, Path: "/providers/{provider}", Tag: tagProviders, Thing: "Key of this provider",
		Summary: "Remove a provider's key", Scope: roster.ProvidersWrite, Fail: "Failed to remove the key",
		About:  "Forgets the workspace's key of a service. Calls that run keep it to their end.",
		Answer: `{"success":true,"message":"Key removed successfully"}`}, a.removeProviderKey)
	handle(a, operation{ID: "check-provider", Method: http.MethodPost, Path: "/providers/{provider}/check", Tag: tagProviders, Thing: "Provider",
		Summary: "Check a provider", Scope: roster.ProvidersWrite, Fail: "Failed to check the provider", Errors: []int{http.StatusConflict},
		About: "Makes one real round trip for each thing that the service can do: a word is recognised, a token is thought of, a word is spoken. " +
			"It costs what that costs, and each provider is checked once at a time. What fails is told in `error` of its stage; the answer's status is 200 all the same.",
		Answer: `{"success":true,"items":[{"stage":"asr","model":"nova-2","ok":true,"latency_ms":212,"cost_usd":0.00007,"error":null},` +
			`{"stage":"tts","model":"aura-2-thalia-en","ok":false,"latency_ms":95,"cost_usd":null,"error":{"class":"auth","message":"deepgram: speak: status 401"}}],"count":2}`}, a.checkProvider)
}

func (a *API) listProviders(ctx context.Context, _ *struct{}) (*reply[providersAnswer], error) {
	all, err := a.Providers.List(ctx, gate.Workspace(ctx))
	if err != nil {
		return nil, err
	}
	items := make([]providerItem, 0, len(all))
	for _, p := range all {
		items = append(items, providerOf(p))
	}
	return &reply[providersAnswer]{providersAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

func providerOf(p ProviderState) providerItem {
	item := providerItem{Name: p.Name, Stages: []string{}, Configured: p.Configured, Source: string(p.Source), Updated: stampOrNull{stamp(p.Updated)}, Why: p.Why}
	for _, s := range p.Stages {
		item.Stages = append(item.Stages, stageOf(s))
	}
	return item
}

// stageOf names a stage as agents do.
func stageOf(s provider.Stage) string {
	return map[provider.Stage]string{provider.Recogniser: "asr", provider.Model: "llm", provider.Voice: "tts"}[s]
}

// provider finds one by its name.
func (a *API) provider(ctx context.Context, name string) (ProviderState, error) {
	all, err := a.Providers.List(ctx, gate.Workspace(ctx))
	if err != nil {
		return ProviderState{}, err
	}
	at := slices.IndexFunc(all, func(p ProviderState) bool { return p.Name == name })
	if at < 0 {
		return ProviderState{}, Fail(http.StatusNotFound, "Provider not found")
	}
	return all[at], nil
}

func (a *API) setProviderKey(ctx context.Context, in *struct {
	ProviderPath
	Posted
}) (*reply[providerAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	p, err := a.provider(ctx, in.Provider)
	if err != nil {
		return nil, err
	}
	if p.Source == roster.BuiltIn {
		return nil, Fail(http.StatusBadRequest, fmt.Sprintf("The provider '%s' is built in and takes no key.", p.Name))
	}
	key, err := roster.Terms{}.ProviderKey(body)
	if err != nil {
		return nil, err
	}
	sealed, err := a.Sealer.Seal(key)
	if err != nil {
		return nil, err
	}
	err = a.Roster.SetProviderKey(ctx, roster.ProviderKey{Workspace: gate.Workspace(ctx), Provider: p.Name, Key: sealed, Who: gate.Actor(ctx), Updated: a.Now()})
	if err != nil {
		return nil, err
	}
	if p, err = a.provider(ctx, in.Provider); err != nil {
		return nil, err
	}
	return &reply[providerAnswer]{providerAnswer{true, providerOf(p), "Key set successfully. It is not shown again."}}, nil
}

func (a *API) removeProviderKey(ctx context.Context, in *ProviderPath) (*reply[doneAnswer], error) {
	if _, err := a.provider(ctx, in.Provider); err != nil {
		return nil, err
	}
	if err := a.Roster.RemoveProviderKey(ctx, gate.Workspace(ctx), in.Provider, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Key removed successfully"}}, nil
}

func (a *API) checkProvider(ctx context.Context, in *ProviderPath) (*reply[checksAnswer], error) {
	p, err := a.provider(ctx, in.Provider)
	if err != nil {
		return nil, err
	}
	if !p.Configured {
		return nil, Fail(http.StatusConflict, fmt.Sprintf("The provider '%s' can't be checked: %s", p.Name, p.Why))
	}
	end, ok := a.checks.begin(gate.Workspace(ctx), p.Name)
	if !ok {
		return nil, Fail(http.StatusConflict, fmt.Sprintf("The provider '%s' is being checked already.", p.Name))
	}
	defer end()
	within, cancel := context.WithTimeoutCause(ctx, checkPatience, &provider.StallError{Waited: checkPatience})
	defer cancel()
	all, err := a.Providers.Check(within, gate.Workspace(ctx), p.Name)
	if err != nil {
		return nil, err
	}
	items := make([]checkItem, 0, len(all))
	for _, c := range all {
		items = append(items, checkOf(c))
	}
	return &reply[checksAnswer]{checksAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

// checks are those under way, one of each provider in a workspace: they cost
// money, and hold connections for as long as a provider likes.
type checks struct {
	mu  sync.Mutex
	now map[[2]string]bool
}

// begin begins one, unless there is one; end ends it.
func (c *checks) begin(workspace, provider string) (end func(), ok bool) {
	key := [2]string{workspace, provider}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now[key] {
		return nil, false
	}
	if c.now == nil {
		c.now = map[[2]string]bool{}
	}
	c.now[key] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.now, key)
	}, true
}

func checkOf(c ProviderCheck) checkItem {
	item := checkItem{Stage: stageOf(c.Stage), Model: c.Model, OK: c.Err == nil, Latency: c.Latency.Milliseconds(), Cost: c.Cost}
	if c.Err == nil {
		return item
	}
	e := checkError{string(provider.ClassOf(c.Err)), "the check broke off"}
	var told *provider.Error
	if errors.As(c.Err, &told) { // its text holds no key and no address; who knows what another's does
		e.Message = told.Error()
	}
	item.Error = orNull[checkError]{&e}
	return item
}
