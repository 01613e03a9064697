package agentcore

import (
	"encoding/json"
	"strings"

	"github.com/hookswitch/hookswitch/telephony"
)

// Event is what an [Entry] tells: one of the types below. Times are
// milliseconds since the call was answered.
type Event interface{ Kind() string }

// Opened: a leg was connected. The first of a call is its answer.
type Opened struct {
	Epoch     int                 `json:"epoch"`
	Agent     string              `json:"agent"`
	Direction telephony.Direction `json:"direction"`
	Pipeline  string              `json:"pipeline"` // what hears, thinks and speaks
}

// SpeechBegan: the caller began to speak, or to make a noise like it.
type SpeechBegan struct {
	StartMS int64 `json:"start_ms"`
}

// CallerSaid: the caller's turn, or a part of it, in words. Committed before
// the agent's answer is heard.
type CallerSaid struct {
	Turn       int     `json:"turn"`
	Text       string  `json:"text"`
	StartMS    int64   `json:"start_ms"`
	EndMS      int64   `json:"end_ms"` // of the last sample that had voice
	Confidence float32 `json:"confidence,omitempty"`
	TalkedOver bool    `json:"talked_over,omitempty"` // began while the agent spoke, and cut it short
	EndpointMS int64   `json:"endpoint_ms"`           // waited to be sure that they had finished
	QueuedMS   int64   `json:"queued_ms,omitempty"`   // of recognise: waited for a worker
	AskMS      int64   `json:"recognise_ms"`          // from the endpoint to the words
}

// NotUnderstood: the caller made a sound that held no words.
type NotUnderstood struct {
	StartMS int64 `json:"start_ms"`
	EndMS   int64 `json:"end_ms"`
}

// CallerPressed: a key. One of a slot is a part of it, and no turn of its own.
type CallerPressed struct {
	Turn  int    `json:"turn"`
	Digit string `json:"digit"` // "*" for any key of a slot that is sensitive
	Slot  string `json:"slot,omitempty"`
}

// CollectBegan: what the caller keys in belongs to a slot from now on, in place
// of any other.
type CollectBegan struct {
	Slot       string `json:"slot"`
	Min        int    `json:"min"`
	Max        int    `json:"max"`
	Terminator string `json:"terminator,omitempty"`
	FirstMS    int64  `json:"first_ms"`
	BetweenMS  int64  `json:"between_ms"`
	Sensitive  bool   `json:"sensitive,omitempty"`
}

// Collected: what came of it. It is a turn of the caller's, unless Turn is 0:
// then a value that nothing may write down was lost with the process's memory.
type Collected struct {
	Turn      int    `json:"turn"`
	Slot      string `json:"slot"`
	Digits    string `json:"digits"` // without the terminator; as many "*" if the slot is sensitive
	Least     int    `json:"least"`  // that were wanted
	How       string `json:"how"`    // terminator, full, timeout, speech, lost
	Complete  bool   `json:"complete,omitempty"`
	Sensitive bool   `json:"sensitive,omitempty"`
	StartMS   int64  `json:"start_ms"` // the first key, or the end
	EndMS     int64  `json:"end_ms"`   // the last
}

// Planned: the agent is going to say this phrase. Committed before its first
// frame.
type Planned struct {
	Reply  int    `json:"reply"`
	Phrase int    `json:"phrase"` // 0, 1, ... within the reply
	Text   string `json:"text"`
	Why    string `json:"why"` // greeting, answer, filler (before a tool of an answer), keys (tones, without words), prompt, apology, resume, news (of a transfer), connect (before the agent leaves)
}

// Heard: this much of a phrase is known to have been played to the caller.
type Heard struct {
	Reply  int    `json:"reply"`
	Phrase int    `json:"phrase"`
	Text   string `json:"text"`          // always a prefix of what was planned
	How    string `json:"how"`           // mark: the carrier says so; clock: by our own
	Cut    bool   `json:"cut,omitempty"` // the rest of it was not heard
}

