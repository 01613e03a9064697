package trillet

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// agentItem is an agent in an answer, key for key the seed's.
type agentItem struct {
	ID             string         `json:"_id"`
	Workspace      string         `json:"workspaceId"`
	User           string         `json:"userId"`
	Name           string         `json:"name"`
	TTS            ttsItem        `json:"ttsModel"`
	LLM            string         `json:"llmModel"`
	Type           string         `json:"type"`
	Callback       bool           `json:"smartCallback"`
	MaxAttempts    int            `json:"maxAttemptsForSmartCallback"`
	Gaps           []gapItem      `json:"gapBetweenEachAttemptForSmartCallback"`
	PhoneNumberIDs []string       `json:"phoneNumberIds"`
	Sessions       []sessionItem  `json:"activeSessions"`
	Settings       map[string]any `json:"settings"`
	Status         string         `json:"status"`
	Node           string         `json:"currentNode"` // of a flow: there are none
	Variables      map[string]any `json:"variables"`
	Created        stamp          `json:"createdAt"`
	Updated        stamp          `json:"updatedAt"`
	Prompt         *string        `json:"prompt,omitempty"`   // ours, as the next
	Greeting       *string        `json:"greeting,omitempty"` // what it says first
}

type ttsItem struct {
	Provider string `json:"provider"`
	VoiceID  string `json:"voiceId"`
	Name     string `json:"name"`
	Language string `json:"language"`
	Key      string `json:"elevenLabsApiKey,omitempty"`
}

type gapItem struct {
	Days  int `json:"days"`
	Hours int `json:"hours"`
}

type sessionItem struct {
	Room    string `json:"roomName"`
	Started stamp  `json:"startTime"`
	Status  string `json:"status"`
	ID      string `json:"_id"`
}

// stamp is a time in an answer: ISO 8601, UTC, to the millisecond.
type stamp time.Time

