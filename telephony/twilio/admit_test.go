package twilio

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// TestSocketsThatAreNotLetIn: none of these reaches a conversation.
func TestSocketsThatAreNotLetIn(t *testing.T) {
	noParams := startText("")
	for _, tt := range []struct {
		name, reason string
		say          func(r *rig, token string) []string
		code         int
	}{
		{"no start", ReasonNoStart, func(*rig, string) []string { return []string{connectedText} }, 1008},
		{"media instead of start", ReasonNoStart, func(*rig, string) []string { return []string{connectedText, mediaText(nil)} }, 1008},
		{"64 KiB and one before start", ReasonNoStart, func(*rig, string) []string { return []string{strings.Repeat("x", 64<<10+1)} }, 1009},
		{"no token", ReasonNoToken, func(*rig, string) []string { return []string{noParams} }, 1008},
		{"a forged token", ReasonBadToken, func(*rig, string) []string { return []string{startText("forged")} }, 1008},
		{"a token of another call", ReasonBadToken, func(r *rig, token string) []string {
			return []string{strings.ReplaceAll(startText(token), testCall, "CA00000000000000000000000000000000")}
		}, 1008},
		{"a start with a guessed callSid", ReasonBadToken, func(_ *rig, token string) []string {
			return []string{strings.ReplaceAll(startText(token), testCall, "CAfedcba9876543210fedcba9876543211")}
		}, 1008},
		{"an empty token", ReasonNoToken, func(*rig, string) []string {
			return []string{strings.Replace(startText("x"), `"token":"x"`, `"token":""`, 1)}
		}, 1008},
		{"a token under another name", ReasonNoToken, func(_ *rig, token string) []string {
			return []string{strings.Replace(startText(token), `"token"`, `"Token"`, 1)}
		}, 1008},
		{"a token used twice", ReasonBadToken, func(r *rig, token string) []string {
			first := r.dial()
			first.say(startText(token), mediaText(repeat(160)))
			first.hear()
			first.say(stopText)
			r.outcome()
			r.desk.talks = 0
			return []string{startText(token)}
		}, 1008},
		{"a token of an older epoch", ReasonBadToken, func(r *rig, token string) []string {
			r.post(pathNext, formOf("CallStatus", "in-progress"))
			return []string{startText(token)}
		}, 1008},
		{"another account", ReasonWrongAccount, func(_ *rig, token string) []string {
			return []string{strings.ReplaceAll(startText(token), testAccount, "AC00000000000000000000000000000000")}
		}, 1008},
		{"another codec", ReasonBadFormat, func(_ *rig, token string) []string {
			return []string{strings.ReplaceAll(startText(token), "audio/x-mulaw", "audio/x-l16")}
		}, 1008},
		{"a streamSid that would break our JSON", ReasonNoStart, func(_ *rig, token string) []string {
			return []string{strings.ReplaceAll(startText(token), testStream, `MZ\"}`)}
		}, 1008},
		{"a desk that fails", ReasonDeskFailed, func(r *rig, token string) []string {
			r.desk.broken = errors.New("disk full")
			return []string{startText(token)}
		}, 1008},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, func(c *Config) {
				if tt.reason == ReasonNoStart { // the others are to be quick, also on a slow machine
					c.Leg.StartTimeout = 50 * time.Millisecond
				}
			})
			token := r.ring()
			texts := tt.say(r, token)
			f := r.dial()
			f.say(texts...)
			if code := f.hearClose(); code != tt.code {
				t.Errorf("close code %d, want %d", code, tt.code)
			}
			r.until("it is counted", func() bool { return r.tally.of(tt.reason) == 1 }) // 1009 is said before we are told
			if r.desk.talks != 0 {
				t.Errorf("talked %d times", r.desk.talks)
			}
		})
	}
}

