package twilio

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/telephony"
)

// strangerText is the start message of a stream of an account that nobody here
// knows, with parameters.
func strangerText(params string) string {
	text := strings.ReplaceAll(startText(""), testAccount, unknownAccount)
	return strings.Replace(text, `"customParameters":{}`, `"customParameters":{`+params+`}`, 1)
}

func doorPath(door string) string { return strings.ReplaceAll(pathForeign, "{"+doorSegment+"}", door) }

// knocks opens a socket at a door, without a signature.
func (r *rig) knocks(door string) *far {
	r.tb.Helper()
	f, line := r.upgradeAt(doorPath(door), "")
	if !strings.Contains(line, "101") {
		r.tb.Fatalf("upgrade: %s", line)
	}
	return f
}

func TestADoorLetsAnybodysCallIn(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9." + strings.Repeat("x_-0", 2000) + ".c2lnbmF0dXJl"
	for _, tt := range []struct {
		name, door, params string
		from, to           telephony.Number
	}{
		{"no numbers", "door", "", "", ""},
		{"numbers", "door", `"from":"+15550100001","to":"+15550100002"`, "+15550100001", "+15550100002"},
		{"numbers that are none", "door", `"from":"anonymous","to":"+1555<b>"`, "", ""},
		{"an access token of 8 KB", jwt, `"token":"x"`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.desk.door = tt.door
			f := r.knocks(tt.door)
			f.say(connectedText, strangerText(tt.params), mediaText(repeat(160)))
			if op, text, err := f.hear(); err != nil || op != opText || !strings.Contains(string(text), `"media"`) {
				t.Errorf("nobody talks: %d %s %v", op, text, err)
			}
			f.say(stopText)
			if err := r.outcome(); !errors.Is(err, telephony.ErrLost) || !errors.Is(err, telephony.ErrStopped) {
				t.Errorf("it ended with %v, want that the carrier stopped it", err)
			}
			want := telephony.Entering{Carrier: testCall, Account: unknownAccount, From: tt.from, To: tt.to}
			if len(r.desk.entered) != 1 || r.desk.entered[0] != want || len(r.desk.admits) != 0 {
				t.Errorf("entered %+v, %d admitted, want %+v", r.desk.entered, len(r.desk.admits), want)
			}
		})
	}
}

func TestDoorsThatDoNotOpen(t *testing.T) {
	for _, tt := range []struct {
		name, reason string
		say          []string
		broken       error
	}{
		{"a door that is guessed", ReasonBadToken, []string{connectedText, strangerText("")}, nil},
		{"a call that is a path", ReasonNoStart, []string{strings.ReplaceAll(strangerText(""), testCall, "../x"), stopText, strings.Repeat("x", 64<<10+1)}, nil},
		{"another codec", ReasonBadFormat, []string{strings.ReplaceAll(strangerText(""), "audio/x-mulaw", "audio/x-l16")}, nil},
		{"a desk that fails", ReasonDeskFailed, []string{strangerText("")}, errors.New("disk full")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.desk.door, r.desk.broken = "door", tt.broken
			f := r.knocks("another")
			f.say(tt.say...)
			if code := f.hearClose(); code != 1008 && code != 1009 {
				t.Errorf("close code %d, want 1008", code)
			}
			r.until("it is counted", func() bool { return r.tally.of(tt.reason) == 1 })
			if r.desk.talks != 0 {
				t.Error("somebody talks")
			}
		})
	}
}

// Whoever knocks without end takes no place from those who are signed for.
func TestStrangersTakeNoPlaceFromOthers(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxPending, c.MaxPendingPerAddress = 4, 3 })
	signed := r.dial()
	for range 20 {
		conn, err := net.Dial("tcp", r.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, upgradeText, doorPath("x"), "h", "")
	}
	r.until("strangers lose their places", func() bool { return r.tally.of(ReasonPendingFull) == 17 })
	signed.say(startText(r.ring()), mediaText(repeat(160)))
	if op, _, err := signed.hear(); err != nil || op != opText {
		t.Errorf("who is signed for is not served: %d, %v", op, err)
	}
}
