package server

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/storage/seal"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

const (
	ourAccount, ourToken     = "AC00000000000000000000000000000002", "sesame"
	theirAccount, theirToken = "AC00000000000000000000000000000003", "open"
)

// shared is a gateway of the account ourAccount, whose operator's own agent
// answers houseNumber. Beside the operator there is the workspace "acme".
func shared(t *testing.T, houseNumber string) *Server {
	t.Helper()
	ring, _, err := seal.Load(seal.Options{Env: base64.StdEncoding.EncodeToString(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.CreateWorkspace(t.Context(), roster.Workspace{ID: "acme", Name: "acme", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	s := &Server{store: db, keyring: ring, log: slog.New(slog.DiscardHandler)}
	s.c = config.Config{Carrier: "twilio", Twilio: config.Twilio{AccountSID: ourAccount, AuthToken: ourToken}}
	s.c.Agent.Name, s.c.Agent.Number = "demo", houseNumber
	return s
}

// claims has acme say that number is its own, on an account; proved makes it so.
func (s *Server) claims(t *testing.T, number, account, token string, proved bool) {
	t.Helper()
	sealed, err := s.keyring.Seal(token)
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.store.CreateNumber(t.Context(), roster.Number{
		Workspace: "acme", Number: number, Label: "x", Inbound: true, Outbound: true, Provider: roster.Twilio, Account: account, Token: sealed,
	}, "test", time.Now())
	if err == nil && proved {
		err = s.store.SetNumberCarrier(t.Context(), "acme", n.ID, "PN1", "{}", "test", time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Who says first that a number is theirs, and can't show it, neither keeps its
// calls from their owner nor gets to see them.
func TestACallToANumberIsNotWhosoeverClaimsIt(t *testing.T) {
	const number = "+14155550142"
	for _, tt := range []struct {
		claim          string
		account, token string // with which acme claims the number; empty: it does not
		proved         bool
		house          string
		calledOn       string // account; empty: ours
		wantAgent      string
		wantRefusal    telephony.EndReason
		wantWorkspace  string
	}{
		{"ours, and nobody claims it", "", "", false, number, "", "demo", "", roster.Default},
		{"ours, claimed with another account", theirAccount, theirToken, false, number, "", "demo", "", roster.Default},
		{"ours, claimed with our account and a wrong token", ourAccount, "guess", false, number, "", "demo", "", roster.Default},
		{"ours, claimed with another account's proof", theirAccount, theirToken, true, number, "", "demo", "", roster.Default},
		{"ours without the settings' agent, claimed", theirAccount, theirToken, false, "", "", "", telephony.NumberUnknown, roster.Default},
		{"theirs and proved", theirAccount, theirToken, true, "*", theirAccount, "", telephony.NumberUnknown, "acme"},
		{"another account's, which says that it is ours", "", "", false, number, theirAccount, "", telephony.NumberUnknown, roster.Default},
		{"another account's, when the settings' agent answers all", "", "", false, "*", theirAccount, "", telephony.NumberUnknown, roster.Default},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			s := shared(t, tt.house)
			if tt.account != "" {
				s.claims(t, number, tt.account, tt.token, tt.proved)
			}
			got, err := s.route(t.Context(), telephony.Incoming{Carrier: "CA1", Account: tt.calledOn, From: "+14155550134", To: number})
			if err != nil || got.Agent != tt.wantAgent || got.Refuse != tt.wantRefusal || got.Workspace != tt.wantWorkspace {
				t.Errorf("route() = agent %q, refusal %q, workspace %q, %v", got.Agent, got.Refuse, got.Workspace, err)
			}
		})
	}
}

// placed is a carrier that takes every call.
type placed struct{ telephony.Carrier }

func (placed) Dial(context.Context, telephony.Outgoing) (string, error) { return "CA1", nil }

// Nor does such a claim keep the operator from calling with the number, or let
// anybody else do so.
func TestWhoMayCallWithAClaimedNumber(t *testing.T) {
	const number = "+14155550142"
	s := shared(t, number)
	s.claims(t, number, theirAccount, theirToken, false)
	for _, from := range []telephony.Number{number, "+14155550143"} { // the other one nobody claims: a channel may name it
		for _, tt := range []struct {
			workspace, account string
			want               error
		}{
			{roster.Default, "", nil},
			{roster.Default, theirAccount, errNotYours},
			{"acme", "", errNotYours},
			{"acme", theirAccount, errNotYours},
		} {
			_, err := guarded{placed{}, s}.Dial(t.Context(), telephony.Outgoing{Workspace: tt.workspace, Account: tt.account, From: from, To: "+14155550134"})
			if !errors.Is(err, tt.want) {
				t.Errorf("%s on account %q from %s: %v, want %v", tt.workspace, tt.account, from, err, tt.want)
			}
		}
	}
}

// Whoever has the token of an account signs for it once that was proved, and not
// before.
func TestATokenSignsOnceItIsProved(t *testing.T) {
	s := shared(t, "")
	s.claims(t, "+14155550142", theirAccount, "guess", false)
	if a, err := (lines{s}).Account(t.Context(), theirAccount); err == nil {
		t.Errorf("Account(unproved) = %v", a.SID)
	}
	s.claims(t, "+14155550143", theirAccount, theirToken, true)
	a, err := lines{s}.Account(t.Context(), theirAccount)
	if err != nil || a.SID != theirAccount || a.Token != theirToken || len(a.OldTokens) != 0 {
		t.Errorf("Account() = %s with %d old tokens, %v, want the one that was proved", a.SID, len(a.OldTokens), err)
	}
}

// A call is shown as coming only from its workspace's own number on its account.
func TestWhatACallMayShow(t *testing.T) {
	s := shared(t, "")
	s.claims(t, "+14155550142", theirAccount, theirToken, true)
	s.claims(t, "+14155550143", theirAccount, theirToken, false)
	for _, tt := range []struct {
		workspace, account string
		number             telephony.Number
		want               bool
	}{
		{"acme", theirAccount, "+14155550142", true},
		{"acme", "", "+14155550142", false},
		{"acme", theirAccount, "+14155550143", false},
		{roster.Default, theirAccount, "+14155550142", false},
		{"acme", theirAccount, "+14155550144", false},
	} {
		got, err := s.shows(t.Context(), dispatch.Record{Workspace: tt.workspace, Account: tt.account}, tt.number)
		if err != nil || got != tt.want {
			t.Errorf("%s on %q shows %s: %v, %v, want %v", tt.workspace, tt.account, tt.number, got, err, tt.want)
		}
	}
}
