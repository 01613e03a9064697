package twilio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

const testMessage = "SM0123456789abcdef0123456789abcdef"

// inbox keeps what it is told, unless broken.
type inbox struct {
	mu     sync.Mutex
	came   []telephony.TextIn
	told   []telephony.TextState
	broken error
}

func (i *inbox) Received(_ context.Context, m telephony.TextIn) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.came = append(i.came, m)
	return i.broken
}

func (i *inbox) Told(_ context.Context, s telephony.TextState) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.told = append(i.told, s)
	return i.broken
}

// heard is how often it was told something.
func (i *inbox) heard() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.came) + len(i.told)
}

// message is the Messages resource of Twilio in small.
func (s *rest) message(r *http.Request) (answer any, status int, _ *failure) {
	if r.Method == http.MethodGet {
		s.knows(r.Form, "From", "To", "PageSize")
		found := slices.DeleteFunc(slices.Clone(s.messages), func(m map[string]any) bool { return m["from"] != r.Form.Get("From") || m["to"] != r.Form.Get("To") })
		return map[string]any{"messages": found, "page": 0, "page_size": 100}, 200, nil
	}
	s.knows(r.PostForm, "From", "To", "Body", "StatusCallback")
	m := s.sent(testMessage, r.PostForm.Get("Body"), time.Now())
	m["from"], m["to"] = r.PostForm.Get("From"), r.PostForm.Get("To")
	s.messages = append([]map[string]any{m}, s.messages...)
	return m, 201, nil
}

// sent is a message of ours as Twilio writes it.
func (s *rest) sent(sid, body string, at time.Time) map[string]any {
	return map[string]any{"sid": sid, "body": body, "status": "queued", "direction": "outbound-api", "date_sent": nil,
		"from": testNumber, "to": theirNumber, "date_created": at.UTC().Format(time.RFC1123Z)}
}

const theirNumber = "+15550100002"

func aText(change ...func(*telephony.Text)) telephony.Text {
	t := telephony.Text{ID: "msg_1", Kind: telephony.Phone, From: testNumber, To: theirNumber, Body: "Your table is booked."}
	for _, f := range change {
		f(&t)
	}
	return t
}

func withInbox(c *Config) { c.Inbox = &inbox{} }

func TestATextIsSentAsTwilioWantsIt(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*telephony.Text)
		config func(*Config)
		want   url.Values
	}{
		{"an SMS", func(*telephony.Text) {}, withInbox, url.Values{"From": {testNumber}, "To": {theirNumber}, "Body": {"Your table is booked."},
			"StatusCallback": {"https://voice.example.com/twilio/message/status?text=msg_1"}}},
		{"on WhatsApp", func(t *telephony.Text) { t.Kind = telephony.WhatsApp }, withInbox, url.Values{"From": {"whatsapp:" + testNumber}, "To": {"whatsapp:" + theirNumber},
			"Body": {"Your table is booked."}, "StatusCallback": {"https://voice.example.com/twilio/message/status?text=msg_1"}}},
		{"of nobody who is told", func(*telephony.Text) {}, func(*Config) {}, url.Values{"From": {testNumber}, "To": {theirNumber}, "Body": {"Your table is booked."}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, s := newCarrier(t, tt.config)
			id, err := k.Messenger().Send(t.Context(), aText(tt.change))
			if err != nil || id != testMessage {
				t.Fatalf("Send() = %q, %v", id, err)
			}
			if got := s.last(); got.form.Encode() != tt.want.Encode() || got.account != testAccount || !strings.HasSuffix(got.what, "/Accounts/"+testAccount+"/Messages.json") {
				t.Errorf("%s asked %s with\n%v\nwant\n%v", got.account, got.what, got.form, tt.want)
			}
		})
	}
}

func TestATextIsSentAsItsAccount(t *testing.T) {
	k, s := newCarrier(t, func(c *Config) { c.Accounts = accounts{subAccount.SID: subAccount} })
	s.accounts[subAccount.SID] = subAccount.Token
	if _, err := k.Messenger().Send(t.Context(), aText(func(t *telephony.Text) { t.Account = subAccount.SID })); err != nil || s.last().account != subAccount.SID {
		t.Errorf("Send() = %v, as %s", err, s.last().account)
	}
}

