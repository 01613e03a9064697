package webhook_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// traced is a change of an office's settings: all calls are traced, and what is
// told of attempts goes to told.
func traced(told *[]string) func(*webhook.Config) {
	return func(c *webhook.Config) {
		c.Trace = 1
		c.Sent = func(d webhook.Delivery, attempt int, x webhook.Exchange) {
			*told = append(*told, fmt.Sprintf("%s %s %d %d", d.Kind, d.Call, attempt, x.Status))
		}
	}
}

// parentOf is the traceparent of an attempt at d.
func parentOf(d webhook.Delivery, attempt int) string {
	id := trace.Of(string(d.Call))
	return "00-" + id.String() + "-" + id.Span(trace.Webhook(d.ID, attempt)).String() + "-01"
}

func TestEveryAttemptIsASpanOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		o := newOffice(t, traced(&told))
		o.answers(500, 204)
		d := o.over(o.hire(hook(roster.PostCall, nil)))
		o.work(d)
		if len(o.got) != 2 {
			t.Fatalf("%d requests, want 2", len(o.got))
		}
		for i, m := range o.got {
			if got, want := m.header.Get("traceparent"), parentOf(d, i+1); got != want {
				t.Errorf("attempt %d says %q, want %q", i+1, got, want)
			}
		}
		if got, want := fmt.Sprint(told), "[post_call call_1 1 500 post_call call_1 2 204]"; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

func TestAPreCallSaysItsTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		o := newOffice(t, traced(&told))
		a := o.hire(hook(roster.PreCall, nil))
		if _, _, err := o.PreCall(t.Context(), o.ring(a), a.Definition); err != nil {
			t.Fatal(err)
		}
		d, _ := o.preCall()
		if got, want := o.got[0].header.Get("traceparent"), parentOf(d, 1); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
		if len(told) != 1 {
			t.Errorf("told %q, want one attempt", told)
		}
	})
}

func TestTraceparentIsOnlyWhereItIsWanted(t *testing.T) {
	for name, tt := range map[string]struct {
		share trace.Share
		own   string
		want  string
	}{
		"nobody traces":             {0, "", ""},
		"the user has one":          {1, "00-11111111111111111111111111111111-2222222222222222-01", "00-11111111111111111111111111111111-2222222222222222-01"},
		"the user has, nobody does": {0, "mine", "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, func(c *webhook.Config) { c.Trace = tt.share })
				o.work(o.over(o.hire(hook(roster.PostCall, func(c *roster.WebhookConfig) {
					if tt.own != "" {
						c.Request.Headers = map[string]string{"traceparent": tt.own}
					}
				}))))
				if got := o.got[0].header.Values("traceparent"); len(got) > 1 || o.got[0].header.Get("traceparent") != tt.want {
					t.Errorf("it says %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestATestIsOfNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		o := newOffice(t, traced(&told))
		a := o.hire(hook(roster.PostCall, nil))
		if _, err := o.Test(t.Context(), roster.Default, a.UUID, a.Definition.Webhooks[0].ID); err != nil {
			t.Fatal(err)
		}
		if got := o.got[0].header.Get("traceparent"); got != "" || len(told) != 0 {
			t.Errorf("it says %q, told %q", got, told)
		}
	})
}
