package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// The two commands as a person would run them in two terminals, over loopback:
// the gateway believes that the simulated carrier is Twilio.
func TestServeAnswersSimAndStopsOnSIGTERM(t *testing.T) {
	set := modelstest.Set(t)
	dir := t.TempDir()
	gateway, rest := free(t), free(t)
	caller := filepath.Join(dir, "caller.yaml")
	if err := os.WriteFile(caller, []byte("name: hangs up\nlines:\n  - pause: 1s\n  - hangup: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{
		"HOOKSWITCH_LISTEN=" + gateway, "HOOKSWITCH_PUBLIC_URL=http://" + gateway, "HOOKSWITCH_RECOGNISER=none",
		"HOOKSWITCH_CACHE_DIR=" + filepath.Dir(set.Dir()), "HOOKSWITCH_CARRIER=twilio", "HOOKSWITCH_TWILIO_API_BASE=http://" + rest,
		"HOOKSWITCH_TWILIO_ACCOUNT_SID=" + server.SimAccount, "HOOKSWITCH_TWILIO_AUTH_TOKEN=" + server.SimToken,
		"HOOKSWITCH_DATABASE_URL=sqlite://" + dir + "/hookswitch.db", "HOOKSWITCH_RECORDINGS=" + filepath.Join(dir, "recordings"),
		"HOOKSWITCH_LOG=text", "HOME=" + dir,
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var serving sync.WaitGroup
	var status int
	var out, log bytes.Buffer
	serving.Go(func() {
		status = run(ctx, streams{out: &out, err: &log, environ: environ, width: fault.Plain}, []string{"serve"})
	})
	ready := waitReady(gateway)
	if ready {
		got, text, errs := typed(t, nil, "sim", "--listen="+rest, "--gateway=http://"+gateway, "--call="+caller)
		if got != fault.Held || !strings.Contains(text, "completed  caller.yaml") {
			t.Errorf("sim: status %d\n%s%s", got, text, errs)
		}
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
	} else {
		cancel() // nobody may be there to take a signal
	}
	serving.Wait()
	if !ready || status != fault.Held {
		t.Errorf("serve: ready %v, status %d\n%s%s", ready, status, out.String(), log.String())
	}
	if got := out.String(); !strings.Contains(got, "carrier    twilio AC...0001") || !strings.Contains(got, "ready in ") {
		t.Errorf("the first lines are\n%s", got)
	}
	if got := log.String(); !strings.Contains(got, "reason=caller_hangup") || strings.Contains(got, "4155550134") {
		t.Errorf("the log lacks the call's end, or names a number:\n%s", got)
	}
	wavs, err := filepath.Glob(filepath.Join(dir, "recordings", "*.wav"))
	if err != nil || len(wavs) != 1 {
		t.Errorf("recordings: %v, %v; want one", wavs, err)
	}
}

// free is an address that nobody listens to now.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// waitReady reports whether the gateway at addr is ready within a minute.
func waitReady(addr string) bool {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := client.Get("http://" + addr + "/readyz")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return true
		}
	}
	return false
}
