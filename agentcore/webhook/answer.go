package webhook

import "github.com/hookswitch/hookswitch/agentcore/dispatch"

// Answer is what an [Event] tells of who answered a call that was placed, and of
// the message that they were left. Times are milliseconds since the call was
// answered.
type Answer struct {
	Class      string     `json:"class"`      // human, screener, ivr, voicemail_greeting, voicemail_beep, mailbox_full, unavailable, fax, hold, unknown
	Confidence float64    `json:"confidence"` // 0 to 1
	AtMS       int64      `json:"at_ms"`
	Evidence   []Evidence `json:"evidence"`           // in the order of time
	Left       *string    `json:"message_left"`       // as far as it was heard; null: none was
	LeftMS     *int64     `json:"message_left_at_ms"` // when it began; null: it did not
	Whole      bool       `json:"whole"`              // all of it was heard
}

// Evidence is one thing that spoke for a class.
type Evidence struct {
	Kind    string  `json:"kind"` // tone, cadence, words, carrier, model
	What    string  `json:"what"`
	For     string  `json:"for"`    // a class
	Weight  float64 `json:"weight"` // log odds, never negative: what speaks against a machine is for human
	BeganMS int64   `json:"began_ms"`
	EndedMS int64   `json:"ended_ms"`
}

// answerOf is who answered call; nil when nobody found out.
func answerOf(call dispatch.Record) *Answer {
	a, known := call.WhoAnswered()
	if !known {
		return nil
	}
	told := &Answer{
		Class: string(a.Class), Confidence: a.Confidence, AtMS: a.AtMS, Evidence: make([]Evidence, 0, len(a.Evidence)),
		Left: orNull(a.Left), Whole: a.Whole,
	}
	if a.LeftMS > 0 {
		told.LeftMS = &a.LeftMS
	}
	for _, e := range a.Evidence {
		told.Evidence = append(told.Evidence, Evidence{e.Kind, e.What, string(e.For), e.Weight, e.BeganMS, e.EndedMS})
	}
	return told
}
