package chat_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestAThousandMessagesInASecondAreOneTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for i := range 1000 {
			w.receive(in(fmt.Sprint("IN-", i), fmt.Sprint("message ", i)))
			time.Sleep(time.Millisecond)
		}
		jobs := len(w.store.jobs)
		w.run(time.Minute)
		if jobs != 1 || w.asked != 1 || len(w.carrier.sent) != 1 {
			t.Errorf("%d jobs, the model was asked %d times, %d answers; want one of each", jobs, w.asked, len(w.carrier.sent))
		}
		if w.counts[chat.CountReceived] != 200 || w.counts[chat.CountTooMany] != 800 || len(w.store.messages) != 1001 {
			t.Errorf("counted %v, %d messages kept; want 200 read, 800 too many, 1001 kept", w.counts, len(w.store.messages))
		}
	})
}

// Two agents that answer each other, and say what neither has said before.
func TestALoopIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.poll = 500 * time.Millisecond
		w.config.Limits.TurnsDay = 100
		w.start()
		n := 0
		for end := time.Now().Add(2 * time.Hour); time.Now().Before(end); {
			w.receive(in(fmt.Sprint("IN-", n), fmt.Sprint("and ", n)))
			for n++; len(w.carrier.sent) < n && time.Now().Before(end); {
				w.run(time.Second)
			}
		}
		for i := range w.carrier.at {
			if i >= 20 && w.carrier.at[i].Sub(w.carrier.at[i-20]) < 55*time.Second {
				t.Errorf("answers %d to %d came within %v", i-20, i, w.carrier.at[i].Sub(w.carrier.at[i-20]))
			}
		}
		if len(w.carrier.sent) != 100 {
			t.Errorf("%d answers in two hours, want the 100 that a day has", len(w.carrier.sent))
		}
		w.poll = time.Minute
		w.run(24 * time.Hour)
		if len(w.carrier.sent) != 101 {
			t.Errorf("%d answers after a day, want the last message answered, too", len(w.carrier.sent))
		}
	})
}

// One of them says goodbye each time, so that each message begins a chat.
func TestALoopOfGoodbyesIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.poll = 500 * time.Millisecond
		set, err := tools.NewSet(tools.EndCall())
		if err != nil {
			t.Fatal(err)
		}
		w.who.Tools, w.model.Answers = set, map[string]string{"and": "Goodbye. !end_call", `"ok":true`: "Goodbye."}
		n := 0
		for end := time.Now().Add(2 * time.Hour); time.Now().Before(end); {
			w.receive(in(fmt.Sprint("IN-", n), fmt.Sprint("and ", n)))
			for n++; len(w.carrier.sent) < n && time.Now().Before(end); {
				w.run(time.Second)
			}
		}
		for i := range w.carrier.at { // it counts when a chat began, not when it was answered
			if i >= 20 && w.carrier.at[i].Sub(w.carrier.at[i-20]) < 45*time.Second {
				t.Errorf("answers %d to %d came within %v", i-20, i, w.carrier.at[i].Sub(w.carrier.at[i-20]))
			}
		}
		if len(w.carrier.sent) != 100 || len(w.store.chats) != 101 {
			t.Errorf("%d answers in two hours, and %d chats; want 100 of a day, and one that waits", len(w.carrier.sent), len(w.store.chats))
		}
		w.poll = time.Minute
		w.run(24 * time.Hour)
		if len(w.carrier.sent) != 101 {
			t.Errorf("%d answers after a day, want the last message answered, too", len(w.carrier.sent))
		}
	})
}

func TestTheSameMessageAgainChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 3 {
			w.receive(in("IN-1", "hi"))
		}
		w.run(10 * time.Second)
		w.receive(in("IN-1", "hi"))
		w.run(10 * time.Second)
		if len(w.carrier.sent) != 1 || len(w.store.chats) != 1 || w.counts[chat.CountAgain] != 3 {
			t.Errorf("sent %q in %d chats, counted %v", w.carrier.bodies(), len(w.store.chats), w.counts)
		}
	})
}

