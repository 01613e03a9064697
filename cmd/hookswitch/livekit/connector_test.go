package livekit_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
	"github.com/hookswitch/hookswitch/telephony"
)

// connect asks for a door and returns the token in its address.
func (w *world) connect(t *testing.T, token, body string) string {
	t.Helper()
	got := w.ask(ask{path: connectPath, token: token, body: body})
	var answer struct {
		ConnectURL string `json:"connect_url"`
	}
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	door, ok := strings.CutPrefix(answer.ConnectURL, "wss://calls.example/livekit/twilio/")
	if !ok || strings.ContainsAny(door, "/.?") {
		t.Fatalf("connect_url is %s", answer.ConnectURL)
	}
	return door
}

func TestADoorLetsOneCallIn(t *testing.T) {
	w := newWorld(t)
	door := w.connect(t, sign(t, grant.Claims{Video: grant.Video{RoomCreate: true}}), `{"roomName":"r","twilioCallDirection":"TWILIO_CALL_DIRECTION_OUTBOUND",
		"participantIdentity":"i","participantName":"n","participantMetadata":"m","participantAttributes":{"a":"b"},"destinationCountry":"AT",
		"agents":[{"agentName":"one","metadata":"{\"hookswitch\":{\"join\":\"listen\"}}"},{"agentName":"two"}]}`)
	w.pass(time.Minute)
	got, err := w.OpenDoor(t.Context(), door, "CA1")
	if err != nil {
		t.Fatal(err)
	}
	agents := got.Agents
	got.Agents = nil
	want := livekit.Entry{Workspace: "ws_1", Room: "r", Direction: telephony.Outbound, Identity: "i", Name: "n", Metadata: "m", Attributes: map[string]string{"a": "b"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("OpenDoor() = %+v, want %+v", got, want)
	}
	if len(agents) != 2 || agents[0].Agent != "one" || agents[0].Join != room.Listen || agents[1].Agent != "two" {
		t.Fatalf("agents are %+v", agents)
	}
	for _, d := range agents {
		if d.Trigger != room.ByJoin {
			t.Errorf("agent %+v", d)
		}
	}

	if again, err := w.OpenDoor(t.Context(), door, "CA1"); err != nil || again.Room != "r" {
		t.Errorf("the same call again: %+v, %v", again, err)
	}
	if _, err := w.OpenDoor(t.Context(), door, "CA2"); !errors.Is(err, room.ErrTaken) {
		t.Errorf("another call: %v, want ErrTaken", err)
	}
}

func TestADoorClosesAfterTenMinutes(t *testing.T) {
	w := newWorld(t)
	door := w.connect(t, adminOf(t, "r"), `{"room_name":"r"}`)
	w.pass(10 * time.Minute)
	if _, err := w.OpenDoor(t.Context(), door, "CA1"); !errors.Is(err, room.ErrNotFound) {
		t.Errorf("OpenDoor() = %v, want ErrNotFound", err)
	}
}

func TestTheStoreNeverSeesADoorsToken(t *testing.T) {
	w := newWorld(t)
	door := w.connect(t, adminOf(t, "r"), `{"room_name":"r"}`)
	if _, err := w.store.SpendDoor(t.Context(), door, "CA1", noon); !errors.Is(err, room.ErrNotFound) {
		t.Errorf("by its token: %v", err)
	}
	if _, err := w.store.SpendDoor(t.Context(), roster.HashKey(door), "CA1", noon); err != nil {
		t.Errorf("by its hash: %v", err)
	}
}

func TestAnAccessTokenIsADoorToo(t *testing.T) {
	w := newWorld(t)
	token := sign(t, grant.Claims{
		Identity: "i", Name: "n", Metadata: "m", Attributes: map[string]string{"a": "b"},
		Video:      grant.Video{RoomJoin: true, Room: "r"},
		RoomConfig: &pb.RoomConfiguration{Agents: []*pb.RoomAgentDispatch{{AgentName: "one", Metadata: "for one"}}},
	})
	got, err := w.OpenDoor(t.Context(), token, "CA1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Workspace != "ws_1" || got.Room != "r" || got.Direction != telephony.Inbound || got.Identity != "i" || got.Name != "n" || got.Metadata != "m" || got.Attributes["a"] != "b" {
		t.Errorf("OpenDoor() = %+v", got)
	}
	if len(got.Agents) != 1 || got.Agents[0].Agent != "one" || got.Agents[0].Metadata != "for one" || got.Agents[0].Trigger != room.ByJoin || got.Agents[0].Restart != "JRP_ON_FAILURE" {
		t.Errorf("agents are %+v", got.Agents)
	}
}

func TestTokensThatOpenNothing(t *testing.T) {
	no := false
	join := grant.Video{RoomJoin: true, Room: "r"}
	late, err := grant.Sign(key, secret, grant.Claims{Video: join}, noon.Add(-2*time.Hour), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, token string
		refused     bool // else it is not found
	}{
		{"nothing", "", false},
		{"anything", "hello", false},
		{"what looks like one", strings.Repeat("A", 40), false},
		{"two dots", "..", true},
		{"64 KB", strings.Repeat("x", 64<<10), false},
		{"expired", late, true},
		{"may not join", sign(t, grant.Claims{Video: grant.Video{RoomAdmin: true, Room: "r"}}), true},
		{"joins no room", sign(t, grant.Claims{Video: grant.Video{RoomJoin: true}}), true},
		{"may not speak", sign(t, grant.Claims{Video: grant.Video{RoomJoin: true, Room: "r", CanPublish: &no}}), true},
		{"may not hear", sign(t, grant.Claims{Video: grant.Video{RoomJoin: true, Room: "r", CanSubscribe: &no}}), true},
		{"a room of 300 characters", sign(t, grant.Claims{Video: grant.Video{RoomJoin: true, Room: strings.Repeat("r", 300)}}), true},
		{"an agent of two lines", sign(t, grant.Claims{Video: join, RoomConfig: &pb.RoomConfiguration{Agents: []*pb.RoomAgentDispatch{{AgentName: "a\nb"}}}}), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newWorld(t).OpenDoor(t.Context(), tt.token, "CA1")
			var refused grant.Refused
			if errors.As(err, &refused) != tt.refused || errors.Is(err, room.ErrNotFound) == tt.refused {
				t.Errorf("OpenDoor() = %v", err)
			}
		})
	}
}

