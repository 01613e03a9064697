package rest_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

const defaultDialing = `{"regions":[],"max_per_number_hour":6,"max_per_number_day":20,"max_per_hour":600,
	"max_concurrent_prefix":10,"new_foreign_per_hour":3,"minutes_per_number_day":60,"sip_hosts":[],"updated_at":null}`

func TestADialingPolicyIsReadAndChanged(t *testing.T) {
	p := open(t)
	p.ok("GET", "/api/v2/dialing", "").wants("item", defaultDialing)
	a := p.ok("PATCH", "/api/v2/dialing", `{"regions":["US","JM"],"new_foreign_per_hour":7,"sip_hosts":["*.example.com"]}`)
	a.wants("message", `"Dialing policy updated successfully"`)
	const changed = `{"regions":["US","JM"],"max_per_number_hour":6,"max_per_number_day":20,"max_per_hour":600,
		"max_concurrent_prefix":10,"new_foreign_per_hour":7,"minutes_per_number_day":60,"sip_hosts":["*.example.com"],"updated_at":"2025-01-27T10:00:00Z"}`
	a.wants("item", strings.Replace(changed, "2025-01-27T10:00:00Z", a.str("item.updated_at"), 1))
	p.ok("PATCH", "/api/v2/dialing", `{}`).wants("item", encode(a.at("item"))) // what is not named stays
	p.ok("GET", "/api/v2/dialing", "").wants("item", encode(a.at("item")))
	a = p.ok("PATCH", "/api/v2/dialing", `{"regions":null,"new_foreign_per_hour":null,"sip_hosts":null}`)
	a.wants("item", strings.Replace(defaultDialing, `"updated_at":null`, `"updated_at":`+encode(a.at("item.updated_at")), 1))
}

func TestMistakesInADialingPolicyAreToldAtOnce(t *testing.T) {
	p := open(t)
	a := p.fails(400, "PATCH", "/api/v2/dialing", `{"regions":["US","Germany"],"max_per_number_hour":0,"max_per_number_day":"two",
		"max_per_hour":20000,"new_foreign_per_hour":2.5,"sip_hosts":["pbx.example.com:5060"]}`)
	a.errors(`{"regions":["is too long (maximum is 2 characters each)"],"max_per_number_hour":["must be greater than or equal to 1"],
		"max_per_number_day":["is not a number"],"new_foreign_per_hour":["must be an integer"],
		"max_per_hour":["must be less than or equal to 10000"],"sip_hosts":["must be names of hosts such as pbx.example.com or *.example.com, without a port"]}`)
	a.wants("message", `"Failed to change the dialing policy"`)
	p.fails(400, "PATCH", "/api/v2/dialing", `{"regions":["ZZ"]}`).errors(`{"regions":["must be ISO 3166-1 codes such as US, GB or DE"]}`)
	p.fails(400, "PATCH", "/api/v2/dialing", `{"regions":"US"}`).errors(`{"regions":["must be an array"]}`)
	p.ok("GET", "/api/v2/dialing", "").wants("item", defaultDialing)
}

// Who may see numbers sees the policy. It guards money: only administrators
// change it.
func TestADialingPolicyNeedsItsScopes(t *testing.T) {
	p := open(t)
	admin := p.key(roster.Default, roster.Admin)
	reads, writes, none := p.key(roster.Default, roster.NumbersRead), p.key(roster.Default, roster.NumbersWrite), p.key(roster.Default, roster.AgentsWrite, roster.CallsWrite)
	for _, tt := range []struct {
		key, method string
		want        int
	}{
		{reads, "GET", 200}, {reads, "PATCH", 403}, {writes, "GET", 200}, {writes, "PATCH", 403}, {admin, "PATCH", 200}, {none, "GET", 403}, {none, "PATCH", 403},
	} {
		body := ""
		if tt.method == "PATCH" {
			body = `{"max_per_hour":5}`
		}
		if a := p.as(tt.key, tt.method, "/api/v2/dialing", body); a.status != tt.want {
			t.Errorf("%s = %d %s, want %d", tt.method, a.status, a.text, tt.want)
		}
	}
}
