package agentcore

import "github.com/hookswitch/hookswitch/agentcore/answer"

// Answering is what an agent does about who answered a call that was placed. The
// texts may name dynamic variables.
type Answering struct {
	// Act is whether anything is done about it. False: it is only found out and
	// written down, and whoever answered is talked to.
	Act bool

	Message  string // left on a voicemail. Empty: it is hung up on at once
	Screener string // what a call screener is told: who is calling, and why. Empty: the model answers it
	OnMenu   string // a menu: [MenuTalk], [MenuPress], [MenuHangUp]. Empty means MenuTalk
	MenuKeys string // MenuPress: the keys, once, when the menu pauses; w waits for half a second
	OnHold   string // [HoldWait] or [HoldHangUp]. Empty means HoldWait: for a person, two minutes at most
	Language string // BCP 47: whose phrases tell machines from people. Empty: English
	Carrier  string // the carrier's word on who answered, if it came before the conversation
}

// What an agent does about a menu, and on hold.
const (
	MenuTalk   = "talk" // the model talks to it, or presses keys itself
	MenuPress  = "press"
	MenuHangUp = "hang_up"
	HoldWait   = "wait"
	HoldHangUp = "hang_up"
)

// WhoAnswered: who is taken to have answered, from here on. Committed before
// anything is done about it.
type WhoAnswered struct {
	answer.Verdict `json:"verdict"` // it has a time of its own
	Aside          bool             `json:"aside,omitempty"` // the agent talks to nobody until this changes
}

// MessageBegan: the agent begins to leave its message. Committed before the first
// frame of it: a message is left at most once, whatever dies.
type MessageBegan struct {
	Reply int `json:"reply"`
}

func (WhoAnswered) Kind() string  { return "who_answered" }
func (MessageBegan) Kind() string { return "message_began" }

// Answer is who answered a call, and what was left: what its record, its webhook
// and the API say.
type Answer struct {
	answer.Verdict
	Left   string `json:"left,omitempty"`    // of the message, as far as it was heard
	LeftMS int64  `json:"left_ms,omitempty"` // when it began, since answer
	Whole  bool   `json:"whole,omitempty"`   // all of it was
}

// Fold returns a as it is after e, and whether e tells of it. A verdict takes the
// place of the one before; what was left stays left.
func (a Answer) Fold(e Entry) (Answer, bool) {
	switch ev := e.Event.(type) {
	case WhoAnswered:
		a.Verdict = ev.Verdict
		a.Evidence = a.Evidence[:min(len(a.Evidence), answer.MostEvidence)]
	case MessageBegan:
		a.LeftMS = e.At.Milliseconds()
	case AgentSaid:
		if ev.Why != "message" {
			return a, false
		}
		a.Left, a.Whole = ev.Text, !ev.Cut && ev.Unheard == ""
		if ev.Text != "" {
			a.LeftMS = ev.StartMS
		}
	default:
		return a, false
	}
	return a, true
}
