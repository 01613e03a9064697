package chat

import (
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// Bounds of what an agent is told of earlier conversations.
const (
	mostPast  = 8 << 10 // bytes
	mostLines = 50
	mostLine  = 1 << 10 // bytes
)

// FormatPast writes what was said before for a prompt, oldest first, as much of
// the newest as fits into 8 KB and 50 lines:
//
//	2026-11-20 10:03 UTC, sms, contact: Are you open on Saturday?
//
// It is one line for each thing that was said: a contact can't put words into the
// agent's mouth.
func FormatPast(past []Past) string {
	past = past[max(0, len(past)-mostLines):]
	var lines []string
	room := mostPast
	for i := len(past) - 1; i >= 0; i-- {
		line := pastLine(past[i])
		if room -= len(line) + 1; room < 0 {
			break
		}
		lines = append([]string{line}, lines...)
	}
	if len(lines) == 0 {
		return "none"
	}
	return strings.Join(lines, "\n")
}

func pastLine(p Past) string {
	who := "you"
	if p.Contact {
		who = "contact"
	}
	return p.At.UTC().Format("2006-01-02 15:04 MST") + ", " + p.Where + ", " + who + ": " + oneLine(p.Text)
}

func oneLine(text string) string {
	return tools.Cut(strings.Join(strings.Fields(text), " "), mostLine)
}

// since is how long ago that was, nothing if it is in the future.
func since(now, then time.Time) time.Duration { return max(0, now.Sub(then)) }
