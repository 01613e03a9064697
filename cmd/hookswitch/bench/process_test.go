package bench

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestGatewayThatDiesIsReportedWithItsLastWords(t *testing.T) {
	_, err := Run(t.Context(), Options{Agents: []string{Echo}, Calls: 1, Duration: time.Second, Gateway: func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, "sh", "-c", "echo no room here >&2; exit 1")
	}})
	if fault.Status(err) != fault.Impossible || !strings.Contains(err.Error(), "no room here") {
		t.Errorf("%v", err)
	}
}

func TestInterruptedBenchLeavesNothingBehind(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	stopped, stop := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, stop)()
	began := time.Now()
	if _, err := Run(stopped, Options{Agents: []string{Script}, Calls: 3, Duration: time.Minute, Gateway: gatewayCommand}); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v to stop", took)
	}
}

func TestGatewayRefusesWhatIsNoSetting(t *testing.T) {
	for _, in := range []string{"", "nonsense\n", "{}\n"} {
		var out strings.Builder
		if err := Gateway(t.Context(), strings.NewReader(in), &out); err == nil {
			t.Errorf("%q: no error; it said %q", in, out.String())
		}
	}
}

func TestPinnedGatewayHasOneCoreAndTheTestGetsItsOwnBack(t *testing.T) {
	before, err := cores()
	if err != nil {
		t.Skip(err)
	}
	r, err := Run(t.Context(), Options{Agents: []string{Echo}, Calls: 1, Duration: time.Second, Pin: true, Gateway: gatewayCommand})
	if err != nil || !r.Runs[0].Pinned || !r.Pass {
		t.Fatalf("%v: %+v", err, r)
	}
	after, err := cores()
	if err != nil || len(after) != len(before) {
		t.Errorf("%v cores, then %v (%v)", before, after, err)
	}
}
