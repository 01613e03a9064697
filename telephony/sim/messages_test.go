package sim_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// newTexting starts a carrier whose number's texts g takes, and a twilio-go
// client of it.
func newTexting(t *testing.T, g *gateway, change func(*sim.Config)) (*sim.Carrier, *api.ApiService) {
	t.Helper()
	cfg := sim.Config{
		AccountSID: account, AuthToken: secret,
		Numbers: []sim.Number{{Number: ours, SMSURL: g.srv.URL + "/message"}},
	}
	if g.twiml["/message"] == nil {
		g.twiml["/message"] = func(url.Values) string { return "" }
	}
	if change != nil {
		change(&cfg)
	}
	c, err := sim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, twilioClient(t, c, secret)
}

// text has theirs write to ours, and waits until that is over.
func text(t *testing.T, c *sim.Carrier, body string) *sim.Message {
	t.Helper()
	m, err := c.Text(theirs, ours, body)
	if err != nil {
		t.Fatal(err)
	}
	settled(t, c)
	return m
}

// settled waits until nothing is under way.
func settled(t *testing.T, c *sim.Carrier) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if err := c.Wait(ctx); err != nil {
		t.Fatalf("texts are still under way: %v", err)
	}
}

// send sends a text as twilio-go does. pairs are further parameters.
func send(twilio *api.ApiService, from, to, body, callback string) (*api.ApiV2010Message, error) {
	p := &api.CreateMessageParams{}
	p.SetFrom(from)
	p.SetTo(to)
	p.SetBody(body)
	if callback != "" {
		p.SetStatusCallback(callback)
	}
	return twilio.CreateMessage(p)
}

// codeOf is the carrier's code of an error.
func codeOf(err error) int {
	if e, ok := err.(*client.TwilioRestError); ok {
		return e.Code
	}
	return 0
}

func TestATextIsDeliveredAndTold(t *testing.T) {
	g := newGateway(t, false)
	g.twiml["/told"] = func(url.Values) string { return "" }
	c, twilio := newTexting(t, g, nil)
	m, err := send(twilio, ours, theirs, "Hello 👋", g.srv.URL+"/told?text=msg_1")
	if err != nil || *m.Status != "queued" || m.DateSent != nil || *m.NumSegments != "1" || *m.Direction != "outbound-api" || !strings.HasPrefix(*m.Sid, "SM") {
		t.Fatalf("CreateMessage() = %+v, %v", m, err)
	}
	settled(t, c)
	var told []string
	for _, r := range g.got("/told") {
		told = append(told, r.form.Get("MessageStatus"))
		if r.form.Get("MessageSid") != *m.Sid || r.form.Get("AccountSid") != account || r.form.Get("text") != "msg_1" || r.form.Get("To") != theirs || r.form.Has("ErrorCode") {
			t.Errorf("told %v", r.form)
		}
	}
	if !slices.Equal(told, []string{"queued", "sent", "delivered"}) {
		t.Errorf("told %v", told)
	}
	is, err := twilio.FetchMessage(*m.Sid, nil)
	if err != nil || *is.Status != "delivered" || is.DateSent == nil || is.ErrorCode != nil {
		t.Errorf("FetchMessage() = %+v, %v", is, err)
	}
	if got := c.TextsTo(theirs); len(got) != 1 || got[0].Body() != "Hello 👋" {
		t.Errorf("the phone has %v", got)
	}
	wantClean(t, c)
}

