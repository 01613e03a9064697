package whippy

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// maxVersions is how many of an agent's versions are shown.
const maxVersions = 100

// listAgents lists the workspace's agents, those whose name holds what the query
// says.
func (a *api) listAgents(r *http.Request) (answer, error) {
	q := r.URL.Query()
	offset, limit, err := page(q)
	if err != nil {
		return answer{}, err
	}
	all, err := a.Roster.ListAgents(r.Context(), gate.Workspace(r.Context()), roster.AgentFilter{})
	if err != nil {
		return answer{}, err
	}
	if name := strings.ToLower(q.Get("name")); name != "" {
		all = slices.DeleteFunc(slices.Clone(all), func(g roster.Agent) bool { return !strings.Contains(strings.ToLower(g.Name), name) })
	}
	out := []agent{}
	for _, g := range slice(all, offset, limit) {
		out = append(out, agentOf(g))
	}
	return answer{body: list{out, len(all)}}, nil
}

func (a *api) getAgent(r *http.Request) (answer, error) {
	g, err := a.Roster.Agent(r.Context(), gate.Workspace(r.Context()), r.PathValue("uuid"))
	if err != nil {
		return answer{}, err
	}
	return a.showAgent(r.Context(), http.StatusOK, g)
}

// showAgent answers with an agent and its versions.
func (a *api) showAgent(ctx context.Context, status int, g roster.Agent) (answer, error) {
	all, err := a.Roster.Versions(ctx, g.Workspace, g.UUID, 0, maxVersions)
	if err != nil {
		return answer{}, err
	}
	item := agentOf(g)
	for _, v := range all {
		item.Versions = append(item.Versions, versionOf(g.UUID, v.Number, v.Definition))
		if v.Number == g.Version {
			item.UpdatedBy = orNull(string(v.Who))
		}
		if v.Number == 1 {
			item.CreatedBy = orNull(string(v.Who))
		}
	}
	return answer{status: status, body: single{item}}, nil
}

// createAgent makes an agent of little: a name, a prompt and a voice. It hears
// and thinks with the first that this gateway has, unless llm_id says otherwise.
// The dialect's own API has no such operation.
func (a *api) createAgent(r *http.Request) (answer, error) {
	ctx, ws := r.Context(), gate.Workspace(r.Context())
	in, err := read(r)
	if err != nil {
		return answer{}, err
	}
	terms, err := a.agentTerms(ctx)
	if err != nil {
		return answer{}, err
	}
	var wrong, more roster.Problems
	d, err := terms.Create(agentForm(in, terms, &wrong))
	if errors.As(err, &more) {
		err = nil
		wrong = append(wrong, renamed(more)...)
	}
	if err != nil {
		return answer{}, err
	}
	if len(wrong) > 0 {
		return answer{}, wrong
	}
	g, err := a.Roster.CreateAgent(ctx, roster.Agent{UUID: uuid.NewString(), Workspace: ws, Definition: d}, 0, gate.Actor(ctx), a.Now())
	if err != nil {
		return answer{}, err
	}
	return a.showAgent(ctx, http.StatusCreated, g)
}

// agentTerms is what the workspace may wish for.
func (a *api) agentTerms(ctx context.Context) (roster.Terms, error) {
	ws := gate.Workspace(ctx)
	voices, err := a.Catalog.Voices(ctx, ws)
	return roster.Terms{
		ASR: a.Catalog.ASR(ctx, ws), LLM: a.Catalog.LLM(ctx, ws), Voices: voices,
		AllowHTTP: a.AllowHTTP, Seal: a.Sealer.Seal, Open: a.Sealer.Open, UUID: uuid.NewString,
		Who: gate.Actor(ctx), Now: a.Now(),
	}, err
}

// agentForm is a body in the roster's names. What only this dialect has is
// checked here.
func agentForm(in map[string]any, terms roster.Terms, wrong *roster.Problems) map[string]any {
	llm := map[string]any{}
	form := map[string]any{"llm": llm, "turn": map[string]any{}}
	for _, name := range []struct {
		theirs, ours string
		into         map[string]any
	}{
		{"name", "name", form}, {"voice_id", "voice_uuid", form}, {"begin_message", "greeting", form},
		{"default_dynamic_variables", "dynamic_variables", form}, {"prompt", "prompt", llm},
	} {
		if v, there := in[name.theirs]; there {
			name.into[name.ours] = v
		}
	}
	if v := in["voicemail_option"]; v != nil {
		form["system_tools"] = map[string]any{roster.VoicemailDetection: voicemailForm(v, wrong)}
	}
	if c, ok := first(terms.ASR); ok {
		form["asr"] = map[string]any{"provider": c.Provider, "model": c.Model}
	}
	id := in["llm_id"]
	if c, ok := first(terms.LLM); ok && id == nil {
		id = llmID(c.Provider, c.Model)
	}
	if text, ok := id.(string); ok {
		provider, model, _ := strings.Cut(text, "/")
		llm["provider"], llm["model"] = provider, model
	} else if id != nil {
		llm["model"] = id // the roster says what it is not
	}
	return form
}

// first is the first capability that a call could use now.
func first(all []roster.Capability) (roster.Capability, bool) {
	i := slices.IndexFunc(all, func(c roster.Capability) bool { return c.Available })
	if i < 0 {
		return roster.Capability{}, false
	}
	return all[i], true
}

// renamed tells mistakes in the dialect's names.
func renamed(wrong roster.Problems) roster.Problems {
	names := map[string]string{"voice_uuid": "voice_id", "greeting": "begin_message", "dynamic_variables": "default_dynamic_variables",
		"llm.prompt": "prompt", "llm.provider": "llm_id", "llm.model": "llm_id",
		"system_tools.voicemail_detection.parameters.voicemail_message": "voicemail_option.action.text"}
	var out roster.Problems
	for _, one := range wrong {
		name := one.Field
		if theirs, ok := names[name]; ok {
			name = theirs
		}
		for _, message := range one.Messages {
			out.Add(name, "%s", message)
		}
	}
	return out
}
