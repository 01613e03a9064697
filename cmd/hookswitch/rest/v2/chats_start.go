package v2

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

type startChatBody struct {
	Agent     string  `json:"agent_uuid" maxLength:"64"`
	Channel   string  `json:"channel_id" maxLength:"128"`
	Contact   string  `json:"contact" maxLength:"254" doc:"A phone number, E.164, or an e-mail address, as the channel has them."`
	First     *bool   `json:"send_initial_message" required:"false" doc:"The agent writes first. Default false: it waits."`
	At        *string `json:"schedule_at" required:"false" maxLength:"96" doc:"As of a dispatch."`
	Variables object  `json:"dynamic_variables,omitempty" doc:"Over the agent's own."`
	Metadata  *object `json:"metadata" required:"false" doc:"The client's own, given back with the chat; at most 16 KiB."`
}

type startChatInput struct {
	Key string `header:"Idempotency-Key" doc:"A name for this wish, at most 255 characters: a repeat within 24 hours begins nothing and is answered alike."`
	Posted
}

type startChatOutput struct {
	Status   int
	Replayed string `header:"Idempotent-Replayed" doc:"true: this is the answer to an earlier request with the same key."`
	Body     scheduleAnswer
}

// chatStarts registers how a chat is begun.
func (a *API) chatStarts() {
	handle(a, operation{ID: "start-chat", Method: http.MethodPost, Path: "/chats", Tag: tagChats, Thing: "Agent",
		Summary: "Start a chat", Scope: roster.CallsWrite, Fail: "Failed to start the chat",
		About:  "Begins a chat with a contact, at once or at `schedule_at`. The answer is 202 with a schedule, whose `id` is that of the chat that there will be. A contact has one open chat at a time on a channel: 409.",
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity},
		Body:   startChatBody{}, Example: `{"agent_uuid":"550e8400-e29b-41d4-a716-446655440000","channel_id":"chan_3f9a","contact":"+14155550177","send_initial_message":true}`,
	}, a.startChat)
	said := a.huma.OpenAPI().Paths[Base+"/chats"].Post.Responses
	said["202"] = &huma.Response{Description: "It begins at its time.", Headers: numbered(), Content: map[string]*huma.MediaType{
		"application/json": {Schema: schemaOf[scheduleAnswer](a.huma.OpenAPI().Components.Schemas)},
	}}
	delete(said, "200")
	said["202"].Headers[replayHeader] = &huma.Param{Schema: &huma.Schema{Type: "string"}, Description: "true: this is the answer to an earlier request with the same key."}
}

