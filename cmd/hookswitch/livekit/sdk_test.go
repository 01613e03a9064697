package livekit_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/sdktest"
)

// failed is how a step of client.cjs failed.
func failed(why string, status int, code string) map[string]any {
	m := map[string]any{"failed": why, "status": float64(status)}
	if code != "" {
		m["code"] = code
	}
	return m
}

// LiveKit's own SDK, as it is on npm, finds what it looks for. The same program
// against livekit-server v1.11.0 sees the same, but for what [livekit.Service]
// says, for limits that are younger than it, and for its default dispatch.
func TestLiveKitsOwnSDK(t *testing.T) {
	if testing.Short() {
		t.Skip("starts node")
	}
	w := newWorld(t)
	w.now = time.Now() // the SDK looks at its own clock
	server := httptest.NewServer(w)
	defer server.Close()

	script, err := filepath.Abs("testdata/sdk/client.cjs")
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", script)
	node.Env = append(os.Environ(), "NODE_PATH="+sdktest.Modules(t),
		"LIVEKIT_URL="+server.URL, "LIVEKIT_API_KEY="+key, "LIVEKIT_API_SECRET="+secret)
	var trouble strings.Builder
	node.Stderr = &trouble
	out, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, trouble.String())
	}
	var seen map[string]any
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	for name, want := range map[string]any{
		"list of no room": failed("requested room does not exist", 404, "not_found"),
		"get unknown":     "undefined",
		"delete":          "undefined",
		"get deleted":     "undefined",
		"delete unknown":  failed("twirp error unknown: dispatch ID not found", 404, "not_found"),
		"wrong secret":    failed("invalid authorization token: token signature is invalid", 401, ""),
		"unknown key":     failed("invalid API key", 401, ""),
		"expired":         failed("invalid authorization token: token has invalid claims: token is expired", 401, ""),
		"another room":    failed("permissions denied", 401, "unauthenticated"),
		"no admin":        failed("permissions denied", 401, "unauthenticated"),
		"large metadata":  failed("metadata size exceeds limits", 400, "invalid_argument"),
		"300 characters":  failed("agent_name is longer than 256 bytes", 400, "invalid_argument"),
		"bad deployment":  failed("deployment is longer than 64 bytes, or has an underscore, a space or a control character", 400, "invalid_argument"),
	} {
		if !reflect.DeepEqual(seen[name], want) {
			t.Errorf("%s: %v, want %v", name, seen[name], want)
		}
	}

	made, _ := seen["create"].(map[string]any)
	for field, want := range map[string]any{
		"agentName": "test-agent", "room": "my-room", "metadata": `{"order":7}`, "deployment": "blue", "restartPolicy": "JRP_NEVER",
	} {
		if made[field] != want {
			t.Errorf("create: %s is %v, want %v", field, made[field], want)
		}
	}
	if !reflect.DeepEqual(seen["get"], seen["create"]) {
		t.Errorf("get: %v, want what was created: %v", seen["get"], made)
	}
	if spaced, _ := seen["create with spaces"].(map[string]any); spaced["agentName"] != "a test agent" || spaced["room"] != "my room" {
		t.Errorf("create with spaces: %v", spaced)
	}
	if all, _ := seen["list"].([]any); len(all) != 2 || !reflect.DeepEqual(all[0], seen["create"]) || !reflect.DeepEqual(all[1], seen["create without a name"]) {
		t.Errorf("list: %v", seen["list"])
	}

	token, _ := seen["token with agents"].(string)
	entry, err := w.OpenDoor(t.Context(), token, "CA1")
	if err != nil || entry.Room != "my-room" || entry.Identity != "caller" || entry.Name != "A caller" || entry.Metadata != "m" || entry.Attributes["a"] != "b" ||
		len(entry.Agents) != 1 || entry.Agents[0].Agent != "test-agent" || entry.Agents[0].Metadata != "for it" {
		t.Errorf("the token with agents opens %+v, %v", entry, err)
	}

	connected, _ := seen["connect"].(map[string]any)
	address, _ := connected["connectUrl"].(string)
	entry, err = w.OpenDoor(t.Context(), strings.TrimPrefix(address, "wss://calls.example/livekit/twilio/"), "CA1")
	if err != nil || entry.Room != "their-room" || len(entry.Agents) != 1 {
		t.Errorf("connect gave %s, which opens %+v, %v", address, entry, err)
	}
}
