package webhook_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

func TestResendKeepsTheID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.answers(410, 200)
		d := o.over(o.hire(hook(roster.PostCall, nil)))
		o.work(d)
		time.Sleep(time.Hour)
		again, err := o.Resend(t.Context(), roster.Default, d.ID)
		if err != nil || again.Status != webhook.Pending {
			t.Fatalf("Resend() = %+v, %v", again, err)
		}
		if _, err := o.Resend(t.Context(), roster.Default, d.ID); !errors.Is(err, webhook.ErrBusy) {
			t.Errorf("Resend(twice) = %v, want ErrBusy", err)
		}
		o.work(d)
		if on, attempts := o.on(d.ID); on.Status != webhook.Delivered || len(attempts) != 2 || attempts[1].N != 2 ||
			o.got[0].body != o.got[1].body || d.Message != on.Message {
			t.Errorf("%+v, %d attempts", on, len(attempts))
		}
		for _, id := range []string{"dlv_none", ""} {
			if _, err := o.Resend(t.Context(), roster.Default, id); !errors.Is(err, webhook.ErrNotFound) {
				t.Errorf("Resend(%q) = %v, want ErrNotFound", id, err)
			}
		}
		if _, err := o.Resend(t.Context(), "ws_other", d.ID); !errors.Is(err, webhook.ErrNotFound) {
			t.Errorf("Resend(another's) = %v, want ErrNotFound", err)
		}
	})
}

func TestSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		a := o.hire(asks(nil), hook(roster.PostCall, func(c *roster.WebhookConfig) {
			c.Secret = "sealed:sixteen bytes or more"
			c.Request.Body = json.RawMessage(`{"s":"{{call_summary}}","t":"{{transcript}}","d":"{{call_duration}}","plan":"{{plan}}"}`)
		}))
		got, err := o.Test(t.Context(), a.Workspace, a.UUID, a.Webhooks[1].ID)
		if err != nil || got.Status != 200 || got.N != 1 || got.Err != "" || got.Answer != nil {
			t.Fatalf("Test(post_call) = %+v, %v", got, err)
		}
		var body map[string]any
		if err := json.Unmarshal([]byte(o.got[0].body), &body); err != nil || body["plan"] != "basic" || body["d"] != 63.0 ||
			!strings.Contains(body["s"].(string), "table for two") || !strings.Contains(body["t"].(string), "Caller: ") {
			t.Errorf("told %s, %v", o.got[0].body, err)
		}
		if o.got[0].header.Get("webhook-signature") == "" {
			t.Error("the test is not signed")
		}
		if on, _ := o.on(got.Delivery); on.Kind != webhook.TestKind || on.Status != webhook.Delivered || on.Call != "" {
			t.Errorf("on record %+v", on)
		}

		o.answers(500)
		got, err = o.Test(t.Context(), a.Workspace, a.UUID, a.Webhooks[0].ID)
		if err != nil || got.Status != 500 || got.Err != "answered 500" || !got.Next.IsZero() {
			t.Errorf("Test(pre_call that fails) = %+v, %v, want the attempt", got, err)
		}
		if on, _ := o.on(got.Delivery); on.Status != webhook.Dead {
			t.Errorf("on record %+v", on)
		}
		o.answer = say(`{"vip":true}`)
		if got, err = o.Test(t.Context(), a.Workspace, a.UUID, a.Webhooks[0].ID); err != nil || got.Err != `the answer has no "customer.name"` {
			t.Errorf("Test(pre_call) = %+v, %v, want what it could not assign", got, err)
		}
		if o.asked != 0 {
			t.Error("a model was asked about a call that never was")
		}

		for _, tt := range []struct {
			workspace, agent string
			hook             int64
		}{{"ws_other", a.UUID, a.Webhooks[0].ID}, {a.Workspace, "agent-none", a.Webhooks[0].ID}, {a.Workspace, a.UUID, 999}, {a.Workspace, a.UUID, 0}} {
			if _, err := o.Test(t.Context(), tt.workspace, tt.agent, tt.hook); !errors.Is(err, webhook.ErrNotFound) {
				t.Errorf("Test(%+v) = %v, want ErrNotFound", tt, err)
			}
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	for claim, c := range map[string]webhook.Config{
		"no client": {}, "no deliveries": {Client: webhook.NewClient(webhook.Policy{}, nil)},
	} {
		if _, err := webhook.NewRunner(c); err == nil {
			t.Errorf("%s: a Runner was made", claim)
		}
		if _, err := webhook.NewDeliverer(c); err == nil {
			t.Errorf("%s: a Deliverer was made", claim)
		}
	}
}
