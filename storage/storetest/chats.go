package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("chats",
		check{"a chat comes back as it went in, and begins with a job", chatKept},
		check{"a channel has one open chat with a contact", chatOnce},
		check{"of many who open one chat one does", chatRace},
		check{"chats are listed newest first, by pages and by filter", chatPages},
		check{"a chat is closed once, an idle one by itself", chatClosed},
		check{"one turn is taken at a time, and fenced by its epoch", turnTaken},
		check{"a turn ends with its journal, answers and jobs, or not at all", turnEnded},
		check{"a turn to which more came has another after it", turnAgain},
		check{"of two who end one turn one does", turnRace},
		check{"what was said and written before is told of one workspace", pastTold},
	)
}

// aChat is one in which every field is set.
func aChat(id string) chat.Chat {
	return chat.Chat{
		ID: "chat_" + id, Workspace: roster.Default, Channel: "chan_1", Kind: telephony.Phone, Address: "+15550100", Contact: "+1555020" + id,
		AgentUUID: "uuid_1", Agent: "demo", Version: 3, Subject: "Hello", Variables: `{"name":"Ann"}`, Metadata: `{"crm":7}`,
		Status: chat.Open, Created: now, Updated: now,
	}
}

// opened is a chat that change makes.
func opened(t testing.TB, s storage.Store, id string, change func(*chat.Chat)) chat.Chat {
	t.Helper()
	c := aChat(id)
	if change != nil {
		change(&c)
	}
	on, created, err := s.OpenChat(t.Context(), c, false)
	if err != nil || !created {
		t.Fatalf("OpenChat(%s) = %v, %v, want a new one", id, created, err)
	}
	return on
}

// taken is a chat whose turn we have, and what waits in it.
func taken(t testing.TB, s storage.Store, id string, at time.Time) (chat.Chat, []chat.Message) {
	t.Helper()
	c, waiting, err := s.TakeTurn(t.Context(), "chat_"+id, at, at.Add(time.Minute))
	if err != nil {
		t.Fatalf("TakeTurn(%s) = %v", id, err)
	}
	return c, waiting
}

func chatKept(t *testing.T, base storage.Store) {
	ctx := t.Context()
	s, jobs := watching(base)
	want := aChat("1")
	if on, created, err := s.OpenChat(ctx, want, true); err != nil || !created || on != want {
		t.Errorf("OpenChat() = %+v, %v, %v, want %+v", on, created, err, want)
	}
	jobs.want(t, "begun", storage.Job{Kind: chat.JobTurn, ID: want.ID, At: now})
	for what, find := range map[string]func() (chat.Chat, error){
		"Chat":         func() (chat.Chat, error) { return s.Chat(ctx, roster.Default, want.ID) },
		"Chat of any":  func() (chat.Chat, error) { return s.Chat(ctx, "", want.ID) },
		"OpenChatWith": func() (chat.Chat, error) { return s.OpenChatWith(ctx, "chan_1", want.Contact) },
	} {
		if got, err := find(); err != nil || got != want {
			t.Errorf("%s() = %+v, %v, want %+v", what, got, err, want)
		}
	}
	_, err := s.Chat(ctx, other, want.ID)
	refused(t, "Chat(another workspace's)", err, chat.ErrNotFound)
	_, err = s.OpenChatWith(ctx, "chan_2", want.Contact)
	refused(t, "OpenChatWith(another channel)", err, chat.ErrNotFound)
	opened(t, s, "2", nil)
	jobs.want(t, "not begun")
}

func chatOnce(t *testing.T, base storage.Store) {
	s, jobs := watching(base)
	first := opened(t, s, "1", nil)
	other := aChat("2")
	other.Contact = first.Contact
	for _, c := range []chat.Chat{aChat("1"), other} {
		if on, created, err := s.OpenChat(t.Context(), c, true); err != nil || created || on != first {
			t.Errorf("OpenChat(again) = %s, %v, %v, want the first", on.ID, created, err)
		}
	}
	jobs.want(t, "opened again")
	if _, err := s.CloseChat(t.Context(), "", first.ID, "api", later(1)); err != nil {
		t.Fatal(err)
	}
	opened(t, s, "2", func(c *chat.Chat) { c.Contact = first.Contact })
	if on, created, err := s.OpenChat(t.Context(), aChat("1"), true); err != nil || created || on.Status != chat.Closed {
		t.Errorf("OpenChat(an id that is closed) = %s, %v, %v, want that one", on.Status, created, err)
	}
}

