package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage/jobs"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestDeliveryIsToldUntilItListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answers(500, 404, 307, 204)
		d := o.over(o.hire(hook(roster.PostCall, func(c *roster.WebhookConfig) { c.Secret = "sealed:sixteen bytes or more" })))
		ended := time.Now()
		o.work(d)
		if len(o.got) != 4 {
			t.Fatalf("%d requests, want 4", len(o.got))
		}
		w, err := standard.NewWebhookRaw([]byte("sixteen bytes or more"))
		if err != nil {
			t.Fatal(err)
		}
		at := ended
		for i, m := range o.got {
			if m.body != o.got[0].body || m.header.Get("webhook-id") != d.Message {
				t.Errorf("request %d is %s with %s, want the first one's under one id", i+1, m.header.Get("webhook-id"), m.body)
			}
			if got := m.at.Sub(at); i > 0 && got != webhook.WaitsAfter[i-1] {
				t.Errorf("request %d came after %v, want %v", i+1, got, webhook.WaitsAfter[i-1])
			}
			at = m.at
			// Verify compares with the clock: the timestamp is the attempt's own.
			if err := w.VerifyIgnoringTimestamp([]byte(m.body), m.header); err != nil {
				t.Errorf("request %d: Verify() = %v", i+1, err)
			}
		}
		if first, last := o.got[0].header.Get("webhook-timestamp"), o.got[3].header.Get("webhook-timestamp"); first == last {
			t.Error("every attempt has the first one's timestamp")
		}
		if o.asked != 1 {
			t.Errorf("a summary was made %d times, want once", o.asked)
		}
		var e webhook.Event
		if err := json.Unmarshal([]byte(o.got[0].body), &e); err != nil || e.Type != "post_call" || e.CallID != "call_1" || e.Ending == nil ||
			e.Reason != "agent_hangup" || e.Duration != 90 || len(e.Transcript) != 2 ||
			e.Summary != `The caller said: "I want to book a table." The agent said: "It is booked."` {
			t.Errorf("told %s, %v", o.got[0].body, err)
		}
		on, attempts := o.on(d.ID)
		if on.Status != webhook.Delivered || !on.Next.IsZero() || len(attempts) != 4 || on.Attempts != 4 {
			t.Fatalf("on record %+v, %d attempts", on, len(attempts))
		}
		for i, a := range attempts {
			if want := []int{500, 404, 307, 204}[i]; a.Status != want || a.N != i+1 || (a.Err == "") != (i == 3) || !a.Started.Equal(o.got[i].at.Truncate(time.Microsecond)) {
				t.Errorf("attempt %+v, want status %d", a, want)
			}
			if i < 3 && !a.Next.Equal(attempts[i+1].Started) {
				t.Errorf("attempt %d says the next is at %v, and it was at %v", i+1, a.Next, attempts[i+1].Started)
			}
		}
		if o.count["post_call failed"] != 3 || o.count["post_call delivered"] != 1 {
			t.Errorf("counted %v", o.count)
		}
	})
}

func TestDeliveryDies(t *testing.T) {
	for claim, tt := range map[string]struct {
		status int
		change func(*roster.WebhookConfig)
		sent   int
		tries  int
	}{
		"after eight attempts":     {503, nil, 8, 8},
		"at once when it is gone":  {410, nil, 1, 1},
		"at once when it can't go": {200, func(c *roster.WebhookConfig) { c.Request.URL = "http://{{plan}}/" }, 0, 1},
		"at once for a bad header": {200, func(c *roster.WebhookConfig) { c.Request.Headers = map[string]string{"X": "{{transcript}}"} }, 0, 1},
		"when its key stays lost":  {200, func(c *roster.WebhookConfig) { c.Secret = "lost" }, 0, 8},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.answers(tt.status)
				d := o.over(o.hire(hook(roster.PostCall, tt.change)))
				o.work(d)
				on, attempts := o.on(d.ID)
				if len(o.got) != tt.sent || len(attempts) != tt.tries || on.Status != webhook.Dead || !on.Next.IsZero() || on.Done.IsZero() {
					t.Errorf("%d sent, %d attempts, %+v, want %d, %d and dead", len(o.got), len(attempts), on, tt.sent, tt.tries)
				}
				last := attempts[len(attempts)-1]
				if last.Err == "" || !last.Next.IsZero() || o.count["post_call dead"] != 1 {
					t.Errorf("the last attempt is %+v; counted %v", last, o.count)
				}
			})
		})
	}
}

func TestDeliveryHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", []string{"600", "1", "864000", ""}[min(len(o.got)-1, 3)])
			if len(o.got) < 4 {
				w.WriteHeader(429)
			}
		}
		o.work(o.over(o.hire(hook(roster.PostCall, nil))))
		var gaps []time.Duration
		for i := range o.got[1:] {
			gaps = append(gaps, o.got[i+1].at.Sub(o.got[i].at))
		}
		if want := []time.Duration{10 * time.Minute, 30 * time.Second, time.Hour}; !slices.Equal(gaps, want) {
			t.Errorf("waited %v, want %v", gaps, want)
		}
	})
}

// A job that runs twice, here or on another node, sends once.
func TestDeliveryIsSentByOneOfTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answer = func(http.ResponseWriter, *http.Request) { time.Sleep(5 * time.Second) }
		o.slow = time.Second // all four see that it is due
		d := o.over(o.hire(hook(roster.PostCall, nil)))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { o.work(d) })
		}
		all.Wait()
		if _, attempts := o.on(d.ID); len(o.got) != 1 || len(attempts) != 1 {
			t.Errorf("%d requests, %d attempts, want one", len(o.got), len(attempts))
		}
		o.work(d)
		if len(o.got) != 1 {
			t.Error("what was delivered was sent again")
		}
		if again, err := o.Work(t.Context(), "dlv_none"); again != 0 || err != nil {
			t.Errorf("Work(none) = %v, %v, want no more", again, err)
		}
	})
}

// A claim whose holder died ends by itself, and soon.
func TestDeliveryOfADeadSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		d := o.over(o.hire(hook(roster.PostCall, nil)))
		start := time.Now()
		if _, mine, err := o.db.Claim(t.Context(), d.ID, start, start.Add(45*time.Second)); err != nil || !mine {
			t.Fatalf("Claim() = %v, %v", mine, err)
		}
		o.work(d)
		if len(o.got) != 1 || o.got[0].at.Sub(start) != 45*time.Second {
			t.Errorf("sent %d, after %v, want it once the claim ended", len(o.got), o.got[0].at.Sub(start))
		}
	})
}

func TestDeliveryIsPutOnRecordAgainstOdds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		d := o.over(o.hire(hook(roster.PostCall, nil)))
		o.fail = 3
		o.work(d)
		if on, attempts := o.on(d.ID); on.Status != webhook.Delivered || len(attempts) != 1 || len(o.got) != 1 {
			t.Errorf("%+v, %d attempts, %d sent, want one", on, len(attempts), len(o.got))
		}
	})
}

// What was sent when the process was told to stop is on record, and due again.
func TestDeliveryThatIsCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answer = func(_ http.ResponseWriter, r *http.Request) {
			if len(o.got) == 1 {
				<-r.Context().Done()
			}
		}
		d := o.over(o.hire(hook(roster.PostCall, nil)))
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		again, err := o.Work(ctx, d.ID)
		if err != nil || again != webhook.WaitsAfter[0] {
			t.Errorf("Work() = %v, %v, want it again in %v", again, err, webhook.WaitsAfter[0])
		}
		if on, attempts := o.on(d.ID); on.Status != webhook.Pending || len(attempts) != 1 || attempts[0].Took != time.Second {
			t.Errorf("%+v, %+v, want one attempt of a second", on, attempts)
		}
		time.Sleep(again)
		o.work(d)
		if on, _ := o.on(d.ID); on.Status != webhook.Delivered || len(o.got) != 2 {
			t.Errorf("%+v, %d requests", on, len(o.got))
		}
	})
}

func TestDeliveryThatCanNotBePutOnRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		d := o.over(o.hire(hook(roster.PostCall, nil)))
		o.fail = 1 << 30
		if _, err := o.Work(t.Context(), d.ID); !errors.Is(err, errDisk) {
			t.Fatalf("Work() = %v, want the store's error", err)
		}
		o.fail = 0
		o.work(d) // the job is tried again: at least once, under one id
		if len(o.got) != 2 || o.got[0].header.Get("webhook-id") != o.got[1].header.Get("webhook-id") || o.got[0].body != o.got[1].body {
			t.Errorf("%d requests", len(o.got))
		}
	})
}

// The version that the call ran counts, whatever became of the agent.
func TestDeliveryOfWhatIsGone(t *testing.T) {
	for claim, change := range map[string]func(o *office, a roster.Agent) error{
		"the webhook is deleted": func(o *office, a roster.Agent) error {
			d := a.Definition
			d.Webhooks = []roster.Webhook{}
			_, err := o.db.ChangeAgent(o.t.Context(), a.Workspace, a.UUID, a.Version, d, nil, "cli:test", time.Now())
			return err
		},
		"the webhook leads elsewhere": func(o *office, a roster.Agent) error {
			d := a.Definition
			d.Webhooks = []roster.Webhook{a.Webhooks[0]}
			d.Webhooks[0].Config.Request = &roster.Request{URL: "http://elsewhere.example/", Method: "POST"}
			_, err := o.db.ChangeAgent(o.t.Context(), a.Workspace, a.UUID, a.Version, d, nil, "cli:test", time.Now())
			return err
		},
		"the agent is deleted": func(o *office, a roster.Agent) error {
			return o.db.DeleteAgent(o.t.Context(), a.Workspace, a.UUID, "cli:test", time.Now())
		},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				a := o.hire(hook(roster.PostCall, nil))
				d := o.over(a)
				if err := change(o, a); err != nil {
					t.Fatal(err)
				}
				o.work(d)
				if len(o.got) != 1 || o.got[0].host != "receiver.example" {
					t.Errorf("sent %+v, want it where the call's version says", o.got)
				}
			})
		})
	}
}

func TestDeliveryOfACallThatIsGoneDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.hire(hook(roster.PostCall, nil))
		for _, d := range []webhook.Delivery{
			webhook.Owed(roster.PostCall, roster.Default, "call_404", "agent-1", 1, 1, time.Now()),
		} {
			if _, _, err := o.db.CreateDelivery(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			o.work(d)
			if on, attempts := o.on(d.ID); on.Status != webhook.Dead || len(attempts) != 1 || !strings.Contains(attempts[0].Err, "not on record") {
				t.Errorf("%+v, %+v, want it dead, saying why", on, attempts)
			}
		}
	})
}

// readers counts whose journal is read.
type readers struct {
	webhook.Records
	n *atomic.Int64
}

func (r readers) Journal(ctx context.Context, id telephony.CallID, after int) ([]agentcore.Entry, error) {
	r.n.Add(1)
	return r.Records.Journal(ctx, id, after)
}

// A receiver that hangs takes a few places, and others are served meanwhile.
func TestSlowReceiverDoesNotBlockOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int64 // journals
		o := newOffice(t, func(c *webhook.Config) { c.Calls = readers{c.Calls, &read} })
		free := make(chan struct{})
		o.answer = func(_ http.ResponseWriter, r *http.Request) {
			if r.Host == "receiver.example" {
				<-free
			}
		}
		a := o.hire(hook(roster.PostCall, nil))
		call := o.over(a).Call
		var all sync.WaitGroup
		send := func(id string, from roster.Agent) (time.Duration, error) {
			d := webhook.Owed(roster.PostCall, from.Workspace, call, from.UUID, from.Version, from.Webhooks[0].ID, time.Now())
			d.ID, d.Message, d.Call = "dlv_"+id, "msg_"+id, call
			d.Kind = webhook.TestKind // of which a call may have many
			if _, _, err := o.db.CreateDelivery(t.Context(), d); err != nil {
				return 0, err
			}
			return o.Work(t.Context(), d.ID)
		}
		for i := range webhook.PerHost {
			all.Go(func() {
				if _, err := send("slow"+string(rune('a'+i)), a); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		again, err := send("more", a)
		if err != nil || again != time.Second || time.Since(start) != 0 {
			t.Errorf("one more to the slow receiver: again in %v, %v, want 1 s without waiting", again, err)
		}
		time.Sleep(8 * time.Second) // the others are given up after 10 s
		if again, err := o.Work(t.Context(), "dlv_more"); err != nil || again != 2*time.Second {
			t.Errorf("8 s later: again in %v, %v, want 2 s: the longer it waits, the less often it looks", again, err)
		}
		if n := read.Load(); n != webhook.PerHost {
			t.Errorf("%d journals were read, want those of the %d that are being sent", n, webhook.PerHost)
		}
		start = time.Now()
		d := a.Definition
		d.Webhooks = slices.Clone(a.Webhooks)
		d.Webhooks[0].Config.Request = &roster.Request{URL: "http://quick.example/", Method: "POST"}
		quick, err := o.db.ChangeAgent(t.Context(), a.Workspace, a.UUID, a.Version, d, nil, "cli:test", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := send("quick", quick); err != nil || again != 0 || time.Since(start) != 0 {
			t.Errorf("one to another receiver: %v, %v after %v, want it delivered at once", again, err, time.Since(start))
		}
		close(free)
		all.Wait()
		if again, err := o.Work(t.Context(), "dlv_more"); err != nil || again != 0 {
			t.Errorf("once there is room: %v, %v", again, err)
		}
	})
}

// The end of a call leaves a job, and the job delivers.
func TestJobsDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answers(500, 200)
		d := o.over(o.hire(hook(roster.PostCall, nil)))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- jobs.Run(ctx, o.db, jobs.Config{Workers: map[string]jobs.Do{webhook.JobKind: o.Work}})
		}()
		time.Sleep(time.Minute)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
		if on, attempts := o.on(d.ID); on.Status != webhook.Delivered || len(attempts) != 2 || len(o.got) != 2 {
			t.Errorf("%+v after %d attempts and %d requests, want it delivered by the second", on, len(attempts), len(o.got))
		}
	})
}
