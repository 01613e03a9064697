package bench

import "time"

// Format is the version of the form in which a [Report] is written as JSON. Within
// one, fields are only added. See docs/performance.md.
const Format = 1

// Report is all that one command measured.
type Report struct {
	Format  int      `json:"format"`
	Began   string   `json:"began"`   // RFC 3339, UTC
	Command string   `json:"command"` // as it was typed
	Version string   `json:"version"`
	Machine Machine  `json:"machine"`
	Runs    []Result `json:"runs"`
	Ratios  []Ratio  `json:"ratios,omitempty"` // to the peers
	Pass    bool     `json:"pass"`             // every check held
}

// Result is what one agent's calls cost.
type Result struct {
	Agent     string  `json:"agent"`
	Peer      string  `json:"peer,omitempty"` // who answered instead of the gateway
	Calls     int     `json:"calls"`
	Burst     int     `json:"burst"`   // calls whose frames come at the same moment
	Seconds   float64 `json:"seconds"` // measured
	Pinned    bool    `json:"pinned"`  // the gateway had one core, alone as far as we are concerned
	Recording bool    `json:"recording"`
	LeadMS    int64   `json:"lead_ms"` // how far ahead the script's sound is sent
	LumpMS    int64   `json:"lump_ms"` // how much at a time

	CPU    CPU       `json:"cpu"`
	Memory Memory    `json:"memory"`
	Late   Quantiles `json:"late_ms"`            // of frames, see docs/performance.md
	Answer Quantiles `json:"answer_ms,omitzero"` // script: from the end of the endpoint's wait to the answer's first sample
	Clear  Quantiles `json:"clear_ms,omitzero"`  // script: from the caller's first sample into an answer to the clear

	Load     Load           `json:"load"`
	Traffic  Traffic        `json:"traffic"`
	Refusals map[string]int `json:"refusals"` // what the trunk counted as odd, by reason
	Checks   []Check        `json:"checks"`
	Pass     bool           `json:"pass"`
	Search   *Search        `json:"search,omitempty"`
	Allocs   *Allocs        `json:"allocs,omitempty"` // by the heap profile of a run of its own
	Soak     *Soak          `json:"soak,omitempty"`   // of a run that was asked for as one

	noted notes
}

// Ratio is how many times dearer a peer's frame is than ours, in one run; of the
// floor, how much of ours nobody could be without.
type Ratio struct {
	Agent  string  `json:"agent"`
	Peer   string  `json:"peer"`
	LumpMS int64   `json:"lump_ms"`
	Mean   float64 `json:"mean"` // of the whole windows
	Best   float64 `json:"best"` // of the cheapest seconds
	Late   float64 `json:"peer_late_p99_ms"`
	Counts bool    `json:"counts"` // the peer was not so late that it read many messages at a time
}

// CPU is the gateway process's processor time, the kernel's part included.
type CPU struct {
	PercentOfCore  float64 `json:"percent_of_core_per_call"`
	MSPerSecond    float64 `json:"ms_per_call_second"`
	USPerFrame     float64 `json:"us_per_frame"`      // one in; and one out, when the agent speaks
	USPer20MS      float64 `json:"us_per_20ms"`       // of a call, whatever passed
	BestPercent    float64 `json:"best_percent"`      // of the cheapest second
	BestUSPerFrame float64 `json:"best_us_per_frame"` // of the cheapest second
	Allocations    float64 `json:"allocations_per_frame"`
	CallsPerCore   int     `json:"calls_per_core"` // that the best second's cost lets one core carry, were it never late
}

// Memory is what the gateway process has in RAM.
type Memory struct {
	Before  int64 `json:"before_bytes"` // after one call that is over
	With    int64 `json:"with_calls_bytes"`
	PerCall int64 `json:"per_call_bytes"`         // all that is more than before
	Further int64 `json:"per_further_call_bytes"` // of each call beyond the first quarter: without what a process needs once
}

// Load is how the load generator itself did: what it is late is not the
// gateway's fault, and yet in the gateway's figures.
type Load struct {
	Late          Quantiles `json:"late_ms"`
	PercentOfCore float64   `json:"percent_of_core"`
	Others        float64   `json:"others_percent_of_core"` // what everybody else on this machine used of a core in the window
}

// Traffic is what went over all calls, before, in and after the window.
type Traffic struct {
	Sent    int `json:"frames_sent"`
	Echoed  int `json:"frames_echoed,omitempty"`
	Heard   int `json:"frames_heard,omitempty"` // of the agent's voice
	Marks   int `json:"marks"`
	Clears  int `json:"clears"`
	Replies int `json:"replies,omitempty"`
	Broken  int `json:"violations"` // messages that Twilio would refuse, and echoes of another sound
}

// Check is one thing that must hold for the figures to mean anything.
type Check struct {
	Name string `json:"name"`
	Held bool   `json:"held"`
	Says string `json:"says"`
}

// Search is the hunt for the largest number of calls that is not late.
type Search struct {
	LimitMS float64 `json:"limit_ms"` // p99 of lateness must stay under it
	Largest int     `json:"largest"`  // 0: none of those tried
	Ended   string  `json:"ended"`    // why no more were tried
	Tried   []Try   `json:"tried"`
}

// Try is one step of a search.
type Try struct {
	Calls  int       `json:"calls"`
	Late   Quantiles `json:"late_ms"`
	CPU    float64   `json:"percent_of_core"` // the whole gateway
	Load   float64   `json:"load_late_p99_ms"`
	Others float64   `json:"others_percent_of_core"`
	Held   bool      `json:"held"`
	Why    string    `json:"why,omitempty"` // when it did not hold: late; load late, too (it can't judge then); no answer; check failed
}

// perCall fills in what CPU time over a window means.
func (c *CPU) fill(used, window time.Duration, calls int, frames int64) {
	share := used.Seconds() / window.Seconds() / float64(calls)
	c.PercentOfCore, c.MSPerSecond, c.USPer20MS = 100*share, 1000*share, 1e6*share/50
	if frames > 0 {
		c.USPerFrame = float64(used.Microseconds()) / float64(frames)
	}
}

// best keeps the cheapest second.
func (c *CPU) best(used, window time.Duration, calls int) {
	share := used.Seconds() / window.Seconds() / float64(calls)
	if percent := 100 * share; c.BestPercent == 0 || percent < c.BestPercent {
		c.BestPercent, c.BestUSPerFrame, c.CallsPerCore = percent, 1e6*share/50, int(1/share)
	}
}