func chatRace(t *testing.T, s storage.Store) {
	var ids [8]string
	for i, err := range race(len(ids), func(i int) error {
		c := aChat(fmt.Sprint(i))
		c.Contact = "+15550299"
		on, _, err := s.OpenChat(t.Context(), c, true)
		ids[i] = on.ID
		return err
	}) {
		if err != nil || ids[i] != ids[0] {
			t.Errorf("opener %d got %s, %v, want %s like all", i, ids[i], err, ids[0])
		}
	}
}

func chatPages(t *testing.T, s storage.Store) {
	newWorkspace(t, s)
	for i := range 3 {
		opened(t, s, fmt.Sprint(i), func(c *chat.Chat) { c.Created = later(i / 2) })
	}
	opened(t, s, "9", func(c *chat.Chat) { c.Workspace, c.Channel, c.AgentUUID = other, "chan_9", "uuid_9" })
	names := func(all []chat.Chat) string {
		var ids []string
		for _, c := range all {
			ids = append(ids, strings.TrimPrefix(c.ID, "chat_"))
		}
		return strings.Join(ids, " ")
	}
	first, next, err := s.Chats(t.Context(), roster.Default, chat.Filter{}, "", 2)
	second, end, errOfNext := s.Chats(t.Context(), roster.Default, chat.Filter{}, next, 2)
	if err := errors.Join(err, errOfNext); err != nil || names(first) != "2 1" || names(second) != "0" || end != "" {
		t.Errorf("pages %q, %q, then %q, %v", names(first), names(second), end, err)
	}
	for want, f := range map[string]chat.Filter{"9": {Channel: "chan_9"}, "1": {Contact: "+15550201"}, "": {Status: chat.Closed}} {
		if all, _, err := s.Chats(t.Context(), "", f, "", 9); err != nil || names(all) != want {
			t.Errorf("Chats(%+v) = %q, %v, want %q", f, names(all), err, want)
		}
	}
}

func chatClosed(t *testing.T, s storage.Store) {
	ctx := t.Context()
	for i := range 4 {
		opened(t, s, fmt.Sprint(i), func(c *chat.Chat) { c.Updated = later(i) })
	}
	for i, why := range []string{"api", "late"} {
		if c, err := s.CloseChat(ctx, roster.Default, "chat_0", why, later(5+i)); err != nil || c.Reason != "api" || !c.Ended.Equal(later(5)) {
			t.Errorf("CloseChat(%s) = %+v, %v, want it closed by the first", why, c, err)
		}
	}
	_, err := s.CloseChat(ctx, other, "chat_1", "api", now)
	refused(t, "CloseChat(another workspace's)", err, chat.ErrNotFound)
	if c, err := s.Chat(ctx, "", "chat_1"); err != nil || c.Status != chat.Open {
		t.Errorf("it is %s, %v, want open", c.Status, err)
	}
	receive(t, s, "1", "a", later(1)) // something waits there
	for _, want := range []int{1, 0} {
		if n, err := s.CloseIdle(ctx, later(3), 5, later(9)); err != nil || n != want {
			t.Errorf("CloseIdle() = %d, %v, want %d", n, err, want)
		}
	}
	if c, err := s.Chat(ctx, "", "chat_2"); err != nil || c.Reason != "idle" || !c.Ended.Equal(later(9)) {
		t.Errorf("the idle one is %+v, %v", c, err)
	}
}