func TestATextThatGoesWrongSaysHow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		knobs sim.Knobs
		fault sim.TextFault
		told  []string
	}{
		{"a phone that is off", sim.Knobs{}, sim.TextFault{Code: 30003, Status: "undelivered"}, []string{"queued", "sent", "undelivered 30003"}},
		{"a number that is not there", sim.Knobs{}, sim.TextFault{Code: 30005, Status: "undelivered", To: theirs}, []string{"queued", "sent", "undelivered 30005"}},
		{"a carrier that filters", sim.Knobs{}, sim.TextFault{Code: 30007, Status: "failed"}, []string{"queued", "failed 30007"}},
		{"somebody else's", sim.Knobs{}, sim.TextFault{Code: 30003, Status: "undelivered", To: "+15005550099"}, []string{"queued", "sent", "delivered"}},
		{"told twice", sim.Knobs{TextTwice: true}, sim.TextFault{}, []string{"queued", "queued", "sent", "sent", "delivered", "delivered"}},
		{"told in the wrong order", sim.Knobs{TextSwap: true}, sim.TextFault{Code: 30003, Status: "undelivered"}, []string{"queued", "undelivered 30003", "sent"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, false)
			g.twiml["/told"] = func(url.Values) string { return "" }
			c, twilio := newTexting(t, g, func(cfg *sim.Config) { cfg.Knobs = tt.knobs })
			c.FailTexts(tt.fault)
			m, err := send(twilio, ours, theirs, "Hello", g.srv.URL+"/told")
			if err != nil {
				t.Fatal(err)
			}
			settled(t, c)
			var told []string
			tokens := map[string]bool{}
			for _, r := range g.got("/told") {
				told = append(told, strings.TrimSpace(r.form.Get("MessageStatus")+" "+r.form.Get("ErrorCode")))
				tokens[r.header.Get("I-Twilio-Idempotency-Token")] = true
			}
			if !slices.Equal(told, tt.told) {
				t.Errorf("told %q, want %q", told, tt.told)
			}
			if tt.knobs.TextTwice && len(tokens) != 3 {
				t.Errorf("%d tokens for three states", len(tokens))
			}
			is, err := twilio.FetchMessage(*m.Sid, nil)
			if err != nil || tt.fault.Code != 0 && tt.fault.To != "+15005550099" && (is.ErrorCode == nil || *is.ErrorCode != tt.fault.Code || *is.Status != tt.fault.Status) {
				t.Errorf("FetchMessage() = %+v, %v", is, err)
			}
		})
	}
}

func TestATextThatIsRefused(t *testing.T) {
	const other, silent, trial = "+15005550007", "+15005550008", "AC00000000000000000000000000000009"
	g := newGateway(t, false)
	c, twilio := newTexting(t, g, func(cfg *sim.Config) {
		cfg.Accounts = []sim.Account{{SID: trial, AuthToken: "t", Parent: account, Trial: true, Verified: []string{"+15005550077"}}}
		cfg.Numbers = append(cfg.Numbers, sim.Number{Number: other, Account: trial}, sim.Number{Number: silent, NoTexts: true})
		cfg.Knobs.Regions = []string{"+1"}
	})
	c.FailTexts(sim.TextFault{Code: 63018, To: "+15005550013", Times: 1})
	for _, tt := range []struct {
		name           string
		from, to, body string
		code           int
	}{
		{"to nobody", ours, "", "x", 21604},
		{"from nobody", "", theirs, "x", 21603},
		{"no words", ours, theirs, "", 21602},
		{"no number", ours, "5550100", "x", 21211},
		{"no number of a sender", "Hotel", theirs, "x", 21212},
		{"two channels", ours, "whatsapp:" + theirs, "x", 21910},
		{"oneself", ours, ours, "x", 21266},
		{"too long", ours, theirs, strings.Repeat("😀", 801), 21617},
		{"another's number", other, theirs, "x", 21606},
		{"a number without texts", silent, theirs, "x", 21606},
		{"no sender of WhatsApp's", "whatsapp:" + other, "whatsapp:" + theirs, "x", 63007},
		{"a country too far", ours, "+442079460000", "x", 21408},
		{"as planned", ours, "+15005550013", "x", 63018},
		{"once planned", ours, "+15005550013", "x", 0},
	} {
		if _, err := send(twilio, tt.from, tt.to, tt.body, ""); codeOf(err) != tt.code {
			t.Errorf("%s: %v, want %d", tt.name, err, tt.code)
		}
	}
	p := &api.CreateMessageParams{}
	p.SetPathAccountSid(trial)
	p.SetFrom(other).SetTo(theirs).SetBody("x")
	if _, err := twilio.CreateMessage(p); codeOf(err) != 21608 {
		t.Errorf("on trial: %v", err)
	}
	if _, err := send(twilio, ours, theirs, "x", "mailto:x"); codeOf(err) != 21609 {
		t.Errorf("a callback that is none: %v", err)
	}
	if _, err := twilio.FetchMessage("SM00000000000000000000000000000000", nil); codeOf(err) != 20404 {
		t.Errorf("one that is not there: %v", err)
	}
	if n := len(c.Messages()); n != 1 {
		t.Errorf("%d were sent", n)
	}
	settled(t, c)
}

