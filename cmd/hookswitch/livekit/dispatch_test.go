package livekit_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

var drawn = regexp.MustCompile(`(A[DJ])_[A-Z0-9]+`)

// same is a body whose ids are all x.
func (r reply) same() string { return drawn.ReplaceAllString(r.body, "${1}_x") }

// id is the first dispatch's id in it.
func (r reply) id() string { return drawn.FindString(r.body) }

// dispatched is the answer to a dispatch at noon, of room r and agent a.
const dispatched = `{"id":"AD_x","agent_name":"a","room":"r","metadata":"","state":{"jobs":[],"created_at":"1795348800000000000","deleted_at":"0","trigger":"ADT_DISPATCH_API"},` +
	`"restart_policy":"JRP_ON_FAILURE","deployment":"","attributes":{},"thread_id":""}`

// What is answered, to the byte: snake_case, all defaults, 64-bit numbers as
// text, absent messages null.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name string
		room string
		body string
		want string
	}{
		{"snake_case", "r", `{"room":"r","agent_name":"a"}`, dispatched},
		{"camelCase", "r", `{"room":"r","agentName":"a"}`, dispatched},
		{"keys of tomorrow", "r", `{"room":"r","agent_name":"a","tomorrow":{"x":[1]}}`, dispatched},
		{"a policy of tomorrow is left out", "r", `{"room":"r","agent_name":"a","restart_policy":"JRP_TOMORROW"}`, dispatched},
		{"all there is", "r", `{"room":"r","agentName":"a b","metadata":"m","restartPolicy":"JRP_NEVER","deployment":"blue","attributes":{"k":"v"},"threadId":"AT_1"}`,
			`{"id":"AD_x","agent_name":"a b","room":"r","metadata":"m","state":{"jobs":[],"created_at":"1795348800000000000","deleted_at":"0","trigger":"ADT_DISPATCH_API"},` +
				`"restart_policy":"JRP_NEVER","deployment":"blue","attributes":{"k":"v"},"thread_id":"AT_1"}`},
		{"nobody's name", "r", `{"room":"r"}`, strings.Replace(dispatched, `"agent_name":"a"`, `"agent_name":""`, 1)},
		{"no room's name", "", `{"agent_name":"a"}`, strings.Replace(dispatched, `"room":"r"`, `"room":""`, 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			token := adminOf(t, tt.room)
			for _, content := range []string{"application/json", "application/json;charset=UTF-8"} {
				got := w.ask(ask{path: createPath, token: token, content: content, body: tt.body})
				if got.status != 200 || got.content != "application/json" || got.same() != tt.want {
					t.Errorf("%d %s\n%s\nwant\n%s", got.status, got.content, got.same(), tt.want)
				}
			}
			if got := w.ask(ask{path: createPath + "?access_token=" + token, body: tt.body}); got.same() != tt.want {
				t.Errorf("token in the address: %+v", got)
			}
		})
	}
}

