package main

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// owe puts a delivery on record; failed ones were tried.
func (g *gateway) owe(call string, status string, tries int, age time.Duration) webhook.Delivery {
	g.t.Helper()
	now := time.Now().Add(-age)
	d := webhook.Owed(roster.PostCall, roster.Default, g.talked(call), "u1", 7, 3, now)
	d, _, err := g.db.CreateDelivery(g.t.Context(), d)
	if err != nil {
		g.t.Fatal(err)
	}
	for range tries {
		x := g.sender.exchange()
		x.Status, x.Err = 500, "the receiver answered 500"
		a := webhook.Attempt{Exchange: x}
		if status == webhook.Pending {
			a.Next = time.Now().Add(4*time.Minute + 30*time.Second)
		}
		if _, err := g.db.RecordAttempt(g.t.Context(), d.ID, a, status, now); err != nil {
			g.t.Fatal(err)
		}
	}
	return d
}

func TestDeliveriesAreListedShownAndSentAgain(t *testing.T) {
	g := newGateway(t)
	dead := g.owe("call_7q2faaaaaaaa", webhook.Dead, 2, 3*time.Hour)
	g.owe("call_8b3gaaaaaaaa", webhook.Pending, 1, 2*time.Hour)
	g.owe("call_9c4haaaaaaaa", webhook.Pending, 0, time.Hour)
	short := shortDelivery(dead.ID)
	golden(t, "webhook-list-table", g.ok("webhook", "list", "-o", "table"))
	cut := webhook.Owed(roster.PreCall, roster.Default, "call_7q2faaaaaaaa", "u1", 7, 4, time.Now().Add(-4*time.Hour))
	cut.Status, cut.Next, cut.Done = webhook.Cancelled, time.Time{}, time.Now()
	if _, _, err := g.db.CreateDelivery(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	if out := g.ok("webhook", "list", "-o", "id"); !strings.Contains(out, cut.ID) {
		t.Errorf("listed: %q", out)
	}
	golden(t, "webhook-list-failed", g.ok("webhook", "list", "--failed"))
	if out := g.ok("webhooks", "list", "--call", "7q2f", "-o", "id"); out != dead.ID+"\n"+cut.ID+"\n" {
		t.Errorf("of a call: %q", out)
	}
	if out := g.ok("call", "get", "7q2f", "-o", "table"); !strings.Contains(out, "webhook   pre_call "+shortDelivery(cut.ID)+" cancelled\nwebhook   post_call "+short+" dead: the receiver answered 500\n") {
		t.Errorf("of the call: %s", out)
	}
	golden(t, "webhook-show", g.ok("webhook", "show", short))
	if out := g.ok("webhook", "resend", short, "--dry-run"); !strings.HasPrefix(out, "would send "+short+" again") {
		t.Errorf("dry run: %q", out)
	}
	if out := g.ok("webhook", "resend", short); !strings.HasPrefix(out, "sent again: 200 in 61 ms    (same webhook-id "+dead.Message) {
		t.Errorf("resend: %q", out)
	}
	g.sender.err = "the receiver answered 500"
	if out := g.fails(fault.CheckFailed, "", []string{"webhook", "resend", short}); !strings.Contains(out, "500 in 61 ms: the receiver answered 500") {
		t.Errorf("resend: %q", out)
	}
	g.fails(fault.Wrong, "", []string{"webhook", "show", "zzzz"}, `there is no delivery "zzzz"`, "[webhook/not-found]")
}

func TestWebhookIsTested(t *testing.T) {
	g := newGateway(t)
	g.okIn(richAgent+"---\nname: plain\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-")
	golden(t, "webhook-test", g.ok("webhook", "test", "front-desk", "pre_call"))
	if out := g.ok("webhook", "test", "front-desk", "pre_call", "--dry-run"); out != "would send a sample to the pre_call of front-desk\n" {
		t.Errorf("dry run: %q", out)
	}
	g.fails(fault.Wrong, "", []string{"webhook", "test", "front-desk"}, "has two webhooks", "hookswitch webhook test front-desk post_call")
	g.fails(fault.Wrong, "", []string{"webhook", "test", "plain"}, "has no webhook", "[webhook/none]")
	g.sender.err = "refused"
	g.fails(fault.CheckFailed, "", []string{"webhook", "test", "front-desk", "post_call"})
}

func TestALargeBodyDoesNotFloodTheTerminal(t *testing.T) {
	var out strings.Builder
	bodyLines(&out, "  < ", strings.Repeat("x", bodyShown+7))
	if want := "  < " + strings.Repeat("x", bodyShown) + "\n  < (7 bytes more: -o json)\n"; out.String() != want {
		t.Errorf("printed %d bytes, ending with %q", out.Len(), out.String()[max(0, out.Len()-40):])
	}
}

func TestOnlyWhatIsToldAfterACallIsTriedAgain(t *testing.T) {
	for kind, want := range map[string]string{"post_call": "1 of 8", "pre_call": "1", "test": "1"} {
		if got := (deliveryView{Kind: kind, Tries: 1}).tries(); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}

func TestNumbersAreAddedLinkedAndRemoved(t *testing.T) {
	g := newGateway(t)
	g.okIn("name: a\nvoice_uuid: flite-slt\n---\nname: b\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-")
	if out := g.ok("number", "add", "+14155550101", "--label", "second line", "--sim", "--agent", "a", "--no-outbound", "--dry-run"); out != "would add +1 415 555 0101 \"second line\" -> a\n" {
		t.Errorf("dry run: %q", out)
	}
	if out := g.ok("number", "add", "+14155550101", "--label", "second line", "--sim", "--agent", "a", "--no-outbound"); out != "added +1 415 555 0101 as 2 -> a\n" {
		t.Errorf("add: %q", out)
	}
	if out := g.ok("number", "add", "+14155550103", "--sim", "--dry-run"); out != "would add +1 415 555 0103 \"+14155550103\"\n" {
		t.Errorf("dry run without a label: %q", out)
	}
	golden(t, "number-list-table", g.ok("numbers", "list", "-o", "table"))
	golden(t, "number-list-pipe", g.ok("number", "list"))
	if out := g.ok("number", "link", "+1 415 555 0101", "b"); out != "+1 415 555 0101 -> b   (it led to a)\n" {
		t.Errorf("link: %q", out)
	}
	if out := g.ok("number", "link", "2", "--nobody"); out != "+1 415 555 0101 -> nobody   (it led to b)\n" {
		t.Errorf("link: %q", out)
	}
	g.fails(fault.Wrong, "", []string{"number", "link", "2"}, "either to an agent or to nobody")
	g.fails(fault.Wrong, "", []string{"number", "link", "77", "a"}, "no such number", "[number/not-found]")
	g.fails(fault.Wrong, "", []string{"number", "add", "+14155550102", "--label", "x"}, "needs the account", "--sim", "[number/account]")
	g.fails(fault.Wrong, "", []string{"number", "add", "+14155550101", "--label", "x", "--sim"}, "has already been taken")
	g.fails(fault.Wrong, "", []string{"number", "remove", "2"}, "--yes")
	if out := g.ok("number", "remove", "2", "--yes"); out != "removed +1 415 555 0101\n" {
		t.Errorf("remove: %q", out)
	}
}
