package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/metrics/lint"
)

// areas are the headings of docs/metric-families.md, and how the names begin that
// stand below each: the longest beginning counts.
var areas = []struct {
	heading string
	names   []string
}{
	{"Calls", []string{"call_duration", "call_setup", "calls_", "conversation", "dispatches_", "tokens_refused", "answered_by", "who_answered", "voicemail_"}},
	{"Calls that outlive their process", []string{"calls_resumed", "resume_gap", "journal_", "fenced_"}},
	{"Turns", []string{"e2e_", "end_of_turn_", "transcription_", "tool_", "llm_node_", "tts_node_", "line_delay", "interruptions_", "false_interruptions_", "cut_ins_", "talk_over_"}},
	{"Media and the carrier", []string{"frames_", "frame_", "playback_", "carrier_", "streams_", "twilio_", "websocket_"}},
	{"Transfers, and calls that are placed", []string{"transfer", "dial", "calls_not_permitted"}},
	{"Later, and in writing", []string{"errand", "messages_"}},
	{"Webhooks", []string{"webhook"}},
	{"Providers and what they cost", []string{"provider_", "call_cost_", "recogniser_", "voice_queue_"}},
	{"Rooms and captions", []string{"livekit_", "captions_", "listener_"}},
	{"The process", []string{"admission_", "load_", "scheduler_", "ready", "build_", "spans_"}},
}

// areaOf is the heading of a family, "" when it has none.
func areaOf(name string) (heading string) {
	longest := 0
	for _, a := range areas {
		for _, begin := range a.names {
			if strings.HasPrefix(strings.TrimPrefix(name, "hookswitch_"), begin) && len(begin) > longest {
				heading, longest = a.heading, len(begin)
			}
		}
	}
	return heading
}

// shown is a whole gateway that nobody calls, whose metrics are all that there may be.
func shown(t *testing.T) *server.Server {
	t.Helper()
	dir := t.TempDir()
	l, err := config.Load(config.Input{Dir: dir, Flags: map[string]string{
		"listen": "127.0.0.1:0", "database-url": "sqlite://" + filepath.Join(dir, "hookswitch.db"), "metrics-agents": "on", "recogniser": "none",
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Build(t.Context(), server.Options{Config: l.Config, Version: "0.1.0", Load: func(context.Context) (*server.Speech, error) {
		return &server.Speech{Voice: mute{}, Speaks: "nobody"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return s
}

// What the gateway adds to its metrics is held against the same rules as what the
// package metrics makes.
func TestEveryMetricOfTheGatewayHasItsUnitItsHelpAndItsBounds(t *testing.T) {
	set := shown(t).Metrics()
	for _, wrong := range lint.Families(set.Families()) {
		t.Error(wrong)
	}
	gathered, err := set.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range lint.Series(gathered) {
		t.Error(wrong)
	}
	known := map[string]bool{}
	for _, f := range set.Families() {
		known[f.Name] = true
	}
	for _, f := range gathered {
		if strings.HasPrefix(f.GetName(), "hookswitch_") && !known[f.GetName()] {
			t.Errorf("%s is shown, and no family: make it with Set.Gauge or the factory", f.GetName())
		}
	}
}

// The list of families in the documents is the gateway's. Refresh it:
// go test ./cmd/hookswitch -run TestFamiliesInTheDocs -update
func TestFamiliesInTheDocsAreTheGateways(t *testing.T) {
	const page, from = "../../docs/metric-families.md", "<!-- from here on a test writes it -->\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, have, began := strings.Cut(string(text), from)
	if !began {
		t.Fatalf("%s has no place for the list", page)
	}
	want := families(t, shown(t).Metrics().Families())
	if have == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not current: run this test with -update", page)
	}
	if err := os.WriteFile(page, []byte(before+from+want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// families writes all as tables, one below each heading.
func families(t *testing.T, all []metrics.Family) string {
	below := map[string][]metrics.Family{}
	for _, f := range all {
		heading := areaOf(f.Name)
		if heading == "" {
			t.Errorf("%s stands below no heading: add it to areas", f.Name)
		}
		below[heading] = append(below[heading], f)
	}
	var b strings.Builder
	for _, a := range areas {
		fmt.Fprintf(&b, "\n## %s\n\n| family | type | labels | what it tells |\n|---|---|---|---|\n", a.heading)
		slices.SortFunc(below[a.heading], func(x, y metrics.Family) int { return strings.Compare(x.Name, y.Name) })
		for _, f := range below[a.heading] {
			var labels []string
			for _, l := range f.Labels {
				labels = append(labels, fmt.Sprintf("`%s` (%d)", l, lint.Labels[l]))
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, strings.Join(labels, ", "), strings.ReplaceAll(f.Help, "|", "\\|"))
		}
	}
	return b.String()
}
