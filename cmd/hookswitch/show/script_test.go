package show_test

import (
	"reflect"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

type (
	planned = agentcore.Planned
	said    = agentcore.AgentSaid
	heard   = agentcore.CallerSaid
)

func TestItemsStandInTheOrderInWhichTheyBegan(t *testing.T) {
	for _, tc := range []struct {
		name    string
		entries []agentcore.Entry
		want    []string // kind and text
	}{
		{"key while the agent speaks", []agentcore.Entry{
			at(10, planned{Reply: 1}), at(900, agentcore.CallerPressed{Digit: "5"}), at(2000, said{Reply: 1, Text: "hello", StartMS: 20}),
		}, []string{"agent hello", "key 5"}},
		{"tool in the middle of a reply", []agentcore.Entry{
			at(10, planned{Reply: 1}),
			at(50, agentcore.ToolIntent{Key: "k", Name: "book"}), at(70, agentcore.ToolResult{Key: "k", TookMS: 20}),
			at(2000, said{Reply: 1, Text: "let me see", StartMS: 20}),
		}, []string{"agent let me see", "tool "}},
		{"reply that was never begun holds nothing up for good", []agentcore.Entry{
			at(10, planned{Reply: 1}), at(30, heard{Text: "wait", StartMS: 5}),
			at(40, planned{Reply: 2}), at(900, said{Reply: 2, Text: "yes", StartMS: 50}),
		}, []string{"caller wait", "agent yes"}},
		{"talk-over without words", []agentcore.Entry{
			at(10, planned{Reply: 1}), at(200, agentcore.TalkOver{Reply: 1, StartMS: 100, ClearMS: 200}),
			at(210, said{Reply: 1, Text: "hel", StartMS: 20, EndMS: 205, Cut: true}), at(900, agentcore.Ended{Reason: "silence"}),
		}, []string{"agent hel", "noise ", "ended silence"}},
		{"reply cut before its first sample", []agentcore.Entry{
			at(5000, heard{Text: "On Tuesday", StartMS: 4000}), at(5010, planned{Reply: 2}),
			at(5050, said{Reply: 2, Unheard: "At what time?", Cut: true}), at(6000, heard{Text: "or Wednesday", StartMS: 5040}),
		}, []string{"caller On Tuesday", "agent ", "caller or Wednesday"}},
		{"talk-over without words, then another", []agentcore.Entry{
			at(200, said{Reply: 1, Text: "hel", StartMS: 20, EndMS: 205, Cut: true}), at(210, agentcore.TalkOver{Reply: 1, StartMS: 100, ClearMS: 200}),
			at(900, said{Reply: 2, Text: "are you", StartMS: 600, EndMS: 890, Cut: true}), at(910, agentcore.TalkOver{Reply: 2, StartMS: 800, ClearMS: 880}),
			at(2000, heard{Text: "yes", StartMS: 800}),
		}, []string{"agent hel", "noise ", "agent are you", "caller yes"}},
		{"line lost in a reply, and taken up again", []agentcore.Entry{
			at(10, planned{Reply: 5}), at(500, agentcore.Lost{Cause: "reset"}), at(900, agentcore.Opened{Epoch: 2}),
			at(910, planned{Reply: 1}), at(2000, said{Reply: 1, Text: "back again", StartMS: 920, EndMS: 1990}),
		}, []string{"lost reset", "answered ", "agent back again"}},
		{"stream that stopped because the caller hung up", []agentcore.Entry{
			at(500, agentcore.Lost{Cause: "stopped"}), at(900, agentcore.Ended{Reason: telephony.CallerHangup}),
		}, []string{"ended caller_hangup"}},
		{"line lost for good", []agentcore.Entry{
			at(500, agentcore.Lost{Cause: "reset"}), at(900, agentcore.Ended{Reason: "silence"}),
		}, []string{"lost reset", "ended silence"}},
		{"tool that never answered", []agentcore.Entry{
			at(10, agentcore.ToolIntent{Key: "k", Name: "book"}), at(900, agentcore.Ended{Reason: "silence"}),
		}, []string{"tool ", "ended silence"}},
		{"journal that breaks off in a reply", []agentcore.Entry{
			at(10, planned{Reply: 1}), at(20, heard{Text: "hello", StartMS: 15}),
		}, []string{"caller hello"}},
		{"result without an intent, event of a later build", []agentcore.Entry{
			at(10, agentcore.ToolResult{Key: "k"}), at(11, agentcore.Unknown{Name: "hologram"}),
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, i := range show.Items(tc.entries) {
				got = append(got, i.Kind+" "+i.Text)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Items() = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLinesAppearWhenTheyAreComplete(t *testing.T) {
	var s show.Script
	steps := []struct {
		entry agentcore.Entry
		want  int // items
	}{
		{at(10, agentcore.Opened{Epoch: 1}), 1},
		{at(20, planned{Reply: 1}), 0},
		{at(900, said{Reply: 1, StartMS: 30, Text: "hello"}), 1},
		{at(1500, heard{Text: "hi", StartMS: 1000}), 1},
		{at(1510, planned{Reply: 2}), 0},
		{at(1600, agentcore.CallerPressed{Digit: "1"}), 0},
		{at(2000, said{Reply: 2, StartMS: 1520}), 2},
	}
	for n, st := range steps {
		if got := len(s.Add(st.entry)); got != st.want {
			t.Errorf("entry %d (%s): %d items, want %d", n+1, st.entry.Event.Kind(), got, st.want)
		}
	}
}

func TestSilenceIsMeasuredOnTheLineWhenSomebodyCan(t *testing.T) {
	entries := []agentcore.Entry{
		at(200, agentcore.TalkOver{Reply: 1, StartMS: 100, ClearMS: 180, HeardWords: 3, AllWords: 7}),
		at(210, said{Reply: 1, EndMS: 205, Cut: true}), at(900, heard{Text: "stop", StartMS: 100, TalkedOver: true}),
	}
	for _, tc := range []struct {
		name    string
		measure func(agentcore.TalkOver) (int64, bool)
		want    int64
	}{
		{"by the gateway's clock", nil, 105},
		{"by the far end", func(agentcore.TalkOver) (int64, bool) { return 131, true }, 131},
		{"far end does not know", func(agentcore.TalkOver) (int64, bool) { return 0, false }, 105},
	} {
		s := show.Script{Silenced: tc.measure}
		var talk *show.Talk
		for _, e := range entries {
			for _, i := range s.Add(e) {
				if i.Talk != nil {
					talk = i.Talk
				}
			}
		}
		if talk == nil || talk.SilentMS != tc.want || talk.Unheard != 4 || talk.Words != 7 {
			t.Errorf("%s: talk-over %+v, want silent after %d ms, 4 of 7 words", tc.name, talk, tc.want)
		}
	}
}

func TestToolCallReadsAsAPersonWouldWriteIt(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{`{"day":"Tuesday","time":"15:30"}`, `f(day="Tuesday", time="15:30")`},
		{`{"z":1,"a":[1, 2],"o":{"k": null}}`, `f(z=1, a=[1,2], o={"k":null})`},
		{`{}`, `f()`},
		{``, `f()`},
		{`{"cut":`, `f({"cut":)`},
		{`"text"`, `f("text")`},
		{"{\"a\":\"\u202e\"}", `f(a="\u202e")`},
	} {
		if got := (show.ToolCall{Name: "f", Arguments: tc.args}).String(); got != tc.want {
			t.Errorf("%q: %s, want %s", tc.args, got, tc.want)
		}
	}
}
