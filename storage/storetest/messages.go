package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func init() {
	suite("messages",
		check{"a message comes back as it went in, once", messageKept},
		check{"a thousand at once have one job, and most wait", messageFlood},
		check{"a closed chat takes what nobody answers, and nothing else", messageClosed},
		check{"a message is sent by one, and its fate only moves on", messageSent},
		check{"what a stranger calls a message is of its chat only", messageOfTwoChats},
		check{"nobody answers what waits in a chat that is closed", messageLeft},
	)
}

func incoming(of, id string, at time.Time) chat.Message {
	return chat.Message{
		ID: "msg_" + id, Workspace: roster.Default, Chat: "chat_" + of, Direction: chat.In, Body: "text " + id, Subject: "Re: Hello",
		Carrier: "SM" + id, Refs: []string{"<a@example.com>", "<b@example.com>"}, Segments: 2, Status: chat.Received, Created: at, Updated: at,
	}
}

func outgoing(of, id string) chat.Message {
	m := incoming(of, id, now)
	m.Direction, m.Status, m.Carrier = chat.Out, chat.Queued, ""
	return m
}

// receive keeps a message that is new.
func receive(t testing.TB, s storage.Store, of, id string, at time.Time) chat.Message {
	t.Helper()
	m, isNew, err := s.Receive(t.Context(), incoming(of, id, at), 100)
	if err != nil || !isNew {
		t.Fatalf("Receive(%s) = %v, %v, want a new one", id, isNew, err)
	}
	return m
}

func messageKept(t *testing.T, base storage.Store) {
	ctx := t.Context()
	s, jobs := watching(base)
	opened(t, s, "1", nil)
	want := incoming("1", "a", later(1))
	want.Seq = 1
	if got := receive(t, s, "1", "a", later(1)); !reflect.DeepEqual(got, want) {
		t.Errorf("Receive() = %+v, want %+v", got, want)
	}
	jobs.want(t, "received", storage.Job{Kind: chat.JobTurn, ID: "chat_1", At: later(1)})
	sameID, sameCarrier := incoming("1", "a", later(2)), incoming("1", "b", later(2))
	sameID.Carrier, sameCarrier.Carrier = "SMother", want.Carrier
	for _, m := range []chat.Message{sameID, sameCarrier} {
		if on, isNew, err := s.Receive(ctx, m, 9); err != nil || isNew || !reflect.DeepEqual(on, want) {
			t.Errorf("Receive(again) = %+v, %v, %v, want the first", on, isNew, err)
		}
	}
	if got, err := s.Message(ctx, "msg_a"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Message() = %+v, %v, want %+v", got, err, want)
	}
	jobs.want(t, "received again")
	for i := range 2 {
		m := outgoing("1", "o")
		m.Body = fmt.Sprint("body ", i)
		if on, err := s.SendMessage(ctx, m); err != nil || on.Seq != 2 || on.Body != "body 0" {
			t.Errorf("SendMessage() = %+v, %v, want the first", on, err)
		}
	}
	jobs.want(t, "sent", storage.Job{Kind: chat.JobSend, ID: "msg_o", At: now})
	if all, err := s.Messages(ctx, "chat_1", 1, 9); err != nil || len(all) != 1 || all[0].ID != "msg_o" {
		t.Errorf("Messages(after 1) = %+v, %v", all, err)
	}
	_, err := s.Message(ctx, "msg_nobody")
	refused(t, "Message(nobody)", err, chat.ErrNotFound)
	_, _, err = s.Receive(ctx, incoming("nobody", "z", now), 9)
	refused(t, "Receive(no chat)", err, chat.ErrNotFound)
	_, err = s.SendMessage(ctx, outgoing("nobody", "z"))
	refused(t, "SendMessage(no chat)", err, chat.ErrNotFound)
}