func TestADispatchIsListedUntilItIsDeleted(t *testing.T) {
	w := newWorld(t)
	token := adminOf(t, "r")
	list := func(body string) reply { return w.ask(ask{path: listPath, token: token, body: body}) }

	first := w.ask(ask{path: createPath, token: token, body: `{"room":"r","agent_name":"a"}`}).id()
	second := w.ask(ask{path: createPath, token: token, body: `{"room":"r","agent_name":"a"}`}).id()
	if got, want := list(`{"room":"r"}`).same(), `{"agent_dispatches":[`+dispatched+`,`+dispatched+`]}`; got != want {
		t.Errorf("list\n%s\nwant\n%s", got, want)
	}
	if got, want := list(`{"room":"r","dispatchId":"`+second+`"}`).body, `{"agent_dispatches":[`+strings.Replace(dispatched, "AD_x", second, 1)+`]}`; got != want {
		t.Errorf("get\n%s\nwant\n%s", got, want)
	}

	w.pass(time.Second)
	deleted := w.ask(ask{path: deletePath, token: token, body: `{"room":"r","dispatch_id":"` + first + `"}`})
	want := strings.NewReplacer("AD_x", first, `"deleted_at":"0"`, `"deleted_at":"1795348801000000000"`).Replace(dispatched)
	if deleted.status != 200 || deleted.body != want {
		t.Errorf("delete %d\n%s\nwant\n%s", deleted.status, deleted.body, want)
	}
	if again := w.ask(ask{path: deletePath, token: token, body: `{"room":"r","dispatch_id":"` + first + `"}`}); again.body != want {
		t.Errorf("delete again %d\n%s\nwant\n%s", again.status, again.body, want)
	}
	if got := list(`{"room":"r"}`); got.id() != second || strings.Count(got.body, "AD_") != 1 {
		t.Errorf("then %s, want %s alone", got.body, second)
	}
	for _, id := range []string{first, "AD_unknown"} {
		if got := list(`{"room":"r","dispatch_id":"` + id + `"}`); got.status != 200 || got.body != `{"agent_dispatches":[]}` {
			t.Errorf("get %s: %d %s, want none", id, got.status, got.body)
		}
	}
}

// The agent that a call had before anybody asked is in the list, with its job.
func TestACallsOwnAgentIsListed(t *testing.T) {
	w := newWorld(t)
	w.store.AddCall(roomtest.Call{ID: "call_1", Workspace: "ws_1", Agent: "front-desk", AgentUUID: "u-1", Version: 3, Node: "n1", Answered: noon.Add(-time.Second)})
	got := w.ask(ask{path: listPath, token: adminOf(t, "call_1"), body: `{"room":"call_1"}`})
	want := `{"agent_dispatches":[{"id":"AD_x","agent_name":"front-desk","room":"call_1","metadata":"","state":{"jobs":[` +
		`{"id":"AJ_x","dispatch_id":"AD_x","type":"JT_ROOM","room":null,"namespace":"","metadata":"","agent_name":"front-desk","state":` +
		`{"status":"JS_RUNNING","error":"","started_at":"1795348799000000000","ended_at":"0","updated_at":"1795348800000000000","participant_identity":"","worker_id":"","agent_id":"u-1",` +
		`"reason":"JSR_UNSPECIFIED","accepted_at":"0","assigned_at":"0","attempts":1,"first_started_at":"1795348799000000000","agent_failed_attempts_ns":"0","workers_asked":0},` +
		`"enable_recording":false,"deployment":"","attributes":{},"enable_redaction":false,"created_at":"1795348800000000000","thread_id":""}],` +
		`"created_at":"1795348800000000000","deleted_at":"0","trigger":"ADT_ROOM_API"},"restart_policy":"JRP_ON_FAILURE","deployment":"","attributes":{},"thread_id":""}]}`
	if got.status != 200 || got.same() != want {
		t.Errorf("%d\n%s\nwant\n%s", got.status, got.same(), want)
	}
}