func TestTextsAreListed(t *testing.T) {
	g := newGateway(t, false)
	c, twilio := newTexting(t, g, func(cfg *sim.Config) { cfg.Knobs.TextDelay = time.Minute })
	if _, err := send(twilio, ours, theirs, "waits", ""); err != nil {
		t.Fatal(err)
	}
	came, err := c.Text(theirs, ours, "came")
	if err != nil {
		t.Fatal(err)
	}
	<-came.Done()
	for _, tt := range []struct {
		name string
		set  func(*api.ListMessageParams)
		want []string
	}{
		{"all, the newest first", func(*api.ListMessageParams) {}, []string{"came", "waits"}},
		{"to them", func(p *api.ListMessageParams) { p.SetTo(theirs) }, []string{"waits"}},
		{"from them", func(p *api.ListMessageParams) { p.SetFrom(theirs) }, []string{"came"}},
		{"what waits has no date", func(p *api.ListMessageParams) { p.SetDateSentAfter(time.Now().Add(-time.Hour)) }, []string{"came"}},
		{"nothing before", func(p *api.ListMessageParams) { p.SetDateSentBefore(time.Now().Add(-48 * time.Hour)) }, nil},
		{"nobody's", func(p *api.ListMessageParams) { p.SetTo("+15005550099") }, nil},
	} {
		p := &api.ListMessageParams{}
		tt.set(p)
		list, err := twilio.ListMessage(p)
		var got []string
		for _, m := range list {
			got = append(got, *m.Body)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	c.Close()
}

func TestATextThatComesAsksItsNumbersAddress(t *testing.T) {
	g := newGateway(t, false)
	g.twiml["/message"] = func(url.Values) string { return `<Message>Hi.</Message><Message><Body>Ho.</Body></Message>` }
	c, _ := newTexting(t, g, nil)
	m := text(t, c, "Hello")
	got := g.got("/message")
	if len(got) != 1 {
		t.Fatalf("asked %d times", len(got))
	}
	for name, want := range map[string]string{
		"MessageSid": m.SID(), "SmsSid": m.SID(), "SmsMessageSid": m.SID(), "AccountSid": account, "From": theirs, "To": ours, "Body": "Hello",
		"NumMedia": "0", "NumSegments": "1", "SmsStatus": "received", "ApiVersion": "2010-04-01", "FromCountry": "US",
	} {
		if is := got[0].form.Get(name); is != want {
			t.Errorf("%s = %q, want %q", name, is, want)
		}
	}
	var said []string
	for _, m := range c.TextsTo(theirs) {
		said = append(said, m.Body())
	}
	slices.Sort(said)
	if !slices.Equal(said, []string{"Hi.", "Ho."}) {
		t.Errorf("the phone has %v", said)
	}
	wantClean(t, c)
}

func TestATextOnWhatsApp(t *testing.T) {
	g := newGateway(t, false)
	g.twiml["/told"] = func(url.Values) string { return "" }
	c, twilio := newTexting(t, g, nil)
	status := func() string {
		t.Helper()
		m, err := send(twilio, "whatsapp:"+ours, "whatsapp:"+theirs, "Hello", "")
		if err != nil {
			t.Fatal(err)
		}
		settled(t, c)
		is, err := twilio.FetchMessage(*m.Sid, nil)
		if err != nil {
			t.Fatal(err)
		}
		if is.ErrorCode != nil {
			return fmt.Sprint(*is.Status, *is.ErrorCode)
		}
		return *is.Status
	}
	if got := status(); got != "failed63016" {
		t.Errorf("before they ever wrote: %s", got)
	}
	if _, err := c.Text("whatsapp:"+theirs, "whatsapp:"+ours, "stop"); err != nil {
		t.Fatal(err)
	}
	settled(t, c)
	if got := g.got("/message"); len(got) != 1 || got[0].form.Get("From") != "whatsapp:"+theirs || got[0].form.Get("To") != "whatsapp:"+ours || got[0].form.Get("WaId") != theirs[1:] {
		t.Errorf("asked %v", got)
	}
	if got := status(); got != "delivered" {
		t.Errorf("after they wrote, which is no keyword there: %s", got)
	}
	if _, err := c.Text(theirs, "whatsapp:"+ours, "x"); err == nil {
		t.Error("an SMS went to WhatsApp")
	}
}

func TestAnAddressThatFailsIsAskedAgainAndThenTheFallback(t *testing.T) {
	for _, tt := range []struct {
		name     string
		fragment string
		fails    int // of the first requests
		asked    int
		fallback int
		kinds    []police.Kind
	}{
		{"once by default", "", 1, 1, 1, []police.Kind{police.WebhookStatus}},
		{"as the fragment says", "#rc=2&rp=5xx", 2, 3, 0, nil},
		{"not for ever", "#rc=2&rp=5xx", 9, 3, 1, []police.Kind{police.WebhookStatus}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, false)
			g.twiml["/fallback"] = func(url.Values) string { return "" }
			n := 0
			g.handlers["/message"] = func(w http.ResponseWriter, r *http.Request) {
				if n++; n <= tt.fails {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				w.Header().Set("Content-Type", "text/xml")
				io.WriteString(w, "<Response/>")
			}
			c, _ := newTexting(t, g, func(cfg *sim.Config) {
				cfg.Numbers[0].SMSURL += tt.fragment
				cfg.Numbers[0].SMSFallbackURL = g.srv.URL + "/fallback"
			})
			text(t, c, "Hello")
			fallback := g.got("/fallback")
			if len(g.got("/message")) != tt.asked || len(fallback) != tt.fallback {
				t.Errorf("asked %d times, and the fallback %d; want %d and %d", len(g.got("/message")), len(fallback), tt.asked, tt.fallback)
			}
			if tt.fallback > 0 && (fallback[0].form.Get("ErrorCode") != "11200" || fallback[0].form.Get("Body") != "Hello") {
				t.Errorf("the fallback was told %v", fallback[0].form)
			}
			if got := kinds(c); !slices.Equal(got, tt.kinds) {
				t.Errorf("the gateway did %v, want %v", got, tt.kinds)
			}
		})
	}
}

func TestADocumentThatIsNoneForATextIsReported(t *testing.T) {
	for document, want := range map[string]police.Kind{
		"<Hangup/>": police.UnknownVerb, "<Body>x</Body>": police.UnknownVerb, `<Message to="+1">x</Message>`: police.Unsupported, "<Redirect>/x</Redirect>": police.Unsupported, "<": police.TwiML,
	} {
		g := newGateway(t, false)
		g.twiml["/message"] = func(url.Values) string { return document }
		c, _ := newTexting(t, g, nil)
		text(t, c, "Hello")
		if got := kinds(c); !slices.Equal(got, []police.Kind{want}) || len(c.TextsTo(theirs)) != 0 {
			t.Errorf("%s: %v, want %s", document, got, want)
		}
	}
}

func TestKeywordsAreTheCarriersToo(t *testing.T) {
	g := newGateway(t, false)
	c, twilio := newTexting(t, g, func(cfg *sim.Config) { cfg.Knobs.OptOutType = true })
	replies := 0
	for _, tt := range []struct {
		body    string
		optOut  string // OptOutType
		reply   string // begins so; empty: none
		refused bool   // what is sent then
	}{
		{"hello", "", "", false},
		{"start", "", "", false}, // they are not out
		{"please stop", "", "", false},
		{" Stop\n", "STOP", "You have successfully been unsubscribed", true},
		{"hello?", "", "", true},
		{"HELP", "HELP", "Reply STOP to unsubscribe", true},
		{"unstop", "START", "You have successfully been re-subscribed", false},
		{"END", "STOP", "You have successfully been unsubscribed", true},
		{"yes", "START", "You have successfully been re-subscribed", false},
		{"info", "HELP", "Reply STOP to unsubscribe", false},
	} {
		text(t, c, tt.body)
		asked := g.got("/message")
		if last := asked[len(asked)-1].form; last.Get("Body") != tt.body || last.Get("OptOutType") != tt.optOut {
			t.Errorf("%q: told %q", tt.body, last)
		}
		if tt.reply != "" {
			replies++
		}
		var got []*sim.Message
		for _, m := range c.TextsTo(theirs) {
			if m.Body() != "ours" {
				got = append(got, m)
			}
		}
		if len(got) != replies || tt.reply != "" && !strings.HasPrefix(got[replies-1].Body(), tt.reply) {
			t.Errorf("%q: the phone has %d answers, want %d", tt.body, len(got), replies)
		}
		_, err := send(twilio, ours, theirs, "ours", "")
		if refused := codeOf(err) == 21610; refused != tt.refused {
			t.Errorf("%q: sending then = %v", tt.body, err)
		}
		settled(t, c)
	}
}

func TestThirtyTextsOfOnePhoneInASecondAllArrive(t *testing.T) {
	g := newGateway(t, false)
	c, _ := newTexting(t, g, func(cfg *sim.Config) { cfg.Knobs.TextTwice = true })
	for i := range 30 {
		if _, err := c.Text(theirs, ours, fmt.Sprintf("text %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, c)
	bodies := map[string]int{}
	for _, r := range g.got("/message") {
		bodies[r.form.Get("Body")]++
	}
	if len(bodies) != 30 || bodies["text 7"] != 2 {
		t.Errorf("%d texts came: %v", len(bodies), bodies)
	}
	wantClean(t, c)
}

func TestAPhoneThatWritesBack(t *testing.T) {
	g := newGateway(t, false)
	var c *sim.Carrier
	c, twilio := newTexting(t, g, func(cfg *sim.Config) {
		cfg.Texted = func(m *sim.Message) { c.Text(m.To(), m.From(), "You said: "+m.Body()) }
	})
	if _, err := send(twilio, ours, theirs, "Hello", ""); err != nil {
		t.Fatal(err)
	}
	settled(t, c)
	if got := g.got("/message"); len(got) != 1 || got[0].form.Get("Body") != "You said: Hello" {
		t.Errorf("asked %v", got)
	}
}

func TestSegmentsOfTexts(t *testing.T) {
	g := newGateway(t, false)
	c, twilio := newTexting(t, g, nil)
	for body, want := range map[string]string{
		strings.Repeat("a", 160): "1", strings.Repeat("a", 161): "2", strings.Repeat("€", 81): "2", strings.Repeat("ж", 70): "1", strings.Repeat("ж", 71): "2", strings.Repeat("😀", 67): "3",
	} {
		if m, err := send(twilio, ours, theirs, body, ""); err != nil || *m.NumSegments != want {
			t.Errorf("%.4q...: %+v, %v, want %s", body, m, err, want)
		}
	}
	settled(t, c)
}

func TestANumbersTextSettingsAreSet(t *testing.T) {
	const application = "AP00000000000000000000000000000001"
	g := newGateway(t, false)
	g.twiml["/app"] = func(url.Values) string { return "" }
	c, twilio := newTexting(t, g, func(cfg *sim.Config) {
		cfg.Applications = map[string]sim.Application{application: {SMSURL: g.srv.URL + "/app"}}
	})
	n, _ := c.Owned(ours)
	set := func(set func(*api.UpdateIncomingPhoneNumberParams)) (*api.ApiV2010IncomingPhoneNumber, error) {
		p := &api.UpdateIncomingPhoneNumberParams{}
		set(p)
		return twilio.UpdateIncomingPhoneNumber(n.SID, p)
	}
	is, err := set(func(p *api.UpdateIncomingPhoneNumberParams) {
		p.SetSmsUrl(g.srv.URL + "/new").SetSmsMethod("GET").SetSmsFallbackUrl(g.srv.URL + "/f")
	})
	if err != nil || *is.SmsUrl != g.srv.URL+"/new" || *is.SmsMethod != "GET" || *is.SmsFallbackUrl != g.srv.URL+"/f" || !is.Capabilities.Sms {
		t.Errorf("UpdateIncomingPhoneNumber() = %+v, %v", is, err)
	}
	for name, tt := range map[string]struct {
		set  func(*api.UpdateIncomingPhoneNumberParams)
		code int
	}{
		"no address":              {func(p *api.UpdateIncomingPhoneNumberParams) { p.SetSmsUrl("nonsense") }, 21402},
		"no method":               {func(p *api.UpdateIncomingPhoneNumberParams) { p.SetSmsMethod("PUT") }, 21403},
		"a fallback of nothing":   {func(p *api.UpdateIncomingPhoneNumberParams) { p.SetSmsUrl("") }, 21406},
		"an application's number": {func(p *api.UpdateIncomingPhoneNumberParams) { p.SetSmsApplicationSid("AP1") }, 20001},
		"nobody's application": {func(p *api.UpdateIncomingPhoneNumberParams) {
			p.SetSmsApplicationSid("AP00000000000000000000000000000002")
		}, 20404},
	} {
		if _, err := set(tt.set); codeOf(err) != tt.code {
			t.Errorf("%s: %v, want %d", name, err, tt.code)
		}
	}
	if is, err := set(func(p *api.UpdateIncomingPhoneNumberParams) { p.SetSmsApplicationSid(application) }); err != nil || *is.SmsApplicationSid != application {
		t.Errorf("UpdateIncomingPhoneNumber() = %+v, %v", is, err)
	}
	text(t, c, "Hello")
	if len(g.got("/app")) != 1 || len(g.got("/new")) != 0 {
		t.Error("the application was not asked")
	}
}

func TestTextsThatNobodyCanWrite(t *testing.T) {
	g := newGateway(t, false)
	c, _ := newTexting(t, g, func(cfg *sim.Config) {
		cfg.Numbers = append(cfg.Numbers, sim.Number{Number: "+15005550008", NoTexts: true})
	})
	for name, m := range map[string][3]string{
		"to nobody": {theirs, "+15005550099", "x"}, "to a number without": {theirs, "+15005550008", "x"}, "from nobody": {"", ours, "x"}, "no words": {theirs, ours, ""},
	} {
		if _, err := c.Text(m[0], m[1], m[2]); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c.Close()
	if _, err := c.Text(theirs, ours, "x"); err == nil {
		t.Error("a closed carrier takes texts")
	}
}
