package trillet

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

func (a *api) listAgents(r *http.Request) (any, error) {
	ctx := r.Context()
	all, err := a.Roster.ListAgents(ctx, gate.Workspace(ctx), roster.AgentFilter{})
	if err != nil {
		return nil, err
	}
	return a.items(ctx, all)
}

func (a *api) getAgent(r *http.Request) (any, error) {
	ctx := r.Context()
	g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), r.PathValue("agentId"))
	if err != nil {
		return nil, err
	}
	return a.show(ctx, g)
}

func (a *api) createAgent(r *http.Request) (any, error) {
	ctx := r.Context()
	in, err := read(r)
	if err != nil {
		return nil, err
	}
	g := roster.Agent{UUID: uuid.NewString(), Workspace: gate.Workspace(ctx)}
	d, err := a.form(ctx, in, nil)
	ids, err := a.numberIDs(ctx, in, "", err)
	if err != nil {
		return nil, err
	}
	g.Definition = d
	for _, n := range ids { // before there is an agent: a carrier that refuses leaves none
		if err := a.leadHere(ctx, n); err != nil {
			return nil, err
		}
	}
	link := int64(0)
	if len(ids) > 0 {
		link = ids[0].ID
	}
	g, err = a.Roster.CreateAgent(ctx, g, link, gate.Actor(ctx), a.Now())
	if errors.Is(err, roster.ErrTaken) {
		return nil, errMeanwhile
	}
	if err != nil {
		return nil, err
	}
	if len(ids) > 1 {
		if err := a.link(ctx, g.UUID, ids[1:]); err != nil {
			// An agent with half of its numbers is not what was asked for.
			undo := context.WithoutCancel(ctx)
			return nil, errors.Join(err, a.Roster.DeleteAgent(undo, g.Workspace, g.UUID, gate.Actor(ctx), a.Now()))
		}
	}
	return a.show(ctx, g)
}

// tries is how often a change is merged anew when somebody else was faster.
const tries = 4

func (a *api) updateAgent(r *http.Request) (any, error) {
	ctx := r.Context()
	in, err := read(r)
	if err != nil {
		return nil, err
	}
	ws, id := gate.Workspace(ctx), r.PathValue("agentId")
	var g roster.Agent
	var ids []roster.Number
	for try := 1; ; try++ {
		if g, err = a.Roster.Agent(ctx, ws, id); err != nil {
			return nil, err
		}
		d, err := a.form(ctx, in, &g)
		if ids, err = a.numberIDs(ctx, in, g.UUID, err); err != nil {
			return nil, err
		}
		g, err = a.Roster.ChangeAgent(ctx, ws, id, g.Version, d, nil, gate.Actor(ctx), a.Now())
		if errors.Is(err, roster.ErrConflict) && try < tries {
			continue
		}
		if err != nil {
			return nil, err
		}
		break
	}
	if _, there := in["phoneNumberIds"]; there {
		if err := a.relink(ctx, g.UUID, ids); err != nil {
			return nil, err
		}
	}
	return a.show(ctx, g)
}

func (a *api) deleteAgent(r *http.Request) (any, error) {
	ctx := r.Context()
	ws, id := gate.Workspace(ctx), r.PathValue("agentId")
	had, err := a.numbersOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := a.Roster.DeleteAgent(ctx, ws, id, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	for _, n := range had {
		if err := a.letGo(ctx, n); err != nil { // calls to it are told that it is not in service
			a.Log.WarnContext(ctx, "a number of a deleted agent still leads here", "number_id", n.ID, "err", err)
		}
	}
	return map[string]any{"_id": id, "message": "Agent deleted successfully"}, nil
}

// form makes the definition that in wishes for, over that of an agent, if there
// is one. All that is wrong is told at once, as [roster.Problems].
func (a *api) form(ctx context.Context, in map[string]any, over *roster.Agent) (roster.Definition, error) {
	ws := gate.Workspace(ctx)
	var was roster.Definition
	if over != nil {
		was = over.Definition
	}
	terms := roster.Terms{ASR: a.Catalog.ASR(ctx, ws), LLM: a.Catalog.LLM(ctx, ws), AllowHTTP: a.AllowHTTP,
		Seal: a.Sealer.Seal, Open: a.Sealer.Open, UUID: uuid.NewString, Who: gate.Actor(ctx), Now: a.Now()}
	keyed, err := a.withKey(terms, was, in)
	if err != nil {
		return was, err
	}
	if terms.Voices, err = a.voices(ctx, a.Catalog, ws, keyed.Keys); err != nil {
		return was, err
	}
	f := form{table: a.Table, voices: terms.Voices, llm: terms.LLM, in: in, fresh: over == nil, hadKey: was.Keys[byoKeyOf] != ""}
	if over != nil {
		f.was = a.Table.wordsOf(was, terms.Voices)
	}
	f.read()
	var d roster.Definition
	if over == nil {
		f.ours["asr"] = a.ears(terms.ASR)
		d, err = terms.Create(f.ours)
	} else {
		d, err = terms.Change(was, f.ours)
	}
	wrong, err := together(f.wrong, err)
	if err != nil || len(wrong) > 0 {
		return d, first(err, wrong)
	}
	if over != nil && reflect.DeepEqual(f.words, f.was) && f.key == nil {
		return d, nil // what changed has no words of its own
	}
	if f.key != nil {
		if d, err = terms.OwnKey(d, byoKeyOf, "ttsModel.elevenLabsApiKey", *f.key); err != nil {
			return d, err
		}
	}
	return f.words.keep(d), nil
}

// withKey is was with the key that in brings, so that the voices which it opens
// are known.
func (a *api) withKey(terms roster.Terms, was roster.Definition, in map[string]any) (roster.Definition, error) {
	model, _ := in["ttsModel"].(map[string]any)
	key, _ := model["elevenLabsApiKey"].(string)
	if key == "" || key == mask {
		return was, nil
	}
	return terms.OwnKey(was, byoKeyOf, "ttsModel.elevenLabsApiKey", key)
}

// ears are how a new agent hears: the dialect doesn't say.
func (a *api) ears(offered []roster.Capability) any {
	c := a.Table.ASR
	for _, one := range offered {
		if c != (roster.Choice{}) {
			break
		}
		if one.Available {
			c = roster.Choice{Provider: one.Provider, Model: one.Model}
		}
	}
	if c == (roster.Choice{}) {
		return nil // it has to be set, by the native API: the agent is pending until then
	}
	return map[string]any{"provider": c.Provider, "model": c.Model}
}

// together adds what roster found to what is wrong already, unless that says why.
func together(wrong roster.Problems, err error) (roster.Problems, error) {
	var more roster.Problems
	if !errors.As(err, &more) {
		return wrong, err
	}
	for _, p := range theirs(more) {
		if p.Field == "ttsModel.voiceId" && slices.ContainsFunc(wrong, func(p roster.Problem) bool { return strings.HasPrefix(p.Field, "ttsModel") }) {
			continue // there is no voice because of that
		}
		for _, m := range p.Messages {
			wrong.Add(p.Field, "%s", m)
		}
	}
	return wrong, nil
}

func first(err error, wrong roster.Problems) error {
	if err != nil {
		return err
	}
	return wrong
}