// MarshalJSON implements [json.Marshaler].
func (s stamp) MarshalJSON() ([]byte, error) {
	if time.Time(s).IsZero() {
		return []byte("null"), nil
	}
	return []byte(time.Time(s).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// Statuses of an agent.
const (
	pending = "pending" // it lacks something to be on a call: a part, a number, or leave to
	ready   = "ready"
	broken  = "error" // it has all, but something of it can't be used now
)

// items shows agents of one workspace.
func (a *api) items(ctx context.Context, agents []roster.Agent) ([]agentItem, error) {
	out := make([]agentItem, 0, len(agents))
	if len(agents) == 0 {
		return out, nil
	}
	ws := gate.Workspace(ctx)
	numbers, err := a.Roster.ListNumbers(ctx, ws)
	if err != nil {
		return nil, err
	}
	linked := map[string][]string{}
	for _, n := range numbers {
		if n.AgentUUID != "" {
			linked[n.AgentUUID] = append(linked[n.AgentUUID], strconv.FormatInt(n.ID, 10))
		}
	}
	live, err := a.sessions(ctx, agents)
	if err != nil {
		return nil, err
	}
	shelf := &shelf{Catalog: a.Catalog}
	for _, g := range agents {
		item, err := a.item(ctx, shelf, g, linked[g.UUID], live[g.UUID])
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}

// show is an agent as an answer.
func (a *api) show(ctx context.Context, g roster.Agent) (any, error) {
	all, err := a.items(ctx, []roster.Agent{g})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (a *api) item(ctx context.Context, c roster.Catalog, g roster.Agent, numbers []string, live []sessionItem) (agentItem, error) {
	voices, err := a.voices(ctx, c, g.Workspace, g.Keys)
	if err != nil {
		return agentItem{}, err
	}
	w := a.Table.wordsOf(g.Definition, voices)
	item := agentItem{
		ID: g.UUID, Workspace: g.Workspace, Name: g.Name, Type: "voice", LLM: w.LLM,
		TTS:         ttsItem{Provider: w.TTS.Provider, VoiceID: w.TTS.VoiceID, Name: w.TTS.Name, Language: w.TTS.Language},
		MaxAttempts: 5, Gaps: []gapItem{}, PhoneNumberIDs: notNil(numbers), Sessions: notNil(live),
		Settings: w.Settings, Variables: g.Variables, Created: stamp(g.Created), Updated: stamp(g.Updated), Greeting: g.Greeting,
	}
	if w.TTS.Provider == byo && g.Keys[byoKeyOf] != "" {
		item.TTS.Key = mask
	}
	if g.LLM != nil {
		item.Settings["temperature"], item.Prompt = g.LLM.Temperature, g.LLM.Prompt
	}
	if item.Variables == nil {
		item.Variables = map[string]any{}
	}
	if c := g.Callback; c != nil {
		item.Callback, item.MaxAttempts = c.Enabled, c.MaxAttempts
		for _, gap := range c.Gaps {
			item.Gaps = append(item.Gaps, gapItem(gap))
		}
	}
	if item.Status, err = statusOf(ctx, c, g, len(numbers) > 0); err != nil {
		return item, err
	}
	item.User, err = a.makers.of(ctx, g)
	return item, err
}

// statusOf says whether an agent can be on a call now.
func statusOf(ctx context.Context, c roster.Catalog, g roster.Agent, linked bool) (string, error) {
	if len(roster.Missing(g.Definition)) > 0 || !g.Enabled || !linked {
		return pending, nil
	}
	unfit, err := roster.Unfit(ctx, c, g)
	switch {
	case err != nil:
		return "", err
	case len(unfit) > 0:
		return broken, nil
	}
	return ready, nil
}

// maxSessions bounds the live calls that are looked through for one answer.
const maxSessions = 1_000

// sessions are the calls that go on, by agent.
func (a *api) sessions(ctx context.Context, agents []roster.Agent) (map[string][]sessionItem, error) {
	q := search.Query{{Key: search.Live, Yes: true}}
	if len(agents) == 1 {
		q = append(q, search.Term{Key: search.Agent, Text: agents[0].UUID})
	}
	out := map[string][]sessionItem{}
	err := a.scan(ctx, q, maxSessions, func(f found) bool {
		began := f.Answered
		if began.IsZero() {
			began = f.Created
		}
		out[f.AgentUUID] = append(out[f.AgentUUID], sessionItem{Room: string(f.ID), Started: stamp(began), Status: "active", ID: string(f.ID)})
		return true
	})
	return out, err
}

// shelf is a catalog that is asked once for what many agents of a workspace need.
type shelf struct {
	roster.Catalog
	asr, llm func() []roster.Capability
	voices   func() (roster.Voices, error)
}

// ASR implements [roster.Catalog].
func (s *shelf) ASR(ctx context.Context, workspace string) []roster.Capability {
	if s.asr == nil {
		s.asr = sync.OnceValue(func() []roster.Capability { return s.Catalog.ASR(ctx, workspace) })
	}
	return s.asr()
}

// LLM implements [roster.Catalog].
func (s *shelf) LLM(ctx context.Context, workspace string) []roster.Capability {
	if s.llm == nil {
		s.llm = sync.OnceValue(func() []roster.Capability { return s.Catalog.LLM(ctx, workspace) })
	}
	return s.llm()
}

// Voices implements [roster.Catalog].
func (s *shelf) Voices(ctx context.Context, workspace string) (roster.Voices, error) {
	if s.voices == nil {
		s.voices = sync.OnceValues(func() (roster.Voices, error) { return s.Catalog.Voices(ctx, workspace) })
	}
	return s.voices()
}

// With implements [roster.KeyedCatalog]: an agent's own keys open what no other
// agent has.
func (s *shelf) With(own map[string]roster.Secret) roster.Catalog {
	if keyed, ok := s.Catalog.(roster.KeyedCatalog); ok {
		return keyed.With(own)
	}
	return s
}

// voices are those that an agent with keys of its own may speak with.
func (a *api) voices(ctx context.Context, c roster.Catalog, workspace string, own map[string]roster.Secret) (roster.Voices, error) {
	if keyed, ok := c.(roster.KeyedCatalog); ok && len(own) > 0 {
		c = keyed.With(own)
	}
	all, err := c.Voices(ctx, workspace)
	if err != nil {
		return all, fmt.Errorf("trillet: voices: %w", err)
	}
	return all, nil
}

// maxMakers bounds the agents of which it is remembered who made them.
const maxMakers = 10_000

// makers remembers who made which agent: that never changes.
type makers struct {
	agents roster.Agents
	mu     sync.Mutex
	known  map[string]string
}

func newMakers(agents roster.Agents) *makers {
	return &makers{agents: agents, known: map[string]string{}}
}

// of is the id of the key that made an agent, or whoever else did.
func (m *makers) of(ctx context.Context, g roster.Agent) (string, error) {
	m.mu.Lock()
	who, ok := m.known[g.UUID]
	m.mu.Unlock()
	if ok {
		return who, nil
	}
	v, err := m.agents.Version(ctx, g.Workspace, g.UUID, 1)
	if err != nil && !errors.Is(err, roster.ErrNotFound) {
		return "", err
	}
	who = strings.TrimPrefix(string(v.Who), "key:")
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxMakers {
		clear(m.known)
	}
	m.known[g.UUID] = who
	return who, nil
}

func notNil[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}
