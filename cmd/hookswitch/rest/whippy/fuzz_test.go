package whippy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/whippy"
)

// FuzzStart: whatever comes as a body begins a session that is on record, or is
// refused by the client's own fault; nothing else happens.
func FuzzStart(f *testing.F) {
	for _, seed := range []string{smsBody, callBody, `{"from":"` + email + `","to":"a@b.c","type":"email"}`,
		with(callBody, `"schedule_at":"2026-11-20T10:00:00Z","bypass_quiet_hours":true,"custom_placeholders_data":{"a":1}`), `{}`, `[`, `{"from":null}`} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	p := open(f)
	f.Fuzz(func(t *testing.T, body string, call bool) {
		path := "/v1/agents/" + p.agent + "/chat"
		if call {
			path = "/v1/agents/" + p.agent + "/call"
		}
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set(whippy.KeyHeader, p.ours)
		w := httptest.NewRecorder()
		before := len(p.diary.all)
		p.h.ServeHTTP(w, r)
		booked := len(p.diary.all) - before
		switch w.Code {
		case http.StatusCreated, http.StatusAccepted:
			if booked != 1 || p.diary.all[before].From == "" || p.diary.all[before].To == "" {
				t.Fatalf("%q: %d, and booked %+v", body, w.Code, p.diary.all[before:])
			}
		case http.StatusBadRequest, http.StatusUnprocessableEntity:
			if booked != 0 {
				t.Fatalf("%q: %d, and booked", body, w.Code)
			}
		default:
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