func (a *API) startChat(ctx context.Context, in *startChatInput) (*startChatOutput, error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	var wrong roster.Problems
	e, agent, err := a.chatWish(ctx, body, &wrong)
	if err != nil {
		return nil, err
	}
	w := dispatch.Wish{Workspace: e.Workspace}
	if len(in.Key) > maxIdemKey {
		wrong.Add("Idempotency-Key", "is longer than %d characters", maxIdemKey)
	} else if in.Key != "" {
		e.IdemKey, e.IdemHash = in.Key, wishHash("chat", body)
		w.IdemKey, w.IdemHash = e.IdemKey, e.IdemHash
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	known, err := a.bookedBefore(ctx, w)
	if err != nil {
		return nil, err
	}
	if !known {
		if err := a.mayChat(ctx, agent, e); err != nil {
			return nil, err
		}
	}
	on, replayed, err := a.Later.Clerk.Book(ctx, e)
	if errors.Is(err, agenda.ErrIdemMismatch) {
		return nil, a.notPlaced(ctx, dispatch.ErrIdemMismatch)
	}
	if err != nil {
		return nil, err
	}
	out := &startChatOutput{Status: http.StatusAccepted, Body: scheduleAnswer{true, scheduleOf(on), "Chat scheduled successfully"}}
	if replayed {
		out.Replayed = "true"
	}
	return out, nil
}

// chatWish reads the form of a chat that is to begin.
func (a *API) chatWish(ctx context.Context, in map[string]any, wrong *roster.Problems) (e agenda.Errand, agent roster.Agent, err error) {
	t := a.timing(map[string]any{"schedule_at": in["schedule_at"], "metadata": in["metadata"]}, wrong)
	e = agenda.Errand{Workspace: gate.Workspace(ctx), Kind: agenda.Chat, Source: agenda.FromV2, Metadata: t.metadata, Asked: t.at, Variables: "{}"}
	switch first := in["send_initial_message"].(type) {
	case nil:
	case bool:
		e.Options.InitialMessage = first
	default:
		wrong.Add("send_initial_message", "must be true or false")
	}
	given, isObject := in["dynamic_variables"].(map[string]any)
	if in["dynamic_variables"] != nil && !isObject {
		wrong.Add("dynamic_variables", "Dynamic variables must be a flat hash.")
	}
	for _, m := range vars.Check(given) {
		wrong.Add("dynamic_variables", "%s", m)
	}
	if e.Variables, err = vars.Set(given).Encode(); err != nil {
		wrong.Add("dynamic_variables", "cannot be kept")
	}
	if e.AgentUUID = needed(in, "agent_uuid", wrong); e.AgentUUID != "" {
		if agent, err = a.Roster.Agent(ctx, e.Workspace, e.AgentUUID); err != nil {
			return e, agent, err
		}
		e.Agent = agent.Name
	}
	return e, agent, a.chatEnds(ctx, in, &e, wrong)
}

// chatEnds reads who writes to whom.
func (a *API) chatEnds(ctx context.Context, in map[string]any, e *agenda.Errand, wrong *roster.Problems) error {
	id, contact := needed(in, "channel_id", wrong), needed(in, "contact", wrong)
	if id == "" || contact == "" {
		return nil
	}
	c, err := a.Later.Channels.Channel(ctx, e.Workspace, id)
	if errors.Is(err, roster.ErrNotFound) {
		wrong.Add("channel_id", "Channel not found")
		return nil
	}
	if err != nil {
		return err
	}
	if !c.Enabled {
		wrong.Add("channel_id", "is a channel that is not enabled")
	}
	e.Channel, e.From = c.ID, c.Address
	if e.To = contact; c.Kind == roster.EmailChannel {
		at, ok := roster.Email(contact)
		if e.To = at; !ok {
			wrong.Add("contact", "must be an e-mail address")
		}
	} else if !roster.E164(contact) {
		wrong.Add("contact", "must be an E.164 phone number, such as +14155550177")
	}
	if e.To == e.From {
		wrong.Add("contact", "is the channel itself")
	}
	return nil
}

func needed(in map[string]any, name string, wrong *roster.Problems) string {
	before := len(wrong.Of(name))
	s := optional(in, name, wrong)
	if s == "" && len(wrong.Of(name)) == before {
		wrong.Add(name, "can't be blank")
	}
	return s
}

// mayChat says why a chat can't be as things are: 422, or 409 when another one
// with the contact is open.
func (a *API) mayChat(ctx context.Context, agent roster.Agent, e agenda.Errand) error {
	var wrong roster.Problems
	if !agent.Enabled {
		wrong.Add("agent", "Agent is disabled")
	}
	for _, why := range roster.UnfitToWrite(ctx, a.Catalog, agent) {
		wrong.Add("agent", "%s", why)
	}
	if a.Later.OptOuts != nil {
		switch _, err := a.Later.OptOuts.OptedOut(ctx, e.Workspace, e.To, roster.OptOutMessages); {
		case err == nil:
			wrong.Add("contact", "wants no messages")
		case !errors.Is(err, roster.ErrNotFound):
			return err
		}
	}
	if len(wrong) > 0 {
		return &Failure{Errors: wrong, status: http.StatusUnprocessableEntity}
	}
	if !e.Asked.IsZero() {
		return nil
	}
	on, err := a.Later.Chats.OpenChatWith(ctx, e.Channel, e.To)
	if errors.Is(err, chat.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = Fail(http.StatusConflict, "The contact has an open chat on this channel already: "+on.ID+". Close it first.")
	}
	return err
}
