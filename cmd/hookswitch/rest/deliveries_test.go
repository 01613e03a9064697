package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	"github.com/hookswitch/hookswitch/storage"
)

// postman sends nothing: it does to the records what sending would.
type postman struct {
	db   *storage.DB
	sent webhook.Attempt
}

func (p *postman) Resend(ctx context.Context, workspace, id string) (webhook.Delivery, error) {
	return p.db.Resend(ctx, workspace, id, time.Now())
}

func (p *postman) Test(_ context.Context, _, _ string, id int64) (webhook.Attempt, error) {
	if id == 0 {
		return webhook.Attempt{}, webhook.ErrNotFound
	}
	return p.sent, nil
}

// mailroom is an office with deliveries: dead, delivered and pending ones.
func mailroom(t *testing.T) (*office, *postman) {
	t.Helper()
	p := &postman{}
	o := staff(t, func(c *rest.Config) {
		p.db = c.Roster.(*storage.DB)
		c.Calls.Sender = p
	})
	o.ring("call_1")
	for i, status := range []string{webhook.Dead, webhook.Delivered, webhook.Dead} {
		o.deliver(fmt.Sprint("dlv_", i), "post_call", status)
	}
	return o, p
}

func (o *office) deliver(id, kind, status string) {
	o.t.Helper()
	now := time.Now()
	d := webhook.Delivery{
		ID: id, Message: "msg_" + id, Workspace: "default", Call: "call_1", AgentUUID: "11111111-1111-4111-8111-111111111111",
		Version: 1, Webhook: int64(len(id)*100) + int64(id[len(id)-1]), Kind: kind, Status: webhook.Pending, Created: now, Next: now,
	}
	if _, _, err := o.db.CreateDelivery(o.t.Context(), d); err != nil {
		o.t.Fatal(err)
	}
	if status == webhook.Pending {
		return
	}
	a := webhook.Attempt{Exchange: webhook.Exchange{
		Started: now, Took: 84 * time.Millisecond, Method: "POST", URL: "https://crm.example/hook", Status: 500, Err: "the receiver answered 500",
		RequestHeaders: map[string]string{"Authorization": "***"}, RequestBody: `{"a":1}`,
		ResponseHeaders: map[string]string{"Content-Type": "text/plain"}, ResponseBody: "no",
	}}
	if status == webhook.Delivered {
		a.Status, a.Err = 200, ""
	}
	if _, err := o.db.RecordAttempt(o.t.Context(), id, a, status, now); err != nil {
		o.t.Fatal(err)
	}
}

func TestDeliveriesAreListedByStatus(t *testing.T) {
	o, _ := mailroom(t)
	o.ok("GET", "/api/v2/deliveries", "").wants("count", `3`)
	dead := o.ok("GET", "/api/v2/deliveries?status=dead", "")
	dead.wants("count", `2`)
	dead.wants("items.0.status", `"dead"`)
	o.deliver("dlv_8", "pre_call", webhook.Cancelled)
	o.ok("GET", "/api/v2/deliveries?status=dead", "").wants("count", `2`)
	cancelled := o.ok("GET", "/api/v2/deliveries?status=cancelled", "")
	cancelled.wants("count", `1`)
	cancelled.wants("items.0.next_attempt_at", `null`)
	o.ok("GET", "/api/v2/deliveries?call_id=call_2", "").wants("count", `0`)
	first := o.ok("GET", "/api/v2/deliveries?limit=2", "")
	o.ok("GET", "/api/v2/deliveries?limit=2&cursor="+first.str("next_cursor"), "").wants("count", `2`)
	o.fails(400, "GET", "/api/v2/deliveries?cursor=dlv_nobody", "").errors(`{"cursor":["is not one that a page gave"]}`)
	o.fails(400, "GET", "/api/v2/deliveries?status=lost", "")
}

