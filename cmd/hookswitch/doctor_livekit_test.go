package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
)

const doctorsSecret = "the secret of the doctor's key"

// roomService is what doctor asks of a LiveKit server.
func roomService(w http.ResponseWriter, r *http.Request) {
	var c struct {
		jwt.RegisteredClaims
		Video struct {
			RoomList bool `json:"roomList"`
		} `json:"video"`
	}
	_, err := jwt.ParseWithClaims(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), &c, func(*jwt.Token) (any, error) { return []byte(doctorsSecret), nil })
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path != "/twirp/livekit.RoomService/ListRooms":
		http.NotFound(w, r)
	case err != nil || c.Issuer != "APIdoctor" || !c.Video.RoomList:
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"code":"unauthenticated","msg":"invalid API key"}`)
	default:
		io.WriteString(w, `{"rooms":[]}`)
	}
}

func TestDoctorAsksTheLiveKitServer(t *testing.T) {
	good := config.LiveKit{Key: "APIdoctor", Secret: doctorsSecret}
	for _, tt := range []struct {
		claim  string
		server http.HandlerFunc // nil: nobody answers
		secret string           // empty: the right one
		path   string
		state  string
		text   string
	}{
		{"all is well", roomService, "", "", holds, "takes the key"},
		{"another's secret", roomService, "wrong", "", fails, "refuses the key"},
		{"nobody answers", nil, "", "", fails, "does not answer"},
		{"another path", roomService, "", "/elsewhere", fails, "is no LiveKit server: 404"},
		{"some page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, "", "", fails, "is no LiveKit server: 404"},
		{"it sends us elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, "", "", fails, "is no LiveKit server: 302"},
		{"its clock is wrong", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-10*time.Minute).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusUnauthorized)
		}, "", "", fails, "its clock is 10m"},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			server := httptest.NewServer(tt.server)
			defer server.Close()
			if tt.server == nil {
				server.Close()
			}
			c := good
			c.URL = "ws" + strings.TrimPrefix(server.URL, "http") + tt.path
			if tt.secret != "" {
				c.Secret = tt.secret
			}
			found := liveKit(t.Context(), c)
			if len(found) != 1 || found[0].State != tt.state || !strings.Contains(found[0].Text, tt.text) || (found[0].Mend == "") != (tt.state == holds) {
				t.Errorf("found %+v, want %s: ...%s...", found, tt.state, tt.text)
			}
			if said := found[0].Text + found[0].Mend; strings.Contains(said, c.Secret) || strings.Contains(said, "127.0.0.1") {
				t.Errorf("it says too much: %s", said)
			}
		})
	}
	if found := liveKit(t.Context(), config.LiveKit{}); found != nil {
		t.Errorf("without a LiveKit server it found %+v", found)
	}
}
