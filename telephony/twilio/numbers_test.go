package twilio

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/telephony"
)

const (
	testNumber   = "+15550100001"
	testNumberID = "PN0123456789abcdef0123456789abcdef"
)

// newNumbers returns the numbers of an account that has testNumber, with what is
// set of its settings, and one that holds testNumber as a part.
func newNumbers(t *testing.T, set map[string]any, change ...func(*Config)) (Numbers, *rest) {
	t.Helper()
	k, s := newCarrier(t, change...)
	number := map[string]any{
		"sid": testNumberID, "account_sid": testAccount, "phone_number": testNumber, "friendly_name": "front desk",
		"capabilities": map[string]any{"voice": true, "sms": true, "mms": false, "fax": false},
		"voice_url":    "", "voice_method": "POST", "voice_fallback_url": nil, "voice_fallback_method": "POST",
		"status_callback": "", "status_callback_method": "POST", "voice_application_sid": "", "trunk_sid": nil,
		"sms_url": "https://sms.example.com/in", "sms_method": "POST", "voice_caller_id_lookup": false, "status": "in-use",
	}
	longer := maps.Clone(number)
	longer["sid"], longer["phone_number"] = "PN00000000000000000000000000000002", testNumber+"1"
	maps.Copy(number, set)
	s.numbers = []map[string]any{longer, number}
	return k.Numbers(), s
}

// elsewhere is a number that somebody used before.
var elsewhere = map[string]any{
	"voice_url": "https://old.example.com/voice?key=secret", "voice_method": "GET", "voice_fallback_url": "https://old.example.com/fallback",
	"status_callback": "https://old.example.com/status", "status_callback_method": "GET",
}

func TestANumberIsFoundExactly(t *testing.T) {
	n, s := newNumbers(t, elsewhere)
	is, err := n.Find(t.Context(), Account{}, testNumber)
	if err != nil || is.ID != testNumberID || is.Number != testNumber || !is.Voice || is.Settings.VoiceURL != elsewhere["voice_url"] {
		t.Errorf("Find() = %+v, %v", is, err)
	}
	if got, want := s.last(), (url.Values{"PhoneNumber": {testNumber}, "PageSize": {"50"}}); got.form.Encode() != want.Encode() || !strings.HasPrefix(got.what, "GET ") {
		t.Errorf("asked %s with %v, want %v", got.what, got.form, want)
	}
	count := len(s.asked)
	for _, number := range []telephony.Number{"", "15550100001", "+1555*", "+1555010.0001", "sip:a@b", "+155501000011234567", "+１5550100001", "anonymous"} {
		if _, err := n.Find(t.Context(), Account{}, number); !errors.Is(err, ErrNoNumber) {
			t.Errorf("Find(%q) = %v", number, err)
		}
	}
	if len(s.asked) != count {
		t.Error("Twilio was asked for a number that can't be one")
	}
	if _, err := n.Find(t.Context(), Account{}, "+1555010000"); !errors.Is(err, ErrNoNumber) {
		t.Errorf("Find() of a part of a number = %v", err)
	}
	s.accounts[subAccount.SID] = subAccount.Token
	if _, err := n.Find(t.Context(), subAccount, testNumber); !errors.Is(err, ErrNoNumber) {
		t.Errorf("Find() in an account that does not have it = %v", err)
	}
}

