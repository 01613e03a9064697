package v2

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// chatItem is a conversation in writing in an answer.
type chatItem struct {
	ID        string        `json:"id" example:"chat_3f9a"`
	Type      string        `json:"type" enum:"phone,whatsapp,email" doc:"Of its channel."`
	Status    string        `json:"status" enum:"open,closed"`
	Reason    orNull[text]  `json:"reason" doc:"Why it is closed: agent, api, opt_out, idle, agent_disabled; null while it is open."`
	Channel   string        `json:"channel_id"`
	Address   string        `json:"address" doc:"The channel's."`
	Contact   string        `json:"contact" example:"+14155550177"`
	AgentUUID orNull[text]  `json:"agent_uuid"`
	AgentName string        `json:"agent_name"`
	Subject   string        `json:"subject" doc:"Of an e-mail's thread."`
	Variables object        `json:"dynamic_variables"`
	Metadata  object        `json:"metadata" doc:"The client's own."`
	Created   instant       `json:"created_at"`
	Updated   instant       `json:"updated_at"`
	Ended     instantOrNull `json:"ended_at"`

	Transcript *[]agentcore.Utterance `json:"transcript,omitempty" doc:"What was said, as the agent knows it; absent in lists."`
}

// messageItem is one text of a chat.
type messageItem struct {
	ID        string       `json:"id" example:"msg_3f9a"`
	Seq       int          `json:"seq" doc:"Of the chat, from 1."`
	Direction string       `json:"direction" enum:"in,out"`
	Text      string       `json:"text"`
	Subject   string       `json:"subject"`
	Status    string       `json:"status" enum:"received,answered,dropped,queued,sending,sent,delivered,undelivered,failed"`
	Error     orNull[text] `json:"error" doc:"The carrier's code, or what went wrong."`
	Segments  int          `json:"segments" doc:"Of an SMS."`
	Created   instant      `json:"created_at"`
	Updated   instant      `json:"updated_at"`
}

type chatAnswer struct {
	Success bool     `json:"success"`
	Item    chatItem `json:"item"`
	Message string   `json:"message,omitempty"`
}

type chatsAnswer struct {
	Success bool         `json:"success"`
	Items   []chatItem   `json:"items"`
	Count   int          `json:"count"`
	Next    orNull[text] `json:"next_cursor"`
}

type messagesAnswer struct {
	Success bool          `json:"success"`
	Items   []messageItem `json:"items"`
	Count   int           `json:"count"`
	Next    int           `json:"next_after" doc:"Where the list goes on: the highest seq so far."`
}

// ChatPath is the input of an operation on one.
type ChatPath struct {
	ID string `path:"id" maxLength:"128" doc:"The chat's id." example:"chat_3f9a"`
}

type listChatsInput struct {
	Status  string `query:"status" enum:"open,closed"`
	Channel string `query:"channel_id" maxLength:"128"`
	Agent   string `query:"agent_uuid" maxLength:"64"`
	Contact string `query:"contact" maxLength:"254" doc:"A phone number, its + as %2B, or an e-mail address."`
	Page
}