func TestWithoutAPublicAddressThereIsNoDoor(t *testing.T) {
	w := newWorld(t, func(c *livekit.Config) { c.PublicWS = "" })
	got := w.ask(ask{path: connectPath, token: adminOf(t, "r"), body: `{"room_name":"r"}`})
	if want := `{"code":"failed_precondition","msg":"the gateway has no public address that a carrier could stream to"}`; got.status != 412 || got.body != want {
		t.Errorf("%d %s, want 412 %s", got.status, got.body, want)
	}
}

// revocable is pairs, until they are taken back.
type revocable struct {
	pairs
	revoked bool
}

func (r *revocable) Pair(ctx context.Context, k string) (roster.Pair, error) {
	p, err := r.pairs.Pair(ctx, k)
	if r.revoked {
		p.Revoked = noon
	}
	return p, err
}

// Whoever takes a key pair back because it was stolen does not know which doors
// the thief has made.
func TestADoorIsNoLongerGoodThanItsKeyPair(t *testing.T) {
	pairs := new(revocable)
	verifier, err := grant.New(grant.Config{Pairs: pairs, Opener: pairs, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *livekit.Config) { c.Verifier = verifier })
	door := w.connect(t, adminOf(t, "r"), `{"room_name":"r"}`)
	if _, err := w.OpenDoor(t.Context(), door, "CA1"); err != nil {
		t.Fatalf("OpenDoor() = %v", err)
	}
	pairs.revoked = true
	if _, err := w.OpenDoor(t.Context(), door, "CA1"); !errors.Is(err, room.ErrNotFound) {
		t.Errorf("OpenDoor() when the pair was taken back = %v, want ErrNotFound", err)
	}
}