// AgentSaid: a reply is over, heard whole or cut.
type AgentSaid struct {
	Reply   int    `json:"reply"`
	Turn    int    `json:"turn"` // the caller's turn that it answers; 0 for a greeting or prompt
	Text    string `json:"text"` // heard
	Unheard string `json:"unheard,omitempty"`
	Why     string `json:"why"`
	StartMS int64  `json:"start_ms"` // first sample played
	EndMS   int64  `json:"end_ms"`   // last sample played
	Cut     bool   `json:"cut,omitempty"`
	GapMS   int64  `json:"gap_ms,omitempty"`  // set when it answers a turn
	Parts   *Parts `json:"parts,omitempty"`   // they sum to GapMS
	Guessed bool   `json:"guessed,omitempty"` // GapMS, and Parts.Line, end by our own clock: no mark told of the first sample
}

// Parts of a gap, in milliseconds: where the time went between the caller's
// last word and the agent's first sample played.
type Parts struct {
	Endpoint  int64 `json:"endpoint"`  // waiting to be sure that the caller had finished
	Recognise int64 `json:"recognise"` // from there to the words
	Tool      int64 `json:"tool"`      // tools that the reply waited for
	Model     int64 `json:"model"`     // from the words to the first phrase
	Voice     int64 `json:"voice"`     // from there to the first frame
	Line      int64 `json:"line"`      // from there to its being played
}

// Sum is the gap.
func (p Parts) Sum() int64 {
	return p.Endpoint + p.Recognise + p.Tool + p.Model + p.Voice + p.Line
}

// TalkOver: the caller began to speak while the agent did, and the agent fell
// silent.
type TalkOver struct {
	Reply      int   `json:"reply"`
	StartMS    int64 `json:"start_ms"`    // the caller's first sample
	ClearMS    int64 `json:"clear_ms"`    // the line was told to drop the rest
	HeardWords int   `json:"heard_words"` // of the reply
	AllWords   int   `json:"all_words"`   // planned
}

// ToolIntent: a tool is about to be called. Committed before the call.
type ToolIntent struct {
	Key       string `json:"key"` // call/turn/n: the turn's nth use of a tool, from 1
	Turn      int    `json:"turn"`
	ID        string `json:"id"` // the model's name for it
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
	Safe      bool   `json:"safe"` // may be repeated under the same key
}

// ToolResult: what came of it. Committed before the model sees it. One without
// a result was interrupted; if it is safe it may be tried again under its key,
// with no second intent.
type ToolResult struct {
	Key      string         `json:"key"`
	Text     string         `json:"text"`
	Failed   bool           `json:"failed,omitempty"`
	TookMS   int64          `json:"took_ms"`
	End      bool           `json:"end,omitempty"`      // the call ends after this reply
	Leave    bool           `json:"leave,omitempty"`    // the agent leaves the call after this reply
	Assigned map[string]any `json:"assigned,omitempty"` // dynamic variables that it set
}

// TransferBegan: the call is being handed to somebody else.
type TransferBegan struct {
	Transfer string `json:"transfer"`
	To       string `json:"to"`  // what the agent's list calls them; no number
	How      string `json:"how"` // blind, conference, warm
}

// TransferOver: what became of it. Unless they talked, the agent has the caller
// again, or still, and owes them word of it.
type TransferOver struct {
	Transfer string `json:"transfer"`
	To       string `json:"to"`
	Outcome  string `json:"outcome"`          // completed, busy, no_answer, failed, declined, voicemail, silent, canceled
	Reason   string `json:"reason,omitempty"` // for people and the model; no number
	TookMS   int64  `json:"took_ms"`          // from its beginning
	TalkedMS int64  `json:"talked_ms,omitempty"`
}

// FloorTaken: another agent has the floor from here on, or nobody. What was said
// before stays true, what was open before is dropped.
type FloorTaken struct {
	Job   string `json:"job,omitempty"`   // empty: the call's own agent, or nobody
	Agent string `json:"agent,omitempty"` // its name
	By    string `json:"by,omitempty"`    // own, worker; empty: nobody has it
}

