package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// asks is a pre_call that assigns the name and the plan.
func asks(change func(*roster.WebhookConfig)) roster.Webhook {
	return hook(roster.PreCall, func(c *roster.WebhookConfig) {
		c.Assignments = []roster.Assignment{
			{Source: "response", Attribute: "customer.name", Variable: "customer"},
			{Source: "response", Attribute: "vip", Variable: "vip"},
		}
		if change != nil {
			change(c)
		}
	})
}

func say(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// attempts of the office's one pre_call delivery.
func (o *office) preCall() (webhook.Delivery, []webhook.Attempt) {
	o.t.Helper()
	all, err := o.db.Deliveries(o.t.Context(), webhook.Filter{Workspace: roster.Default, Kind: roster.PreCall})
	if err != nil || len(all) != 1 {
		o.t.Fatalf("pre_call deliveries %v, %v, want one", all, err)
	}
	return o.on(all[0].ID)
}

func TestPreCallAssigns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answer = say(`{"customer":{"name":"Ada"},"vip":true,"other":1}`)
		a := o.hire(asks(func(c *roster.WebhookConfig) {
			c.Request.URL += "/{{call_id}}?from={{caller_phone}}"
			c.Request.Headers = map[string]string{"Authorization": "Bearer {{plan}}"}
			c.Request.Body = json.RawMessage(`{"agent":"{{agent_uuid}}","from":"{{caller_phone}}","plan":"{{plan}}","vip":"{{vip}}","who":"{{customer}}"}`)
			c.Secret = "sealed:sixteen bytes or more"
		}))
		got, x, err := o.PreCall(t.Context(), o.ring(a), a.Definition)
		if err != nil || x.Err != "" || x.Status != 200 {
			t.Fatalf("PreCall() = %+v, %v", x, err)
		}
		if want := (vars.Set{"plan": "gold", "customer": "Ada", "vip": true}); !reflect.DeepEqual(got, want) {
			t.Errorf("variables %v, want %v", got, want)
		}
		m := o.got[0]
		if want := `{"agent":"agent-1","from":"+15550100","plan":"gold","vip":null,"who":null}`; m.body != want || m.path != "/pre_call/call_1?from=%2B15550100" || m.header.Get("Authorization") != "Bearer gold" {
			t.Errorf("the receiver got %s %v %s, want %s", m.path, m.header, m.body, want)
		}
		w, err := standard.NewWebhookRaw([]byte("sixteen bytes or more"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Verify([]byte(m.body), m.header); err != nil {
			t.Errorf("Verify() = %v", err)
		}
		d, attempts := o.preCall()
		if d.Status != webhook.Delivered || d.Call != "call_1" || d.Message != m.header.Get("webhook-id") || len(attempts) != 1 ||
			attempts[0].URL != "http://receiver.example/pre_call/call_1" || attempts[0].RequestHeaders["Authorization"] != "***" {
			t.Errorf("on record %+v, %+v", d, attempts)
		}
		if o.count["pre_call delivered"] != 1 {
			t.Errorf("counted %v", o.count)
		}
	})
}

func TestPreCallWithoutABodyTellsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		a := o.hire(hook(roster.PreCall, nil))
		if _, _, err := o.PreCall(t.Context(), o.ring(a), a.Definition); err != nil {
			t.Fatal(err)
		}
		var e struct {
			Type      string         `json:"type"`
			From      string         `json:"caller_phone"`
			Variables map[string]any `json:"dynamic_variables"`
		}
		if err := json.Unmarshal([]byte(o.got[0].body), &e); err != nil || e.Type != "pre_call" || e.From != "+15550100" || e.Variables["plan"] != "gold" {
			t.Errorf("the receiver got %s, %v", o.got[0].body, err)
		}
		if ct := o.got[0].header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("as %q", ct)
		}
	})
}

func TestPreCallThatFailsLeavesTheCallAsItWas(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for claim, tt := range map[string]struct {
		answer  http.HandlerFunc
		timeout int
		change  func(*roster.WebhookConfig)
		kind    string
		took    time.Duration
		sent    int
	}{
		"500":                        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 0, nil, webhook.BadStatus, 0, 1},
		"no answer in 10 s":          {hang, 0, nil, webhook.TimedOut, 10 * time.Second, 1},
		"nor in the time set":        {hang, 3, nil, webhook.TimedOut, 3 * time.Second, 1},
		"a minute is the most":       {hang, 3600, nil, webhook.TimedOut, time.Minute, 1},
		"a redirect":                 {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", 302) }, 0, nil, webhook.Redirected, 0, 1},
		"a variable as host":         {nil, 0, func(c *roster.WebhookConfig) { c.Request.URL = "http://{{plan}}/" }, webhook.BadRequest, 0, 0},
		"a secret that no key opens": {nil, 0, func(c *roster.WebhookConfig) { c.Secret = "lost" }, webhook.Sealed, 0, 0},
		"a short secret":             {nil, 0, func(c *roster.WebhookConfig) { c.Secret = "sealed:short" }, webhook.BadRequest, 0, 0},
		"no request at all":          {nil, 0, func(c *roster.WebhookConfig) { c.Request = nil }, webhook.BadRequest, 0, 0},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.answer = tt.answer
				a := o.hire(asks(func(c *roster.WebhookConfig) {
					c.Timeout = tt.timeout
					if tt.change != nil {
						tt.change(c)
					}
				}))
				start := time.Now()
				got, x, err := o.PreCall(t.Context(), o.ring(a), a.Definition)
				var e *webhook.Error
				if !errors.As(err, &e) || e.Kind != tt.kind || x.Err != e.Text || time.Since(start) != tt.took {
					t.Errorf("PreCall() = %v after %v, want %s after %v", err, time.Since(start), tt.kind, tt.took)
				}
				if want := (vars.Set{"plan": "gold", "vip": nil}); !reflect.DeepEqual(got, want) {
					t.Errorf("variables %v, want %v", got, want)
				}
				d, attempts := o.preCall()
				if d.Status != webhook.Dead || !d.Next.IsZero() || len(attempts) != 1 || attempts[0].Err != e.Text || len(o.got) != tt.sent {
					t.Errorf("on record %+v, %+v; %d sent", d, attempts, len(o.got))
				}
				if o.count["pre_call dead"] != 1 {
					t.Errorf("counted %v", o.count)
				}
			})
		})
	}
}