type listMessagesInput struct {
	ChatPath
	After int `query:"after" minimum:"0" doc:"Only messages with a higher seq."`
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type sayBody struct {
	Text string `json:"text" minLength:"1" maxLength:"4096"`
}

// maxSay bounds what a client says in the agent's place, in characters.
const maxSay = 4096

// closedByClient is the reason of a chat that was closed here.
const closedByClient = "api"

// chats registers conversations in writing.
func (a *API) chats() {
	a.chapter(tagChats, "Conversations in writing, over a channel: SMS, WhatsApp, e-mail.")
	handle(a, operation{ID: "list-chats", Method: http.MethodGet, Path: "/chats", Tag: tagChats, Errors: []int{http.StatusBadRequest},
		Summary: "List chats", Scope: roster.CallsRead, Fail: "Failed to list chats", About: "Lists chats, newest first."}, a.listChats)
	handle(a, operation{ID: "get-chat", Method: http.MethodGet, Path: "/chats/{id}", Tag: tagChats, Thing: "Chat",
		Summary: "Get a chat", Scope: roster.CallsRead, Fail: "Failed to get the chat", About: "Shows a chat with its transcript."}, a.getChat)
	handle(a, operation{ID: "list-messages", Method: http.MethodGet, Path: "/chats/{id}/messages", Tag: tagChats, Thing: "Chat", Errors: []int{http.StatusBadRequest},
		Summary: "Messages of a chat", Scope: roster.CallsRead, Fail: "Failed to list messages", About: "Lists what was written, oldest first, with what the carrier says of it."}, a.listMessages)
	handle(a, operation{ID: "close-chat", Method: http.MethodPost, Path: "/chats/{id}/close", Tag: tagChats, Thing: "Chat",
		Summary: "Close a chat", Scope: roster.CallsWrite, Fail: "Failed to close the chat", About: "Ends a chat; one that is closed stays as it is, which is no error."}, a.closeChat)
	if a.Later.Writer != nil {
		handle(a, operation{ID: "say-in-chat", Method: http.MethodPost, Path: "/chats/{id}/messages", Tag: tagChats, Thing: "Chat",
			Summary: "Write in a chat", Scope: roster.CallsWrite, Fail: "Failed to write", Errors: []int{http.StatusConflict, http.StatusUnprocessableEntity},
			About: "Sends a text in the agent's place. The agent knows later that it was said. While the agent is writing, it is 409: try again.",
			Body:  sayBody{}, Example: `{"text":"A colleague will call you at noon."}`}, a.say)
	}
	if a.Later.Clerk != nil {
		a.chatStarts()
	}
}

func chatOf(c chat.Chat) chatItem {
	return chatItem{
		ID: c.ID, Type: c.Kind, Status: c.Status, Reason: textOrNull(c.Reason), Channel: c.Channel, Address: c.Address, Contact: c.Contact,
		AgentUUID: textOrNull(c.AgentUUID), AgentName: c.Agent, Subject: c.Subject, Variables: objectOf([]byte(c.Variables)), Metadata: objectOf([]byte(c.Metadata)),
		Created: instant(c.Created), Updated: instant(c.Updated), Ended: instantOrNull{instant(c.Ended)},
	}
}

func (a *API) listChats(ctx context.Context, in *listChatsInput) (*reply[chatsAnswer], error) {
	f := chat.Filter{Status: in.Status, Channel: in.Channel, AgentUUID: in.Agent, Contact: plus(in.Contact)}
	all, next, err := a.Later.Chats.Chats(ctx, gate.Workspace(ctx), f, in.Cursor, in.Limit)
	if err != nil {
		return nil, cursorError(err)
	}
	out := chatsAnswer{Success: true, Items: make([]chatItem, 0, len(all)), Count: len(all), Next: textOrNull(next)}
	for _, c := range all {
		out.Items = append(out.Items, chatOf(c))
	}
	return &reply[chatsAnswer]{out}, nil
}

func (a *API) getChat(ctx context.Context, in *ChatPath) (*reply[chatAnswer], error) {
	c, err := a.Later.Chats.Chat(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	entries, err := a.Later.Chats.ChatJournal(ctx, c.ID, 0)
	if err != nil {
		return nil, err
	}
	item := chatOf(c)
	item.Transcript = new(notNil(agentcore.Transcript(entries)))
	return &reply[chatAnswer]{chatAnswer{Success: true, Item: item}}, nil
}

func (a *API) listMessages(ctx context.Context, in *listMessagesInput) (*reply[messagesAnswer], error) {
	c, err := a.Later.Chats.Chat(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	all, err := a.Later.Chats.Messages(ctx, c.ID, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	out := messagesAnswer{Success: true, Items: make([]messageItem, 0, len(all)), Count: len(all), Next: in.After}
	for _, m := range all {
		out.Next = m.Seq
		out.Items = append(out.Items, messageItem{ID: m.ID, Seq: m.Seq, Direction: m.Direction, Text: m.Body, Subject: m.Subject, Status: m.Status,
			Error: textOrNull(m.Error), Segments: m.Segments, Created: instant(m.Created), Updated: instant(m.Updated)})
	}
	return &reply[messagesAnswer]{out}, nil
}

func (a *API) closeChat(ctx context.Context, in *ChatPath) (*reply[chatAnswer], error) {
	c, err := a.Later.Chats.CloseChat(ctx, gate.Workspace(ctx), in.ID, closedByClient, a.Now())
	if err != nil {
		return nil, err
	}
	return &reply[chatAnswer]{chatAnswer{true, chatOf(c), "Chat closed successfully"}}, nil
}

func (a *API) say(ctx context.Context, in *struct {
	ChatPath
	Posted
}) (*reply[doneAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	var wrong roster.Problems
	said := strings.TrimSpace(optional(body, "text", &wrong))
	switch {
	case len(wrong) > 0:
	case said == "":
		wrong.Add("text", "can't be blank")
	case utf8.RuneCountInString(said) > maxSay:
		wrong.Add("text", "is too long (maximum is %d characters)", maxSay)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	c, err := a.Later.Chats.Chat(ctx, gate.Workspace(ctx), in.ID) // of the key's workspace
	if err != nil {
		return nil, err
	}
	switch err := a.Later.Writer.Say(ctx, c.ID, said); {
	case errors.Is(err, chat.ErrBusy):
		return nil, Fail(http.StatusConflict, "The agent is writing. Try again in a moment.")
	case errors.Is(err, chat.ErrClosed):
		return nil, Fail(http.StatusConflict, "The chat is closed.")
	case errors.Is(err, chat.ErrOptedOut):
		return nil, &Failure{status: http.StatusUnprocessableEntity, Errors: roster.Problems{{Field: "contact", Messages: []string{"wants no messages"}}}}
	case err != nil:
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Message queued successfully"}}, nil
}