func messageFlood(t *testing.T, base storage.Store) {
	s, jobs := watching(base)
	opened(t, s, "1", nil)
	const n, most = 120, 10
	for i, err := range race(n, func(i int) error {
		_, _, err := s.Receive(t.Context(), incoming("1", fmt.Sprint(i%100), now), most) // twenty come twice
		return err
	}) {
		if err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
	jobs.want(t, "a flood", storage.Job{Kind: chat.JobTurn, ID: "chat_1", At: now})
	all, err := s.Messages(t.Context(), "chat_1", 0, 1000)
	if err != nil || len(all) != 100 {
		t.Fatalf("%d messages, %v, want 100", len(all), err)
	}
	waiting := 0
	for i, m := range all {
		switch {
		case m.Seq != i+1:
			t.Fatalf("message %d has number %d", i+1, m.Seq)
		case m.Status == chat.Received:
			waiting++
		case m.Status != chat.Dropped || m.Error != "too_many":
			t.Errorf("message %d is %s: %s", i, m.Status, m.Error)
		}
	}
	if waiting != most {
		t.Errorf("%d wait, want %d", waiting, most)
	}
}

func messageClosed(t *testing.T, s storage.Store) {
	ctx := t.Context()
	opened(t, s, "1", nil)
	if _, err := s.CloseChat(ctx, "", "chat_1", "opt_out", later(1)); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Receive(ctx, incoming("1", "a", later(2)), 9)
	refused(t, "Receive(closed)", err, chat.ErrClosed)
	stop := incoming("1", "b", later(2))
	stop.Status, stop.Error = chat.Dropped, "keyword"
	if on, isNew, err := s.Receive(ctx, stop, 0); err != nil || !isNew || on.Error != "keyword" || on.Seq != 1 {
		t.Errorf("Receive(dropped) = %+v, %v, %v, want it kept", on, isNew, err)
	}
}

func messageSent(t *testing.T, s storage.Store) {
	ctx := t.Context()
	opened(t, s, "1", nil)
	for _, id := range []string{"a", "b"} {
		if _, err := s.SendMessage(ctx, outgoing("1", id)); err != nil {
			t.Fatal(err)
		}
	}
	first := make(chan bool, 8)
	for i, err := range race(8, func(i int) error {
		m, again, err := s.BeginSend(ctx, "msg_a", later(i))
		if err == nil && m.Status == chat.Sending && !again {
			first <- true
		}
		return err
	}) {
		if err != nil {
			t.Errorf("sender %d: %v", i, err)
		}
	}
	if len(first) != 1 {
		t.Errorf("%d begin to send it, want 1", len(first))
	}
	for i, step := range []struct {
		id, carrier, status, code string
		want                      string // status, carrier, error
	}{
		{"msg_a", "SM1", chat.Sent, "", "sent SM1 "},
		{"msg_a", "", chat.Queued, "", "sent SM1 "},
		{"", "SM1", chat.Undelivered, "30003", "undelivered SM1 30003"},
		{"", "SM1", chat.Delivered, "", "undelivered SM1 30003"}, // the first word is the last
		{"msg_a", "SM1", chat.Sent, "", "undelivered SM1 30003"}, // our own note comes late
		{"msg_b", "SM1", chat.Failed, "x", "undelivered SM1 30003"},
	} {
		if err := s.SetMessage(ctx, step.id, step.carrier, step.status, step.code, later(20+i)); err != nil {
			t.Errorf("step %d: SetMessage() = %v", i, err)
		}
		m, err := s.Message(ctx, "msg_a")
		if got := m.Status + " " + m.Carrier + " " + m.Error; err != nil || got != step.want {
			t.Errorf("step %d: %q, %v, want %q", i, got, err, step.want)
		}
	}
	if m, err := s.Message(ctx, "msg_b"); err != nil || m.Carrier != "" || m.Status != chat.Failed {
		t.Errorf("the other is %+v, %v, want it failed, without an id that is another's", m, err)
	}
	if m, again, err := s.BeginSend(ctx, "msg_b", later(9)); err != nil || again || m.Status != chat.Failed {
		t.Errorf("BeginSend(failed) = %s, %v, %v", m.Status, again, err)
	}
	_, _, err := s.BeginSend(ctx, "msg_nobody", now)
	refused(t, "BeginSend(nobody)", err, chat.ErrNotFound)
	refused(t, "SetMessage(nobody)", s.SetMessage(ctx, "", "SM9", chat.Sent, "", now), chat.ErrNotFound)
	receive(t, s, "1", "in", now)
	refused(t, "SetMessage(one that came in)", s.SetMessage(ctx, "msg_in", "", chat.Failed, "", now), chat.ErrNotFound)
}

// A Message-ID is chosen by whoever sends: it must not keep away what somebody
// else is sent, and one letter may be for two of ours.
func messageOfTwoChats(t *testing.T, s storage.Store) {
	ctx := t.Context()
	for _, of := range []string{"1", "2"} {
		opened(t, s, of, func(c *chat.Chat) { c.Contact += of })
		m := incoming(of, "in"+of, now)
		m.Carrier = "<same@example.com>"
		if on, isNew, err := s.Receive(ctx, m, 9); err != nil || !isNew || on.Chat != m.Chat || on.Carrier != m.Carrier {
			t.Errorf("Receive(in chat %s) = %+v, %v, %v, want it kept", of, on, isNew, err)
		}
	}
	if _, err := s.SendMessage(ctx, outgoing("1", "out")); err != nil {
		t.Fatal(err)
	}
	stolen := incoming("2", "theirs", now) // somebody knows what we will call ours
	stolen.Carrier = "<ours@example.com>"
	if _, _, err := s.Receive(ctx, stolen, 9); err != nil {
		t.Fatal(err)
	}
	if err := s.SetMessage(ctx, "msg_out", stolen.Carrier, chat.Sent, "", later(1)); err != nil {
		t.Fatal(err)
	}
	if err := s.SetMessage(ctx, "", stolen.Carrier, chat.Delivered, "", later(2)); err != nil {
		t.Errorf("SetMessage(by the carrier's id) = %v", err)
	}
	if m, err := s.Message(ctx, "msg_out"); err != nil || m.Carrier != stolen.Carrier || m.Status != chat.Delivered {
		t.Errorf("ours is %+v, %v, want it delivered under its id", m, err)
	}
}

func messageLeft(t *testing.T, s storage.Store) {
	ctx := t.Context()
	opened(t, s, "1", nil)
	receive(t, s, "1", "read", now)
	c, waiting := taken(t, s, "1", later(1))
	if err := s.EndTurn(ctx, c, waiting, nil, nil, later(2)); err != nil {
		t.Fatal(err)
	}
	receive(t, s, "1", "left", later(3))
	for _, why := range []string{"api", "idle"} {
		if _, err := s.CloseChat(ctx, "", "chat_1", why, later(4)); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]string{"msg_read": "answered ", "msg_left": "dropped closed"} {
		if m, err := s.Message(ctx, id); err != nil || m.Status+" "+m.Error != want {
			t.Errorf("%s is %s %s, %v, want %s", id, m.Status, m.Error, err, want)
		}
	}
	if n, _, _, err := s.Waiting(ctx, "chat_1"); err != nil || n != 0 {
		t.Errorf("%d wait, %v, want none", n, err)
	}
}