// A carrier may repeat a keyword long after: the newest word counts.
func TestALateRepeatOfAKeywordChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		out := func() bool { return len(w.outs) > 0 }
		say := func(id, body string, want bool) {
			t.Helper()
			w.receive(in(id, body))
			w.run(time.Minute)
			if out() != want {
				t.Errorf("after %s (%s) they are out: %v, want %v", body, id, out(), want)
			}
		}
		say("IN-1", "stop", true)
		say("IN-2", "start", false)
		say("IN-1", "stop", false)
		say("IN-3", "stop", true)
		say("IN-2", "start", true)
		say("IN-4", "start", false)
		w.outs[[2]string{"+15550199", roster.OptOutMessages}] = roster.OptOut{Source: "api", Created: time.Now()}
		say("IN-4", "start", true)
	})
}

func TestWhoIsOutOfEverythingStaysOut(t *testing.T) {
	for _, kind := range []string{telephony.Phone, telephony.WhatsApp} { // where we confirm, too
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.channel.Kind = kind
				w.outs[[2]string{"+15550199", roster.OptOutAll}] = roster.OptOut{Contact: "+15550199", Scope: roster.OptOutAll, Source: "api"}
				for _, m := range []telephony.TextIn{in("IN-1", "start"), in("IN-2", "hi")} {
					m.Kind = kind
					w.receive(m)
				}
				w.run(time.Minute)
				if len(w.outs) != 1 || len(w.carrier.sent) != 0 {
					t.Errorf("%d are out, sent %q; want them out and left alone", len(w.outs), w.carrier.bodies())
				}
			})
		})
	}
}

func TestOnlyAChannelWithAnAgentAnswers(t *testing.T) {
	for claim, tt := range map[string]struct {
		change func(*world)
		in     telephony.TextIn
		want   error
		count  string
	}{
		"nobody has the address":         {func(*world) {}, telephony.TextIn{To: "+15550999", Body: "hi"}, telephony.ErrNoChannel, chat.CountNoChannel},
		"it is disabled":                 {func(w *world) { w.channel.Enabled = false }, in("IN-1", "hi"), telephony.ErrNoChannel, chat.CountNoChannel},
		"it has no agent":                {func(w *world) { w.channel.AgentUUID = "" }, in("IN-1", "hi"), nil, chat.CountNobody},
		"its agent is gone":              {func(w *world) { w.config.Name = noName }, in("IN-1", "hi"), nil, chat.CountNobody},
		"it is disabled, and STOP":       {func(w *world) { w.channel.Enabled = false }, in("IN-1", "stop"), nil, chat.CountKeyword},
		"it has no agent, and STOP":      {func(w *world) { w.channel.AgentUUID = "" }, in("IN-1", "stop"), nil, chat.CountKeyword},
		"it has no agent, and a machine": {func(w *world) { w.channel.AgentUUID = "" }, telephony.TextIn{Body: "stop", Automatic: true}, nil, chat.CountNobody},
	} {
		t.Run(claim, func(t *testing.T) {
			w := newWorld(t)
			tt.change(w)
			w.start()
			text := tt.in
			text.Kind, text.From = telephony.Phone, "+15550199"
			if text.To == "" {
				text.To = w.channel.Address
			}
			if err := w.engine.Received(t.Context(), text); !errors.Is(err, tt.want) {
				t.Errorf("Received() = %v, want %v", err, tt.want)
			}
			if w.counts[tt.count] != 1 || len(w.store.chats) != 0 {
				t.Errorf("counted %v with %d chats, want one %s and no chat", w.counts, len(w.store.chats), tt.count)
			}
			if (len(w.outs) == 1) != (tt.count == chat.CountKeyword) {
				t.Errorf("%d are on the list", len(w.outs))
			}
		})
	}
}

