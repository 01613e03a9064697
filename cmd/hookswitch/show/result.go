package show

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// ResultVersion is the version of the shape of [Result] that this build writes
// and reads.
const ResultVersion = 1

// Result is what came of some calls: the content of out/demo.json. Times are
// milliseconds; paths are as they were given on the command line.
type Result struct {
	Version     int       `json:"version"`         // of this shape
	Build       string    `json:"build,omitempty"` // of hookswitch
	Began       time.Time `json:"began"`
	TookMS      int64     `json:"took_ms"`
	Calls       []Call    `json:"calls"`
	Gap         Latency   `json:"gap"`
	Checks      []Check   `json:"checks"`
	Pass        bool      `json:"pass"` // every check held, and there was one
	Interrupted bool      `json:"interrupted,omitempty"`
}

// Call is one call of a [Result].
type Call struct {
	Name       string              `json:"name"` // "call 1"
	Direction  telephony.Direction `json:"direction"`
	From       string              `json:"from"`
	To         string              `json:"to"`
	Agent      string              `json:"agent,omitempty"`
	Persona    string              `json:"persona,omitempty"` // who played the far end
	Pipeline   string              `json:"pipeline,omitempty"`
	EndReason  telephony.EndReason `json:"end_reason"`
	LastedMS   int64               `json:"lasted_ms"`
	Violations int                 `json:"violations"` // of the carrier's protocol, by the gateway
	Messages   int                 `json:"messages,omitempty"`
	Recording  string              `json:"recording,omitempty"` // stereo WAV: left the caller, right the agent
	Journal    string              `json:"journal,omitempty"`   // one entry a line
	Turns      []Turn              `json:"turns"`
}

// Turn is one turn of the caller's and the agent's answer to it.
type Turn struct {
	Turn          int    `json:"turn"`
	CallerSaid    string `json:"caller_said,omitempty"`  // what the persona spoke
	CallerHeard   string `json:"caller_heard,omitempty"` // what the recogniser made of it
	Keys          string `json:"keys,omitempty"`
	CallerStartMS int64  `json:"caller_start_ms"`
	CallerEndMS   int64  `json:"caller_end_ms"`

	Answered     bool   `json:"answered"`
	AgentSaid    string `json:"agent_said,omitempty"`    // and the caller heard
	AgentUnheard string `json:"agent_unheard,omitempty"` // and nobody heard
	AgentStartMS int64  `json:"agent_start_ms,omitempty"`
	AgentEndMS   int64  `json:"agent_end_ms,omitempty"`

	TalkedOver  bool  `json:"talked_over"`             // the caller began while the agent spoke
	CutSilentMS int64 `json:"cut_silent_ms,omitempty"` // from the caller's first sample to the agent's silence
	CutClearMS  int64 `json:"cut_clear_ms,omitempty"`  // to the carrier's being told to clear

	GapMS       int64  `json:"gap_ms"` // the sum of Parts; 0 when not answered
	Parts       *Parts `json:"parts,omitempty"`
	CallerGapMS int64  `json:"caller_gap_ms,omitempty"` // the gap as the far end measured it on the line
}

// Parts is [agentcore.Parts] with the unit in its names.
type Parts struct {
	Endpoint  int64 `json:"endpoint_ms"`
	Recognise int64 `json:"recognise_ms"`
	Tool      int64 `json:"tool_ms"`
	Model     int64 `json:"model_ms"`
	Voice     int64 `json:"voice_ms"`
	Line      int64 `json:"line_ms"`
}

// Sum is the gap.
func (p Parts) Sum() int64 { return agentcore.Parts(p).Sum() }

// Latency says how long callers waited: over all turns that were answered.
type Latency struct {
	Turns    int   `json:"turns"`
	MedianMS int64 `json:"median_ms"`
	WorstMS  int64 `json:"worst_ms"`
	Call     int   `json:"worst_call"` // 1 is the first
	Turn     int   `json:"worst_turn"`
}

// Check is one claim about the calls, and whether it held.
type Check struct {
	Name   string  `json:"name"`
	OK     bool    `json:"ok"`
	Value  string  `json:"value"`            // what was found
	Limit  string  `json:"limit,omitempty"`  // "limit 300 ms"
	Detail string  `json:"detail,omitempty"` // more about a failure
	Faults []Fault `json:"faults,omitempty"` // where it failed
}

// Fault is a place where a check failed.
type Fault struct {
	Call   int    `json:"call"`           // 1 is the first
	Turn   int    `json:"turn,omitempty"` // 0 when it is about no turn
	AtMS   int64  `json:"at_ms"`          // where to listen
	Detail string `json:"detail"`         // with its times
}

// Gaps finds the median and the worst gap of calls. The median of an even
// number of turns is the mean of the middle two.
func Gaps(calls []Call) Latency {
	var l Latency
	var all []int64
	for c, call := range calls {
		for _, t := range call.Turns {
			if !t.Answered || t.Parts == nil {
				continue
			}
			all = append(all, t.GapMS)
			if t.GapMS > l.WorstMS || l.Call == 0 {
				l.WorstMS, l.Call, l.Turn = t.GapMS, c+1, t.Turn
			}
		}
	}
	if l.Turns = len(all); l.Turns == 0 {
		return l
	}
	slices.Sort(all)
	mid := l.Turns / 2
	l.MedianMS = all[mid]
	if l.Turns%2 == 0 {
		l.MedianMS = (all[mid-1] + all[mid] + 1) / 2
	}
	return l
}

// Judge fills in what follows from the calls and the checks.
func (r *Result) Judge() {
	r.Version = ResultVersion
	r.Gap = Gaps(r.Calls)
	r.Pass = len(r.Checks) > 0 && r.Held() == len(r.Checks) && !r.Interrupted
}

// Held is how many checks held.
func (r *Result) Held() int {
	n := 0
	for _, c := range r.Checks {
		if c.OK {
			n++
		}
	}
	return n
}

// JSON is the result as it is kept in a file.
func (r Result) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}