// ProviderError: a recogniser, model or voice failed. The text names no secret
// and no word that was spoken.
type ProviderError struct {
	Part     string `json:"part"` // recogniser, model, voice, tool
	Error    string `json:"error"`
	Fatal    bool   `json:"fatal,omitempty"`
	Provider string `json:"provider,omitempty"` // which one, if it was replaced: "deepgram nova-2"
	Next     string `json:"next,omitempty"`     // what went on in its place
}

// trouble is e for people to read.
func (e ProviderError) trouble() string {
	text := e.Error
	if name, _, _ := strings.Cut(e.Provider, " "); !strings.HasPrefix(text, name) {
		text = name + ": " + text
	}
	if e.Next == "" {
		return text
	}
	return text + "; " + e.Next + " went on"
}

// Lost: the stream stopped or broke; the call may go on.
type Lost struct {
	Epoch int    `json:"epoch"`
	Cause string `json:"cause"`
}

// Ended: the call is over. Committed before the line is let go; nothing
// follows it.
type Ended struct {
	Reason telephony.EndReason `json:"reason"`
}

// Unknown is an event of a later build.
type Unknown struct {
	Name string `json:"-"`
}

func (Opened) Kind() string        { return "opened" }
func (SpeechBegan) Kind() string   { return "speech_began" }
func (CallerSaid) Kind() string    { return "caller_said" }
func (NotUnderstood) Kind() string { return "not_understood" }
func (CallerPressed) Kind() string { return "caller_pressed" }
func (CollectBegan) Kind() string  { return "collect_began" }
func (Collected) Kind() string     { return "collected" }
func (Planned) Kind() string       { return "planned" }
func (Heard) Kind() string         { return "heard" }
func (AgentSaid) Kind() string     { return "agent_said" }
func (TalkOver) Kind() string      { return "talk_over" }
func (ToolIntent) Kind() string    { return "tool_intent" }
func (ToolResult) Kind() string    { return "tool_result" }
func (TransferBegan) Kind() string { return "transfer_began" }
func (TransferOver) Kind() string  { return "transfer_over" }
func (FloorTaken) Kind() string    { return "floor_taken" }
func (ProviderError) Kind() string { return "provider_error" }
func (Lost) Kind() string          { return "lost" }
func (Ended) Kind() string         { return "ended" }
func (u Unknown) Kind() string     { return u.Name }

// box lets a decoded event be read by value, whatever its type.
type box interface{ value() Event }

type of[E Event] struct{ E *E }

func (o of[E]) value() Event                 { return *o.E }
func (o of[E]) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, o.E) }

func newEvent(kind string) box {
	if make, ok := kinds[kind]; ok {
		return make()
	}
	u := unknown(kind)
	return &u
}

type unknown string

func (u unknown) value() Event             { return Unknown{string(u)} }
func (unknown) UnmarshalJSON([]byte) error { return nil }

func kind[E Event]() func() box { return func() box { return &of[E]{new(E)} } }

var kinds = map[string]func() box{
	"opened":         kind[Opened](),
	"speech_began":   kind[SpeechBegan](),
	"caller_said":    kind[CallerSaid](),
	"not_understood": kind[NotUnderstood](),
	"caller_pressed": kind[CallerPressed](),
	"collect_began":  kind[CollectBegan](),
	"collected":      kind[Collected](),
	"planned":        kind[Planned](),
	"heard":          kind[Heard](),
	"agent_said":     kind[AgentSaid](),
	"talk_over":      kind[TalkOver](),
	"tool_intent":    kind[ToolIntent](),
	"tool_result":    kind[ToolResult](),
	"transfer_began": kind[TransferBegan](),
	"transfer_over":  kind[TransferOver](),
	"floor_taken":    kind[FloorTaken](),
	"who_answered":   kind[WhoAnswered](),
	"message_began":  kind[MessageBegan](),
	"provider_error": kind[ProviderError](),
	"used":           kind[Used](),
	"lost":           kind[Lost](),
	"ended":          kind[Ended](),
	"contact_wrote":  kind[ContactWrote](),
	"agent_wrote":    kind[AgentWrote](),
	"call_held":      kind[CallHeld](),
}
