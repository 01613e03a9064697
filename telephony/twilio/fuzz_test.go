package twilio

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/media"
)

// FuzzForms sends any form, rightly signed, to every webhook: whatever Twilio
// may come to send, the answer is one of the documented ones.
func FuzzForms(f *testing.F) {
	f.Add("/twilio/voice", formOf().Encode())
	f.Add("/twilio/next?call=1", formOf("CallStatus", "in-progress").Encode())
	f.Add("/twilio/status?call=%zz&call=2", formOf("CallStatus", "completed", "CallDuration", "-1").Encode())
	f.Add("/twilio/amd", "CallSid=CA1&AccountSid="+testAccount+"&AnsweredBy=fax&AnsweredBy=human")
	f.Add("/twilio/voice", "CallSid=CA&&=&%00=%ff;")
	f.Fuzz(func(t *testing.T, target, body string) {
		trunk, err := New(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com"}, newDesk())
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
		r.Header.Set(signatureHeader, sign(testToken, "https://voice.example.com"+target, form))
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
