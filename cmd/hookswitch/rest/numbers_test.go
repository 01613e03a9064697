package rest_test

import (
	"errors"
	"strings"
	"testing"

	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
)

func TestNumbersAreMadeReadAndDeleted(t *testing.T) {
	p := open(t)
	p.withNumber()
	p.ok("GET", "/api/v2/phone_numbers/1", "").wants("item", `{"id":1,"phone_number":"+14155551234","label":"Support Line","supports_inbound":true,"supports_outbound":false,
		"provider":"twilio","outbound_trunk":{},"inbound_trunk":{},"created_at":"2025-01-15T10:30:00Z","updated_at":"2025-01-15T10:30:00Z"}`)
	list := p.ok("GET", "/api/v2/phone_numbers?advanced=true", "")
	list.wants("items.0.status", `"active"`)
	list.wants("items.0.agent_uuid", `null`)
	p.fails(400, "POST", "/api/v2/phone_numbers", seedNumber).errors(`{"phone_number":["has already been taken"]}`)

	uuid := p.agent("A")
	p.ok("PATCH", "/api/v2/phone_numbers/1?advanced=true", `{"agent_uuid":"`+uuid+`"}`).wants("item.agent_name", `"A"`)
	p.fails(400, "PATCH", "/api/v2/phone_numbers/1", `{"agent_uuid":"`+p.agent("B")+`"}`).errors(`{"agent_uuid":["Phone number is already linked to agent 'A'"]}`)
	p.fails(400, "PATCH", "/api/v2/phone_numbers/1", `{"agent_uuid":"nobody"}`).errors(`{"agent_uuid":["Agent not found"]}`)

	p.fails(409, "DELETE", "/api/v2/phone_numbers/1/force", "").errors(`{"base":["Phone number is not corrupted. Delete it without force."]}`)
	p.ok("DELETE", "/api/v2/phone_numbers/1", "").wants("message", `"Phone number deleted successfully"`)
	p.fails(404, "GET", "/api/v2/phone_numbers/1", "").errors(`{"base":["Phone number not found"]}`)
	p.ok("GET", "/api/v2/agents/"+uuid, "").wants("item.phone_numbers", `[]`)
}

func TestANumberWhoseCleanUpFailsIsCorruptedUntilForced(t *testing.T) {
	p := open(t)
	p.withNumber()
	p.trunk = errors.New("the carrier is gone: token a-token-that-nobody-sees")
	a := p.fails(502, "DELETE", "/api/v2/phone_numbers/1", "")
	a.errors(`{"base":["Failed to cleanup external resources. Phone number marked as corrupted. Use force delete to remove it."]}`)
	a.wants("message", `"Failed to delete phone number"`)
	p.ok("GET", "/api/v2/phone_numbers/1?advanced=true", "").wants("item.status", `"corrupted"`)
	p.fails(400, "POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","phone_number_id":1}`).errors(`{"phone_number_id":["Phone number is corrupted"]}`)
	a = p.ok("DELETE", "/api/v2/phone_numbers/1/force", "")
	a.wants("force_deleted", `true`)
	p.fails(404, "DELETE", "/api/v2/phone_numbers/1/force", "")
}

func TestMistakesInNumbersAreToldAtTheirFields(t *testing.T) {
	p := open(t)
	for _, tt := range []struct{ name, body, errors string }{
		{"nothing", `{}`, `{"phone_number":["can't be blank"],"label":["can't be blank"],"twilio_account_sid":["can't be blank"],"twilio_auth_token":["can't be blank"]}`},
		{"no E.164", strings.Replace(seedNumber, "+14155551234", "415-555-1234", 1), `{"phone_number":["must be a phone number in E.164 form, such as +14155550100"]}`},
		{"a number that no country has", strings.Replace(seedNumber, "+14155551234", "+999155551234", 1), `{"phone_number":["must be a phone number in E.164 form, such as +14155550100"]}`},
		{"an account that is none", strings.Replace(seedNumber, "AC0123", "AX0123", 1), `{"twilio_account_sid":["must be AC and 32 hexadecimal digits"]}`},
		{"another provider", strings.Replace(seedNumber, `"provider":"twilio"`, `"provider":"smoke"`, 1), `{"provider":["is not included in the list"]}`},
		{"a trunk without an address", `{"phone_number":"+14155551234","label":"L","provider":"sip_trunk","outbound_trunk":{"transport":"pigeon"},"inbound_trunk":{"allowed_addresses":"all"}}`,
			`{"outbound_trunk.address":["can't be blank"],"outbound_trunk.transport":["is not included in the list"],"inbound_trunk.allowed_addresses":["must be an array"]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.t = t
			a := p.fails(400, "POST", "/api/v2/phone_numbers", tt.body)
			a.errors(tt.errors)
			a.wants("message", `"Failed to create phone number"`)
		})
	}
}

