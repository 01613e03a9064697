package v2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// channelItem is a channel in an answer.
type channelItem struct {
	ID       string       `json:"id" example:"chan_3f9a"`
	Type     string       `json:"type" enum:"phone,whatsapp,email"`
	Address  string       `json:"address" doc:"A phone number, E.164, or an e-mail address." example:"+14155550100"`
	Name     string       `json:"name"`
	Timezone string       `json:"timezone" doc:"IANA; empty: each dialect has its default."`
	Hours    []windowItem `json:"hours" doc:"Business hours. Empty: always."`
	Enabled  bool         `json:"enabled"`
	Agent    orNull[text] `json:"agent_uuid" doc:"Who answers what comes in; null: nobody."`
	Secret   bool         `json:"has_secret" doc:"Whether an e-mail channel's inbound webhook can be verified."`
	Created  stamp        `json:"created_at"`
	Updated  stamp        `json:"updated_at"`
}

// channelBody describes the body of a new channel: see [roster.Terms.CreateChannel].
type channelBody struct {
	Type    string `json:"type" enum:"phone,whatsapp,email"`
	Address string `json:"address" maxLength:"255" example:"+14155550100"`
	ChannelFields
}

type channelPatch struct{ ChannelFields }

// ChannelFields are what can be changed of a channel.
type ChannelFields struct {
	Name     *string      `json:"name" required:"false" maxLength:"255" doc:"Default the address."`
	Timezone *string      `json:"timezone" required:"false" maxLength:"64"`
	Hours    []windowItem `json:"hours" required:"false" nullable:"true" maxItems:"50" doc:"Replaced as a whole; null: always."`
	Enabled  *bool        `json:"enabled" required:"false" doc:"Default true."`
	Agent    *string      `json:"agent_uuid" required:"false" maxLength:"64"`
	Secret   *string      `json:"secret" required:"false" writeOnly:"true" maxLength:"256" doc:"Of an e-mail channel: signs its inbound webhook. Kept encrypted, never shown."`
}

type channelAnswer struct {
	Success bool        `json:"success"`
	Item    channelItem `json:"item"`
	Message string      `json:"message,omitempty"`
}

type channelsAnswer struct {
	Success bool          `json:"success"`
	Items   []channelItem `json:"items"`
	Count   int           `json:"count"`
}

// ChannelPath is the input of an operation on one.
type ChannelPath struct {
	ID string `path:"id" maxLength:"128" doc:"The channel's id." example:"chan_3f9a"`
}

const exampleChannel = `{"type":"phone","address":"+14155550100","name":"Front desk","timezone":"America/New_York","hours":[{"days":["mon","tue"],"from":"09:00","to":"17:00"}],"agent_uuid":null}`

// channels registers the addresses at which agents write.
func (a *API) channels() {
	a.chapter(tagChannels, "The addresses at which agents write: a phone number for SMS, one on WhatsApp, an e-mail address.")
	handle(a, operation{ID: "list-channels", Method: http.MethodGet, Path: "/channels", Tag: tagChannels,
		Summary: "List channels", Scope: roster.NumbersRead, Fail: "Failed to list channels"}, a.listChannels)
	handle(a, operation{ID: "create-channel", Method: http.MethodPost, Path: "/channels", Tag: tagChannels,
		Summary: "Create a channel", Scope: roster.NumbersWrite, Fail: "Failed to create the channel",
		Body: channelBody{}, Example: exampleChannel}, a.createChannel)
	handle(a, operation{ID: "get-channel", Method: http.MethodGet, Path: "/channels/{id}", Tag: tagChannels, Thing: "Channel",
		Summary: "Get a channel", Scope: roster.NumbersRead, Fail: "Failed to get the channel"}, a.getChannel)
	handle(a, operation{ID: "update-channel", Method: http.MethodPatch, Path: "/channels/{id}", Tag: tagChannels, Thing: "Channel",
		Summary: "Change a channel", Scope: roster.NumbersWrite, Fail: "Failed to change the channel", Errors: []int{http.StatusConflict},
		About: "Changes what the body names; null puts a default back. `type` and `address` stay. A channel that is not enabled takes and sends nothing.",
		Body:  channelPatch{}, Example: `{"enabled":false}`}, a.updateChannel)
	handle(a, operation{ID: "delete-channel", Method: http.MethodDelete, Path: "/channels/{id}", Tag: tagChannels, Thing: "Channel",
		Summary: "Delete a channel", Scope: roster.NumbersWrite, Fail: "Failed to delete the channel"}, a.deleteChannel)
}