func TestATextThatCantBeSentIsNotAskedFor(t *testing.T) {
	k, s := newCarrier(t, withInbox, func(c *Config) { c.Accounts = accounts{} })
	for name, change := range map[string]func(*telephony.Text){
		"an e-mail":                   func(t *telephony.Text) { t.Kind = telephony.Email },
		"no channel":                  func(t *telephony.Text) { t.Kind = "" },
		"no words":                    func(t *telephony.Text) { t.Body = "" },
		"no text":                     func(t *telephony.Text) { t.Body = "\xff" },
		"too many words":              func(t *telephony.Text) { t.Body = strings.Repeat("a", 1601) },
		"too many words on WhatsApp":  func(t *telephony.Text) { t.Kind, t.Body = telephony.WhatsApp, strings.Repeat("😀", 801) },
		"a recipient in words":        func(t *telephony.Text) { t.To = "whatsapp:+15550100002" },
		"a sender in words":           func(t *telephony.Text) { t.From = "Hotel" },
		"an id that is a line":        func(t *telephony.Text) { t.ID = "a\nb" },
		"an account that isn't there": func(t *telephony.Text) { t.Account = unknownAccount },
	} {
		_, err := k.Messenger().Send(t.Context(), aText(change))
		var no *telephony.TextError
		if !errors.As(err, &no) || no.Passes || no.OptOut || no.Why == "" || strings.Contains(err.Error(), "555") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.asked) != 0 {
		t.Errorf("Twilio was asked %v", s.asked)
	}
}

func TestWhatARefusalOfATextMeans(t *testing.T) {
	for _, tt := range []struct {
		name           string
		fail           *failure
		code           string
		optOut, passes bool
	}{
		{"they said STOP", restError(400, 21610), "21610", true, false},
		{"no number", restError(400, 21211), "21211", false, false},
		{"no mobile number", restError(400, 21614), "21614", false, false},
		{"WhatsApp's window is closed", restError(400, 63016), "63016", false, false},
		{"wrong credentials", restError(401, 20003), "20003", false, false},
		{"too many requests", restError(429, 20429), "20429", false, true},
		{"too many requests, says a proxy", &failure{status: 429, body: "slow down"}, "", false, true},
		{"too many texts in its queue", restError(400, 21611), "21611", false, true},
		{"too many on WhatsApp", restError(400, 63018), "63018", false, true},
		{"one that nobody knows", restError(400, 29999), "29999", false, false},
		{"a proxy's own", &failure{status: 403, body: "<html>"}, "", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, s := newCarrierInBubble(t)
				s.fail = always(tt.fail)
				_, err := k.Messenger().Send(t.Context(), aText())
				var no *telephony.TextError
				if !errors.As(err, &no) || no.Code != tt.code || no.OptOut != tt.optOut || no.Passes != tt.passes || no.Why == "" {
					t.Errorf("%v: %+v", err, no)
				}
				for _, secret := range []string{"555", testToken + " ", testAccount} {
					if err != nil && strings.Contains(err.Error(), secret) {
						t.Errorf("it tells %q: %v", secret, err)
					}
				}
				want := 1
				if tt.fail.status == 429 {
					want = maxTries
				}
				if len(s.asked) != want {
					t.Errorf("asked %d times, want %d", len(s.asked), want)
				}
			})
		})
	}
}

