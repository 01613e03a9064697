package bridge_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/signal"
)

// dialAt dials a server that says messages and hangs up.
func dialAt(t testing.TB, messages ...[]byte) error {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for _, m := range messages {
			if conn.WriteMessage(websocket.BinaryMessage, m) != nil {
				return
			}
		}
	}))
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l, err := bridge.Dial(ctx, bridge.Config{URL: s.URL, Token: "token"})
	if err == nil {
		l.Close()
	}
	return err
}

func encoded(t testing.TB, r *signal.SignalResponse) []byte {
	t.Helper()
	text, err := proto.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var joined = &signal.SignalResponse{Message: &signal.SignalResponse_Join{Join: &signal.JoinResponse{
	Participant:       &signal.ParticipantInfo{Identity: "caller"},
	OtherParticipants: []*signal.ParticipantInfo{{Identity: "agent", Tracks: []*signal.TrackInfo{{Sid: "TR_1"}}}},
}}}

// oddities are what no server says.
var oddities = map[string]*signal.SignalResponse{
	"no message":              {},
	"an empty offer":          {Message: &signal.SignalResponse_Offer{}},
	"an offer of nonsense":    {Message: &signal.SignalResponse_Offer{Offer: &signal.SessionDescription{Type: "offer", Sdp: "v=0\r\nnonsense"}}},
	"an answer to nothing":    {Message: &signal.SignalResponse_Answer{Answer: &signal.SessionDescription{Type: "answer", Sdp: "v=0\r\n"}}},
	"an address of nonsense":  {Message: &signal.SignalResponse_Trickle{Trickle: &signal.TrickleRequest{CandidateInit: `{"candidate":"x"}`, Target: 7}}},
	"an address that is none": {Message: &signal.SignalResponse_Trickle{Trickle: &signal.TrickleRequest{CandidateInit: `[`}}},
	"a track of nobody's":     {Message: &signal.SignalResponse_TrackPublished{TrackPublished: &signal.TrackPublishedResponse{Cid: "x"}}},
	"an update of nobody":     {Message: &signal.SignalResponse_Update{Update: &signal.ParticipantUpdate{Participants: []*signal.ParticipantInfo{{}}}}},
	"a second join":           joined,
	"a refusal":               {Message: &signal.SignalResponse_RequestResponse{RequestResponse: &signal.RequestResponse{Reason: 77, Request: &signal.RequestResponse_AddTrack{}}}},
	"leave":                   {Message: &signal.SignalResponse_Leave{}},
}

func TestWhatNoServerSaysIsAnError(t *testing.T) {
	for name, odd := range oddities {
		t.Run(name, func(t *testing.T) {
			if err := dialAt(t, encoded(t, odd)); err == nil {
				t.Error("as the first message: Dial() = nil")
			}
			if err := dialAt(t, encoded(t, joined), encoded(t, odd)); err == nil {
				t.Error("after the join: Dial() = nil")
			}
		})
	}
}

func TestAMessageThatIsTooLongEndsTheJoin(t *testing.T) {
	long := &signal.SignalResponse{Message: &signal.SignalResponse_RefreshToken{RefreshToken: strings.Repeat("x", 5<<20)}}
	if err := dialAt(t, encoded(t, joined), encoded(t, long)); err == nil || !strings.Contains(err.Error(), "read limit exceeded") {
		t.Errorf("Dial() = %v, want that the message is too long", err)
	}
}

func TestAddressesThatAreNoServers(t *testing.T) {
	for _, url := range []string{"", "livekit.example.com", "ftp://livekit.example.com", "http://", "wss://me:secret@livekit.example.com", "http://me:secret@%zz"} {
		_, err := bridge.Dial(t.Context(), bridge.Config{URL: url, Token: "token"})
		if err == nil || !strings.Contains(err.Error(), "Config.URL") || strings.Contains(err.Error(), "secret") {
			t.Errorf("Dial(%q) = %v, want an error about Config.URL that keeps its secret", url, err)
		}
	}
	if _, err := bridge.Dial(t.Context(), bridge.Config{URL: "wss://livekit.example.com"}); err == nil || !strings.Contains(err.Error(), "Config.Token") {
		t.Errorf("Dial() without a token = %v, want an error about Config.Token", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer s.Close()
	if _, err := bridge.Dial(t.Context(), bridge.Config{URL: s.URL, Token: "token"}); err == nil || asked {
		t.Errorf("Dial() = %v, the other server was asked: %v", err, asked)
	}
}

func FuzzSignals(f *testing.F) {
	for _, odd := range oddities {
		f.Add(encoded(f, joined), encoded(f, odd))
		f.Add(encoded(f, odd), encoded(f, joined))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if err := dialAt(t, first, second); err == nil {
			t.Error("Dial() = nil, though nobody hears us")
		}
	})
}