func TestATrunkHasItsDefaults(t *testing.T) {
	p := open(t)
	a := p.ok("POST", "/api/v2/phone_numbers", `{"phone_number":"+14155551234","label":"L","provider":"sip_trunk","supports_outbound":true,"outbound_trunk":{"address":"sip.example.com:5061"},"inbound_trunk":{"allowed_numbers":["+14155550100"]}}`)
	a.wants("item.outbound_trunk", `{"address":"sip.example.com:5061","transport":"auto","media_encryption":"disabled","has_auth_credentials":false,"username":"","headers":{}}`)
	a.wants("item.inbound_trunk", `{"allowed_addresses":[],"allowed_numbers":["+14155550100"],"media_encryption":"disabled","has_auth_credentials":false,"username":""}`)
}

// What a carrier's account is opened with is kept sealed, and shown to nobody.
func TestTheCarriersTokenIsNeverShown(t *testing.T) {
	p := open(t)
	p.withNumber()
	kept, err := p.db.Number(t.Context(), "default", 1)
	if err != nil {
		t.Fatal(err)
	}
	if kept.Token == "" || strings.Contains(string(kept.Token), "nobody-sees") {
		t.Fatalf("the token is kept as %q", string(kept.Token))
	}
	for _, path := range []string{"/phone_numbers", "/phone_numbers?advanced=true", "/phone_numbers/1?advanced=true", "/audit"} {
		if text := p.ok("GET", "/api/v2"+path, "").text; strings.Contains(text, string(kept.Token)) || strings.Contains(text, "AC0123") || strings.Contains(text, "nobody") {
			t.Errorf("GET %s shows it: %s", path, text)
		}
	}
}

func TestANumberThatItsCarrierDoesNotGiveLeadsNowhere(t *testing.T) {
	p := open(t)
	p.withNumber()
	uuid := p.agent("A")
	const why = `{"carrier":["the account has no such number"]}`
	p.trunk = &v2.TrunkError{Why: "the account has no such number"}
	p.fails(502, "PATCH", "/api/v2/phone_numbers/1", `{"agent_uuid":"`+uuid+`"}`).errors(why)
	p.fails(502, "PATCH", "/api/v2/agents/"+uuid, `{"phone_number_id":1}`).errors(why)
	p.fails(502, "POST", "/api/v2/agents", `{"name":"B","voice_uuid":"abc123","phone_number_id":1}`).errors(why)
	p.ok("GET", "/api/v2/phone_numbers/1?advanced=true", "").wants("item.agent_uuid", `null`)
	p.ok("GET", "/api/v2/phone_numbers/1/check", "").wants("item.why", `"the account has no such number"`)

	p.trunk = nil
	p.ok("PATCH", "/api/v2/phone_numbers/1", `{"agent_uuid":"`+uuid+`"}`)
	p.ok("GET", "/api/v2/phone_numbers/1/check", "").wants("item.drift.0.setting", `"voice_url"`)
	p.trunk = &v2.TrunkError{Why: "no answer"}
	p.fails(502, "PATCH", "/api/v2/phone_numbers/1", `{"agent_uuid":null}`)
	p.ok("GET", "/api/v2/phone_numbers/1?advanced=true", "").wants("item.agent_uuid", `"`+uuid+`"`)
	p.ok("DELETE", "/api/v2/agents/"+uuid, "") // its carrier must not keep an agent alive
}