func TestALinkedNumberLeadsHereAndAnUnlinkedOneWhereItLedBefore(t *testing.T) {
	for name, before := range map[string]map[string]any{
		"a new one":              nil,
		"one of somebody's":      elsewhere,
		"one of an application":  {"voice_url": "https://old.example.com/voice", "voice_application_sid": "AP00000000000000000000000000000001"},
		"one of a trunk":         {"voice_url": "https://old.example.com/voice", "trunk_sid": "TK00000000000000000000000000000001"},
		"one with methods of it": {"voice_method": "GET", "voice_fallback_method": "GET", "status_callback_method": "GET"},
	} {
		t.Run(name, func(t *testing.T) {
			n, s := newNumbers(t, before)
			old := maps.Clone(s.numbers[1])
			linked, err := n.Link(t.Context(), Account{}, testNumber, nil, false)
			if err != nil || linked.ID != testNumberID {
				t.Fatalf("Link() = %+v, %v", linked, err)
			}
			want := url.Values{
				"VoiceUrl":    {"https://voice.example.com/twilio/voice#rc=3&rp=5xx,ct,rt&ct=1000&rt=3000&tt=12000"},
				"VoiceMethod": {"POST"}, "VoiceFallbackUrl": {"https://voice.example.com/twilio/voice"}, "VoiceFallbackMethod": {"POST"},
				"StatusCallback": {"https://voice.example.com/twilio/status"}, "StatusCallbackMethod": {"POST"},
				"VoiceApplicationSid": {""}, "TrunkSid": {""},
			}
			if got := s.last().form; got.Encode() != want.Encode() {
				t.Errorf("set to\n%v\nwant\n%v", got, want)
			}
			if drift, err := n.Check(t.Context(), Account{}, testNumber, false); err != nil || len(drift) != 0 {
				t.Errorf("Check() of a number just linked = %v, %v", drift, err)
			}

			// What was is kept as JSON meanwhile.
			kept, err := json.Marshal(linked.Was)
			if err != nil {
				t.Fatal(err)
			}
			var was Settings
			if err := json.Unmarshal(kept, &was); err != nil || was != linked.Was {
				t.Fatalf("kept as %s, which is %+v, %v; want %+v", kept, was, err, linked.Was)
			}
			if err := n.Unlink(t.Context(), Account{}, linked.ID, was); err != nil {
				t.Fatal(err)
			}
			for key, want := range old {
				if got := s.numbers[1][key]; key != "capabilities" && got != want && !(want == nil && got == "") {
					t.Errorf("%s = %v after it was unlinked, %v before it was linked", key, got, want)
				}
			}
			count := len(s.asked)
			if err := n.Unlink(t.Context(), Account{}, linked.ID, was); err != nil || len(s.asked) != count+1 {
				t.Errorf("Unlink() a second time = %v, and %d requests", err, len(s.asked)-count)
			}
		})
	}
}

