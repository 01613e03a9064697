package whippy

import (
	"net/http"
	"net/url"

	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// chatItem is a conversation in writing in an answer.
type chatItem struct {
	ID        string  `json:"id"`
	Status    string  `json:"status"` // open, closed
	Reason    string  `json:"reason,omitempty"`
	Type      string  `json:"type"`
	AgentID   string  `json:"agent_id"`
	ChannelID string  `json:"channel_id"`
	From      string  `json:"from"` // the channel's
	To        string  `json:"to"`   // the contact's
	Subject   string  `json:"subject,omitempty"`
	CreatedAt *string `json:"created_at"`
	UpdatedAt *string `json:"updated_at"`
	EndedAt   *string `json:"ended_at"`
}

func chatOf(c chat.Chat) chatItem {
	return chatItem{
		ID: c.ID, Status: c.Status, Reason: c.Reason, Type: c.Kind, AgentID: c.AgentUUID, ChannelID: c.Channel,
		From: c.Address, To: c.Contact, Subject: c.Subject,
		CreatedAt: stamp(c.Created), UpdatedAt: stamp(c.Updated), EndedAt: stamp(c.Ended),
	}
}

// messageItem is one text of a chat in an answer.
type messageItem struct {
	ID             string  `json:"id"`
	Number         int     `json:"number"` // in the chat, from 1
	Direction      string  `json:"direction"`
	Body           string  `json:"body"`
	Subject        string  `json:"subject,omitempty"`
	DeliveryStatus string  `json:"delivery_status"`
	Error          string  `json:"error,omitempty"`
	Segments       int     `json:"segments,omitempty"`
	CreatedAt      *string `json:"created_at"`
	UpdatedAt      *string `json:"updated_at"`
}

// cursored is a page of a list whose length nobody counts. It is ours.
type cursored struct {
	Data any     `json:"data"`
	Next *string `json:"next_cursor"` // null after the last
}

// maxCursor bounds a cursor, in bytes.
const maxCursor = 512

// cursorOf reads where a page of a list begins.
func cursorOf(q url.Values) (cursor string, limit int, err error) {
	_, limit, err = page(url.Values{"limit": q["limit"]})
	if q.Get("limit") == "" {
		limit, err = defaultLimit, nil
	}
	if cursor = q.Get("cursor"); err == nil && len(cursor) > maxCursor {
		err = refuse(http.StatusUnprocessableEntity, noCursor)
	}
	return cursor, limit, err
}

func (a *api) listChats(r *http.Request) (answer, error) {
	q := r.URL.Query()
	cursor, limit, err := cursorOf(q)
	if err != nil {
		return answer{}, err
	}
	f := chat.Filter{Status: q.Get("status"), Channel: q.Get("channel_id"), AgentUUID: q.Get("agent_id"), Contact: plus(q.Get("to"))}
	if f.Status != "" && f.Status != chat.Open && f.Status != chat.Closed {
		return answer{}, roster.Problems{{Field: "status", Messages: []string{"must be open or closed"}}}
	}
	all, next, err := a.Chats.Chats(r.Context(), gate.Workspace(r.Context()), f, cursor, limit)
	out := make([]chatItem, 0, len(all))
	for _, c := range all {
		out = append(out, chatOf(c))
	}
	return answer{body: cursored{out, orNull(next)}}, err
}

func (a *api) getChat(r *http.Request) (answer, error) {
	c, err := a.Chats.Chat(r.Context(), gate.Workspace(r.Context()), r.PathValue("id"))
	return answer{body: single{chatOf(c)}}, err
}

// listMessages lists a chat's texts, oldest first. They are counted from 1, so
// that an offset is a number.
func (a *api) listMessages(r *http.Request) (answer, error) {
	offset, limit, err := page(r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	c, err := a.Chats.Chat(r.Context(), gate.Workspace(r.Context()), r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	all, err := a.Chats.Messages(r.Context(), c.ID, offset, limit)
	out := make([]messageItem, 0, len(all))
	for _, m := range all {
		out = append(out, messageItem{
			ID: m.ID, Number: m.Seq, Direction: m.Direction, Body: m.Body, Subject: m.Subject, DeliveryStatus: m.Status,
			Error: m.Error, Segments: m.Segments, CreatedAt: stamp(m.Created), UpdatedAt: stamp(m.Updated),
		})
	}
	return answer{body: single{out}}, err
}

// closedByClient is the reason of a chat that was closed here.
const closedByClient = "api"

func (a *api) closeChat(r *http.Request) (answer, error) {
	c, err := a.Chats.CloseChat(r.Context(), gate.Workspace(r.Context()), r.PathValue("id"), closedByClient, a.Now())
	return answer{body: single{chatOf(c)}}, err
}
