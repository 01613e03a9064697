package mail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/hookswitch/hookswitch/telephony"
)

// inbox keeps what it receives.
type inbox struct {
	got  []telephony.TextIn
	fail error
}

func (i *inbox) Received(_ context.Context, m telephony.TextIn) error {
	if i.fail != nil {
		return i.fail
	}
	i.got = append(i.got, m)
	return nil
}

func (i *inbox) Told(context.Context, telephony.TextState) error { return nil }

const (
	shop    = "shop@hooks.example"
	support = "support@hooks.example"
)

// keys are those of two channels; a third one has an empty key.
func keys(_ context.Context, address string) ([]byte, error) {
	switch address {
	case shop, support:
		return []byte("the sixteen bytes of " + address), nil
	case "empty@hooks.example":
		return nil, nil
	case "broken@hooks.example":
		return nil, errors.New("the database is away")
	}
	return nil, telephony.ErrNoChannel
}

// post brings body to in, signed with the key of the channel at signer.
func post(t testing.TB, in *Inbound, query, kind, body, signer string) *httptest.ResponseRecorder {
	t.Helper()
	key, _ := keys(t.Context(), signer)
	hook, err := standard.NewWebhookRaw(key)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	signature, err := hook.Sign("hook_1", now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Path+query, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set(standard.HeaderWebhookID, "hook_1")
	r.Header.Set(standard.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standard.HeaderWebhookSignature, signature)
	w := httptest.NewRecorder()
	in.Handler().ServeHTTP(w, r)
	return w
}

func inbound(t testing.TB, box *inbox) *Inbound {
	t.Helper()
	in, err := NewInbound(InboundConfig{Key: keys, Inbox: box})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

const rfc822 = "message/rfc822"

func raw(lines ...string) string { return strings.Join(lines, "\r\n") }

func simple(to string) string {
	return raw("From: Ada <Ada@Example.com>", "To: "+to, "Subject: =?iso-8859-1?q?Gr=FC=DFe?=", "Message-ID: <1@example.com>",
		"References: <0@hooks.example>", "In-Reply-To: <msg_1@hooks.example>", "", "Hello.", "",
		"On Mon, 2 Nov 2026 at 10:00, Shop", "<shop@hooks.example> wrote:", "> Hi.", "")
}

func TestALetterComesIn(t *testing.T) {
	want := telephony.TextIn{
		Kind: telephony.Email, Carrier: "<1@example.com>", From: "ada@example.com", To: shop, Subject: "Grüße", Body: "Hello.",
		Answers: []string{"<0@hooks.example>", "<msg_1@hooks.example>"},
	}
	asJSON := `{"from":"Ada <Ada@Example.com>","to":"SHOP@hooks.example","subject":"Grüße","text":"Hello.\n\n> Hi.","message_id":"1@example.com",
		"references":["<0@hooks.example>"],"in_reply_to":"<msg_1@hooks.example>","headers":{"x-spam":"no"},"more":1}`
	for claim, c := range map[string][2]string{"as it is": {rfc822, simple("Shop <SHOP@hooks.example>")}, "as JSON": {"application/json; charset=utf-8", asJSON}} {
		var box inbox
		w := post(t, inbound(t, &box), "", c[0], c[1], shop)
		if w.Code != http.StatusOK || len(box.got) != 1 || !reflect.DeepEqual(box.got[0], want) {
			t.Errorf("%s: %d %s, the inbox has %+v", claim, w.Code, w.Body, box.got)
		}
	}
}

func TestOnlyWhoseKeySignedGetsIt(t *testing.T) {
	for claim, c := range map[string]struct {
		query, to, signer string
		status            int
		got               string
	}{
		"one of several":                   {"", "shop@hooks.example, support@hooks.example", shop, 200, shop},
		"the other":                        {"", "shop@hooks.example, support@hooks.example", support, 200, support},
		"another's key":                    {"", shop, support, 401, ""},
		"nobody's address":                 {"", "eve@hooks.example", shop, 401, ""},
		"an empty key is none":             {"", "empty@hooks.example", "empty@hooks.example", 401, ""},
		"the query says it":                {"?to=Support@hooks.example", shop, support, 200, support},
		"the query with another's key":     {"?to=support@hooks.example", shop, shop, 401, ""},
		"a query that is no address":       {"?to=x", shop, shop, 401, ""},
		"whose key can't be read":          {"?to=broken@hooks.example", shop, shop, 503, ""},
		"no recipient, but one in a query": {"?to=shop@hooks.example", "undisclosed-recipients:;", shop, 200, shop},
	} {
		var box inbox
		w := post(t, inbound(t, &box), c.query, rfc822, simple(c.to), c.signer)
		got := ""
		for _, m := range box.got {
			got += m.To
		}
		if w.Code != c.status || got != c.got {
			t.Errorf("%s: %d, got by %q, want %d, %q", claim, w.Code, got, c.status, c.got)
		}
	}
}

func TestSignaturesAreOfTheLastFiveMinutes(t *testing.T) {
	for after, want := range map[time.Duration]int{4 * time.Minute: 200, 6 * time.Minute: 401} {
		synctest.Test(t, func(t *testing.T) {
			key, _ := keys(t.Context(), shop)
			hook, err := standard.NewWebhookRaw(key)
			if err != nil {
				t.Fatal(err)
			}
			body, then := simple(shop), time.Now()
			signature, err := hook.Sign("hook_1", then, []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Path, strings.NewReader(body))
			r.Header = http.Header{"Content-Type": {rfc822}, "Webhook-Id": {"hook_1"}, "Webhook-Signature": {signature},
				"Webhook-Timestamp": {strconv.FormatInt(then.Unix(), 10)}}
			w := httptest.NewRecorder()
			inbound(t, &inbox{}).Handler().ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("after %v: %d, want %d", after, w.Code, want)
			}
		})
	}
}

func TestWhatIsNotTaken(t *testing.T) {
	for claim, c := range map[string]struct {
		kind, body string
		fail       error
		status     int
		reason     string
	}{
		"too big":              {rfc822, simple(shop) + strings.Repeat("a", 1<<20), nil, 413, ReasonTooBig},
		"another kind":         {"text/plain", simple(shop), nil, 415, ReasonUnreadable},
		"JSON of another form": {"application/json", `{"to":1}`, nil, 400, ReasonUnreadable},
		"no sender":            {rfc822, "To: " + shop + "\r\n\r\nHello", nil, 400, ReasonUnreadable},
		"an endless header":    {rfc822, "To: " + shop + "\r\nX: " + strings.Repeat("a", maxHeaders) + "\r\n\r\n", nil, 400, ReasonUnreadable},
		"the inbox is away":    {rfc822, simple(shop), errors.New("away"), 503, ReasonFailed},
	} {
		var reason string
		in, err := NewInbound(InboundConfig{Key: keys, Inbox: &inbox{fail: c.fail}, Count: func(r string) { reason = r }})
		if err != nil {
			t.Fatal(err)
		}
		w := post(t, in, "", c.kind, c.body, shop)
		if w.Code != c.status || reason != c.reason || strings.Contains(w.Body.String(), "example") {
			t.Errorf("%s: %d (%s) %s, want %d (%s)", claim, w.Code, reason, w.Body, c.status, c.reason)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Path, strings.NewReader(simple(shop)))
	w := httptest.NewRecorder()
	inbound(t, &inbox{}).Handler().ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("without a signature: %d", w.Code)
	}
}

func TestALetterWithoutAnIDHasThatOfItsRequest(t *testing.T) {
	var box inbox
	body := raw("From: ada@example.com", "To: "+shop, "", "Hello")
	if w := post(t, inbound(t, &box), "", rfc822, body, shop); w.Code != http.StatusOK || box.got[0].Carrier != "webhook:hook_1" {
		t.Errorf("%d, the inbox has %+v", w.Code, box.got)
	}
}

// Loops and machines are never answered.
func TestAutomaticLetters(t *testing.T) {
	for header, want := range map[string]bool{
		"X-Mailer: a person's":                                          false,
		"Auto-Submitted: no":                                            false,
		"Auto-Submitted: No (a person)":                                 false,
		"Auto-Submitted: auto-replied":                                  true,
		"Auto-Submitted: auto-generated; owner=x":                       true,
		"Auto-Submitted: auto-notified":                                 true,
		"Precedence: bulk":                                              true,
		"Precedence: JUNK":                                              true,
		"Precedence: list":                                              true,
		"Precedence: auto_reply":                                        true,
		"Precedence: first-class":                                       false,
		"X-Autoreply: yes":                                              true,
		"X-Autorespond: Out":                                            true,
		"X-Auto-Response-Suppress: OOF, AutoReply":                      true,
		"X-Auto-Response-Suppress: NRN":                                 false,
		"List-Id: <news.example.com>":                                   true,
		"Return-Path: <>":                                               true,
		"Return-Path: <ada@example.com>":                                false,
		"X-Loop: shop@hooks.example":                                    true,
		"X-Loop: other@hooks.example":                                   false,
		"Content-Type: multipart/report; boundary=x":                    true,
		"Content-Type: message/delivery-status":                         true,
		strings.TrimSpace(strings.Repeat("Received: x\r\n", maxHops+1)): true,
	} {
		var box inbox
		body := raw("From: ada@example.com", "To: "+shop, header, "", "Hello")
		if w := post(t, inbound(t, &box), "", rfc822, body, shop); w.Code != http.StatusOK || box.got[0].Automatic != want {
			t.Errorf("%.60s: %d, automatic %v, want %v", header, w.Code, !want, want)
		}
	}
	for from, want := range map[string]bool{
		"ada": false, "reply": false, "bouncer": false, "noreply": true, "no-reply": true, "do_not_reply": true, "donotreply": true, "noreply+7": true,
		"MAILER-DAEMON": true, "postmaster": true, "bounces+1": true, "news-bounces": true, "owner-news": true, "news-request": true,
	} {
		m, err := Parse([]byte(raw("From: "+from+"@example.com", "", "Hello")))
		if err != nil || m.Automatic != want {
			t.Errorf("from %s: automatic %v, %v, want %v", from, m.Automatic, err, want)
		}
	}
	var box inbox
	post(t, inbound(t, &box), "", rfc822, raw("From: "+shop, "To: "+shop, "", "Hello"), shop)
	if len(box.got) != 1 || !box.got[0].Automatic {
		t.Errorf("from itself: %+v, want automatic", box.got)
	}
}

// Two agents that write to each other by e-mail are not in an endless talk: what
// one sends the other takes for a machine's.
func TestTwoAgentsDoNotTalkForEver(t *testing.T) {
	m, _, no := compose(telephony.Text{ID: "msg_1", Kind: telephony.Email, From: support, To: shop, Body: "Hello"})
	if no != nil {
		t.Fatal(no)
	}
	var b strings.Builder
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	var box inbox
	if w := post(t, inbound(t, &box), "", rfc822, b.String(), shop); w.Code != http.StatusOK || !box.got[0].Automatic {
		t.Errorf("%d %+v, want an automatic letter", w.Code, box.got)
	}
}

func ExampleParse() {
	m, err := Parse([]byte("From: Ada <ada@example.com>\r\nSubject: Hello\r\n\r\nAre you open?\r\n-- \r\nAda\r\n"))
	fmt.Println(m.From, m.Subject, m.Body, err)
	// Output: ada@example.com Hello Are you open? <nil>
}