func channelOf(c roster.Channel) (channelItem, error) {
	item := channelItem{ID: c.ID, Type: c.Kind, Address: c.Address, Name: c.Name, Timezone: c.Timezone, Hours: []windowItem{}, Enabled: c.Enabled,
		Agent: textOrNull(c.AgentUUID), Secret: c.Secret != "", Created: stamp(c.Created), Updated: stamp(c.Updated)}
	if len(c.Hours) == 0 {
		return item, nil
	}
	if err := json.Unmarshal(c.Hours, &item.Hours); err != nil {
		return item, fmt.Errorf("v2: hours of channel %s: %w", c.ID, err)
	}
	return item, nil
}

// showChannel is the answer with c, or err.
func showChannel(c roster.Channel, message string, err error) (*reply[channelAnswer], error) {
	if err != nil {
		return nil, err
	}
	item, err := channelOf(c)
	return &reply[channelAnswer]{channelAnswer{true, item, message}}, err
}

func (a *API) listChannels(ctx context.Context, _ *struct{}) (*reply[channelsAnswer], error) {
	all, err := a.Later.Channels.ListChannels(ctx, gate.Workspace(ctx))
	if err != nil {
		return nil, err
	}
	out := channelsAnswer{Success: true, Items: make([]channelItem, 0, len(all)), Count: len(all)}
	for _, c := range all {
		item, err := channelOf(c)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, item)
	}
	return &reply[channelsAnswer]{out}, nil
}

func (a *API) getChannel(ctx context.Context, in *ChannelPath) (*reply[channelAnswer], error) {
	c, err := a.Later.Channels.Channel(ctx, gate.Workspace(ctx), in.ID)
	return showChannel(c, "", err)
}

func (a *API) createChannel(ctx context.Context, in *struct{ Posted }) (*reply[channelAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	c, err := a.channelTerms(ctx).CreateChannel(body)
	if err := a.channelWrong(ctx, roster.Channel{}, c, err); err != nil {
		return nil, err
	}
	c.Workspace = gate.Workspace(ctx)
	c, err = a.Later.Channels.CreateChannel(ctx, c, gate.Actor(ctx))
	if errors.Is(err, roster.ErrTaken) {
		return nil, roster.Problems{{Field: "address", Messages: []string{"has already been taken"}}}
	}
	return showChannel(c, "Channel created successfully", err)
}

func (a *API) updateChannel(ctx context.Context, in *struct {
	ChannelPath
	Posted
}) (*reply[channelAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	was, err := a.Later.Channels.Channel(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	c, err := a.channelTerms(ctx).ChangeChannel(was, body)
	if err := a.channelWrong(ctx, was, c, err); err != nil {
		return nil, err
	}
	c, err = a.Later.Channels.ChangeChannel(ctx, c, was.Updated, gate.Actor(ctx), a.Now())
	return showChannel(c, "Channel updated successfully", err)
}

func (a *API) deleteChannel(ctx context.Context, in *ChannelPath) (*reply[doneAnswer], error) {
	if err := a.Later.Channels.DeleteChannel(ctx, gate.Workspace(ctx), in.ID, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Channel deleted successfully"}}, nil
}

// channelTerms is what a channel is held against: nothing of a catalog.
func (a *API) channelTerms(ctx context.Context) roster.Terms {
	return roster.Terms{Seal: a.Sealer.Seal, Open: a.Sealer.Open, Who: gate.Actor(ctx), Now: a.Now()}
}

// channelWrong is all that is wrong with a channel: what the roster says, and a
// new agent that isn't there.
func (a *API) channelWrong(ctx context.Context, was, c roster.Channel, err error) error {
	var wrong roster.Problems
	if err != nil && !errors.As(err, &wrong) {
		return err
	}
	if c.AgentUUID != "" && c.AgentUUID != was.AgentUUID {
		_, err := a.Roster.Agent(ctx, gate.Workspace(ctx), c.AgentUUID)
		if err != nil && !errors.Is(err, roster.ErrNotFound) {
			return err
		}
		if err != nil {
			wrong.Add("agent_uuid", "Agent not found")
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}
