package server_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/bridgetest"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// What a call costs a gateway that bridges it to a real LiveKit server, beside
// what it costs with an agent of its own: the gateway is a process with nothing
// else in it. The figures of docs/performance.md are from here; what is checked is
// that every caller hears the agent.
func TestLiveKitCallsCost(t *testing.T) {
	for name, bridged := range map[string]bool{"own": false, "bridged": true} {
		t.Run(name, func(t *testing.T) { callsCost(t, bridged) })
	}
}

func callsCost(t *testing.T, bridged bool) {
	livekit := bridgetest.Start(t, "")
	w := newTown(t, sim.Knobs{}, nil)
	files := t.TempDir()
	w.env = []string{
		"HOOKSWITCH_LIVEKIT_URL=" + strings.Replace(livekit.URL(), "http", "ws", 1), "HOOKSWITCH_LIVEKIT_KEY=" + bridgetest.Key,
		"HOOKSWITCH_LIVEKIT_SECRET=" + bridgetest.Secret, "HOOKSWITCH_AGENTS_DIR=" + files, "HOOKSWITCH_RECORDINGS=off",
	}
	hz := float64(humHertz)
	if bridged {
		hz = robotHertz
		if err := os.WriteFile(filepath.Join(files, "agent-helper.yaml"), []byte("processing: automatic\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	public, socket := w.socket()
	pid := w.gateway(public, socket).Process.Pid
	eventually(t, "ready", func() bool {
		r, err := client.Get(public + "/readyz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	if bridged {
		pair := send(t, "POST", public+"/api/v2/livekit/keys", `{"name":"agents"}`, "Authorization", "Bearer "+flowKey)
		newRobot(t, public, pair.str("item.api_key"), pair.str("item.api_secret"), "", hz)
	}
	idle := resident(t, pid)
	const calls, seconds = 20, 10
	var all []*party
	for range calls {
		p := &party{}
		p.hums(callerHertz)
		all = append(all, p)
		if _, err := w.carrier.Call(t.Context(), "+14155550134", townNumber, p); err != nil {
			t.Fatal(err)
		}
	}
	heard := map[*party]bool{}
	within(t, time.Minute, "every caller hears the agent", func() bool {
		for _, p := range all {
			heard[p] = heard[p] || p.hears(hz) || !bridged && p.voiced() > 0
		}
		return len(heard) == calls && !slices.Contains(slices.Collect(maps.Values(heard)), false)
	})
	before, began := spent(t, pid), time.Now()
	time.Sleep(seconds * time.Second) // what is measured
	took, lasted := spent(t, pid)-before, time.Since(began)
	share := took.Seconds() / lasted.Seconds() / calls
	t.Logf("%d calls: %.2f %% of a core each, %.0f µs of 20 ms; %d KB each, %d MB without calls",
		calls, 100*share, share*20_000, (resident(t, pid)-idle)>>10/calls, idle>>20)
}

// spent is the CPU time of a process, good to 10 ms.
func spent(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		t.Skipf("this machine does not tell what a process costs: %v", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest) // from the third field on
	user, err := strconv.Atoi(f[11])
	if err != nil {
		t.Fatal(err)
	}
	system, err := strconv.Atoi(f[12])
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// resident is the memory of a process, in bytes.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		t.Skipf("this machine does not tell what a process costs: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
