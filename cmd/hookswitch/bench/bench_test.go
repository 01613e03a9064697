package bench

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A whole small bench of both agents: two processes, real sockets.
// The heap profile of a running server: what a frame allocates on its way in and
// out, through socket, leg, room, echo and recorder.
func TestAFrameAllocatesNothingInTheWholeGateway(t *testing.T) {
	r, err := Run(t.Context(), Options{Agents: []string{Echo}, Calls: 10, Duration: time.Second, Allocs: true, Gateway: gatewayCommand})
	if err != nil {
		t.Fatal(err)
	}
	a := r.Runs[0].Allocs
	if a == nil || a.Frames < 10*50*5 {
		t.Fatalf("%+v", a)
	}
	if a.PerFrame > 0.5 { // of few frames, what is done once a second shows
		t.Errorf("%v allocations for a frame: %+v", a.PerFrame, a.Sites)
	}
}

func TestFiveCallsForASecondAreMeasured(t *testing.T) {
	began := time.Now()
	r, err := Run(t.Context(), Options{
		Version: "test", Agents: []string{Echo, Script}, Calls: 5, Duration: time.Second, Record: true, Gateway: gatewayCommand,
	})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Minute {
		t.Errorf("it took %v", took)
	}
	var text strings.Builder
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	t.Log(text.String())
	if !r.Pass || len(r.Runs) != 2 {
		t.Fatalf("a check failed: %+v", r)
	}
	for _, run := range r.Runs {
		if run.CPU.PercentOfCore <= 0 || run.CPU.PercentOfCore > 40 || run.CPU.BestPercent > run.CPU.PercentOfCore*1.01 {
			t.Errorf("%s: cpu %+v", run.Agent, run.CPU)
		}
		if run.Memory.PerCall > 8<<20 || run.Memory.With < 1<<20 {
			t.Errorf("%s: memory %+v", run.Agent, run.Memory)
		}
		if l := run.Late; l.Count == 0 || l.P50 > l.P99 || l.P99 > l.P999 || l.P999 > l.Most {
			t.Errorf("%s: late %+v", run.Agent, l)
		}
		if run.Traffic.Broken != 0 || run.Traffic.Sent < 5*50 {
			t.Errorf("%s: traffic %+v", run.Agent, run.Traffic)
		}
	}
	if e := r.Runs[0].Traffic; e.Echoed != e.Sent || e.Marks == 0 {
		t.Errorf("echo: %+v", e)
	}
	if s := r.Runs[1].Traffic; s.Heard == 0 || s.Marks == 0 || s.Replies < 5 {
		t.Errorf("script: %+v", s)
	}
	for line := range strings.Lines(text.String()) {
		if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r, back) {
		t.Errorf("JSON changed it:\n%+v\n%+v", r, back)
	}
}