func TestTheKeptSettingsAreWrittenSo(t *testing.T) {
	got, err := json.Marshal(Settings{"u", "GET", "f", "POST", "s", "POST", "AP1", "TK1", TextSettings{"t", "POST", "g", "GET", "AP2"}})
	const want = `{"voice_url":"u","voice_method":"GET","voice_fallback_url":"f","voice_fallback_method":"POST","status_callback":"s","status_callback_method":"POST","voice_application_sid":"AP1","trunk_sid":"TK1",` +
		`"sms_url":"t","sms_method":"POST","sms_fallback_url":"g","sms_fallback_method":"GET","sms_application_sid":"AP2"}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s: records out there have it", got, err, want)
	}
	if got, _ := json.Marshal(Settings{}); string(got) != "{}" {
		t.Errorf("nothing is written as %s", got)
	}
}

func TestLinkingAgainKeepsWhatWasAtFirst(t *testing.T) {
	n, s := newNumbers(t, elsewhere)
	link := func(was *Settings) Linked {
		t.Helper()
		l, err := n.Link(t.Context(), Account{}, testNumber, was, false)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := link(nil)
	if again := link(&first.Was); again != first {
		t.Errorf("Link() again = %+v, want %+v", again, first)
	}
	s.numbers[1]["voice_url"] = "https://drifted.example.com"
	if again := link(&first.Was); again != first {
		t.Errorf("Link() of a drifted number = %+v, want %+v", again, first)
	}
	// Nobody kept it: what is ours is not taken for what was.
	s.numbers[1]["voice_fallback_url"] = "https://old.example.com/fallback"
	s.numbers[1]["status_callback"] = "https://old.example.com/status"
	lost := link(nil)
	if want := (Settings{VoiceMethod: "POST", VoiceFallbackMethod: "POST", StatusCallback: "https://old.example.com/status", StatusCallbackMethod: "POST",
		TextSettings: TextSettings{SMSURL: "https://sms.example.com/in", SMSMethod: "POST"}}); lost.Was != want {
		t.Errorf("Was = %+v, want %+v", lost.Was, want)
	}
	if err := n.Unlink(t.Context(), Account{}, lost.ID, lost.Was); err != nil {
		t.Errorf("Unlink() = %v", err)
	}
}

func TestANumberIsGivenBackWithoutAnApplicationThatIsGone(t *testing.T) {
	n, s := newNumbers(t, map[string]any{"voice_url": "https://old.example.com/voice", "voice_application_sid": goneApplication})
	linked, err := n.Link(t.Context(), Account{}, testNumber, nil, false)
	if err != nil || linked.Was.VoiceApplicationSID != goneApplication {
		t.Fatalf("Link() = %+v, %v", linked, err)
	}
	if err := n.Unlink(t.Context(), Account{}, linked.ID, linked.Was); err != nil {
		t.Fatal(err)
	}
	if is := s.numbers[1]; is["voice_url"] != "https://old.example.com/voice" || is["voice_application_sid"] != "" {
		t.Errorf("given back as %v", is)
	}
}

// What Twilio answers is believed, not that it answered.
func TestASettingThatTwilioDidNotTakeIsAnError(t *testing.T) {
	n, s := newNumbers(t, elsewhere)
	body, err := json.Marshal(s.numbers[1])
	if err != nil {
		t.Fatal(err)
	}
	s.fail = func(try int) *failure {
		if try == 2 { // the update, after the question
			return &failure{status: 200, body: string(body)}
		}
		return nil
	}
	if linked, err := n.Link(t.Context(), Account{}, testNumber, nil, false); err == nil {
		t.Errorf("Link() = %+v, and the number leads elsewhere", linked)
	}
}

func TestANumberThatCantBeLinked(t *testing.T) {
	n, s := newNumbers(t, map[string]any{"capabilities": map[string]any{"voice": false, "sms": true}})
	if _, err := n.Link(t.Context(), Account{}, testNumber, nil, false); !errors.Is(err, ErrNoVoice) {
		t.Errorf("Link() of a number without voice = %v", err)
	}
	if _, err := n.Link(t.Context(), Account{}, "+15550109999", nil, false); !errors.Is(err, ErrNoNumber) {
		t.Errorf("Link() of somebody else's number = %v", err)
	}
	for _, a := range s.asked {
		if strings.HasPrefix(a.what, "POST") {
			t.Errorf("it was changed: %s", a.what)
		}
	}
}

func TestAnUnlinkedNumberThatLeadsElsewhereIsLeftAlone(t *testing.T) {
	for name, now := range map[string]map[string]any{
		"another address":     {"voice_url": "https://new.example.com/voice"},
		"an address like it":  {"voice_url": "https://voice.example.com/twilio/voice/"},
		"an application":      {"voice_application_sid": "AP00000000000000000000000000000001"},
		"a trunk":             {"trunk_sid": "TK00000000000000000000000000000001"},
		"no address any more": {"voice_url": ""},
	} {
		n, s := newNumbers(t, elsewhere)
		linked, err := n.Link(t.Context(), Account{}, testNumber, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(s.numbers[1], now)
		as := maps.Clone(s.numbers[1])
		if err := n.Unlink(t.Context(), Account{}, linked.ID, linked.Was); !errors.Is(err, ErrElsewhere) {
			t.Errorf("%s: Unlink() = %v", name, err)
		}
		for key := range as {
			if key != "capabilities" && s.numbers[1][key] != as[key] {
				t.Errorf("%s: %s was changed", name, key)
			}
		}
	}
	n, _ := newNumbers(t, nil)
	for _, id := range []string{"PN00000000000000000000000000000009", "../Calls", "", testNumber} {
		if err := n.Unlink(t.Context(), Account{}, id, Settings{}); !errors.Is(err, ErrNoNumber) {
			t.Errorf("Unlink(%q) = %v", id, err)
		}
	}
}

func TestTheFallbackMayBeAnotherHost(t *testing.T) {
	n, s := newNumbers(t, nil, func(c *Config) { c.FallbackURL = "https://second.example.com/" })
	if _, err := n.Link(t.Context(), Account{}, testNumber, nil, false); err != nil {
		t.Fatal(err)
	}
	if got, want := s.last().form.Get("VoiceFallbackUrl"), "https://second.example.com/twilio/voice"; got != want {
		t.Errorf("VoiceFallbackUrl = %s, want %s", got, want)
	}
	for _, bad := range []string{"http://second.example.com", "https://second.example.com/x", "second.example.com"} {
		if _, err := NewCarrier(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://h", FallbackURL: bad}); err == nil || !strings.Contains(err.Error(), "FallbackURL") {
			t.Errorf("FallbackURL %q: %v", bad, err)
		}
	}
}

func TestDriftIsToldWithoutSecrets(t *testing.T) {
	n, s := newNumbers(t, nil)
	if _, err := n.Link(t.Context(), Account{}, testNumber, nil, false); err != nil {
		t.Fatal(err)
	}
	ours := maps.Clone(s.numbers[1])
	const voice, status = "https://voice.example.com/twilio/voice#rc=3&rp=5xx,ct,rt&ct=1000&rt=3000&tt=12000", "https://voice.example.com/twilio/status"
	for _, tt := range []struct {
		name string
		set  map[string]any
		want []Drift
	}{
		{"another address with secrets in it", map[string]any{"voice_url": "https://user:hunter2@new.example.com/in?token=hunter2#hunter2!"},
			[]Drift{{"voice_url", voice, "https://…@new.example.com/in?…#…"}}},
		{"ours without overrides", map[string]any{"voice_url": "https://voice.example.com/twilio/voice"}, []Drift{{"voice_url", voice, "https://voice.example.com/twilio/voice"}}},
		{"ours with others", map[string]any{"voice_url": "https://voice.example.com/twilio/voice#rc=1"}, []Drift{{"voice_url", voice, "https://voice.example.com/twilio/voice#rc=1"}}},
		{"ours with a query", map[string]any{"status_callback": status + "?hunter2"}, []Drift{{"status_callback", status, status + "?…"}}},
		{"no address", map[string]any{"voice_fallback_url": nil}, []Drift{{"voice_fallback_url", "https://voice.example.com/twilio/voice", "none"}}},
		{"nonsense", map[string]any{"voice_fallback_url": "hunter2:hunter2"}, []Drift{{"voice_fallback_url", "https://voice.example.com/twilio/voice", "something that is no address"}}},
		{"a method", map[string]any{"voice_method": "GET"}, []Drift{{"voice_method", "POST", "GET"}}},
		{"an application wins, and a trunk", map[string]any{"voice_application_sid": "AP1", "trunk_sid": "TK1"}, []Drift{{"trunk_sid", "none", "TK1"}, {"voice_application_sid", "none", "AP1"}}},
		{"an endless one", map[string]any{"voice_fallback_url": "https://x/" + strings.Repeat("a", 5000)}, []Drift{{"voice_fallback_url", "https://voice.example.com/twilio/voice", "https://x/" + strings.Repeat("a", 190) + "…"}}},
		{"nothing", nil, nil},
	} {
		maps.Copy(s.numbers[1], ours)
		maps.Copy(s.numbers[1], tt.set)
		for _, number := range []string{testNumber, testNumberID} {
			if got, err := n.Check(t.Context(), Account{}, number, false); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%s: Check() =\n%q, %v; want\n%q", tt.name, got, err, tt.want)
			}
		}
	}
	for _, number := range []string{"+15550109999", "PN00000000000000000000000000000009", "", "PN"} {
		if _, err := n.Check(t.Context(), Account{}, number, false); !errors.Is(err, ErrNoNumber) {
			t.Errorf("Check(%q) = %v", number, err)
		}
	}
}

// An answer that is none, or is about something else, is an error and no panic.
func TestAnAnswerAboutNothingIsAnError(t *testing.T) {
	for _, body := range []string{`{}`, `null`, `[]`, `{"sid":null}`, `{"sid":"PN/1"}`, `{"incoming_phone_numbers":[{}]}`, `{"incoming_phone_numbers":[{"phone_number":"` + testNumber + `"}]}`, `x`} {
		n, s := newNumbers(t, nil)
		s.fail = always(&failure{status: 200, body: body})
		if _, err := n.Find(t.Context(), Account{}, testNumber); err == nil {
			t.Errorf("Find() answered by %s is no error", body)
		}
		if err := n.Unlink(t.Context(), Account{}, testNumberID, Settings{}); err == nil {
			t.Errorf("Unlink() answered by %s is no error", body)
		}
		if _, err := n.k.Account(t.Context(), Account{}); err == nil {
			t.Errorf("Account() answered by %s is no error", body)
		}
		if err := dial(t.Context(), n.k); err == nil {
			t.Errorf("Dial() answered by %s is no error", body)
		}
		if err := state(t.Context(), n.k); err == nil {
			t.Errorf("State() answered by %s is no error", body)
		}
	}
}

// Whatever an address is, it is shown in bounds, and its query is not.
func FuzzShown(f *testing.F) {
	f.Add("https://user:pass@example.com/x?y=z#rc=1")
	f.Add("TK00000000000000000000000000000001")
	f.Add("http://[::1]:80?\x00")
	f.Fuzz(func(t *testing.T, s string) {
		got := shown(s)
		if len(got) > 200+len("…") {
			t.Errorf("%d bytes are shown", len(got))
		}
		if u, err := url.Parse(s); err == nil && len(u.RawQuery) > 8 && strings.Contains(got, "?"+u.RawQuery) {
			t.Errorf("%q shows the query of %q", got, s)
		}
	})
}
