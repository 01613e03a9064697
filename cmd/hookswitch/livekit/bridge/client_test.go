package bridge_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge"
	"github.com/hookswitch/hookswitch/media"
)

// realClient names a folder in which npm installed @livekit/rtc-node.
const realClient = "HOOKSWITCH_LIVEKIT_CLIENT"

func TestLiveKitsOwnClientHearsUsAndIsHeard(t *testing.T) {
	folder := os.Getenv(realClient)
	if folder == "" {
		t.Skip(realClient + " names no folder with @livekit/rtc-node")
	}
	s := startReal(t, "")
	agent := exec.Command("node", "testdata/echo.mjs", folder, strings.Replace(s.URL(), "http", "ws", 1), s.Token("agent", "r"))
	var out bytes.Buffer
	agent.Stdout, agent.Stderr = &out, &out
	leave, err := agent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		leave.Close()
		if err := agent.Wait(); err != nil || t.Failed() {
			t.Errorf("node: %v\n%s", err, out.String())
		}
	})

	caller := dial(t, s, "caller", "r", func(c *bridge.Config) { c.Agent = "agent" })
	o := tone{hz: 700}
	for range 20 { // seconds, until it is there
		got, _ := talk(caller, 50, func(_ int, f *media.Frame) { o.next(f) })
		if level(got, 700) > 0.9*loud {
			break
		}
	}
	got, heard := talk(caller, 200, func(_ int, f *media.Frame) { o.next(f) })
	if l := level(got, 700); l < 0.9*loud || l > 1.1*loud || heard < 195 {
		t.Errorf("the tone comes back with a peak of %.0f in %d frames of 200, want %d in all", l, heard, loud)
	}
	talk(caller, 50, func(int, *media.Frame) {})
	got, _ = talk(caller, 100, func(i int, f *media.Frame) {
		if i >= 20 {
			o.next(f)
		}
	})
	for i := 0; i+80 <= len(got); i += 80 {
		if level(got[i:i+80], 700) > loud/2 {
			t.Logf("there and back: %v", time.Duration(i-20*media.FrameSamples)*time.Second/media.Rate)
			break
		}
	}

	leave.Close()
	if err := waitGone(t, caller, 10*time.Second); err != nil {
		t.Errorf("Err() = %v, want nil", err)
	}
}