// TestATokenInTheQueryIsNone: Twilio strips the query of a stream's address, so
// whoever sends one is not Twilio, and what it says is neither read nor excused.
func TestATokenInTheQueryIsNone(t *testing.T) {
	r := newRig(t)
	path := pathMedia + "?token=" + r.ring()
	f, line := r.upgradeAt(path, sign(testToken, r.socket(path), nil))
	if !strings.Contains(line, "101") {
		t.Fatal(line)
	}
	f.say(startText(""))
	if code := f.hearClose(); code != 1008 || r.desk.talks != 0 {
		t.Errorf("close code %d after %d talks, want 1008 and none", code, r.desk.talks)
	}
	r.until("it is counted", func() bool { return r.tally.of(ReasonNoToken) == 1 })
	f, line = r.upgradeAt(path, sign(testToken, r.socket(pathMedia), nil))
	f.conn.Close()
	if !strings.Contains(line, "403") {
		t.Errorf("a query that was not signed: %s", line)
	}
}

// TestAThousandSocketsThatSayNothing: 64 of one address wait, and 200 in all;
// who comes one too late for that costs the oldest its place, so Twilio's own
// socket, the newest, is served through it all.
func TestAThousandSocketsThatSayNothing(t *testing.T) {
	var log lines
	r := newRig(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	signature := sign(testToken, r.socket(pathMedia), nil)
	waiting := func() int {
		r.trunk.pending.mu.Lock()
		defer r.trunk.pending.mu.Unlock()
		return len(r.trunk.pending.list)
	}
	const sockets, addresses = 1000, 5
	for i := range sockets {
		from := net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i*addresses/sockets))}
		conn, err := (&net.Dialer{LocalAddr: &from}).Dial("tcp", r.server.Listener.Addr().String())
		if err != nil {
			t.Skipf("no second loopback address here: %v", err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, upgradeText, pathMedia, "h", signature)
		if i == sockets/addresses-1 {
			r.until("one address has 64 places", func() bool { return r.tally.of(ReasonPendingFull) == sockets/addresses-64 })
			if n := waiting(); n != 64 {
				t.Errorf("%d sockets of one address wait, want 64", n)
			}
		}
	}
	r.until("all have come", func() bool { return r.tally.of(ReasonPendingFull) == sockets-200 })
	if n := waiting(); n != 200 {
		t.Errorf("%d sockets wait, want 200", n)
	}
	f := r.dial()
	f.say(startText(r.ring()), mediaText(repeat(160)))
	if op, _, err := f.hear(); err != nil || op != opText {
		t.Errorf("a true stream is not served: %d, %v", op, err)
	}
	if n := log.with("reason=" + ReasonPendingFull + " "); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
}

func TestATokenLetsOneStreamIn(t *testing.T) {
	r := newRig(t)
	token := r.ring()
	first := r.dial()
	first.say(startText(token))
	first.say(mediaText(repeat(160)))
	if _, _, err := first.hear(); err != nil {
		t.Fatal(err)
	}
	second := r.dial()
	second.say(startText(token))
	if code := second.hearClose(); code != 1008 || r.tally.of(ReasonStillTalking) != 1 {
		t.Errorf("a second socket of a live call: code %d, counted %v", code, &r.tally)
	}
	if status, _ := r.post(pathNext, formOf("CallStatus", "in-progress")); status != 409 {
		t.Errorf("the door while we talk: %d, want 409", status)
	}
	first.say(stopText)
	r.outcome()
	third := r.dial()
	third.say(startText(token))
	if code := third.hearClose(); code != 1008 || r.tally.of(ReasonBadToken) != 1 {
		t.Errorf("a token used twice: code %d, counted %v", code, &r.tally)
	}
}

func TestTheOldestPendingSocketGoesFirst(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxPendingPerAddress = 3 })
	var socks []*far
	for i := range 5 {
		socks = append(socks, r.dial())
		r.until("it waits", func() bool {
			r.trunk.pending.mu.Lock()
			defer r.trunk.pending.mu.Unlock()
			return len(r.trunk.pending.list) == min(i+1, 3)
		})
		if i >= 3 {
			r.until("one is dropped", func() bool { return r.tally.of(ReasonPendingFull) == i-2 })
		}
	}
	for _, f := range socks[:2] {
		if _, _, err := f.hear(); err == nil {
			t.Error("one of the oldest is still served")
		}
	}
	socks[4].say(startText(r.ring()))
	socks[4].say(mediaText(repeat(160)))
	if _, _, err := socks[4].hear(); err != nil {
		t.Errorf("the newest is not served: %v", err)
	}
}