func TestPreCallTellsWhatItCouldNotAssign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answer = say(`{"vip":true,"agent_uuid":"agent-evil","customer":{"name":{"first":"Ada"}}}`)
		a := o.hire(asks(func(c *roster.WebhookConfig) {
			c.Assignments = append(c.Assignments,
				roster.Assignment{Source: "response", Attribute: "agent_uuid", Variable: "agent_uuid"},
				roster.Assignment{Source: "response", Attribute: "vip", Variable: "nobody_knows"})
		}))
		got, x, err := o.PreCall(t.Context(), o.ring(a), a.Definition)
		if want := (vars.Set{"plan": "gold", "vip": true}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("PreCall() = %v, %v, want %v", got, err, want)
		}
		if !strings.Contains(x.Err, `"customer.name" can't be assigned`) || !strings.Contains(x.Err, "2 assignments name variables that the agent doesn't have") {
			t.Errorf("told %q", x.Err)
		}
		if d, attempts := o.preCall(); d.Status != webhook.Delivered || attempts[0].Err != x.Err {
			t.Errorf("on record %+v %q", d, attempts[0].Err)
		}
	})
}

func TestPreCallOfACallerWhoHangsUpIsOnRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told strings.Builder
		o := newOffice(t, func(c *webhook.Config) { c.Log = slog.New(slog.NewTextHandler(&told, nil)) })
		o.answer = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		a := o.hire(asks(nil))
		call := o.ring(a)
		ctx, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, hangUp)
		start := time.Now()
		_, _, err := o.PreCall(ctx, call, a.Definition)
		var e *webhook.Error
		if !errors.As(err, &e) || e.Kind != webhook.Stopped || time.Since(start) != 2*time.Second {
			t.Errorf("PreCall() = %v after %v", err, time.Since(start))
		}
		if d, attempts := o.preCall(); d.Status != webhook.Cancelled || !d.Next.IsZero() || d.Done.IsZero() || len(attempts) != 1 {
			t.Errorf("on record %+v, %v", d, attempts)
		}
		if o.count["pre_call cancelled"] != 1 || o.count["pre_call dead"] != 0 {
			t.Errorf("counted %v", o.count)
		}
		if told.Len() != 0 {
			t.Errorf("logged at info or above: %s", &told)
		}
	})
}

func TestPreCallAskedAgainAfterACrashAddsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answers(500, 200)
		a := o.hire(hook(roster.PreCall, nil))
		call := o.ring(a)
		if _, _, err := o.PreCall(t.Context(), call, a.Definition); err == nil {
			t.Error("a 500 was no failure")
		}
		if _, _, err := o.PreCall(t.Context(), call, a.Definition); err != nil {
			t.Error(err)
		}
		if d, attempts := o.preCall(); d.Status != webhook.Delivered || len(attempts) != 2 {
			t.Errorf("on record %+v, %d attempts", d, len(attempts))
		}
	})
}

func TestPreCallThatIsNotKeptStillAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answer = say(`{"vip":1}`)
		a := o.hire(asks(nil))
		call := o.ring(a)
		o.fail = 1 << 30
		start := time.Now()
		got, _, err := o.PreCall(t.Context(), call, a.Definition)
		if err != nil || got["vip"] != json.Number("1") || time.Since(start) != 0 {
			t.Errorf("PreCall() = %v, %v", got, err)
		}
	})
}

func TestNoPreCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		a := o.hire(hook(roster.PostCall, nil))
		got, x, err := o.PreCall(t.Context(), o.ring(a), a.Definition)
		if want := (vars.Set{"plan": "gold", "vip": nil}); err != nil || !reflect.DeepEqual(got, want) || !x.Started.IsZero() || len(o.got) != 0 {
			t.Errorf("PreCall() = %v, %+v, %v", got, x, err)
		}
	})
}
