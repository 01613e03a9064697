package server

import (
	"encoding/base64"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/storage/seal"
)

// Two teams share a gateway: one of them must not call with the other's number.
func TestANumberIsOfWhoHasTheAccountsToken(t *testing.T) {
	ring, _, err := seal.Load(seal.Options{Env: base64.StdEncoding.EncodeToString(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	const account, token = "AC00000000000000000000000000000002", "sesame"
	s := &Server{keyring: ring, c: config.Config{Carrier: "twilio", Twilio: config.Twilio{AccountSID: account, AuthToken: token}}}
	for _, tt := range []struct {
		claim                     string
		workspace, account, token string
		want                      bool
	}{
		{"the operator's own", roster.Default, "", "", true},
		{"with the account's token", "acme", account, token, true},
		{"with another token", "acme", account, "open", false},
		{"without a token", "acme", account, "", false},
		{"of another account", "acme", "AC00000000000000000000000000000003", token, false},
	} {
		sealed, err := ring.Seal(tt.token)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.owns(roster.Number{Workspace: tt.workspace, Account: tt.account, Token: sealed}, ""); got != tt.want {
			t.Errorf("%s: owns() = %v, want %v", tt.claim, got, tt.want)
		}
	}
	const theirs = "AC00000000000000000000000000000003"
	for _, tt := range []struct {
		claim  string
		number roster.Number
		want   bool
	}{
		{"proved at its own account", roster.Number{Workspace: "acme", Account: theirs, CarrierID: "PN1"}, true},
		{"of that account, as they say", roster.Number{Workspace: "acme", Account: theirs}, false},
		{"the operator's, as they say", roster.Number{Workspace: roster.Default, Account: theirs}, false},
		{"somebody else's, on their account", roster.Number{Workspace: "acme", Account: account, CarrierID: "PN2"}, false},
	} {
		if got := s.owns(tt.number, theirs); got != tt.want {
			t.Errorf("%s: owns() = %v, want %v", tt.claim, got, tt.want)
		}
	}
	s.c.Carrier = "sim"
	if !s.owns(roster.Number{Workspace: "acme"}, "") {
		t.Error("the simulated carrier has no account to show a token of")
	}
}
