package sim_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/telephony/sim"
)

// FuzzREST sends anything to the REST API, with the right credentials. Nobody
// answers its calls, and it sets no callback: it never leaves this process.
func FuzzREST(f *testing.F) {
	const number = "/IncomingPhoneNumbers/PN00000000000000000000000000000001.json"
	for _, seed := range [][3]string{
		{"POST", "/Calls.json", "To=%2B15005550010&From=%2B15005550006&Twiml=x&Timeout=5&MachineDetection=Enable&MachineDetectionTimeout=3&SendDigits=1w"},
		{"GET", "/Calls.json?PageSize=2&Page=1&StartTime%3C=2026-01-01&Status=busy", ""},
		{"GET", "/Calls/CA0.json", ""},
		{"POST", number, "VoiceUrl=http://127.0.0.1/%23rc=1&VoiceMethod=GET&TrunkSid=TK1"},
		{"GET", "/IncomingPhoneNumbers.json?PhoneNumber=1500*55&Page=9", ""},
		{"POST", "/Conferences/a&b/Participants.json", "To=%2B15005550010&From=%2B15005550006&Label=%22%3C"},
		{"GET", "/Conferences.json", ""},
		{"POST", "/Messages.json", "To=%2B15005550010&From=%2B15005550006&Body=Hi%20%F0%9F%98%80"},
		{"POST", "/Messages.json", "To=whatsapp:%2B15005550010&From=whatsapp:%2B15005550006&Body=Hi"},
		{"GET", "/Messages.json?To=%2B15005550010&DateSent%3E=2026-01-01&PageSize=1", ""},
		{"POST", number, "SmsUrl=http://127.0.0.1/&SmsMethod=PUT&SmsApplicationSid=AP1"},
		{"GET", ".json", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	c, err := sim.New(sim.Config{AccountSID: account, AuthToken: secret, Numbers: []sim.Number{{Number: ours}}, Knobs: sim.Knobs{CPS: -1, RingDelay: -1}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	serve := c.Handler()
	f.Fuzz(func(t *testing.T, method, path, form string) {
		fields, _ := url.ParseQuery(form)
		for name := range fields {
			if strings.Contains(name, "Callback") {
				fields.Del(name)
			}
		}
		address, err := url.Parse("http://127.0.0.1/2010-04-01/Accounts/" + account + path)
		if err != nil || method != "GET" && method != "POST" && method != "DELETE" {
			t.Skip("no request")
		}
		r := httptest.NewRequest(method, "/", strings.NewReader(fields.Encode()))
		r.URL = address
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(account, secret)
		w := httptest.NewRecorder()
		serve.ServeHTTP(w, r)
		var body map[string]any
		switch err := json.Unmarshal(w.Body.Bytes(), &body); {
		case w.Code/100 == 3 || w.Code == 204 || strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain"):
			// the mux's own answer to a path that is not clean
		case err != nil:
			t.Errorf("%s %s answered %d %s: %v", method, path, w.Code, w.Body, err)
		case w.Code >= 400 && checkFailure(w) != nil:
			t.Errorf("%s %s: %v", method, path, checkFailure(w))
		}
	})
}
