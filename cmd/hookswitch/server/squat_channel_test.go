package server

import (
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// writesFrom makes a channel of a number, or of an e-mail address.
func (s *Server) writesFrom(t *testing.T, workspace, kind, address string) (roster.Channel, error) {
	t.Helper()
	terms := roster.Terms{Now: time.Now(), Seal: s.keyring.Seal, Open: s.keyring.Open, Who: "test"}
	c, err := terms.CreateChannel(map[string]any{"type": kind, "address": address})
	if err != nil {
		t.Fatal(err)
	}
	c.Workspace = workspace
	return desks{s.store, s}.CreateChannel(t.Context(), c, "test")
}

// Nor does a channel keep a number's owner from writing: whose it is is known,
// and who was first counts only among those of whom nobody knows it.
func TestAChannelIsOfItsNumbersOwner(t *testing.T) {
	const unclaimed, theirs, mine = "+14155550142", "+14155550143", "desk@example.com"
	s := shared(t, "")
	s.c.Mail.Domains = "default=*,acme=example.com"
	s.claims(t, theirs, theirAccount, theirToken, true)
	for _, tt := range []struct {
		claim, kind, address string
		first, then          string // workspaces
		want                 error
	}{
		{"the operator's account has it", telephony.Phone, unclaimed, "acme", roster.Default, nil},
		{"and keeps it", telephony.Phone, unclaimed, roster.Default, "acme", roster.ErrTaken},
		{"on WhatsApp, too", telephony.WhatsApp, unclaimed, "acme", roster.Default, nil},
		{"acme proved that it is theirs", telephony.WhatsApp, theirs, "acme", roster.Default, roster.ErrTaken},
		{"one's own is taken", telephony.Phone, unclaimed, "acme", "acme", roster.ErrTaken},
		{"an e-mail address: who is first", telephony.Email, mine, "acme", roster.Default, roster.ErrTaken},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			terms := roster.Terms{Now: time.Now(), Seal: s.keyring.Seal, Open: s.keyring.Open}
			c, err := terms.CreateChannel(map[string]any{"type": tt.kind, "address": tt.address})
			if err != nil {
				t.Fatal(err)
			}
			c.Workspace = tt.first // as if nothing was known when it was made
			if _, err := s.store.CreateChannel(t.Context(), c, "test"); err != nil {
				t.Fatal(err)
			}
			defer func() {
				on, err := s.store.ChannelAt(t.Context(), tt.kind, tt.address)
				if err == nil {
					err = s.store.DeleteChannel(t.Context(), on.Workspace, on.ID, "test", time.Now())
				}
				if err != nil {
					t.Error(err)
				}
			}()
			_, err = s.writesFrom(t, tt.then, tt.kind, tt.address)
			on, found := s.store.ChannelAt(t.Context(), tt.kind, tt.address)
			want := tt.then
			if tt.want != nil {
				want = tt.first
			}
			if !errors.Is(err, tt.want) || found != nil || on.Workspace != want {
				t.Errorf("%s asks: %v, and %s has it (%v)", tt.then, err, on.Workspace, found)
			}
		})
	}
}

// Who proved a number gets the channel that somebody else made of it before.
func TestAProofUnseatsAChannel(t *testing.T) {
	const number = "+14155550142"
	s := shared(t, "")
	s.c.Mail.Domains = "default=*,acme=example.com"
	if _, err := s.writesFrom(t, roster.Default, telephony.Phone, number); err != nil {
		t.Fatal(err)
	}
	d := desks{s.store, s}
	acmes := roster.Channel{Workspace: "acme", Kind: telephony.Phone, Address: number}
	if free, err := d.unseat(t.Context(), acmes, "test"); err != nil || free {
		t.Errorf("unseat(unproved) = %v, %v", free, err)
	}
	s.claims(t, number, theirAccount, theirToken, true)
	if free, err := d.unseat(t.Context(), acmes, "test"); err != nil || !free {
		t.Errorf("unseat(proved) = %v, %v", free, err)
	}
}

// What was disabled sends nothing, also in chats that began before.
func TestADisabledChannelSendsNothing(t *testing.T) {
	s := shared(t, "")
	s.c.Mail.Domains = "default=*,acme=example.com"
	ch, err := s.writesFrom(t, "acme", telephony.Email, "desk@example.com")
	if err != nil {
		t.Fatal(err)
	}
	on := chat.Chat{Workspace: "acme", Channel: ch.ID, Kind: ch.Kind, Address: ch.Address}
	code := func() string {
		_, err := s.sender(t.Context(), on)
		var no *telephony.TextError
		if !errors.As(err, &no) {
			t.Fatalf("sender() = %v", err)
		}
		return no.Code
	}
	if got := code(); got != "no_mail_server" {
		t.Errorf("an enabled channel: %s", got)
	}
	off := ch
	off.Enabled = false
	if _, err := s.store.ChangeChannel(t.Context(), off, ch.Updated, "test", time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := code(); got != "channel_disabled" {
		t.Errorf("a disabled one: %s", got)
	}
	if err := s.store.DeleteChannel(t.Context(), "acme", ch.ID, "test", time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := code(); got != "channel_disabled" {
		t.Errorf("one that was deleted: %s", got)
	}
}

// Nobody can prove that an e-mail address is theirs: the operator says who writes
// from which domain.
func TestWhoMayWriteFromADomain(t *testing.T) {
	s := &Server{}
	s.c.Mail.Domains = "default=*, acme=acme.example,acme=shop.example"
	for _, tt := range []struct {
		workspace, address string
		may                bool
	}{
		{"default", "desk@anything.example", true},
		{"acme", "desk@acme.example", true},
		{"acme", "desk@SHOP.example", true},
		{"acme", "desk@sub.acme.example", false},
		{"acme", "acme.example@other.example", false},
		{"other", "desk@acme.example", false},
	} {
		if got := s.mayMail(tt.workspace, tt.address); got != tt.may {
			t.Errorf("%s writes from %s: %v, want %v", tt.workspace, tt.address, got, tt.may)
		}
	}
}
