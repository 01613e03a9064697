package chat_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage/jobs"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// The same over the database and the jobs that a gateway has, in virtual time: the
// store of the other tests promises no more than the real one keeps.
func TestOverTheRealDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), sqlite.Memory)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		w := newWorld(t)
		w.channel.Workspace = roster.Default
		w.who.Tools = (&shop{w: w, ordered: map[string]int{}}).tools(t)
		w.model.Answers = map[string]string{"green": "!order", "ordered": "Ordered.", "bye": "Goodbye. !end_call"}
		w.config.Store, w.config.OptOuts = db, db
		w.start()

		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- jobs.Run(ctx, db, jobs.Config{Workers: map[string]jobs.Do{chat.JobTurn: w.engine.Turn, chat.JobSend: w.engine.Send}})
		}()
		for i, text := range []string{"hi", "green tea", "please, green", "bye", "stop", "hello?", "yes", "hello!"} {
			for range 2 { // the carrier repeats itself
				w.receive(in(fmt.Sprint("IN-", i), text))
			}
			if text != "green tea" {
				time.Sleep(30 * time.Second)
			}
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
		if want := "You said hi. | Ordered. | Goodbye. | You said hello!."; w.carrier.bodies() != want {
			t.Errorf("the contact got %q, want %q", w.carrier.bodies(), want)
		}
		all, _, err := db.Chats(t.Context(), roster.Default, chat.Filter{}, "", 10)
		if err != nil || len(all) != 3 || all[2].Reason != "agent" || all[1].Reason != "opt_out" || all[0].Status != chat.Open {
			t.Errorf("the chats are %+v, %v", all, err)
		}
	})
}
