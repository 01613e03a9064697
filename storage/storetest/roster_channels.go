package storetest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("channels and opt-outs",
		check{"a channel comes back as it went in, its address once", channelKept},
		check{"of two changes of a channel one wins, and the audit says what it was", channelChanged},
		check{"a channel is its workspace's", channelIsolated},
		check{"who opted out is found by scope", optedOut},
		check{"opt-outs are listed newest first, and removed", optOutPages},
		check{"the audit names nobody who opted out", optOutDiscreet},
	)
}

// aChannel is one in which every field is set.
func aChannel(id string) roster.Channel {
	return roster.Channel{
		ID: "chan_" + id, Workspace: roster.Default, Name: "Front desk", Kind: telephony.Phone, Address: "+1555010" + id,
		Timezone: "Europe/Berlin", Hours: json.RawMessage(`[{"days":["mon"],"from":"09:00","to":"17:00"}]`), Enabled: true,
		AgentUUID: uuid(1), Secret: "sealed-secret", Created: now, Updated: now,
	}
}

func newChannel(t testing.TB, s storage.Store, id string) roster.Channel {
	t.Helper()
	c, err := s.CreateChannel(t.Context(), aChannel(id), who)
	if err != nil {
		t.Fatalf("CreateChannel(%s) = %v", id, err)
	}
	return c
}

func channelKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	want := aChannel("1")
	if got := newChannel(t, s, "1"); !reflect.DeepEqual(got, want) {
		t.Errorf("CreateChannel() = %+v, want %+v", got, want)
	}
	if got, err := s.ChannelAt(ctx, telephony.Phone, want.Address); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ChannelAt() = %+v, %v, want %+v", got, err, want)
	}
	_, err := s.ChannelAt(ctx, telephony.WhatsApp, want.Address)
	refused(t, "ChannelAt(another kind)", err, roster.ErrNotFound)
	again := aChannel("2")
	again.Address = want.Address
	_, err = s.CreateChannel(ctx, again, who)
	refused(t, "CreateChannel(address in use)", err, roster.ErrTaken)
	again.Kind, again.Hours = telephony.WhatsApp, nil
	if c, err := s.CreateChannel(ctx, again, who); err != nil || string(c.Hours) != "[]" {
		t.Errorf("CreateChannel(another kind) = %+v, %v, want it at all times", c, err)
	}
	again.Workspace = "ws_nobody"
	_, err = s.CreateChannel(ctx, again, who)
	refused(t, "CreateChannel(no workspace)", err, roster.ErrNotFound)
}

func channelChanged(t *testing.T, s storage.Store) {
	ctx := t.Context()
	c := newChannel(t, s, "1")
	c.Enabled, c.Name, c.Secret = false, "Back door", "sealed-other"
	oneWins(t, race(8, func(i int) error {
		_, err := s.ChangeChannel(ctx, c, now, who, now)
		return err
	}), roster.ErrConflict)
	on, err := s.Channel(ctx, roster.Default, c.ID)
	if err != nil || on.Enabled || on.Name != "Back door" || on.Secret != "sealed-other" || !on.Updated.After(now) {
		t.Errorf("Channel() = %+v, %v, want it changed, and later", on, err)
	}
	if same, err := s.ChangeChannel(ctx, on, on.Updated, who, later(5)); err != nil || !same.Updated.Equal(on.Updated) {
		t.Errorf("ChangeChannel(nothing new) = %+v, %v", same, err)
	}
	if err := s.DeleteChannel(ctx, roster.Default, c.ID, who, later(6)); err != nil {
		t.Errorf("DeleteChannel() = %v", err)
	}
	refused(t, "DeleteChannel(again)", s.DeleteChannel(ctx, roster.Default, c.ID, who, later(6)), roster.ErrNotFound)
	want := []string{
		"key:key_1 channel.create chan_1: phone", "key:key_1 channel.update chan_1: enabled, name, secret", "key:key_1 channel.delete chan_1",
	}
	if got := lines(t, s, roster.Default); !slices.Equal(got, want) {
		t.Errorf("the audit says %q, want %q", got, want)
	}
}

func channelIsolated(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	c := newChannel(t, s, "1")
	_, err := s.Channel(ctx, other, c.ID)
	refused(t, "Channel(another's)", err, roster.ErrNotFound)
	c.Workspace = other
	_, err = s.ChangeChannel(ctx, c, now, who, now)
	refused(t, "ChangeChannel(another's)", err, roster.ErrNotFound)
	refused(t, "DeleteChannel(another's)", s.DeleteChannel(ctx, other, c.ID, who, now), roster.ErrNotFound)
	if all, err := s.ListChannels(ctx, other); err != nil || len(all) != 0 {
		t.Errorf("another lists %d, %v", len(all), err)
	}
	newChannel(t, s, "2")
	if all, err := s.ListChannels(ctx, roster.Default); err != nil || len(all) != 2 || all[0].ID != "chan_1" {
		t.Errorf("ListChannels() = %+v, %v, want both", all, err)
	}
}

