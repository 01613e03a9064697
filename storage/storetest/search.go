package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("search",
		check{"a query finds the calls that it asks for, and no others", searched},
		check{"pages neither repeat nor leave out, whatever begins meanwhile", paged},
		check{"a cursor from elsewhere is refused", wrongCursor},
		check{"another workspace's calls are not found", searchedElsewhere},
		check{"a call's transcript is counted", counted},
	)
}

// library is a store with three calls that differ in everything a query asks.
func library(t *testing.T, s storage.Store) *storage.DB {
	db := s.(*storage.DB)
	make := func(name string, r storage.Call, age time.Duration, answered bool, events ...agentcore.Event) {
		r.ID, r.Carrier, r.State, r.Created = telephony.CallID(name), "CA"+name, telephony.Ringing, now.Add(-age)
		r.Workspace = "default"
		if _, _, err := db.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if answered {
			if err := db.Admit(t.Context(), r.ID, 1, "", r.Created); err != nil {
				t.Fatal(err)
			}
		}
		var entries []agentcore.Entry
		for i, e := range events {
			entries = append(entries, agentcore.Entry{N: i + 1, Version: 1, Wall: r.Created.Add(40 * time.Second), Event: e})
		}
		if err := db.Append(t.Context(), r.ID, 1, entries); err != nil {
			t.Fatal(err)
		}
	}
	make("one", storage.Call{From: "+14155550100", To: "+14155550199", Direction: telephony.Inbound, Agent: "Front Desk", AgentUUID: "11111111-1111-4111-8111-111111111111"}, time.Hour, true,
		agentcore.CallerSaid{Turn: 1, Text: "Are you open  on\nSaturday? 100%"},
		agentcore.AgentSaid{Reply: 1, Turn: 1, Text: "We are", Unheard: "closed on weekends", GapMS: 850},
		agentcore.CallerSaid{Turn: 2, Text: "thanks"},
		agentcore.AgentSaid{Reply: 2, Turn: 2, Text: "Goodbye.", GapMS: 600},
		agentcore.Ended{Reason: telephony.CallerHangup})
	make("two", storage.Call{From: "+442071234567", To: "+14155550199", Direction: telephony.Inbound, Agent: "night"}, 3*24*time.Hour, false,
		agentcore.Ended{Reason: telephony.NotConnected})
	make("three", storage.Call{From: "+14155550199", To: "+14155550100", Direction: telephony.Outbound, Agent: "night"}, time.Minute, true,
		agentcore.WhoAnswered{Verdict: verdict(answer.Beeped)},
		agentcore.WhoAnswered{Verdict: verdict(answer.Human)},
		agentcore.AgentSaid{Reply: 1, Text: "Good evening"},
		agentcore.CallerSaid{Turn: 1, Text: "who is this"},
		agentcore.AgentSaid{Reply: 2, Turn: 1, Text: "under_score", GapMS: 1200})
	for i, outcome := range []string{dispatch.OutcomeBusy, dispatch.OutcomeCompleted} {
		x := newTransfer(storage.Call{ID: "three"}, i)
		x.Status, x.Outcome = dispatch.TransferOver, outcome
		if _, _, err := db.CreateTransfer(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func searched(t *testing.T, s storage.Store) {
	db := library(t, s)
	for _, c := range []struct {
		query string
		want  []telephony.CallID
	}{
		{"", []telephony.CallID{"three", "one", "two"}},
		{`agent:"front desk"`, []telephony.CallID{"one"}},
		{"agent:11111111-1111-4111-8111-111111111111", []telephony.CallID{"one"}},
		{"agent:front", nil},
		{"number:+14155550100", []telephony.CallID{"three", "one"}},
		{"number:+1415*", []telephony.CallID{"three", "one", "two"}},
		{"from:+44*", []telephony.CallID{"two"}},
		{"to:+14155550199", []telephony.CallID{"one", "two"}},
		{"direction:outbound", []telephony.CallID{"three"}},
		{"end:caller_hangup,not_connected", []telephony.CallID{"one", "two"}},
		{"transfer:completed", []telephony.CallID{"three"}},
		{"transfer:no_answer,busy direction:outbound", []telephony.CallID{"three"}},
		{"transfer:no_answer", nil},
		{"who:fax,human", []telephony.CallID{"three"}},
		{"who:voicemail_beep,unknown", nil},
		{"live:true", []telephony.CallID{"three"}},
		{"live:false", []telephony.CallID{"one", "two"}},
		{"gap>800", []telephony.CallID{"three", "one"}},
		{"gap>850", []telephony.CallID{"three"}},
		{"gap<700", []telephony.CallID{"one"}},
		{"gap>=850 gap=850", []telephony.CallID{"one"}},
		{"unheard>0", []telephony.CallID{"one"}},
		{"unheard=3", []telephony.CallID{"one"}},
		{"unheard=0", []telephony.CallID{"three", "two"}},
		{"duration>30", []telephony.CallID{"three", "one"}},
		{"duration<1", []telephony.CallID{"two"}},
		{`said:"SATURDAY"`, []telephony.CallID{"one"}},
		{`said:"open on saturday"`, []telephony.CallID{"one"}},
		{`said:"weekends"`, nil},
		{`said:"100%"`, []telephony.CallID{"one"}},
		{`said:"1%0"`, nil},
		{`said:"under_s"`, []telephony.CallID{"three"}},
		{`said:"_"`, []telephony.CallID{"three"}},
		{`said:"' OR 1=1 --"`, nil},
		{"since:2h", []telephony.CallID{"three", "one"}},
		{"until:2h", []telephony.CallID{"two"}},
		{"id:two", []telephony.CallID{"two"}},
		{`said:saturday gap>800 end:caller_hangup since:1d`, []telephony.CallID{"one"}},
	} {
		q, err := search.Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		page, next, err := db.SearchCalls(t.Context(), "default", q, now, "", 0)
		var got []telephony.CallID
		for _, f := range page {
			got = append(got, f.ID)
		}
		if err != nil || next != "" || !reflect.DeepEqual(got, c.want) {
			t.Errorf("SearchCalls(%s) = %v, %q, %v, want %v", c.query, got, next, err, c.want)
		}
	}
}

func counted(t *testing.T, s storage.Store) {
	db := library(t, s)
	for id, want := range map[telephony.CallID]storage.Numbers{
		"one": {Turns: 2, MedianGap: 600, Unheard: 3}, "two": {}, "three": {Turns: 1, MedianGap: 1200}, "nobody": {},
	} {
		got, err := db.Numbers(t.Context(), id)
		if err != nil || got != want {
			t.Errorf("Numbers(%s) = %+v, %v, want %+v", id, got, err, want)
		}
	}
}

func paged(t *testing.T, s storage.Store) {
	db := s.(*storage.DB)
	begin := func(n int, at time.Time) {
		r := storage.Call{ID: telephony.CallID(fmt.Sprintf("call_%03d", n)), Created: at, Direction: telephony.Inbound, Workspace: "default"}
		if _, _, err := db.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 23 {
		begin(n, now.Add(time.Duration(n/3)*time.Second)) // three in the same moment
	}
	var got []telephony.CallID
	cursor := ""
	for pages := 1; ; pages++ {
		page, next, err := db.SearchCalls(t.Context(), "default", nil, now, cursor, 5)
		if err != nil || len(page) > 5 {
			t.Fatalf("page %d: %d calls, %v", pages, len(page), err)
		}
		for _, f := range page {
			got = append(got, f.ID)
		}
		begin(100+pages, now.Add(time.Hour)) // newer than all
		if cursor = next; next == "" {
			break
		}
	}
	if len(got) != 23 {
		t.Fatalf("%d calls on all pages, want 23: %v", len(got), got)
	}
	for i, id := range got {
		if want := telephony.CallID(fmt.Sprintf("call_%03d", 22-i)); id != want {
			t.Errorf("place %d has %s, want %s", i, id, want)
		}
	}
}

func wrongCursor(t *testing.T, s storage.Store) {
	for _, cursor := range []string{"x", "bm9uZQ", "MTIz", "MTIzLg", string(make([]byte, 2000))} {
		if _, _, err := s.(*storage.DB).SearchCalls(t.Context(), "default", nil, now, cursor, 1); !errors.Is(err, storage.ErrCursor) {
			t.Errorf("SearchCalls(cursor %.10q) = %v, want ErrCursor", cursor, err)
		}
	}
}

func searchedElsewhere(t *testing.T, s storage.Store) {
	db := library(t, s)
	for _, query := range []string{"", "id:one", "number:+14155550100", "said:saturday"} {
		q, err := search.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		if page, _, err := db.SearchCalls(t.Context(), "ws_other", q, now, "", 0); err != nil || len(page) != 0 {
			t.Errorf("SearchCalls(%q) of another workspace = %d calls, %v", query, len(page), err)
		}
	}
}