func turnTaken(t *testing.T, s storage.Store) {
	ctx := t.Context()
	opened(t, s, "1", nil)
	receive(t, s, "1", "a", now)
	receive(t, s, "1", "b", now)
	var won chat.Chat
	oneWins(t, race(8, func(int) error {
		c, waiting, err := s.TakeTurn(ctx, "chat_1", later(1), later(2))
		if err == nil {
			won = c
			if len(waiting) != 2 || waiting[0].Seq != 1 || waiting[1].Seq != 2 {
				err = fmt.Errorf("waiting: %+v", waiting)
			}
		}
		return err
	}), chat.ErrBusy)
	next, waiting := taken(t, s, "1", later(2)) // the lease is over
	if won.Epoch != 1 || next.Epoch != 2 || len(waiting) != 2 {
		t.Errorf("epochs %d and %d, %d waiting, want 1, 2, and what nobody answered", won.Epoch, next.Epoch, len(waiting))
	}
	refused(t, "Note(fenced)", s.Note(ctx, won, said(1, 1)), chat.ErrEpoch)
	refused(t, "LetGo(fenced)", s.LetGo(ctx, won, nil), chat.ErrEpoch)
	refused(t, "EndTurn(fenced)", s.EndTurn(ctx, won, waiting, nil, nil, later(3)), chat.ErrEpoch)
	next.Variables = `{"name":"Bea"}`
	if err := s.Note(ctx, next, said(1, 2)); err != nil {
		t.Errorf("Note() = %v", err)
	}
	refused(t, "Note(a gap)", s.Note(ctx, next, said(4, 4)), storage.ErrGap)
	refused(t, "Note(a repeat)", s.Note(ctx, next, said(2, 2)), storage.ErrGap)
	if err := s.LetGo(ctx, next, said(3, 3)); err != nil {
		t.Errorf("LetGo() = %v", err)
	}
	c, waiting := taken(t, s, "1", later(2))
	if c.Epoch != 3 || c.Last != 3 || c.Variables != next.Variables || len(waiting) != 2 {
		t.Errorf("after LetGo it is %+v, with %d waiting", c, len(waiting))
	}
	if all, err := s.ChatJournal(ctx, "chat_1", 1); err != nil || !reflect.DeepEqual(all, said(2, 3)) {
		t.Errorf("ChatJournal() = %+v, %v, want entries 2 and 3", all, err)
	}
	if _, err := s.CloseChat(ctx, "", "chat_1", "api", later(4)); err != nil {
		t.Fatal(err)
	}
	refused(t, "Note(closed)", s.Note(ctx, c, said(4, 4)), chat.ErrClosed)
	refused(t, "EndTurn(closed)", s.EndTurn(ctx, c, nil, nil, nil, later(5)), chat.ErrClosed)
	_, _, err := s.TakeTurn(ctx, "chat_1", later(9), later(10))
	refused(t, "TakeTurn(closed)", err, chat.ErrClosed)
	_, _, err = s.TakeTurn(ctx, "chat_nobody", now, now)
	refused(t, "TakeTurn(nobody)", err, chat.ErrNotFound)
}

func turnEnded(t *testing.T, base storage.Store) {
	ctx := t.Context()
	s, jobs := watching(base)
	opened(t, s, "1", nil)
	receive(t, s, "1", "a", now)
	c, waiting := taken(t, s, "1", later(1))
	jobs.want(t, "received", storage.Job{Kind: chat.JobTurn, ID: c.ID, At: now})
	answers := []chat.Message{outgoing("1", "x"), outgoing("1", "y")}
	bad := said(5, 5)
	refused(t, "EndTurn(a gap)", s.EndTurn(ctx, c, waiting, bad, answers, later(2)), storage.ErrGap)
	jobs.want(t, "a turn that failed")
	c.Status, c.Reason, c.Variables = chat.Closed, "agent", `{"done":true}`
	if err := s.EndTurn(ctx, c, waiting, said(1, 2), answers, later(2)); err != nil {
		t.Fatal(err)
	}
	jobs.want(t, "answered", storage.Job{Kind: chat.JobSend, ID: "msg_x", At: later(2)}, storage.Job{Kind: chat.JobSend, ID: "msg_y", At: later(2)})
	on, err := s.Chat(ctx, "", c.ID)
	if err != nil || on.Status != chat.Closed || on.Reason != "agent" || on.Last != 2 || on.Variables != c.Variables || !on.Ended.Equal(later(2)) {
		t.Errorf("after the turn it is %+v, %v", on, err)
	}
	got := ""
	all, err := s.Messages(ctx, c.ID, 0, 9)
	for _, m := range all {
		got += fmt.Sprint(m.Seq, m.ID, m.Status, " ")
	}
	if want := "1msg_aanswered 2msg_xqueued 3msg_yqueued "; err != nil || got != want {
		t.Errorf("messages %q, %v, want %q", got, err, want)
	}
}

func turnAgain(t *testing.T, base storage.Store) {
	s, jobs := watching(base)
	opened(t, s, "1", nil)
	receive(t, s, "1", "a", now)
	c, waiting := taken(t, s, "1", later(1))
	jobs.want(t, "the first", storage.Job{Kind: chat.JobTurn, ID: c.ID, At: now})
	for i := range 50 {
		receive(t, s, "1", fmt.Sprint("b", i), later(1))
	}
	jobs.want(t, "fifty more", storage.Job{Kind: chat.JobTurn, ID: c.ID, At: later(1)})
	c.Status = chat.Closed
	if err := s.EndTurn(t.Context(), c, waiting, nil, nil, later(2)); err != nil {
		t.Fatal(err)
	}
	jobs.want(t, "the end: their job is there")
	if on, err := s.Chat(t.Context(), "", c.ID); err != nil || on.Status != chat.Open {
		t.Errorf("it is %s, %v, want it to stay open for them", on.Status, err)
	}
	if n, oldest, newest, err := s.Waiting(t.Context(), c.ID); err != nil || n != 50 || !oldest.Equal(later(1)) || !newest.Equal(later(1)) {
		t.Errorf("Waiting() = %d, %v, %v, %v, want 50", n, oldest, newest, err)
	}
	receive(t, s, "1", "late", later(3)) // the job that ought to be there has not come for a while
	jobs.want(t, "a minute and more later", storage.Job{Kind: chat.JobTurn, ID: c.ID, At: later(3)})
}

