package rest_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/contract"
)

// everybodys are things that are the same in every workspace: what belongs to one
// there is proved by hand, see TestAKeyIsItsWorkspacesOwn.
var everybodys = regexp.MustCompile(`/providers/\{provider\}`)

// shared says which operations show everybody the same.
var shared = []string{"get-capabilities", "list-voices", "get-system-tools", "get-system-tools-dashed"}

// What belongs to a workspace isn't there for another one's key: every operation
// of the document that names a thing is tried with ours and theirs. Who adds an
// operation adds what its path names, or this test fails.
func TestNothingOfAnotherWorkspaceIsThere(t *testing.T) {
	o, _ := mailroom(t)
	o.withNumber()
	uuid := o.ok("POST", "/api/v2/agents", seedBody).str("item.agent.uuid")
	tool := o.ok("POST", "/api/v2/agents/"+uuid+"/tools", aTool).str("item.uuid")
	key := o.ok("GET", "/api/v2/keys", "").str("items.0.id")
	call := string(o.talked("call_ours"))
	things := map[string]string{
		"/agents/{uuid}": uuid, "/tools/{tool}": tool, "/webhooks/{webhook}": o.ok("GET", "/api/v2/agents/"+uuid+"/webhooks", "").str("items.0.uuid"),
		"/versions/{version}": "1", "/diff/{other}": "1", "/phone_numbers/{number}": "1", "/keys/{key}": key,
		"/calls/{id}": call, "/deliveries/{id}": "dlv_0",
	}
	wild := regexp.MustCompile(`/[a-z_]+/\{[a-z_]+\}`)
	named := 0
	for path, item := range contract.Document(t, o.h).Paths.Map() {
		if everybodys.MatchString(path) {
			continue
		}
		for method, op := range item.Operations() {
			at := wild.ReplaceAllStringFunc(path, func(part string) string {
				thing, ok := things[part]
				if !ok {
					t.Errorf("%s: what is %s? Add one to things", op.OperationID, part)
				}
				return part[:strings.LastIndexByte(part, '/')+1] + thing
			})
			body := ""
			if op.RequestBody != nil {
				body = encode(op.RequestBody.Value.Content.Get("application/json").Example)
			}
			if at == path {
				if method == http.MethodGet && !slices.Contains(shared, op.OperationID) {
					a := o.as(o.theirs, method, at, body)
					for _, thing := range []string{uuid, call, "+14155551234", "Support Line"} {
						if a.status != 200 || strings.Contains(a.text, thing) {
							t.Errorf("%s shows another workspace %s: %d %s", op.OperationID, thing, a.status, a.text)
						}
					}
				}
				continue
			}
			named++
			if a := o.as(o.theirs, method, at, body); a.status != http.StatusNotFound {
				t.Errorf("%s %s with another workspace's key = %d %s, want 404", method, at, a.status, a.text)
			}
			if method == http.MethodGet {
				if a := o.as(o.ours, method, at, ""); a.status == http.StatusNotFound && op.OperationID != "get-recording" && op.OperationID != "get-peaks" {
					t.Errorf("%s %s with our key = %d %s: the test proves nothing", method, at, a.status, a.text)
				}
			}
		}
	}
	if named < 25 {
		t.Errorf("only %d operations were tried", named)
	}
	o.ok("GET", "/api/v2/agents/"+uuid, "").wants("item.phone_numbers.0.id", `1`)

	theirs := func(method, path, body, errors string) {
		t.Helper()
		a := o.as(o.theirs, method, path, body)
		if a.status != 400 {
			t.Errorf("%s %s = %d %s", method, path, a.status, a.text)
		}
		a.errors(errors)
	}
	theirs("POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","phone_number_id":1}`, `{"phone_number_id":["Phone number not found"]}`)
	their := o.as(o.theirs, "POST", "/api/v2/phone_numbers", strings.Replace(seedNumber, "1234", "4321", 1))
	theirs("PATCH", "/api/v2/phone_numbers/"+encode(their.at("item.id")), `{"agent_uuid":"`+uuid+`"}`, `{"agent_uuid":["Agent not found"]}`)
}
