package livekit_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
)

const (
	plain    = "text/plain; charset=utf-8"
	jsonType = "application/json"
	full     = `{"code":"resource_exhausted","msg":"there are as many as there may be"}`
	denied   = `{"code":"unauthenticated","msg":"permissions denied"}`
)

func invalid(why string) string { return fmt.Sprintf(`{"code":"invalid_argument","msg":%q}`, why) }

// Every refusal, to the byte.
func TestRefusals(t *testing.T) {
	late, err := grant.Sign(key, secret, grant.Claims{}, noon.Add(-2*time.Hour), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	early, err := grant.Sign(key, secret, grant.Claims{}, noon.Add(time.Hour), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := grant.Sign(key, "wrong", grant.Claims{Video: grant.Video{RoomAdmin: true, Room: "r"}}, noon, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := grant.Sign("APInobody", secret, grant.Claims{}, noon, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	neighbour, err := grant.Sign("APIneighbour000", "the neighbour's", grant.Claims{Video: grant.Video{RoomAdmin: true, Room: "r"}}, noon, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	const create = `{"room":"r","agent_name":"a"}`
	admin := adminOf(t, "r")
	for _, tt := range []struct {
		name          string
		ask           ask
		status        int
		content, body string
	}{
		{"another scheme", ask{path: createPath, header: http.Header{"Authorization": {"Basic eA=="}}, body: create},
			401, plain, "invalid authorization header. Must start with Bearer "},
		{"no token after Bearer", ask{path: createPath, header: http.Header{"Authorization": {"Bearer "}}, body: create}, 401, jsonType, denied},
		{"no token at all", ask{path: createPath, body: create}, 401, jsonType, denied},
		{"unparsable", ask{path: createPath, token: "hello", body: create}, 401, plain, "invalid authorization token"},
		{"unparsable in the address", ask{path: createPath + "?access_token=hello", body: create}, 401, plain, "invalid authorization token"},
		{"64 KB", ask{path: createPath, token: strings.Repeat("x", 64<<10), body: create}, 401, plain, "invalid authorization token"},
		{"unknown key", ask{path: createPath, token: foreign, body: create}, 401, plain, "invalid API key"},
		{"forged", ask{path: createPath, token: forged, body: create}, 401, plain, "invalid authorization token: token signature is invalid"},
		{"expired", ask{path: createPath, token: late, body: create}, 401, plain, "invalid authorization token: token has invalid claims: token is expired"},
		{"not yet valid", ask{path: createPath, token: early, body: create}, 401, plain, "invalid authorization token: token has invalid claims: token is not valid yet"},
		{"a bad token on a path that is not there", ask{path: "/twirp/x", token: "hello"}, 401, plain, "invalid authorization token"},

		{"lacks roomAdmin", ask{path: createPath, token: sign(t, grant.Claims{Video: grant.Video{Room: "r", RoomCreate: true, RoomJoin: true}}), body: create}, 401, jsonType, denied},
		{"another room", ask{path: createPath, token: adminOf(t, "r2"), body: create}, 401, jsonType, denied},
		{"another room, deleting", ask{path: deletePath, token: adminOf(t, "r2"), body: `{"room":"r","dispatch_id":"AD_x"}`}, 401, jsonType, denied},
		{"another room, listing", ask{path: listPath, token: adminOf(t, "r2"), body: `{"room":"r"}`}, 401, jsonType, denied},
		{"no room in the grant", ask{path: createPath, token: adminOf(t, ""), body: create}, 401, jsonType, denied},

		{"metadata too large", ask{path: createPath, token: admin, body: `{"room":"r","metadata":"` + strings.Repeat("m", room.MaxMetadata+1) + `"}`},
			400, jsonType, invalid("metadata size exceeds limits")},
		{"attributes too large", ask{path: createPath, token: admin, body: `{"room":"r","attributes":{"a":"` + strings.Repeat("m", room.MaxAttributes) + `"}}`},
			400, jsonType, invalid("attribute size exceeds limits")},
		{"metadata with NUL", ask{path: createPath, token: admin, body: `{"room":"r","metadata":"\u0000"}`}, 400, jsonType, invalid("metadata has a NUL character")},
		{"an attribute with NUL", ask{path: createPath, token: admin, body: `{"room":"r","attributes":{"a\u0000":""}}`}, 400, jsonType, invalid("attributes has a NUL character")},
		{"deployment too long", ask{path: createPath, token: admin, body: `{"room":"r","deployment":"` + strings.Repeat("d", 65) + `"}`},
			400, jsonType, invalid("deployment is longer than 64 bytes, or has an underscore, a space or a control character")},
		{"deployment with an underscore", ask{path: createPath, token: admin, body: `{"room":"r","deployment":"a_b"}`},
			400, jsonType, invalid("deployment is longer than 64 bytes, or has an underscore, a space or a control character")},
		{"deployment with a space", ask{path: createPath, token: admin, body: `{"room":"r","deployment":"a b"}`},
			400, jsonType, invalid("deployment is longer than 64 bytes, or has an underscore, a space or a control character")},
		{"agent name of 300 characters", ask{path: createPath, token: admin, body: `{"room":"r","agent_name":"` + strings.Repeat("a", 300) + `"}`},
			400, jsonType, invalid("agent_name is longer than 256 bytes")},
		{"agent name of two lines", ask{path: createPath, token: admin, body: `{"room":"r","agent_name":"a\nb"}`}, 400, jsonType, invalid("agent_name has a control character")},
		{"room name of 300 characters", ask{path: createPath, token: adminOf(t, strings.Repeat("r", 300)), body: `{"room":"` + strings.Repeat("r", 300) + `"}`},
			400, jsonType, invalid("room name length exceeds limits")},
		{"room name with a bell", ask{path: createPath, token: adminOf(t, "r\a"), body: `{"room":"r\u0007"}`}, 400, jsonType, invalid("room has a control character")},
		{"a way to join that there is not", ask{path: createPath, token: admin, body: `{"room":"r","metadata":"{\"hookswitch\":{\"join\":\"barge\"}}"}`},
			400, jsonType, `{"code":"invalid_argument","msg":"metadata: hookswitch.join must be \"replace\", \"wait\" or \"listen\""}`},
		{"a policy that there is not", ask{path: createPath, token: admin, body: `{"room":"r","restart_policy":7}`},
			400, jsonType, invalid("restart_policy is none of JRP_ON_FAILURE, JRP_NEVER")},

		{"unknown room, deleting", ask{path: deletePath, token: adminOf(t, "no"), body: `{"room":"no","dispatch_id":"AD_x"}`}, 404, jsonType, `{"code":"not_found","msg":"requested room does not exist"}`},
		{"unknown room, listing", ask{path: listPath, token: adminOf(t, "no"), body: `{"room":"no"}`}, 404, jsonType, `{"code":"not_found","msg":"requested room does not exist"}`},
		{"unknown room, asking for one", ask{path: listPath, token: adminOf(t, "no"), body: `{"room":"no","dispatch_id":"AD_x"}`}, 404, jsonType, `{"code":"not_found","msg":"requested room does not exist"}`},
		{"another workspace's room", ask{path: listPath, token: neighbour, body: `{"room":"r"}`}, 404, jsonType, `{"code":"not_found","msg":"requested room does not exist"}`},
		{"unknown dispatch", ask{path: deletePath, token: admin, body: `{"room":"r","dispatch_id":"AD_x"}`}, 404, jsonType, `{"code":"not_found","msg":"twirp error unknown: dispatch ID not found"}`},
		{"a dispatch that can be none", ask{path: deletePath, token: admin, body: `{"room":"r","dispatch_id":"\u0000"}`}, 404, jsonType, `{"code":"not_found","msg":"twirp error unknown: dispatch ID not found"}`},
		{"a room that can be none", ask{path: listPath, token: adminOf(t, "\x00"), body: `{"room":"\u0000"}`}, 404, jsonType, `{"code":"not_found","msg":"requested room does not exist"}`},
		{"no dispatch", ask{path: deletePath, token: admin, body: `{"room":"r"}`}, 404, jsonType, `{"code":"not_found","msg":"twirp error unknown: dispatch ID not found"}`},

		{"bad JSON", ask{path: createPath, token: admin, body: `{"room":`}, 400, jsonType, `{"code":"malformed","msg":"the json request could not be decoded"}`},
		{"no JSON", ask{path: createPath, token: admin}, 400, jsonType, `{"code":"malformed","msg":"the json request could not be decoded"}`},
		{"wrong type", ask{path: createPath, token: admin, body: `{"room":7}`}, 400, jsonType, `{"code":"malformed","msg":"the json request could not be decoded"}`},
		{"bad JSON is told before who may", ask{path: createPath, body: `{"room":`}, 400, jsonType, `{"code":"malformed","msg":"the json request could not be decoded"}`},
		{"no UTF-8", ask{path: createPath, token: admin, body: "{\"room\":\"r\",\"metadata\":\"\xff\"}"}, 400, jsonType, `{"code":"malformed","msg":"the json request could not be decoded"}`},
		{"no protobuf", ask{path: createPath, token: admin, content: "application/protobuf", body: "\xff"}, 400, jsonType, `{"code":"malformed","msg":"the protobuf request could not be decoded"}`},
		{"3 MiB", ask{path: createPath, token: admin, body: strings.Repeat(" ", 3<<20)}, 400, jsonType, `{"code":"malformed","msg":"the request is larger than 2097152 bytes"}`},

		{"no token, and more than is read of such", ask{path: createPath, body: `{"room":"r","metadata":"` + strings.Repeat("m", 16<<10)}, 401, jsonType, denied}, // it never comes to the mistake at the end

		{"unknown method", ask{path: "/twirp/livekit.AgentDispatchService/GetDispatch", token: admin, body: `{}`}, 404, jsonType,
			`{"code":"bad_route","msg":"no handler for path \"/twirp/livekit.AgentDispatchService/GetDispatch\"","meta":{"twirp_invalid_route":"POST /twirp/livekit.AgentDispatchService/GetDispatch"}}`},
		{"unknown service", ask{path: "/twirp/livekit.RoomService/ListRooms", token: admin, body: `{}`}, 404, jsonType,
			`{"code":"bad_route","msg":"no handler for path \"/twirp/livekit.RoomService/ListRooms\"","meta":{"twirp_invalid_route":"POST /twirp/livekit.RoomService/ListRooms"}}`},
		{"WhatsApp", ask{path: "/twirp/livekit.Connector/DialWhatsAppCall", token: admin, body: `{}`}, 404, jsonType,
			`{"code":"bad_route","msg":"no handler for path \"/twirp/livekit.Connector/DialWhatsAppCall\"","meta":{"twirp_invalid_route":"POST /twirp/livekit.Connector/DialWhatsAppCall"}}`},
		{"GET", ask{method: "GET", path: createPath, token: admin}, 404, jsonType,
			`{"code":"bad_route","msg":"unsupported method \"GET\" (only POST is allowed)","meta":{"twirp_invalid_route":"GET /twirp/livekit.AgentDispatchService/CreateDispatch"}}`},
		{"another content type", ask{path: createPath, token: admin, content: "text/plain", body: create}, 404, jsonType,
			`{"code":"bad_route","msg":"unexpected Content-Type: \"text/plain\"","meta":{"twirp_invalid_route":"POST /twirp/livekit.AgentDispatchService/CreateDispatch"}}`},

		{"a door without a grant", ask{path: connectPath, token: adminOf(t, "r2"), body: `{"room_name":"r"}`}, 401, jsonType, denied},
		{"a door without a room", ask{path: connectPath, token: sign(t, grant.Claims{Video: grant.Video{RoomCreate: true}}), body: `{}`}, 400, jsonType, invalid("room_name is required")},
		{"a door with too much of a name", ask{path: connectPath, token: admin, body: `{"room_name":"r","participant_identity":"` + strings.Repeat("i", 257) + `"}`},
			400, jsonType, invalid("participant_identity is longer than 256 bytes")},
		{"a door with a crowd", ask{path: connectPath, token: admin, body: `{"room_name":"r","agents":[` + strings.Repeat(`{},`, 16) + `{}]}`},
			400, jsonType, invalid("there are more than 16 agents")},
		{"a door with a bad agent", ask{path: connectPath, token: admin, body: `{"room_name":"r","agents":[{"deployment":"a_b"}]}`},
			400, jsonType, invalid("deployment is longer than 64 bytes, or has an underscore, a space or a control character")},
		{"a door for neither way", ask{path: connectPath, token: admin, body: `{"room_name":"r","twilio_call_direction":5}`},
			400, jsonType, invalid("twilio_call_direction is none of TWILIO_CALL_DIRECTION_INBOUND, TWILIO_CALL_DIRECTION_OUTBOUND")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if got := w.ask(ask{path: createPath, token: admin, body: `{"room":"r"}`}); got.status != 200 {
				t.Fatalf("the room: %+v", got)
			}
			got := w.ask(tt.ask)
			if got.status != tt.status || got.content != tt.content || got.body != tt.body {
				t.Errorf("%d %s %s\nwant\n%d %s %s", got.status, got.content, got.body, tt.status, tt.content, tt.body)
			}
		})
	}
}

// What fails inside is not told outside.
func TestTrouble(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"a bound", fmt.Errorf("keep the dispatch: %w: 100 in a room", room.ErrFull), 429, `{"code":"resource_exhausted","msg":"there are as many as there may be: 100 in a room"}`},
		{"the store", errors.New("database at 10.0.0.1 is away"), 503, `{"code":"unavailable","msg":"try again"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.rooms.err = tt.err
			for path, body := range map[string]string{createPath: `{"room":"r"}`, deletePath: `{"room":"r","dispatch_id":"AD_x"}`, listPath: `{"room":"r"}`} {
				if got := w.ask(ask{path: path, token: adminOf(t, "r"), body: body}); got.status != tt.status || got.body != tt.body {
					t.Errorf("%s: %d %s, want %d %s", path, got.status, got.body, tt.status, tt.body)
				}
			}
		})
	}
}

func TestAThousandDispatchesIntoOneRoom(t *testing.T) {
	w := newWorld(t)
	admin := adminOf(t, "r")
	taken := 0
	for range 1000 {
		switch got := w.ask(ask{path: createPath, token: admin, body: `{"room":"r","agent_name":"a"}`}); got.status {
		case 200:
			taken++
		case 429:
			if got.body != full {
				t.Fatalf("%s, want %s", got.body, full)
			}
		default:
			t.Fatalf("%+v", got)
		}
	}
	if taken != room.MaxDispatches {
		t.Errorf("%d were taken, want %d", taken, room.MaxDispatches)
	}
}

func TestAKeyGoesAtItsPace(t *testing.T) {
	w := newWorld(t, func(c *livekit.Config) { c.DispatchesPerSecond, c.RequestsPerSecond = 0, 0 })
	burst := func(path, body string) (ok int) {
		for range 300 {
			got := w.ask(ask{path: path, token: adminOf(t, "r"), body: body})
			switch {
			case got.status == 200:
				ok++
			case got.status != 429 || got.header.Get("Retry-After") != "1":
				t.Fatalf("%+v", got)
			}
		}
		return ok
	}
	if ok := burst(connectPath, `{"room_name":"r"}`); ok != 50 {
		t.Errorf("%d dispatches at once, want 50", ok)
	}
	w.pass(time.Second)
	if ok := burst(createPath, `{"room":"r"}`); ok != 50 {
		t.Errorf("%d a second later, want 50", ok)
	}
	w.pass(time.Second)
	if ok := burst(listPath, `{"room":"r"}`); ok != 200 {
		t.Errorf("%d requests at once, want 200", ok)
	}
}
