package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony"
)

// captioned is a call that is over, of which n captions were written.
func (g *gateway) captioned(id string, n int) telephony.CallID {
	g.t.Helper()
	call := g.ring(id)
	all := make([]captions.Caption, n)
	for i := range all {
		all[i] = captions.Caption{Job: "AJ_1", Agent: "live-captions", Side: captions.Caller, Text: fmt.Sprintf("word\x1b %d", i), Start: time.Now(), End: time.Now()}
	}
	all[1].Side, all[1].Speaker = captions.Agent, "front-desk"
	if _, err := g.db.Captions().Append(g.t.Context(), call, all); err != nil {
		g.t.Fatal(err)
	}
	if _, _, err := g.db.End(g.t.Context(), call, 1, telephony.CallerHangup, time.Now().Add(-time.Minute)); err != nil {
		g.t.Fatal(err)
	}
	return call
}

func TestCaptionsArePrinted(t *testing.T) {
	g := newGateway(t)
	const n = 600 // more than a page
	g.captioned("call_7q2faaaaaaaa", n)
	lines := strings.Split(strings.TrimSpace(g.ok("call", "captions", "7q2f")), "\n")
	if len(lines) != n || !strings.Contains(lines[0], "\tcaller\tword") || !strings.HasSuffix(lines[n-1], fmt.Sprint(" ", n-1)) || !strings.Contains(lines[1], "\tfront-desk\t") {
		t.Errorf("%d lines, %q ... %q", len(lines), lines[:2], lines[len(lines)-1])
	}
	if strings.Contains(strings.Join(lines, ""), "\x1b") {
		t.Error("what was said moves the cursor")
	}
	if out := g.ok("call", "captions", "7q2f", "-o", "json"); strings.Count(out, `"side"`) != n || !strings.Contains(out, `"job_id"`) {
		t.Errorf("json: %.300s", out)
	}
	g.fails(fault.Wrong, "", []string{"call", "captions", "zzz9"}, `there is no call "zzz9"`, "[call/not-found]")
}

// A call that is over is followed to its last caption, and no further.
func TestCaptionsAreFollowedToTheEnd(t *testing.T) {
	g := newGateway(t)
	const n = 150 // more than are sent at once
	g.captioned("call_7q2faaaaaaaa", n)
	status, out, errs := g.typed("", "call", "captions", "7q2f", "-f")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if status != fault.Held || errs != "" || len(lines) != n || !strings.Contains(lines[1], "  front-desk word") || strings.Contains(out, "\x1b") {
		t.Errorf("status %d, %d lines, %q\n%s", status, len(lines), lines[:2], errs)
	}
	if out := g.ok("call", "captions", "7q2f", "-f", "-o", "json"); strings.Count(out, "\n") != n {
		t.Errorf("json: %.300s", out)
	}
}