// newCarrierInBubble is newCarrier in a bubble.
func newCarrierInBubble(t *testing.T) (*Carrier, *rest) {
	s := &rest{t: t, calls: map[string]telephony.State{}, accounts: map[string]string{testAccount: testToken}}
	k, err := NewCarrier(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com", Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}

func TestABusyTwilioIsAskedAgainAndTakesTheTextOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := newCarrierInBubble(t)
		s.fail = first(2, restError(429, 20429))
		begin := time.Now()
		if id, err := k.Messenger().Send(t.Context(), aText()); err != nil || id != testMessage || len(s.messages) != 1 {
			t.Errorf("Send() = %q, %v; %d were sent", id, err, len(s.messages))
		}
		if took := time.Since(begin); took < 1500*time.Millisecond || took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// Whether a text went whose answer was lost nobody knows: it is no TextError, and
// it is not sent again by itself.
func TestAnUncertainTextIsNoRefusal(t *testing.T) {
	for name, fail := range map[string]*failure{
		"a fault of Twilio's": restError(500, 20500), "a gateway's": {status: 502, body: "<html>"}, "a time-out on the way": {status: 408, body: ""},
		"an answer without an id": {status: 201, body: `{}`}, "an answer that is none": {status: 201, body: `{`},
	} {
		t.Run(name, func(t *testing.T) {
			k, s := newCarrier(t)
			s.fail = always(fail)
			_, err := k.Messenger().Send(t.Context(), aText())
			var no *telephony.TextError
			var e *Error
			if errors.As(err, &no) || !errors.As(err, &e) || e.Retry || len(s.asked) != 1 {
				t.Errorf("%T %v, asked %d times", err, err, len(s.asked))
			}
		})
	}
}

func TestNobodyAtTwiliosAddressIsARefusalThatPasses(t *testing.T) {
	k, err := NewCarrier(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com", APIBase: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Messenger().Send(t.Context(), aText())
	var no *telephony.TextError
	if !errors.As(err, &no) || !no.Passes {
		t.Errorf("%T %v", err, err)
	}
}

func TestWhatWasSentIsFound(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name   string
		there  func(*rest)
		change func(*telephony.Text)
		want   string
	}{
		{"nothing", func(*rest) {}, nil, ""},
		{"it", func(s *rest) { s.messages = []map[string]any{s.sent("SM1", "Your table is booked.", now)} }, nil, "SM1"},
		{"with a space less", func(s *rest) { s.messages = []map[string]any{s.sent("SM1", "Your table is booked.", now)} }, func(t *telephony.Text) { t.Body += " \n" }, "SM1"},
		{"by a clock that is behind", func(s *rest) {
			s.messages = []map[string]any{s.sent("SM1", "Your table is booked.", now.Add(-3*time.Second))}
		}, nil, "SM1"},
		{"not what was sent before", func(s *rest) {
			s.messages = []map[string]any{s.sent("SM1", "Your table is booked.", now.Add(-time.Minute))}
		}, nil, ""},
		{"not other words", func(s *rest) { s.messages = []map[string]any{s.sent("SM1", "Bye.", now)} }, nil, ""},
		{"the first of two", func(s *rest) {
			s.messages = []map[string]any{s.sent("SM2", "Your table is booked.", now.Add(time.Minute)), s.sent("SM1", "Your table is booked.", now)}
		}, nil, "SM1"},
		{"not what they wrote", func(s *rest) {
			m := s.sent("SM1", "Your table is booked.", now)
			m["direction"] = "inbound"
			s.messages = []map[string]any{m}
		}, nil, ""},
		{"not on another channel", func(s *rest) { s.messages = []map[string]any{s.sent("SM1", "Your table is booked.", now)} }, func(t *telephony.Text) { t.Kind = telephony.WhatsApp }, ""},
		{"not with a wrong id", func(s *rest) { s.messages = []map[string]any{s.sent("SM/1", "Your table is booked.", now)} }, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, s := newCarrier(t)
			tt.there(s)
			text := aText()
			if tt.change != nil {
				tt.change(&text)
			}
			if got, err := k.Messenger().Sent(t.Context(), text, now); err != nil || got != tt.want {
				t.Errorf("Sent() = %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestATextThatCameIsRead(t *testing.T) {
	base := telephony.TextIn{Kind: telephony.Phone, Carrier: testMessage, From: "+15550100001", To: "+15550100002"}
	with := func(change func(*telephony.TextIn)) telephony.TextIn {
		m := base
		change(&m)
		return m
	}
	for _, tt := range []struct {
		name  string
		pairs []string
		want  telephony.TextIn
	}{
		{"nothing but a number", nil, base},
		{"words", []string{"Body", "Hi there\n👋"}, with(func(m *telephony.TextIn) { m.Body = "Hi there\n👋" })},
		{"what is no text", []string{"Body", "a\x00b\xffc\u0085"}, with(func(m *telephony.TextIn) { m.Body = "ab\uFFFDc" })},
		{"pictures", []string{"NumMedia", "3", "MediaUrl0", "https://x"}, with(func(m *telephony.TextIn) { m.Media = 3 })},
		{"pictures without number", []string{"NumMedia", "-1"}, base},
		{"stop", []string{"OptOutType", "STOP", "Body", "stop"}, with(func(m *telephony.TextIn) { m.OptOut, m.Body = "STOP", "stop" })},
		{"a word that is none", []string{"OptOutType", "MAYBE"}, base},
		{"WhatsApp", []string{"From", "whatsapp:+15550100001", "To", "whatsapp:+15550100002", "ProfileName", "Ann"}, with(func(m *telephony.TextIn) { m.Kind = telephony.WhatsApp })},
		{"a short code", []string{"From", "12345"}, with(func(m *telephony.TextIn) { m.From = "12345" })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			status, body := r.post(pathMessage, formOf(tt.pairs...))
			if status != 200 || !strings.HasSuffix(body, "<Response/>") {
				t.Errorf("%d %s", status, body)
			}
			if got := fmt.Sprintf("%+v", r.inbox.came); got != fmt.Sprintf("%+v", []telephony.TextIn{tt.want}) {
				t.Errorf("got %s\nwant [%+v]", got, tt.want)
			}
		})
	}
}

func TestATextOfAChannelThatWeDontHaveIsRefused(t *testing.T) {
	for name, pairs := range map[string][]string{
		"another channel": {"From", "messenger:123"}, "two channels": {"From", "whatsapp:+15550100001"}, "the other way": {"To", "whatsapp:+15550100002"},
		"nobody": {"From", ""}, "to nobody": {"To", " "}, "a line in it": {"From", "+1\n2"}, "without end": {"To", strings.Repeat("1", maxParty+1)},
		"twice": {"From", "whatsapp:whatsapp:1", "To", "whatsapp:1"},
	} {
		r := newRig(t)
		if status, _ := r.post(pathMessage, formOf(pairs...)); status != 400 || r.inbox.heard() != 0 || r.tally.all()[ReasonBadForm] != 1 {
			t.Errorf("%s: %d, and the inbox heard %d", name, status, r.inbox.heard())
		}
	}
}

func TestWhatBecameOfATextIsTold(t *testing.T) {
	for status, want := range map[string]string{
		"accepted": "queued", "scheduled": "queued", "queued": "queued", "sending": "queued", "sent": "sent", "delivered": "delivered", "read": "delivered",
		"undelivered": "undelivered", "failed": "failed", "canceled": "failed", "received": "", "": "", "levitated": "",
	} {
		r := newRig(t)
		code, _ := r.post(pathMessageStatus+"?text=msg_1", formOf("MessageStatus", status, "ErrorCode", "30003"))
		if code != 204 {
			t.Errorf("%s: answered %d", status, code)
		}
		s := telephony.TextState{ID: "msg_1", Carrier: testMessage, Status: want, Code: "30003"}
		if want == "" && r.inbox.heard() != 0 || want != "" && !slices.Equal(r.inbox.told, []telephony.TextState{s}) {
			t.Errorf("%s: told %+v, want %+v", status, r.inbox.told, s)
		}
	}
}

func TestAnInboxThatFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		came   int
		told   int
		reason string
	}{
		{"a broken one is asked again", errors.New("disk full"), 503, 503, ReasonInboxFailed},
		{"one that has no such address is not", fmt.Errorf("chat: %w", telephony.ErrNoChannel), 200, 204, ReasonNoChannel},
	} {
		r := newRig(t)
		r.inbox.broken = tt.err
		came, body := r.post(pathMessage, formOf("Body", "Hi"))
		told, _ := r.post(pathMessageStatus, formOf("MessageStatus", "sent"))
		if came != tt.came || told != tt.told || strings.Contains(body, "disk") || r.tally.all()[tt.reason] != 2 {
			t.Errorf("%s: %d %s, %d, counted %v", tt.name, came, body, told, r.tally.all())
		}
	}
}

func TestWithoutAnInboxThereAreNoAddressesForTexts(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Inbox = nil })
	for _, path := range []string{pathMessage, pathMessageStatus} {
		if status, _ := r.post(path, formOf()); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestALinkedNumbersTextsLeadHereWhenThereIsAnInbox(t *testing.T) {
	for name, before := range map[string]map[string]any{
		"as it was":         nil,
		"with an empty one": {"sms_url": "", "sms_fallback_url": ""},
		"of an application": {"sms_application_sid": "AP00000000000000000000000000000001", "sms_method": "GET", "sms_fallback_url": "https://sms.example.com/f"},
	} {
		t.Run(name, func(t *testing.T) {
			n, s := newNumbers(t, before, withInbox, func(c *Config) { c.FallbackURL = "https://second.example.com" })
			old := map[string]any{}
			for _, key := range []string{"sms_url", "sms_method", "sms_fallback_url", "sms_application_sid"} {
				old[key] = s.numbers[1][key]
			}
			linked, err := n.Link(t.Context(), Account{}, testNumber, nil, true)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"sms_url": "https://voice.example.com/twilio/message" + overrides, "sms_method": "POST", "sms_fallback_url": "https://second.example.com/twilio/message", "sms_application_sid": ""}
			for key, want := range want {
				if got := s.numbers[1][key]; got != want {
					t.Errorf("%s = %v, want %v", key, got, want)
				}
			}
			if drift, err := n.Check(t.Context(), Account{}, testNumber, true); err != nil || len(drift) != 0 {
				t.Errorf("Check() = %v, %v", drift, err)
			}
			again, err := n.Link(t.Context(), Account{}, testNumber, &linked.Was, true)
			if err != nil || again != linked {
				t.Errorf("Link() again = %+v, %v, want %+v", again, err, linked)
			}
			if err := n.Unlink(t.Context(), Account{}, linked.ID, linked.Was); err != nil {
				t.Fatal(err)
			}
			for key, want := range old {
				if got := s.numbers[1][key]; got != want && !(want == nil && got == "") {
					t.Errorf("%s = %v after it was unlinked, %v before it was linked", key, got, want)
				}
			}
		})
	}
}

func TestTextsThatAreNotOursAreLeftAlone(t *testing.T) {
	const theirs = "https://sms.example.com/in"
	t.Run("without an inbox", func(t *testing.T) {
		n, s := newNumbers(t, nil)
		linked, err := n.Link(t.Context(), Account{}, testNumber, nil, true)
		if err != nil || s.numbers[1]["sms_url"] != theirs {
			t.Errorf("Link() = %v, texts lead to %v", err, s.numbers[1]["sms_url"])
		}
		s.numbers[1]["sms_url"] = "https://new.example.com"
		if err := n.Unlink(t.Context(), Account{}, linked.ID, linked.Was); err != nil || s.numbers[1]["sms_url"] != "https://new.example.com" {
			t.Errorf("Unlink() = %v, texts lead to %v", err, s.numbers[1]["sms_url"])
		}
	})
	t.Run("nobody writes from the number", func(t *testing.T) {
		n, s := newNumbers(t, nil, withInbox)
		linked, err := n.Link(t.Context(), Account{}, testNumber, nil, false)
		if err != nil || s.numbers[1]["sms_url"] != theirs {
			t.Errorf("Link() = %+v, %v, texts lead to %v", linked, err, s.numbers[1]["sms_url"])
		}
		if drift, err := n.Check(t.Context(), Account{}, testNumber, false); err != nil || len(drift) != 0 {
			t.Errorf("Check() = %v, %v", drift, err)
		}
		if drift, err := n.Check(t.Context(), Account{}, testNumber, true); err != nil || len(drift) == 0 {
			t.Errorf("Check(somebody is to) = %v, %v, want what differs", drift, err)
		}
	})
	t.Run("of a number that has none", func(t *testing.T) {
		n, s := newNumbers(t, map[string]any{"capabilities": map[string]any{"voice": true, "sms": false}}, withInbox)
		if _, err := n.Link(t.Context(), Account{}, testNumber, nil, true); err != nil || s.numbers[1]["sms_url"] != theirs {
			t.Errorf("Link() = %v, texts lead to %v", err, s.numbers[1]["sms_url"])
		}
		if drift, err := n.Check(t.Context(), Account{}, testNumber, true); err != nil || len(drift) != 0 {
			t.Errorf("Check() = %v, %v", drift, err)
		}
	})
	t.Run("what was kept before texts were taken", func(t *testing.T) {
		n, s := newNumbers(t, nil, withInbox)
		linked, err := n.Link(t.Context(), Account{}, testNumber, &Settings{VoiceURL: "https://old.example.com", VoiceMethod: "POST"}, true)
		if err != nil || linked.Was.SMSURL != theirs || linked.Was.VoiceURL != "https://old.example.com" {
			t.Fatalf("Link() = %+v, %v", linked, err)
		}
		if err := n.Unlink(t.Context(), Account{}, linked.ID, linked.Was); err != nil || s.numbers[1]["sms_url"] != theirs || s.numbers[1]["voice_url"] != "https://old.example.com" {
			t.Errorf("Unlink() = %v, given back as %v", err, s.numbers[1])
		}
	})
	t.Run("calls lead elsewhere by now, texts don't", func(t *testing.T) {
		n, s := newNumbers(t, nil, withInbox)
		linked, err := n.Link(t.Context(), Account{}, testNumber, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		s.numbers[1]["voice_url"] = "https://new.example.com"
		if err := n.Unlink(t.Context(), Account{}, linked.ID, linked.Was); !errors.Is(err, ErrElsewhere) || s.numbers[1]["sms_url"] != theirs || s.numbers[1]["voice_url"] != "https://new.example.com" {
			t.Errorf("Unlink() = %v, given back as %v", err, s.numbers[1])
		}
	})
	t.Run("the application is gone", func(t *testing.T) {
		n, s := newNumbers(t, map[string]any{"sms_application_sid": goneApplication}, withInbox)
		linked, err := n.Link(t.Context(), Account{}, testNumber, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Unlink(t.Context(), Account{}, linked.ID, linked.Was); err != nil || s.numbers[1]["sms_url"] != theirs {
			t.Errorf("Unlink() = %v, given back as %v", err, s.numbers[1])
		}
	})
}

// Somebody begins to write from a number that is linked for calls, and ends it.
func TestTextsOfALinkedNumberComeAndGo(t *testing.T) {
	for name, before := range map[string]map[string]any{
		"as it was":                     nil,
		"of an application":             {"sms_application_sid": "AP00000000000000000000000000000001"},
		"of an application that's gone": {"sms_application_sid": goneApplication},
	} {
		t.Run(name, func(t *testing.T) {
			n, s := newNumbers(t, before, withInbox)
			was := maps.Clone(s.numbers[1])
			if before["sms_application_sid"] == goneApplication {
				was["sms_application_sid"] = ""
			}
			var kept *Settings
			for i, texts := range []bool{false, true, true, false, false} {
				linked, err := n.Link(t.Context(), Account{}, testNumber, kept, texts)
				if err != nil {
					t.Fatal(err)
				}
				kept = &linked.Was
				ours := s.numbers[1]["sms_url"] == "https://voice.example.com/twilio/message"+overrides
				if ours != texts {
					t.Errorf("link %d: texts lead to %v", i, s.numbers[1]["sms_url"])
				}
				if drift, err := n.Check(t.Context(), Account{}, testNumber, texts); err != nil || len(drift) != 0 {
					t.Errorf("link %d: Check() = %v, %v", i, drift, err)
				}
				if drift, err := n.Check(t.Context(), Account{}, testNumber, !texts); err != nil || len(drift) == 0 {
					t.Errorf("link %d: Check(the other way) = %v, %v", i, drift, err)
				}
			}
			for _, key := range []string{"sms_url", "sms_method", "sms_application_sid"} {
				if got := s.numbers[1][key]; got != was[key] && !(was[key] == nil && got == "") {
					t.Errorf("%s = %v in the end, %v at first", key, got, was[key])
				}
			}
		})
	}
}
