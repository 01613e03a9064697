package dispatch_test

import (
	"context"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// The desk and a real conversation agree on who ends a call, and on what it
// knows when it is taken up again.
func TestRealConversationIsTakenUpAgain(t *testing.T) {
	converse := func(c *dispatch.Config) {
		c.Talk = func(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, j agentcore.Journal) (agentcore.Summary, error) {
			conversation, err := agentcore.New(agentcore.Config{
				Call: call, Past: past, Journal: j,
				Agent: agentcore.Agent{Name: "demo", Greeting: "Hello, how can I help you today?", Silence: time.Hour},
				Model: &agenttest.Thinker{}, Voice: &agenttest.Speaker{},
			})
			if err != nil {
				return agentcore.Summary{}, err
			}
			return conversation.Run(ctx, leg)
		}
	}
	for claim, hangUp := range map[string]func(o *office, s *stream){
		"completed, while it talks": func(o *office, s *stream) { o.report("CA1", telephony.Completed) },
		"stop, then completed": func(o *office, s *stream) {
			s.lose()
			time.Sleep(100 * time.Millisecond)
			o.report("CA1", telephony.Completed)
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, converse, func(t *testing.T, o *office) {
				s := o.connect(o.ring("CA1"), "CA1")
				time.Sleep(2 * time.Second)
				s.lose()
				again := o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1")
				time.Sleep(2 * time.Second)
				hangUp(o, again)
				<-s.done
				<-again.done
				o.ended("CA1", telephony.CallerHangup)

				entries, err := o.records.Journal(t.Context(), s.call.ID, 0)
				if err != nil {
					t.Fatal(err)
				}
				var opened, planned []string
				for _, e := range entries {
					switch e := e.Event.(type) {
					case agentcore.Opened:
						opened = append(opened, e.Agent)
					case agentcore.Planned:
						planned = append(planned, e.Why)
					}
				}
				if len(opened) != 2 || len(planned) < 2 || planned[0] != "greeting" || planned[1] != "resume" {
					t.Errorf("opened %q, planned %q, want two openings, a greeting and a resume", opened, planned)
				}
				if _, err := agentcore.Resume(entries); err != nil {
					t.Errorf("Resume(journal) = %v", err)
				}
			})
		})
	}
}
