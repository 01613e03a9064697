package v2

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// agentItem is an agent in an answer: seed 001's composite object, key for key.
type agentItem struct {
	Agent         agentHead    `json:"agent"`
	ASR           *asrPart     `json:"asr" doc:"How it hears; null: not set yet."`
	TTS           ttsPart      `json:"tts"`
	Turn          *turnPart    `json:"turn"`
	LLM           *llmPart     `json:"llm" doc:"How it thinks; null: not set yet."`
	PhoneNumbers  []numberItem `json:"phone_numbers" doc:"The numbers that lead to it."`
	ToolsCount    int          `json:"tools_count" doc:"System tools included."`
	WebhooksCount int          `json:"webhooks_count"`
	*AdvancedPart
}

// TransformSchema implements [huma.SchemaTransformer]. An orNull would do that by
// itself, and take a quarter of a long list's time: what marshals itself is read
// and copied again by the encoder.
func (agentItem) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "asr", "turn", "llm")
}

type agentHead struct {
	Name       string      `json:"name"`
	UUID       string      `json:"uuid"`
	Languages  []string    `json:"languages"`
	Variables  object      `json:"dynamic_variables"`
	Created    stamp       `json:"created_at"`
	Updated    stamp       `json:"updated_at"`
	LastActive stampOrNull `json:"last_active_at" doc:"When its newest call began."`
	CallsToday int         `json:"calls_today" doc:"Calls that began today, in llm.timezone (else UTC)."`
	Status     string      `json:"status" enum:"active,inactive" doc:"active while it is in a call."`
}

type asrPart struct {
	Provider  string       `json:"provider"`
	Model     string       `json:"model"`
	Format    string       `json:"user_input_audio_format"`
	Keywords  []string     `json:"keywords"`
	Fallbacks []choicePart `json:"fallbacks,omitempty" doc:"With advanced, when there are any: who hears when that fails, in this order."`
}

// choicePart is a model of a provider.
type choicePart struct {
	Provider string `json:"provider"`
	Model    string `json:"model"`
}

type ttsPart struct {
	Voice     string   `json:"voice_uuid"`
	Name      string   `json:"voice_name" doc:"Empty when the voice is gone, or its provider's list can't be had."`
	Fallbacks []string `json:"fallback_voice_uuids,omitempty" doc:"With advanced, when there are any: who speaks when that fails, in this order."`
}

type turnPart struct {
	Timeout    int    `json:"turn_timeout"`
	SilenceEnd int    `json:"silence_end_call_timeout"`
	Mode       string `json:"mode"`
	Wait       int    `json:"endpoint_wait_ms,omitempty" doc:"With advanced, when it is set."`
}

type llmPart struct {
	Prompt      *string      `json:"prompt"`
	Provider    *string      `json:"provider"`
	Model       *string      `json:"model"`
	Effort      *string      `json:"reasoning_effort"`
	Temperature float64      `json:"temperature"`
	Timezone    *string      `json:"timezone"`
	BuiltIn     object       `json:"built_in_tools"`
	Fallbacks   []choicePart `json:"fallbacks,omitempty" doc:"With advanced, when there are any: who thinks when that fails, in this order."`
}

// AdvancedPart is what advanced=true adds.
type AdvancedPart struct {
	ID          int64                     `json:"id" required:"false" doc:"With advanced: the agent's integer id."`
	Version     int                       `json:"version" required:"false" doc:"With advanced: its present version."`
	Enabled     bool                      `json:"enabled" required:"false" doc:"With advanced: whether it may take calls."`
	Greeting    *string                   `json:"greeting" required:"false" doc:"With advanced: what it says first."`
	SystemTools map[string]systemToolPart `json:"system_tools" required:"false" doc:"With advanced."`
	Tools       []toolItem                `json:"tools" required:"false" doc:"With advanced: those that were made; see also the tools API."`
	Webhooks    []webhookItem             `json:"webhooks" required:"false" doc:"With advanced."`
	Callback    *callbackPart             `json:"smart_callback,omitempty" doc:"With advanced, when it is set: how often who was not reached is called again."`
}

type callbackPart struct {
	Enabled     bool      `json:"enabled"`
	MaxAttempts int       `json:"max_attempts" doc:"Callbacks; the first call is not counted."`
	Gaps        []gapPart `json:"gaps" doc:"From the end of an attempt to the next; the last one repeats."`
}

type gapPart struct {
	Days  int `json:"days"`
	Hours int `json:"hours"`
}

type systemToolPart struct {
	Active     bool   `json:"active"`
	Hold       bool   `json:"disable_interruptions"`
	Speak      bool   `json:"force_pre_tool_speech"`
	Parameters object `json:"parameters"`
}

