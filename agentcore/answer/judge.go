package answer

import "time"

// JudgeConfig is what a Judge is made of.
type JudgeConfig struct {
	Language string   // BCP 47, whose phrases are looked for. Empty, or one without a list: English
	Past     *Verdict // on record from an earlier leg: not asked for again. nil: none
}

// Judge decides who answered. It is a pure fold: the same facts give the same
// verdicts. Not for several goroutines.
type Judge struct {
	cfg JudgeConfig
	v   Verdict
}

// NewJudge returns a Judge that knows nothing, or what is on record.
func NewJudge(cfg JudgeConfig) *Judge { return &Judge{cfg: cfg, v: Verdict{Class: Unknown}} }

// Heard takes what an [Ear] heard.
func (j *Judge) Heard(s Sound) Finding { return Finding{Verdict: j.v} }

// Understood takes what the recogniser understood, at now.
func (j *Judge) Understood(w Words, now time.Duration) Finding { return Finding{Verdict: j.v} }

// Carrier takes the carrier's own verdict, in its words: human, machine_start,
// machine_end_beep, machine_end_silence, machine_end_other, fax, unknown.
func (j *Judge) Carrier(word string, now time.Duration) Finding { return Finding{Verdict: j.v} }

// Model takes a model's word that it talks to a voicemail.
func (j *Judge) Model(now time.Duration) Finding { return Finding{Verdict: j.v} }

// Spoken takes that the agent spoke from began to ended: all of what it had to
// say if whole.
func (j *Judge) Spoken(began, ended time.Duration, whole bool) Finding { return Finding{Verdict: j.v} }

// Verdict is who is taken to have answered, so far.
func (j *Judge) Verdict() Verdict { return j.v }
