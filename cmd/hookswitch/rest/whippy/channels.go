package whippy

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// channel is a channel in an answer.
type channel struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Phone        *string   `json:"phone"`
	Email        *string   `json:"email"`
	Type         string    `json:"type"` // phone, whatsapp, email
	Timezone     string    `json:"timezone"`
	Support      bool      `json:"support_ai_agent"`
	OpeningHours []opening `json:"opening_hours"`
	Enabled      bool      `json:"enabled"`
	AgentID      *string   `json:"agent_id"`
	CreatedAt    *string   `json:"created_at"`
	UpdatedAt    *string   `json:"updated_at"`
}

// channelOf shows c. Agents may use it while it is enabled: there is no other
// kind of channel here.
func channelOf(c roster.Channel) (channel, error) {
	out := channel{
		ID: c.ID, Name: c.Name, Type: c.Kind, Timezone: c.Timezone, Support: c.Enabled, Enabled: c.Enabled,
		AgentID: orNull(c.AgentUUID), CreatedAt: stamp(c.Created), UpdatedAt: stamp(c.Updated),
	}
	if out.Timezone == "" {
		out.Timezone = defaultZone
	}
	if c.Kind == roster.EmailChannel {
		out.Email = &c.Address
	} else {
		out.Phone = &c.Address
	}
	var err error
	out.OpeningHours, err = openings(c.Hours)
	return out, err
}

func (a *api) listChannels(r *http.Request) (answer, error) {
	offset, limit, err := page(r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	all, err := a.Roster.ListChannels(r.Context(), gate.Workspace(r.Context()))
	if err != nil {
		return answer{}, err
	}
	out := []channel{}
	for _, c := range slice(all, offset, limit) {
		item, err := channelOf(c)
		if err != nil {
			return answer{}, err
		}
		out = append(out, item)
	}
	return answer{body: list{out, len(all)}}, nil
}

func (a *api) getChannel(r *http.Request) (answer, error) {
	c, err := a.Roster.Channel(r.Context(), gate.Workspace(r.Context()), r.PathValue("id"))
	return showChannel(http.StatusOK, c, err)
}

func showChannel(status int, c roster.Channel, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	item, err := channelOf(c)
	return answer{status: status, body: single{item}}, err
}

func (a *api) createChannel(r *http.Request) (answer, error) {
	ctx, ws := r.Context(), gate.Workspace(r.Context())
	in, err := read(r)
	if err != nil {
		return answer{}, err
	}
	kind, _ := in["type"].(string)
	form, wrong := channelForm(in, kind)
	c, err := a.channelTerms(ctx).CreateChannel(form)
	if err := a.channelWrong(ctx, roster.Channel{}, c, wrong, err); err != nil {
		return answer{}, err
	}
	c.Workspace = ws
	c, err = a.Roster.CreateChannel(ctx, c, gate.Actor(ctx))
	if errors.Is(err, roster.ErrTaken) {
		return answer{}, roster.Problems{{Field: addressField(kind), Messages: []string{"has already been taken"}}}
	}
	return showChannel(http.StatusCreated, c, err)
}

func (a *api) changeChannel(r *http.Request) (answer, error) {
	in, err := read(r)
	if err != nil {
		return answer{}, err
	}
	return a.change(r, in)
}

func (a *api) enableChannel(r *http.Request) (answer, error) {
	return a.change(r, map[string]any{"enabled": true})
}

func (a *api) disableChannel(r *http.Request) (answer, error) {
	return a.change(r, map[string]any{"enabled": false})
}

// tries is how often a change is merged anew when somebody else was faster.
const tries = 4

// change merges in into a channel.
func (a *api) change(r *http.Request, in map[string]any) (answer, error) {
	ctx, ws := r.Context(), gate.Workspace(r.Context())
	for try := 1; ; try++ {
		was, err := a.Roster.Channel(ctx, ws, r.PathValue("id"))
		if err != nil {
			return answer{}, err
		}
		form, wrong := channelForm(in, was.Kind)
		c, err := a.channelTerms(ctx).ChangeChannel(was, form)
		if err := a.channelWrong(ctx, was, c, wrong, err); err != nil {
			return answer{}, err
		}
		c, err = a.Roster.ChangeChannel(ctx, c, was.Updated, gate.Actor(ctx), a.Now())
		if errors.Is(err, roster.ErrConflict) && try < tries {
			continue
		}
		return showChannel(http.StatusOK, c, err)
	}
}

func (a *api) deleteChannel(r *http.Request) (answer, error) {
	ctx, id := r.Context(), r.PathValue("id")
	err := a.Roster.DeleteChannel(ctx, gate.Workspace(ctx), id, gate.Actor(ctx), a.Now())
	return answer{body: single{struct {
		ID      string `json:"id"`
		Deleted bool   `json:"deleted"`
	}{id, true}}}, err
}

// channelTerms is what a channel is held against: nothing of a catalog.
func (a *api) channelTerms(ctx context.Context) roster.Terms {
	return roster.Terms{Seal: a.Sealer.Seal, Open: a.Sealer.Open, Who: gate.Actor(ctx), Now: a.Now()}
}

// channelWrong is all that is wrong with a channel's body, in the dialect's
// names: what was read of it, what the roster says, and a new agent that isn't there.
func (a *api) channelWrong(ctx context.Context, was, c roster.Channel, wrong roster.Problems, err error) error {
	var more roster.Problems
	if err != nil && !errors.As(err, &more) {
		return err
	}
	for _, one := range more {
		for _, message := range one.Messages {
			wrong.Add(channelField(one.Field, c.Kind), "%s", message)
		}
	}
	if c.AgentUUID != "" && c.AgentUUID != was.AgentUUID {
		_, err := a.Roster.Agent(ctx, gate.Workspace(ctx), c.AgentUUID)
		if err != nil && !errors.Is(err, roster.ErrNotFound) {
			return err
		}
		if err != nil {
			wrong.Add("agent_id", "is not an agent of this workspace")
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// addressField is where a kind of channel has its address.
func addressField(kind string) string {
	if kind == roster.EmailChannel {
		return "email"
	}
	return "phone"
}

// channelField is the dialect's name for a field of the roster's.
func channelField(name, kind string) string {
	switch {
	case name == "address":
		return addressField(kind)
	case name == "agent_uuid":
		return "agent_id"
	case name == "secret":
		return "inbound_secret"
	case strings.HasPrefix(name, "hours"):
		return "opening_hours"
	}
	return name
}

// plainFields have other names, or the same, in the roster, and are kept as they
// come.
var plainFields = []struct{ theirs, ours string }{
	{"type", "type"}, {"name", "name"}, {"timezone", "timezone"}, {"enabled", "enabled"}, {"agent_id", "agent_uuid"}, {"inbound_secret", "secret"},
}

// channelForm is a body, of a channel of that kind, in the roster's names.
func channelForm(in map[string]any, kind string) (form map[string]any, wrong roster.Problems) {
	form = map[string]any{}
	for _, name := range plainFields {
		if v, there := in[name.theirs]; there {
			form[name.ours] = v
		}
	}
	for _, name := range []string{"phone", "email"} {
		switch v := in[name]; {
		case v == nil:
		case name == addressField(kind):
			form["address"] = v
		default:
			wrong.Add(name, "is not what a channel of this type has")
		}
	}
	if v, there := in["opening_hours"]; there {
		form["hours"] = windows(v, &wrong)
	}
	return form, wrong
}
