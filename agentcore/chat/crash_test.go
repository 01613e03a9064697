package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/telephony"
)

// order is a tool that must not be repeated: it counts by key how often it was
// begun. prices is one that may be.
type shop struct {
	w       *world
	ordered map[string]int
	asked   int
}

func (s *shop) tools(t *testing.T) tools.Set {
	order, err := tools.Func(llm.Tool{Name: "order", Description: "order"}, tools.Traits{}, func(_ context.Context, in tools.Invocation) (r tools.Result, err error) {
		err = s.w.dies.op("order", func() error {
			s.ordered[in.Key]++
			r.Text = "ordered"
			return nil
		})
		return r, err
	})
	if err != nil {
		t.Fatal(err)
	}
	prices, err := tools.Func(llm.Tool{Name: "prices", Description: "prices"}, tools.Traits{Safe: true}, func(context.Context, tools.Invocation) (r tools.Result, err error) {
		err = s.w.dies.op("prices", func() error {
			s.asked++
			r.Text = "five"
			return nil
		})
		return r, err
	})
	if err != nil {
		t.Fatal(err)
	}
	set, err := tools.NewSet(order, prices, tools.EndCall())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// live plays a chat with everything in it, in which the process dies at an
// operation, and holds it to what must be true of any.
func live(t *testing.T, at int, after bool) (ops int) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.poll = time.Second
		w.channel.Kind = telephony.WhatsApp
		s := &shop{w: w, ordered: map[string]int{}}
		w.who.Tools = s.tools(t)
		w.who.Greeting = "Hello, tea?"
		w.model.Answers = map[string]string{
			"green": "!order !prices", "ordered": "Ordered.", "five": "Ordered; five.", "interrupted": "I do not know; ask again.",
			"bye": "Goodbye. !end_call", "again": "Hello again.", `"ok":true`: "Goodbye.",
		}
		w.config.Split = func(_, text string) []string { return strings.Split(text, "; ") }
		w.start()
		w.dies.at, w.dies.after = at, after

		c := chat.Chat{ID: "chat_first", Workspace: "ws", Channel: w.channel.ID, Kind: w.channel.Kind, Address: w.channel.Address,
			Contact: "+15550199", AgentUUID: "agent-1", Agent: "Tea"}
		for range 3 { // a client tries again under the same id
			if _, _, err := w.engine.Begin(t.Context(), c, true); err == nil {
				break
			}
			w.start()
		}
		w.run(3 * time.Minute)
		w.receive(in("IN-1", "green"))
		w.receive(in("IN-2", "please, green"))
		w.run(3 * time.Minute)
		w.receive(in("IN-3", "bye"))
		w.run(3 * time.Minute)
		w.receive(in("IN-4", "it's me again"))
		w.run(3 * time.Minute)
		w.receive(in("IN-5", "stop"))
		w.run(10 * time.Second)
		w.receive(in("IN-6", "are you there"))
		w.run(3 * time.Minute)
		w.check(s)
		ops = w.dies.ops
		if t.Failed() {
			t.Logf("died at %s, after=%v; sent: %s", w.dies.name, after, w.carrier.bodies())
		}
	})
	return ops
}

// check holds the chat to what its contact may have got.
func (w *world) check(s *shop) {
	t := w.t
	t.Helper()
	w.checkOnce(s)
	bodies := w.carrier.bodies()
	middle, whole := strings.CutPrefix(bodies, "Hello, tea? | ")
	middle, ended := strings.CutSuffix(middle, " | Goodbye. | Hello again. | You will get no more messages from us. Write START to get them again.")
	// Who died between two tools may have asked for one of them only.
	if !whole || !ended || !slices.Contains([]string{"Ordered | five.", "I do not know | ask again.", "Ordered."}, middle) {
		t.Errorf("the contact got: %s", bodies)
	}
	if o := w.outs[[2]string{"+15550199", "messages"}]; o.Source != "keyword" {
		t.Errorf("the contact is not on the list: %+v", o)
	}
}

// checkOnce holds chats to what must be true of any that came to their end: every
// message is answered once, every answer sent once, nothing ordered twice.
func (w *world) checkOnce(s *shop) {
	t := w.t
	t.Helper()
	wrote, read := map[string]bool{}, map[string]int{}
	for id, c := range w.store.chats {
		turns := map[int]int{}
		for i, line := range c.journal {
			var e agentcore.Entry
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.N != i+1 {
				t.Errorf("%s: entry %d is %s, %v", id, i+1, line, err)
			}
			switch ev := e.Event.(type) {
			case agentcore.ContactWrote:
				read[ev.Message]++
			case agentcore.AgentWrote:
				turns[ev.Turn]++
				for _, m := range ev.Messages {
					wrote[m] = true
				}
			}
		}
		for turn, n := range turns {
			if n != 1 {
				t.Errorf("%s: turn %d has %d answers, want one", id, turn, n)
			}
		}
	}
	times := map[string]int{}
	for _, text := range w.carrier.sent {
		times[text.ID]++
	}
	for _, m := range w.store.messages {
		switch {
		case m.Direction == chat.Out && (m.Status != chat.Sent || times[m.ID] != 1):
			t.Errorf("%s (%s) is %s and was sent %d times, want once", m.ID, m.Body, m.Status, times[m.ID])
		case m.Direction == chat.Out && !wrote[m.ID] && !strings.HasSuffix(m.ID, "_ok"):
			t.Errorf("%s (%s) went out and is in no journal", m.ID, m.Body)
		case m.Direction == chat.In && m.Status == chat.Answered && read[m.ID] != 1:
			t.Errorf("%s (%s) is %d times in the journal, want once", m.ID, m.Body, read[m.ID])
		case m.Direction == chat.In && m.Status != chat.Answered && m.Status != chat.Dropped:
			t.Errorf("%s (%s) is %s: it was never answered", m.ID, m.Body, m.Status)
		}
	}
	if len(w.store.jobs) > 0 {
		t.Errorf("jobs are left: %+v", w.store.jobs[0])
	}
	for key, n := range s.ordered {
		if n != 1 {
			t.Errorf("%s was ordered %d times, want once", key, n)
		}
	}
}

// TestAProcessMayDieAnywhere has it die before and after every operation of its
// database, its carrier, its model and its tools, one at a time.
func TestAProcessMayDieAnywhere(t *testing.T) {
	ops := live(t, 0, false)
	if ops < 60 {
		t.Fatalf("the chat has %d operations only", ops)
	}
	step := 1
	if testing.Short() {
		step = 5
	}
	for _, after := range []bool{false, true} {
		for at := 1; at <= ops; at += step {
			t.Run(fmt.Sprintf("%d,after=%v", at, after), func(t *testing.T) { live(t, at, after) })
		}
	}
}

// What the carrier can't tell is sent again rather than never.
func TestACarrierThatCannotTellIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.carrier.blind = true
		w.receive(in("IN-1", "hi"))
		lost := false // the carrier's yes
		w.dies.after = true
		w.config.Sender = func(context.Context, chat.Chat) (chat.Sender, error) {
			if !lost {
				lost, w.dies.at = true, w.dies.ops+2 // OptedOut, then Send
			}
			return chat.Sender{Messenger: w.carrier}, nil
		}
		w.start()
		w.run(time.Minute)
		if w.dies.name != "send" || len(w.carrier.sent) != 2 || w.carrier.looked != 1 {
			t.Errorf("died at %q; sent %q, looked %d times", w.dies.name, w.carrier.bodies(), w.carrier.looked)
		}
	})
}
