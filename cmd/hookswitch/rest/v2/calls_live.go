package v2

import (
	"github.com/hookswitch/hookswitch/agentcore"
)

// liveItem is what goes on in a call, as its journal says.
type liveItem struct {
	State string  `json:"state" enum:"connecting,listening,hearing,thinking,tool,speaking,lost,away" doc:"What the agent does. hearing: the caller speaks. lost: the line is, the call may go on. away: the caller is with somebody else, or waits for them."`
	Since instant `json:"since"`
	Turn  int     `json:"turn" doc:"Of the caller, the newest; 0 before they spoke."`
	Last  int     `json:"last_event" doc:"Number of the newest event: a stream may go on from here."`
}

// recent is how many of a journal's newest entries tell what goes on now.
const recent = 100

// liveOf folds the newest entries of a call that is not over.
func liveOf(entries []agentcore.Entry) *liveItem {
	l := &liveItem{State: "connecting"}
	for _, e := range entries {
		if state := l.after(e.Event); state != l.State {
			l.State, l.Since = state, instant(e.Wall)
		}
		l.Last = e.N
	}
	return l
}

// after is the state that follows ev.
func (l *liveItem) after(ev agentcore.Event) string {
	switch ev := ev.(type) {
	case agentcore.Opened, agentcore.NotUnderstood, agentcore.AgentSaid:
		return "listening"
	case agentcore.SpeechBegan:
		if l.State == "speaking" {
			return "speaking" // until it is a talk-over
		}
		return "hearing"
	case agentcore.TalkOver:
		return "hearing"
	case agentcore.CallerSaid:
		l.Turn = ev.Turn
		return "thinking"
	case agentcore.CallerPressed:
		l.Turn = ev.Turn
		return "thinking"
	case agentcore.ToolIntent:
		l.Turn = max(l.Turn, ev.Turn)
		return "tool"
	case agentcore.ToolResult:
		return "thinking"
	case agentcore.Planned:
		return "speaking"
	case agentcore.Lost:
		return "lost"
	}
	return l.State
}