// optOut puts a contact on the list.
func optOut(t testing.TB, s storage.Store, contact, scope string, at time.Time) {
	t.Helper()
	o := roster.OptOut{Workspace: roster.Default, Contact: contact, Scope: scope, Source: "keyword", Note: "STOP", Created: at}
	if err := s.SetOptOut(t.Context(), o, who); err != nil {
		t.Fatal(err)
	}
}

func optedOut(t *testing.T, s storage.Store) {
	optOut(t, s, "+15550201", roster.OptOutAll, now)
	optOut(t, s, "+15550202", roster.OptOutCalls, now)
	optOut(t, s, "+15550202", roster.OptOutCalls, later(1)) // the first stays
	optOut(t, s, "ann@example.com", roster.OptOutMessages, now)
	for _, c := range []struct {
		workspace, contact, scope string
		want                      bool
	}{
		{roster.Default, "+15550201", roster.OptOutCalls, true},
		{roster.Default, "+15550201", roster.OptOutMessages, true},
		{roster.Default, "+15550202", roster.OptOutCalls, true},
		{roster.Default, "+15550202", roster.OptOutMessages, false},
		{roster.Default, "ann@example.com", roster.OptOutMessages, true},
		{roster.Default, "ann@example.com", roster.OptOutCalls, false},
		{roster.Default, "+15550203", roster.OptOutCalls, false},
		{other, "+15550201", roster.OptOutCalls, false},
	} {
		o, err := s.OptedOut(t.Context(), c.workspace, c.contact, c.scope)
		if !c.want {
			refused(t, "OptedOut("+c.contact+", "+c.scope+")", err, roster.ErrNotFound)
		} else if err != nil || o.Contact != c.contact || o.Source != "keyword" || o.Note != "STOP" || !o.Created.Equal(now) {
			t.Errorf("OptedOut(%s, %s) = %+v, %v", c.contact, c.scope, o, err)
		}
	}
	refused(t, "SetOptOut(no workspace)", s.SetOptOut(t.Context(), roster.OptOut{Workspace: "ws_nobody", Contact: "x", Scope: "all"}, who), roster.ErrNotFound)
}

func optOutPages(t *testing.T, s storage.Store) {
	ctx := t.Context()
	optOut(t, s, "+1", roster.OptOutCalls, now)
	optOut(t, s, "+1", roster.OptOutMessages, now)
	optOut(t, s, "+2", roster.OptOutAll, later(1))
	got, cursor := "", ""
	for range 3 {
		page, next, err := s.ListOptOuts(ctx, roster.Default, cursor, 1)
		if err != nil || len(page) != 1 {
			t.Fatalf("ListOptOuts() = %+v, %v", page, err)
		}
		got, cursor = got+page[0].Contact+" "+page[0].Scope+"; ", next
	}
	if want := "+2 all; +1 messages; +1 calls; "; got != want || cursor != "" {
		t.Errorf("ListOptOuts() = %q, then %q, want %q", got, cursor, want)
	}
	for _, step := range []struct {
		contact, scope string
		want           error
	}{
		{"+1", roster.OptOutAll, roster.ErrNotFound}, {"+1", roster.OptOutCalls, nil}, {"+1", roster.OptOutCalls, roster.ErrNotFound},
		{"+1", "", nil}, {"+2", "", nil}, {"+2", "", roster.ErrNotFound},
	} {
		refused(t, "RemoveOptOut("+step.contact+step.scope+")", s.RemoveOptOut(ctx, roster.Default, step.contact, step.scope, who, now), step.want)
	}
}

func optOutDiscreet(t *testing.T, s storage.Store) {
	optOut(t, s, "+15550201", roster.OptOutAll, now)
	optOut(t, s, "+15550201", roster.OptOutAll, now) // no change
	if err := s.RemoveOptOut(t.Context(), roster.Default, "+15550201", "", who, now); err != nil {
		t.Fatal(err)
	}
	newChannel(t, s, "1")
	told := lines(t, s, roster.Default)
	if len(told) != 3 || strings.Contains(strings.Join(told, "\n"), "+1555") {
		t.Errorf("the audit says %q, want three lines without a number", told)
	}
}