func turnRace(t *testing.T, s storage.Store) {
	opened(t, s, "1", nil)
	receive(t, s, "1", "a", now)
	c, waiting := taken(t, s, "1", later(1))
	oneWins(t, race(6, func(i int) error {
		return s.EndTurn(t.Context(), c, waiting, said(1, 1), []chat.Message{outgoing("1", fmt.Sprint(i))}, later(2))
	}), storage.ErrGap)
	if all, err := s.Messages(t.Context(), c.ID, 1, 9); err != nil || len(all) != 1 || all[0].Seq != 2 {
		t.Errorf("%d answers, %v, want one", len(all), err)
	}
}

func pastTold(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	const contact = "+15550201"
	opened(t, s, "1", nil)
	opened(t, s, "2", func(c *chat.Chat) { c.Contact, c.Kind, c.Channel = contact, telephony.WhatsApp, "chan_2" })
	opened(t, s, "8", func(c *chat.Chat) { c.Contact, c.Workspace, c.Channel = contact, other, "chan_3" })
	receive(t, s, "1", "a", later(1))
	receive(t, s, "2", "b", later(2))
	receive(t, s, "8", "secret", later(2))
	lost := outgoing("1", "lost")
	lost.Status = chat.Failed
	for _, m := range []chat.Message{outgoing("1", "c"), lost} {
		m.Created = later(3)
		if _, err := s.SendMessage(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range []storage.Call{
		{Direction: telephony.Inbound, From: contact, To: "+15550100"},
		{Direction: telephony.Outbound, From: "+15550100", To: contact},
		{Direction: telephony.Outbound, From: contact, To: "+15550100"}, // our own number, by chance
		{Direction: telephony.Inbound, From: contact, To: "+15550100", Workspace: other},
		{Direction: telephony.Inbound, From: contact, To: "+15550100", Foreign: true}, // or so it says
		{Direction: telephony.Inbound, To: "+15550100"},                               // withheld
	} {
		r.ID, r.Created = telephony.CallID(fmt.Sprint("call_", i)), later(10+i)
		if r.Workspace == "" {
			r.Workspace = roster.Default
		}
		if _, _, err := s.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
		lines := []agentcore.Entry{
			{N: 1, Version: agentcore.JournalVersion, Wall: later(10 + i).UTC(), Event: agentcore.CallerSaid{Turn: 1, Text: fmt.Sprint("hello ", i)}},
			{N: 2, Version: agentcore.JournalVersion, Wall: later(11 + i).UTC(), Event: agentcore.AgentSaid{Turn: 1, Text: fmt.Sprint("good day ", i), Unheard: "and more"}},
		}
		if err := s.Append(ctx, r.ID, 1, lines); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := s.PastWith(ctx, roster.Default, "", later(99), 99); err != nil || len(all) != 0 {
		t.Errorf("who has no number said before: %+v, %v", all, err)
	}
	tell := func(before time.Time, limit int) string {
		t.Helper()
		all, err := s.PastWith(ctx, roster.Default, contact, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range all {
			got += fmt.Sprint(int(p.At.Sub(now).Minutes()), " ", p.Where, " ", p.Contact, " ", p.Text, "; ")
		}
		return got
	}
	for _, c := range []struct {
		before time.Time
		limit  int
		want   string
	}{
		{later(99), 99, "1 sms true text a; 2 whatsapp true text b; 3 sms false text c; 10 call true hello 0; 11 call false good day 0; 11 call true hello 1; 12 call false good day 1; "},
		{later(11), 3, "2 whatsapp true text b; 3 sms false text c; 10 call true hello 0; "},
		{later(99), 2, "11 call true hello 1; 12 call false good day 1; "},
		{later(1), 9, ""},
		{later(99), 0, ""},
	} {
		if got := tell(c.before, c.limit); got != c.want {
			t.Errorf("before %v, %d of it: %q, want %q", c.before.Sub(now), c.limit, got, c.want)
		}
	}
}
