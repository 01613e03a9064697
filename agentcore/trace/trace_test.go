package trace_test

import (
	"fmt"
	"math"
	"regexp"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/trace"
)

// The grammar of https://www.w3.org/TR/trace-context/#traceparent-header, version
// 00: no id is all zeros.
var grammar = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-0([01])$`)

func TestHeadersAreTheW3Cs(t *testing.T) {
	for i := range 1000 {
		id := trace.Of(fmt.Sprintf("call_%d", i))
		span := id.Span(trace.Webhook("dlv_1", i%3))
		got := trace.Share(0.5).Header(id, span)
		m := grammar.FindStringSubmatch(got)
		if m == nil || m[1] != id.String() || m[2] != span.String() || (m[3] == "1") != trace.Share(0.5).Takes(id) {
			t.Fatalf("Header() = %q of trace %s, span %s", got, id, span)
		}
		if id == (trace.ID{}) || span == (trace.Span{}) {
			t.Fatalf("%s-%s is all zeros", id, span)
		}
	}
}

func TestWhoTracesNothingTellsNobody(t *testing.T) {
	id := trace.Of("call_1")
	if got := trace.Share(0).Header(id, id.Span(trace.Call)); got != "" {
		t.Errorf("Header() = %q, want none", got)
	}
	if trace.Share(0).Takes(id) || trace.Share(-1).Takes(id) || !trace.Share(1).Takes(id) {
		t.Error("0 takes nothing, 1 takes all")
	}
}

func TestAShareIsAShare(t *testing.T) {
	const calls = 20000
	for _, share := range []trace.Share{0.01, 0.25, 0.5, 0.9} {
		taken := 0
		for i := range calls {
			id := trace.Of(fmt.Sprintf("call_%d", i))
			if share.Takes(id) {
				taken++
				if !(share + 0.05).Takes(id) {
					t.Fatalf("a larger share leaves %s out", id)
				}
			}
		}
		if got := float64(taken) / calls; math.Abs(got-float64(share)) > 0.015 {
			t.Errorf("a share of %v takes %v", share, got)
		}
	}
}

// Names are a promise between builds: a call that this one began may be ended by
// another.
func TestNamesDoNotChange(t *testing.T) {
	id := trace.Of("call_1")
	for what, want := range map[string]string{
		trace.Call:                "778894af985c246a",
		trace.Tool("call_1/2/1"):  "a62ecfe2e1ea3ede",
		trace.Webhook("dlv_1", 1): "8144c9e5031fda74",
		trace.Webhook("dlv_1", 2): "7b5fbcd3ec47965f",
	} {
		if got := id.Span(what).String(); got != want {
			t.Errorf("%s is %s, want %s", what, got, want)
		}
	}
	if got, want := id.String(), "8c034446baa60ccbb5f81228acef6e5c"; got != want {
		t.Errorf("call_1 is %s, want %s", got, want)
	}
	if got := trace.CallOf("call_1/2/1"); got != "call_1" {
		t.Errorf("the key is of %q", got)
	}
}

func BenchmarkHeaderOff(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if trace.Share(0).Header(trace.ID{}, trace.Span{}) != "" {
			b.Fatal("nobody traces")
		}
	}
}
