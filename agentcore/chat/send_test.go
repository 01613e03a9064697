package chat_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// tries plays one message, and returns when the carrier was asked to send it,
// from the first time.
func tries(t *testing.T, long time.Duration, refuses error) (w *world, at []time.Duration) {
	w = newWorld(t)
	w.poll = time.Second
	var first time.Time
	w.carrier.refuses = func(n int, _ telephony.Text) error {
		if n == 1 {
			first = time.Now()
		}
		at = append(at, time.Since(first))
		return refuses
	}
	w.receive(in("IN-1", "hi"))
	w.run(long)
	return w, at
}

func TestAMessageIsTriedForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, at := tries(t, 30*time.Hour, &telephony.TextError{Code: "20429", Why: "busy", Passes: true})
		want := []time.Duration{0, 5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second}
		if !slices.Equal(at[:5], want) {
			t.Errorf("it was tried at %v, want %v", at[:5], want)
		}
		if n := len(at); n > 120 || at[n-1] < 23*time.Hour || at[n-1] > 24*time.Hour+15*time.Minute {
			t.Errorf("%d tries, the last after %v", len(at), at[len(at)-1])
		}
		if m := w.store.messages["msg_2"]; m.Status != chat.Failed || m.Error != "20429" || len(w.store.jobs) != 0 {
			t.Errorf("the message is %s (%s), %d jobs are left", m.Status, m.Error, len(w.store.jobs))
		}
	})
}

func TestAMessageThatNobodyKnowsOfIsLookedUpFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, at := tries(t, time.Minute, errors.New("connection reset"))
		if w.carrier.looked != len(at)-1 && w.carrier.looked != len(at) || len(at) < 3 {
			t.Errorf("asked %d times, looked %d times; want a look before each repeat", len(at), w.carrier.looked)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.carrier.refuses = func(n int, text telephony.Text) error {
			w.carrier.sent = append(w.carrier.sent, text) // it went out, and the answer was lost
			return errors.New("connection reset")
		}
		w.receive(in("IN-1", "hi"))
		w.run(time.Minute)
		if m := w.store.messages["msg_2"]; len(w.carrier.sent) != 1 || m.Status != chat.Sent || w.counts[chat.CountFound] != 1 {
			t.Errorf("sent %q, the message is %s", w.carrier.bodies(), m.Status)
		}
	})
}

func TestNothingIsSentToWhoIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive(in("IN-1", "hi"))
		w.faulty = func(int) error { // somebody puts them on the list while the model thinks
			w.outs[[2]string{"+15550199", roster.OptOutMessages}] = roster.OptOut{Source: "api"}
			return nil
		}
		w.run(time.Minute)
		if m := w.store.messages["msg_2"]; m.Status != chat.Failed || m.Error != "opted_out" || len(w.carrier.sent) != 0 {
			t.Errorf("the message is %s (%s), sent %q", m.Status, m.Error, w.carrier.bodies())
		}
		w.receive(in("IN-2", "hello?"))
		w.run(time.Minute)
		if w.asked != 1 {
			t.Errorf("the model was asked %d times, want once", w.asked)
		}
	})
}

func TestAWaitingMessageIsNotAnsweredToWhoIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receive(in("IN-1", "hi"))
		w.outs[[2]string{"+15550199", roster.OptOutAll}] = roster.OptOut{Source: "api"}
		w.run(time.Minute)
		if w.asked != 0 || len(w.carrier.sent) != 0 || len(w.store.jobs) != 0 {
			t.Errorf("the model was asked %d times, sent %q, %d jobs are left", w.asked, w.carrier.bodies(), len(w.store.jobs))
		}
	})
}

func TestWithoutASenderAMessageFailsAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.poll = time.Second
		w.config.Sender = func(context.Context, chat.Chat) (chat.Sender, error) {
			return chat.Sender{}, errors.New("no mail server is set up")
		}
		w.start()
		w.receive(in("IN-1", "hi"))
		w.run(26 * time.Hour)
		if m := w.store.messages["msg_2"]; m.Status != chat.Failed || m.Error != "no_sender" {
			t.Errorf("the message is %s (%s), want failed (no_sender)", m.Status, m.Error)
		}
	})
}

// Without a mail server, or on a number that is somebody else's, no other try
// would go better.
func TestAMessageThatNobodyIsThereToSendHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Sender = func(context.Context, chat.Chat) (chat.Sender, error) {
			return chat.Sender{}, &telephony.TextError{Code: "no_mail_server", Why: "there is no mail server"}
		}
		w.start()
		w.receive(in("IN-1", "hi"))
		w.run(time.Minute)
		if m := w.store.messages["msg_2"]; m.Status != chat.Failed || m.Error != "no_mail_server" || len(w.store.jobs) != 0 {
			t.Errorf("the message is %s (%s), %d jobs are left", m.Status, m.Error, len(w.store.jobs))
		}
	})
}