func noName(context.Context, roster.Channel) (chat.Named, error) {
	return chat.Named{}, chat.ErrNobody
}

func TestWhatIsKeptOfAMessageIsBounded(t *testing.T) {
	w := newWorld(t)
	var refs []string
	for i := range 100 {
		refs = append(refs, fmt.Sprint("<", i, ">"))
	}
	w.channel.Kind, w.channel.Address = telephony.Email, "tea@example.com"
	w.receive(telephony.TextIn{
		Carrier: "<1>", From: "ADA@example.org", To: "Tea@Example.com", Body: "a\x00b\r\nc\xff" + strings.Repeat("x", 1<<20),
		Subject: "Tea\n\x00Bcc: all " + strings.Repeat("y", 1000), Answers: refs, Media: 3,
	})
	w.receive(telephony.TextIn{Carrier: "<2>", From: "ada@example.org", Body: " \x00 "})
	var got *chat.Message
	for _, m := range w.store.messages {
		if m.Error != chat.CountEmpty {
			got = m
		}
	}
	if len(w.store.messages) != 2 || w.counts[chat.CountEmpty] != 1 {
		t.Errorf("%d messages, counted %v; want the empty one dropped", len(w.store.messages), w.counts)
	}
	if !strings.HasPrefix(got.Body, "ab\nc\uFFFDxxx") || !strings.HasSuffix(got.Body, "[cut]\n[3 attachments]") || len(got.Body) > 9<<10 {
		t.Errorf("%d bytes are kept: %.20q", len(got.Body), got.Body)
	}
	if strings.ContainsAny(got.Subject, "\n\x00") || len(got.Subject) > 200 {
		t.Errorf("the subject is %q", got.Subject)
	}
	if len(got.Refs) != 20 || got.Refs[0] != "<0>" || got.Refs[19] != "<99>" {
		t.Errorf("the thread is %v", got.Refs)
	}
	if c := w.store.chats[w.store.order[0]]; len(w.store.chats) != 1 || c.Contact != "ada@example.org" {
		t.Errorf("%d chats, with %s", len(w.store.chats), c.Contact)
	}
}

func TestWhatTheCarrierTellsIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive(in("IN-1", "hi"))
		w.run(10 * time.Second)
		id := w.carrier.sent[0].ID
		for _, s := range []telephony.TextState{
			{ID: id, Status: "delivered"},
			{ID: id, Status: "sent"},
			{ID: id, Status: "queued"},
			{ID: "msg_unknown", Status: "failed"},
			{Carrier: "SM-unknown", Status: "delivered"},
		} {
			if err := w.engine.Told(t.Context(), s); err != nil {
				t.Errorf("Told(%+v) = %v", s, err)
			}
		}
		if m := w.store.messages[id]; m.Status != chat.Delivered {
			t.Errorf("the message is %s, want delivered", m.Status)
		}
	})
}

// The agent says goodbye between the finding of a chat and the keeping of a
// message in it.
func TestAMessageThatFindsItsChatClosedBeginsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive(in("IN-1", "hi"))
		w.run(10 * time.Second)
		w.store.tx = func(name string, f func() error) error {
			if name == "Receive" {
				w.store.chats["chat_1"].Status = chat.Closed
			}
			return w.dies.op(name, f)
		}
		more := telephony.TextIn{Kind: telephony.Phone, Carrier: "IN-2", From: "+15550199", To: w.channel.Address, Body: "one more"}
		if err := w.engine.Received(t.Context(), more); err != nil {
			t.Errorf("Received() = %v; want it kept the first time that it comes", err)
		}
		w.run(10 * time.Second)
		if w.carrier.bodies() != "You said hi. | You said one more." || len(w.store.chats) != 2 {
			t.Errorf("sent %q in %d chats", w.carrier.bodies(), len(w.store.chats))
		}
	})
}
