package search

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hookswitch/hookswitch/telephony"
)

// Reasons are the end reasons that a query may ask for.
var Reasons = []telephony.EndReason{
	telephony.AgentHangup, telephony.CallerHangup, telephony.Silence, telephony.MaxDuration,
	telephony.ProviderFailed, telephony.GatewayFailed, telephony.LineLost, telephony.NotConnected,
	telephony.Busy, telephony.NoAnswer, telephony.Failed, telephony.Canceled, telephony.Refused,
	telephony.Shutdown, telephony.OperatorHangup, telephony.NumberUnknown, telephony.AgentDisabled,
	telephony.AgentIncomplete, telephony.Transferred, telephony.Voicemail,
}

// The functions below read a value into t, and report whether it is one.

func words(t *Term, v string) bool {
	t.Text = strings.Join(strings.Fields(v), " ")
	return t.Text != ""
}

func word(t *Term, v string) bool {
	t.Text = v
	return v != "" && !strings.ContainsFunc(v, unicode.IsSpace)
}

// number takes what people put between digits, and drops it.
func number(t *Term, v string) bool {
	v = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '(', ')', '.', '/':
			return -1
		}
		return r
	}, v)
	t.Text, t.Prefix = strings.CutSuffix(v, "*")
	odd := func(r rune) bool {
		return !(r == '+' || r == '#' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}
	return t.Text != "" && !strings.ContainsFunc(t.Text, odd)
}

func direction(t *Term, v string) bool {
	t.Text = v
	return v == string(telephony.Inbound) || v == string(telephony.Outbound)
}

func reasons(t *Term, v string) bool { return anyOf(t, v, Reasons) }

// anyOf takes words of known, with commas between.
func anyOf[Word ~string](t *Term, v string, known []Word) bool {
	for w := range strings.SplitSeq(v, ",") {
		if !slices.Contains(known, Word(w)) {
			return false
		}
		if !slices.Contains(t.Any, w) {
			t.Any = append(t.Any, w)
		}
	}
	return true
}

// Transfers are the outcomes of transfers that a query may ask for.
var Transfers = []string{"completed", "busy", "no_answer", "failed", "declined", "voicemail", "silent", "canceled"}

func handovers(t *Term, v string) bool { return anyOf(t, v, Transfers) }

// Answerers are those who may answer a call that was placed, as a query may ask
// for them: the classes of package answer.
var Answerers = []string{"human", "screener", "ivr", "voicemail_greeting", "voicemail_beep", "mailbox_full", "unavailable", "fax", "hold", "unknown"}

func answerers(t *Term, v string) bool { return anyOf(t, v, Answerers) }

func yesNo(t *Term, v string) bool {
	t.Yes = v == "true"
	return v == "true" || v == "false"
}

// most is far above anything that can be counted in a call, and still a number
// that every database compares.
const most = 1_000_000_000

func count(t *Term, v string) bool {
	n, err := strconv.ParseUint(v, 10, 63)
	t.Value = int64(min(n, most))
	return err == nil
}

func since(t *Term, v string) bool {
	if day, err := time.Parse(time.DateOnly, v); err == nil {
		t.Time = day
		return sensible(day)
	}
	return moment(t, v)
}

// until takes a day to its end.
func until(t *Term, v string) bool {
	if day, err := time.Parse(time.DateOnly, v); err == nil {
		t.Time = day.AddDate(0, 0, 1)
		return sensible(day)
	}
	return moment(t, v)
}

var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

func moment(t *Term, v string) bool {
	if at, err := time.Parse(time.RFC3339, v); err == nil {
		t.Time = at
		return sensible(at)
	}
	if v == "" {
		return false
	}
	unit, ok := units[v[len(v)-1]]
	n, err := strconv.ParseUint(v[:len(v)-1], 10, 32)
	t.Ago = time.Duration(n) * unit
	return ok && err == nil && n <= uint64(50*365*24*time.Hour/unit)
}

// sensible refuses years that do not fit into microseconds.
func sensible(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 10000 }