// items shows agents, all of one workspace, with what their calls and numbers
// say of them: the same two questions to the store at once, however many they are.
func (a *API) items(ctx context.Context, agents []roster.Agent, advanced bool) ([]agentItem, error) {
	out := make([]agentItem, 0, len(agents))
	if len(agents) == 0 {
		return out, nil
	}
	ws := gate.Workspace(ctx)
	var numbers []roster.Number
	var numbersErr error
	var asked sync.WaitGroup
	asked.Go(func() { numbers, numbersErr = a.Roster.ListNumbers(ctx, ws) })
	active, err := a.Roster.Activities(ctx, ws, agents, todays(a.Now()))
	asked.Wait()
	if err := errors.Join(err, numbersErr); err != nil {
		return nil, err
	}
	voices, err := a.Catalog.Voices(ctx, ws)
	if err != nil {
		return nil, err
	}
	linked := map[string][]numberItem{}
	for _, n := range numbers {
		if n.AgentUUID != "" {
			linked[n.AgentUUID] = append(linked[n.AgentUUID], numberOf(n, false))
		}
	}
	named := map[string]string{}
	for _, v := range voices.List {
		named[v.UUID] = v.Name
	}
	for _, g := range agents {
		item := itemOf(g, advanced)
		item.TTS.Name = named[g.VoiceUUID]
		if n := linked[g.UUID]; n != nil {
			item.PhoneNumbers = n
		}
		did := active[g.UUID]
		item.Agent.LastActive = stampOrNull{stamp(did.Last)}
		item.Agent.CallsToday = did.Today
		if did.Live > 0 {
			item.Agent.Status = "active"
		}
		out = append(out, item)
	}
	return out, nil
}

// item shows one agent.
func (a *API) item(ctx context.Context, g roster.Agent, advanced bool) (agentItem, error) {
	all, err := a.items(ctx, []roster.Agent{g}, advanced)
	if err != nil {
		return agentItem{}, err
	}
	return all[0], nil
}

// todays says when the day of an agent began. Agents share few time zones, and
// to read one takes longer than all else that an agent is asked.
func todays(now time.Time) func(roster.Agent) time.Time {
	began := map[string]time.Time{}
	return func(g roster.Agent) time.Time {
		name := "UTC"
		if g.LLM != nil && g.LLM.Timezone != nil {
			name = *g.LLM.Timezone
		}
		day, known := began[name]
		if !known {
			zone, err := time.LoadLocation(name)
			if err != nil {
				zone = time.UTC
			}
			year, month, date := now.In(zone).Date()
			day = time.Date(year, month, date, 0, 0, 0, 0, zone)
			began[name] = day
		}
		return day
	}
}

// itemOf is what an agent says of itself.
func itemOf(g roster.Agent, advanced bool) agentItem {
	d := g.Definition
	item := agentItem{
		Agent: agentHead{Name: d.Name, UUID: g.UUID, Languages: notNil(d.Languages), Variables: d.Variables,
			Created: stamp(g.Created), Updated: stamp(g.Updated), Status: "inactive"},
		TTS:           ttsPart{Voice: d.VoiceUUID},
		PhoneNumbers:  []numberItem{},
		ToolsCount:    len(d.Tools) + len(roster.SystemToolsOf(d)),
		WebhooksCount: len(d.Webhooks),
	}
	if d.ASR != nil {
		item.ASR = &asrPart{Provider: d.ASR.Provider, Model: d.ASR.Model, Format: d.ASR.AudioFormat, Keywords: notNil(d.ASR.Keywords)}
	}
	if d.Turn != nil {
		item.Turn = &turnPart{Timeout: d.Turn.Timeout, SilenceEnd: d.Turn.SilenceEnd, Mode: d.Turn.Mode}
		if advanced {
			item.Turn.Wait = d.Turn.EndpointWaitMS
		}
	}
	if l := d.LLM; l != nil {
		item.LLM = &llmPart{Prompt: l.Prompt, Provider: l.Provider, Model: l.Model, Effort: l.ReasoningEffort, Temperature: l.Temperature, Timezone: l.Timezone, BuiltIn: l.BuiltInTools}
	}
	if advanced {
		item.AdvancedPart = advancedOf(g)
		item.fallbacks(d)
	}
	return item
}

// fallbacks adds who takes over.
func (item *agentItem) fallbacks(d roster.Definition) {
	item.TTS.Fallbacks = d.FallbackVoices
	if d.ASR != nil {
		item.ASR.Fallbacks = choicesOf(d.ASR.Fallbacks)
	}
	if d.LLM != nil {
		item.LLM.Fallbacks = choicesOf(d.LLM.Fallbacks)
	}
}

func choicesOf(all []roster.Choice) []choicePart {
	var out []choicePart
	for _, c := range all {
		out = append(out, choicePart(c))
	}
	return out
}

func advancedOf(g roster.Agent) *AdvancedPart {
	p := &AdvancedPart{ID: g.ID, Version: g.Version, Enabled: g.Enabled, Greeting: g.Greeting,
		SystemTools: systemParts(g.Definition), Tools: []toolItem{}, Webhooks: []webhookItem{}, Callback: callbackOf(g.Callback)}
	for _, t := range g.Tools {
		p.Tools = append(p.Tools, toolOf(g.Workspace, t))
	}
	for _, w := range g.Webhooks {
		p.Webhooks = append(p.Webhooks, webhookOf(w))
	}
	return p
}

func callbackOf(c *roster.Callback) *callbackPart {
	if c == nil {
		return nil
	}
	out := &callbackPart{Enabled: c.Enabled, MaxAttempts: c.MaxAttempts, Gaps: []gapPart{}}
	for _, g := range c.Gaps {
		out.Gaps = append(out.Gaps, gapPart(g))
	}
	return out
}

func systemParts(d roster.Definition) map[string]systemToolPart {
	out := map[string]systemToolPart{}
	for _, name := range roster.SystemToolsOf(d) {
		s := d.SystemTools[name]
		out[name] = systemToolPart{s.Active, s.DisableInterruptions, s.ForcePreToolSpeech, objectOf(s.Parameters)}
	}
	return out
}

// objectOf reads a JSON object that was checked when it was written.
func objectOf(raw json.RawMessage) object {
	o := object{}
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &o) // what is no object is shown as an empty one
	}
	return o
}

func notNil[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}