func TestCallShowsWhatItsWebhooksDid(t *testing.T) {
	o := staff(t)
	o.ring("call_1")
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.webhooks", `[]`)
	o.deliver("dlv_0", "pre_call", webhook.Dead)
	o.deliver("dlv_1", "post_call", webhook.Delivered)
	o.deliver("dlv_2", "post_call", webhook.Pending)
	a := o.ok("GET", "/api/v2/calls/call_1", "")
	a.wants("item.webhooks", `[{"attempts":1,"error":"the receiver answered 500","id":"dlv_0","kind":"pre_call","status":"dead"},`+
		`{"attempts":1,"error":null,"id":"dlv_1","kind":"post_call","status":"delivered"},`+
		`{"attempts":0,"error":null,"id":"dlv_2","kind":"post_call","status":"pending"}]`)
	if strings.Contains(a.text, "crm.example") {
		t.Errorf("a call tells where its webhooks are: %s", a.text)
	}
	if l := o.ok("GET", "/api/v2/calls", ""); strings.Contains(l.text, `"webhooks"`) {
		t.Errorf("a list has webhooks: %s", l.text)
	}
	for i := range 30 {
		o.deliver("dlv_"+strings.Repeat("x", i+2), "post_call", webhook.Pending)
	}
	list := o.ok("GET", "/api/v2/calls/call_1", "").at("item.webhooks").([]any)
	if len(list) != 20 {
		t.Errorf("%d webhooks, want 20 at most", len(list))
	}
}

func TestDeliveryIsShownWithItsAttempts(t *testing.T) {
	o, _ := mailroom(t)
	a := o.ok("GET", "/api/v2/deliveries/dlv_0", "")
	a.wants("item.call_id", `"call_1"`)
	a.wants("item.webhook_message_id", `"msg_dlv_0"`)
	a.wants("item.attempts_count", `1`)
	a.wants("item.next_attempt_at", `null`)
	a.wants("item.attempts.0.attempt", `1`)
	a.wants("item.attempts.0.took_ms", `84`)
	a.wants("item.attempts.0.status_code", `500`)
	a.wants("item.attempts.0.error", `"the receiver answered 500"`)
	a.wants("item.attempts.0.request_headers", `{"Authorization":"***"}`)
	a.wants("item.attempts.0.response_body", `"no"`)
	o.fails(404, "GET", "/api/v2/deliveries/dlv_nobody", "").errors(`{"base":["Delivery not found"]}`)
}

func TestResendKeepsTheWebhookID(t *testing.T) {
	o, _ := mailroom(t)
	a := o.ok("POST", "/api/v2/deliveries/dlv_0/resend", "")
	a.wants("item.status", `"pending"`)
	a.wants("item.webhook_message_id", `"msg_dlv_0"`)
	a.wants("message", `"Delivery is sent again"`)
	o.fails(http.StatusConflict, "POST", "/api/v2/deliveries/dlv_0/resend", "")
	o.deliver("dlv_9", "pre_call", webhook.Dead)
	o.fails(http.StatusConflict, "POST", "/api/v2/deliveries/dlv_9/resend", "")
}

func TestWebhookIsTriedOut(t *testing.T) {
	o, p := mailroom(t)
	agent := o.ready()
	path := "/api/v2/agents/" + agent + "/webhooks/"
	id := encode(o.ok("GET", path[:len(path)-1], "").at("items.0.id"))
	p.sent = webhook.Attempt{N: 1, Exchange: webhook.Exchange{Started: time.Now(), URL: "https://crm.example/hook", Status: 200}}
	o.ok("POST", path+id+"/test", "").wants("message", `"The receiver took it"`)
	p.sent.Status, p.sent.Err = 0, "nobody listens there"
	a := o.ok("POST", path+id+"/test", "")
	a.wants("message", `"The receiver did not take it"`)
	a.wants("item.error", `"nobody listens there"`)
	o.fails(404, "POST", path+"999/test", "")
}

func TestDeliveriesOfOthersAreNotThere(t *testing.T) {
	o, _ := mailroom(t)
	for path, method := range map[string]string{"/deliveries/dlv_0": "GET", "/deliveries/dlv_0/resend": "POST"} {
		if a := o.as(o.theirs, method, "/api/v2"+path, ""); a.status != 404 {
			t.Errorf("%s %s of another workspace = %d", method, path, a.status)
		}
	}
	o2 := o.as(o.theirs, "GET", "/api/v2/deliveries", "")
	o2.wants("count", `0`)
}