func TestAJobIsToldAsItIs(t *testing.T) {
	w := newWorld(t)
	token := adminOf(t, "r")
	id := w.ask(ask{path: createPath, token: token, body: `{"room":"r","agent_name":"a"}`}).id()
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	job := room.Job{
		ID: "AJ_1", Dispatch: id, Kind: room.Worker, Agent: "a", Status: room.Failed, Reason: room.ReasonRetrying, Error: "the worker is gone",
		Worker: "AW_7", Identity: "agent-7", Attempts: 2, Asked: 3,
		Created: at(1), Assigned: at(2), Accepted: at(3), FirstStarted: at(4), Started: at(5), Ended: at(6), Updated: at(7),
	}
	if err := w.store.AddJob(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	body, err := proto.Marshal(&pb.ListAgentDispatchRequest{Room: "r"})
	if err != nil {
		t.Fatal(err)
	}
	got := w.ask(ask{path: listPath, token: token, content: "application/protobuf", body: string(body)})
	answer := new(pb.ListAgentDispatchResponse)
	if err := proto.Unmarshal([]byte(got.body), answer); err != nil || got.content != "application/protobuf" {
		t.Fatalf("%d %s: %v", got.status, got.content, err)
	}
	state := answer.GetAgentDispatches()[0].GetState().GetJobs()[0].GetState()
	want := &pb.JobState{
		Status: pb.JobStatus_JS_FAILED, Reason: pb.JobStateReason_JSR_RETRYING, Error: "the worker is gone",
		WorkerId: "AW_7", ParticipantIdentity: "agent-7", Attempts: 2, WorkersAsked: 3,
		AssignedAt: at(2).UnixNano(), AcceptedAt: at(3).UnixNano(), FirstStartedAt: at(4).UnixNano(),
		StartedAt: at(5).UnixNano(), EndedAt: at(6).UnixNano(), UpdatedAt: at(7).UnixNano(),
	}
	if !proto.Equal(state, want) {
		t.Errorf("state\n%v\nwant\n%v", state, want)
	}
}

// A client that never got the answer asks again.
func TestARequestThatIsSentAgainMakesNoSecondDispatch(t *testing.T) {
	w := newWorld(t)
	token := adminOf(t, "r")
	send := func(request string) string {
		return w.ask(ask{path: createPath, token: token, header: http.Header{"X-Livekit-Request-Id": {request}}, body: `{"room":"r","agent_name":"a"}`}).id()
	}
	first := send("one")
	if again := send("one"); again != first {
		t.Errorf("the same request made %s, and then %s", first, again)
	}
	if other := send("two"); other == first {
		t.Errorf("another request made nothing")
	}
	if odd := send("\xff" + strings.Repeat("x", 100_000)); odd == "" {
		t.Errorf("a request id that cannot be stored made nothing")
	}
	if a, b := send(""), send(""); a == b {
		t.Errorf("two requests without an id made one dispatch")
	}
}

func TestMetadataSaysHowAnAgentJoins(t *testing.T) {
	for metadata, want := range map[string]room.Join{
		``:                                       "",
		`listen`:                                 "",
		`{\"hookswitch\":{\"join\":\"listen\"}}`: room.Listen,
		`{\"a\":1,\"hookswitch\":{\"join\":\"wait\"}}`: room.Wait,
	} {
		w := newWorld(t)
		id := w.ask(ask{path: createPath, token: adminOf(t, "r"), body: `{"room":"r","metadata":"` + metadata + `"}`}).id()
		if d, err := w.store.Dispatch(t.Context(), id); err != nil || d.Join != want {
			t.Errorf("%s: joins by %q, %v; want %q", metadata, d.Join, err, want)
		}
	}
}

// FuzzCreate looks for a body that makes the service panic, answer 5xx, or keep
// what is out of bounds.
func FuzzCreate(f *testing.F) {
	f.Add("application/json", []byte(`{"room":"r","agentName":"a","metadata":"{\"hookswitch\":{\"join\":\"wait\"}}","attributes":{"a":"b"}}`))
	f.Add("application/protobuf", []byte("\x0a\x01a\x12\x01r"))
	f.Add("application/json", []byte(`{"room":"r","restart_policy":-1,"deployment":"\u0085"}`))
	token := adminOf(f, "r")
	f.Fuzz(func(t *testing.T, content string, body []byte) {
		w := newWorld(t)
		for _, path := range []string{createPath, deletePath, listPath, connectPath} {
			got := w.ask(ask{path: path, token: token, content: content, body: string(body)})
			if got.status >= 500 {
				t.Errorf("%s: %+v", path, got)
			}
			if got.status != 200 || path != createPath {
				continue
			}
			d, err := w.rooms.List(t.Context(), "ws_1", "r")
			if err != nil || len(d) != 1 || len(d[0].Agent) > room.MaxName || len(d[0].Metadata) > room.MaxMetadata || strings.Contains(d[0].Metadata, "\x00") {
				t.Errorf("keeps %+v, %v", d, err)
			}
		}
	})
}
