package rest_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

const defaultDialing = `{"regions":[],"max_per_number_hour":6,"max_per_number_day":20,"max_per_hour":600,
	"max_concurrent_prefix":10,"new_foreign_per_hour":3,"minutes_per_number_day":60,"sip_hosts":[],"calling_hours":[],"calling_zone":"","hours_binding":false,"require_consent":false,"max_concurrent":0,"updated_at":null}`

func TestADialingPolicyIsReadAndChanged(t *testing.T) {
	p := open(t)
	p.ok("GET", "/api/v2/dialing", "").wants("item", defaultDialing)
	a := p.ok("PATCH", "/api/v2/dialing", `{"regions":["US","JM"],"new_foreign_per_hour":7,"sip_hosts":["*.example.com"]}`)
	a.wants("message", `"Dialing policy updated successfully"`)
	const changed = `{"regions":["US","JM"],"max_per_number_hour":6,"max_per_number_day":20,"max_per_hour":600,
		"max_concurrent_prefix":10,"new_foreign_per_hour":7,"minutes_per_number_day":60,"sip_hosts":["*.example.com"],"calling_hours":[],"calling_zone":"","hours_binding":false,"require_consent":false,"max_concurrent":0,"updated_at":"2025-01-27T10:00:00Z"}`
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

func TestAWorkspaceHasCallingHours(t *testing.T) {
	p := open(t)
	const hours = `[{"days":["mon","tue"],"from":"09:00","to":"17:30"},{"days":["sat"],"from":"10:00","to":"24:00"}]`
	a := p.ok("PATCH", "/api/v2/dialing", `{"calling_hours":`+hours+`,"calling_zone":"Europe/Berlin","hours_binding":true,"require_consent":true,"max_concurrent":5}`)
	for field, want := range map[string]string{"calling_hours": hours, "calling_zone": `"Europe/Berlin"`, "hours_binding": "true", "require_consent": "true", "max_concurrent": "5"} {
		a.wants("item."+field, want)
	}
	p.ok("PATCH", "/api/v2/dialing", `{"max_per_hour":7}`).wants("item.calling_hours", hours)
	p.fails(400, "PATCH", "/api/v2/dialing", `{"calling_hours":[{"days":["mon"],"from":"17:00","to":"9:00"},{"days":["funday"],"from":"09:00","to":"17:00"},7],
		"calling_zone":"Mars/Olympus","hours_binding":"yes","max_concurrent":-1}`).errors(`{"calling_hours.0.to":["must be a time of the day, such as 09:00"],
		"calling_hours.1.days":["has no 'funday': choose from mon, tue, wed, thu, fri, sat, sun"],"calling_hours.2":["must be an object"],
		"calling_zone":["must be the IANA name of a time zone, such as America/New_York"],
		"hours_binding":["must be true or false"],"max_concurrent":["must be greater than or equal to 0"]}`)
	p.ok("GET", "/api/v2/dialing", "").wants("item.calling_hours", hours)
	a = p.ok("PATCH", "/api/v2/dialing", `{"calling_hours":null,"calling_zone":null,"hours_binding":null,"require_consent":null,"max_concurrent":null,"max_per_hour":null}`)
	a.wants("item", strings.Replace(defaultDialing, `"updated_at":null`, `"updated_at":`+encode(a.at("item.updated_at")), 1))
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
