package v2

import (
	"cmp"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// whoAnswered is who answered a call that was placed, as we found out: an
// agentcore.Answer.
type whoAnswered struct {
	Class      string        `json:"class" enum:"human,screener,ivr,voicemail_greeting,voicemail_beep,mailbox_full,unavailable,fax,hold,unknown" doc:"As it stands: who picks up later changes it. unknown is talked to as a human is." example:"voicemail_beep"`
	Confidence float64       `json:"confidence" minimum:"0" maximum:"1" example:"0.99"`
	At         int64         `json:"at_ms" doc:"When that was found out, since the call was answered." example:"9400"`
	Evidence   *[]evidence   `json:"evidence,omitempty" maxItems:"16" doc:"Why, oldest first; absent in lists. It holds no word that was spoken."`
	Left       orNull[text]  `json:"message_left" doc:"Of the agent's message, as far as it was heard; null: none was left."`
	LeftAt     orNull[int64] `json:"message_left_at_ms" doc:"When the message began, since the call was answered."`
	Whole      bool          `json:"whole" doc:"All of the message was heard."`
}

// evidence is one thing that speaks for a class, or against people.
type evidence struct {
	Kind   string  `json:"kind" doc:"tone, cadence, words, carrier or model." example:"tone"`
	What   string  `json:"what" doc:"For people." example:"beep of 1000 Hz, 0.4 s"`
	For    string  `json:"for" doc:"The class that it speaks for." example:"voicemail_beep"`
	Weight float64 `json:"weight" doc:"How much: log odds, in nats." example:"6"`
	Began  int64   `json:"began_ms" doc:"Since the call was answered." example:"9000"`
	Ended  int64   `json:"ended_ms" example:"9400"`
}

// answerOf is r's, without the evidence; null when nobody found out.
func answerOf(r dispatch.Record) orNull[whoAnswered] {
	a, ok := r.WhoAnswered()
	if !ok {
		return orNull[whoAnswered]{}
	}
	return orNull[whoAnswered]{&whoAnswered{
		Class: string(cmp.Or(a.Class, answer.Unknown)), Confidence: a.Confidence, At: a.AtMS,
		Left: textOrNull(a.Left), LeftAt: numberOrNull(a.LeftMS), Whole: a.Whole,
	}}
}

// evidenceOf is why r's answer is what it is; nil when there is none.
func evidenceOf(r dispatch.Record) *[]evidence {
	a, ok := r.WhoAnswered()
	if !ok {
		return nil
	}
	all := make([]evidence, 0, len(a.Evidence))
	for _, e := range a.Evidence[:min(len(a.Evidence), answer.MostEvidence)] {
		all = append(all, evidence{e.Kind, e.What, string(e.For), e.Weight, e.BeganMS, e.EndedMS})
	}
	return &all
}

// classOf is the class of r's answer alone.
func classOf(r dispatch.Record) orNull[text] {
	a, _ := r.WhoAnswered()
	return textOrNull(string(a.Class))
}
