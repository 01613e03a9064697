package chat_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
)

// TestManyAtOnceWhileThingsFail has workers do the jobs of some chats side by
// side, while messages come in, some of them twice at once, and every operation
// may fail, done or not. Each message is answered once all the same.
func TestManyAtOnceWhileThingsFail(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { chaos(t, seed) })
		})
	}
}

func chaos(t *testing.T, seed uint64) {
	w := newWorld(t)
	w.poll = time.Second
	s := &shop{w: w, ordered: map[string]int{}}
	w.who.Tools = s.tools(t)
	w.model.Answers["green"] = "!order !prices"
	w.config.Limits.Idle = 100 * time.Hour
	w.start()
	w.dies.chance, w.dies.dice = 0.02, rand.New(rand.NewPCG(seed, 1))

	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { w.run(2 * time.Hour) })
	}
	dice := rand.New(rand.NewPCG(seed, 2))
	for i := range 40 {
		m := in(fmt.Sprint("IN-", i), []string{"green", "hello", "what else"}[dice.IntN(3)])
		m.From = fmt.Sprint("+1555019", dice.IntN(3))
		after := time.Duration(dice.IntN(600_000)) * time.Millisecond
		for range 1 + dice.IntN(2) {
			all.Go(func() {
				time.Sleep(after)
				w.receive(m)
			})
		}
	}
	all.Wait()
	for _, m := range w.store.messages {
		if m.Direction == chat.In && m.Status != chat.Answered {
			t.Errorf("%s is %s: it was never answered", m.ID, m.Status)
		}
	}
	w.checkOnce(s)
	if n := len(w.store.ids); n < 50 || strings.Count(w.carrier.bodies(), "Sorry") > 5 {
		t.Errorf("%d messages: %s", n, w.carrier.bodies())
	}
	if len(w.store.chats) != 3 {
		t.Errorf("%d chats, want one for each contact", len(w.store.chats))
	}
}
