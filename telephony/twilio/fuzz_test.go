package twilio

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// FuzzForms sends any form, rightly signed, to every webhook: whatever Twilio
// may come to send, the answer is one of the documented ones.
func FuzzForms(f *testing.F) {
	f.Add("/twilio/voice", formOf().Encode())
	f.Add("/twilio/next?call=1", formOf("CallStatus", "in-progress").Encode())
	f.Add("/twilio/status?call=%zz&call=2", formOf("CallStatus", "completed", "CallDuration", "-1").Encode())
	f.Add("/twilio/amd", "CallSid=CA1&AccountSid="+testAccount+"&AnsweredBy=fax&AnsweredBy=human")
	f.Add("/twilio/voice", "CallSid=CA&&=&%00=%ff;")
	f.Add("/twilio/next?dialled=busy&seconds=-1&transfer=xfer_1", formOf("DialCallStatus", "no-answer", "DialCallDuration", "1e9").Encode())
	f.Add("/twilio/next?transfer=%00", formOf("AccountSid", subAccount.SID).Encode())
	f.Add("/twilio/voice", formOf("From", "sip:anonymous@anonymous.invalid", "To", "\n").Encode())
	f.Add("/twilio/status?call=xfer_1", formOf("AnsweredBy", "machine_end_beep").Encode())
	f.Add("/twilio/message", formOf("Body", "Hi\x00 \xff", "NumMedia", "2", "OptOutType", "STOP").Encode())
	f.Add("/twilio/message", formOf("From", "whatsapp:+15550100001", "To", "whatsapp:+15550100002").Encode())
	f.Add("/twilio/message", formOf("From", "messenger:1", "To", "whatsapp:").Encode())
	f.Add("/twilio/message/status?text=msg_1", formOf("MessageStatus", "undelivered", "ErrorCode", "30003").Encode())
	f.Fuzz(func(t *testing.T, target, body string) {
		d, in := newDesk(), &inbox{}
		trunk, err := New(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com", Accounts: accounts{subAccount.SID: subAccount}, Inbox: in}, d)
		if err != nil {
			t.Fatal(err)
		}
		address, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/twilio/") || !utf8.ValidString(target) {
			return
		}
		form, err := url.ParseQuery(body)
		r := &http.Request{Method: http.MethodPost, URL: address, RequestURI: target, Header: http.Header{}, Body: http.NoBody}
		r = r.WithContext(t.Context())
		post := httptest.NewRequest(http.MethodPost, "http://h/", strings.NewReader(body))
		r.Body, r.ContentLength = post.Body, post.ContentLength
		token := testToken
		if form.Get(accountField) == subAccount.SID {
			token = subAccount.Token
		}
		r.Header.Set(signatureHeader, sign(token, "https://voice.example.com"+target, form))
		r.Header.Set(repeatHeader, "one")
		w := httptest.NewRecorder()
		trunk.Handler().ServeHTTP(w, r)
		switch w.Code {
		case 200, 204, 301, 307, 400, 403, 404, 405, 413:
		default:
			t.Errorf("%q %q: %d", target, body, w.Code)
		}
		if err != nil && w.Code == 200 {
			t.Errorf("a broken form is answered: %q", body)
		}
		if w.Code == 200 && !strings.HasPrefix(w.Body.String(), "<?xml") {
			t.Errorf("answered %q", w.Body)
		}
		for _, in := range d.rang {
			if !printable(string(in.From), maxParty) || !printable(string(in.To), maxParty) || !printable(string(in.Call), maxID) || in.Account != "" && in.Account != subAccount.SID {
				t.Errorf("the desk heard of %+v", in)
			}
		}
		for _, m := range in.came {
			if !printable(m.From+m.To, 2*maxParty) || m.From == "" || m.To == "" || strings.Contains(m.From+m.To, ":") || !plain(m.Carrier) || m.Media < 0 ||
				!utf8.ValidString(m.Body) || strings.ContainsRune(m.Body, 0) || m.Kind != telephony.Phone && m.Kind != telephony.WhatsApp {
				t.Errorf("the inbox got %+v", m)
			}
		}
		for _, s := range in.told {
			if s.Status == "" || !plain(s.Carrier) || !printable(s.ID, maxID) || len(s.Code) > 10 {
				t.Errorf("the inbox was told %+v", s)
			}
		}
		for _, q := range d.asked {
			if !printable(string(q.Transfer), maxID) || q.Dialled.Duration < 0 || q.Dialled.State != "" && !q.Dialled.State.Terminal() || q.Transfer == "" && q.Dialled != (telephony.Dialled{}) {
				t.Errorf("the desk was asked %+v", q)
			}
		}
	})
}

// FuzzProbe asks with any query, rightly signed: only for a plain nonce, and an
// account that is known, is there a proof.
func FuzzProbe(f *testing.F) {
	f.Add("nonce=a1")
	f.Add("AccountSid=" + subAccount.SID + "&nonce=a1")
	f.Add("AccountSid=" + unknownAccount + "&nonce=a1")
	f.Add("nonce=%00&nonce=a;AccountSid=")
	f.Fuzz(func(t *testing.T, query string) {
		trunk, err := New(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com", Accounts: accounts{subAccount.SID: subAccount}}, newDesk())
		if err != nil {
			t.Fatal(err)
		}
		target := pathProbe + "?" + query
		address, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		fields, token := address.Query(), testToken
		if fields.Get(accountField) == subAccount.SID {
			token = subAccount.Token
		}
		r := (&http.Request{Method: http.MethodGet, URL: address, RequestURI: target, Header: http.Header{}, Body: http.NoBody}).WithContext(t.Context())
		r.Header.Set(signatureHeader, sign(token, "https://voice.example.com"+target, nil))
		w := httptest.NewRecorder()
		trunk.Handler().ServeHTTP(w, r)
		proved := w.Code == http.StatusOK && strings.Contains(w.Body.String(), proofOf(token, fields.Get(nonceParam)))
		known := fields.Get(accountField) == "" || fields.Get(accountField) == testAccount || token == subAccount.Token
		if want := known && plain(fields.Get(nonceParam)) && len(target) <= maxURI; proved != want || !want && strings.Contains(w.Body.String(), "proof") {
			t.Errorf("%q: %d %s, want a proof: %v", query, w.Code, w.Body, want)
		}
	})
}

// FuzzInbound feeds any messages to a stream: it never panics, never allocates
// without bound, and only hands out whole frames.
func FuzzInbound(f *testing.F) {
	f.Add(mediaText(repeat(161)), mediaText(repeat(159)))
	f.Add(markText("1"), stopText)
	f.Add(startText("x"), digitText("*"))
	f.Add(`{"event":"media","streamSid":"`+testStream+`","media":{"payload":"\u0041AAA"}}`, `[`)
	f.Fuzz(func(t *testing.T, first, second string) {
		var m marks
		m.sent(1)
		in := inbound{stream: testStream, marks: &m, count: func(string) {}}
		audio, frames := 0, 0
		for _, text := range []string{first, second} {
			before := len(in.ulaw) - in.heard
			if _, err := in.take([]byte(text)); err != nil && err != errStopped {
				t.Fatalf("take() = %v", err)
			}
			audio += len(in.ulaw) - in.heard - before
			for frame := new(media.Frame); in.frame(frame); frames++ {
			}
		}
		if rest := len(in.ulaw) - in.heard; rest >= media.FrameSamples || frames*media.FrameSamples+rest != audio {
			t.Errorf("%d bytes gave %d frames and %d left", audio, frames, rest)
		}
	})
}
