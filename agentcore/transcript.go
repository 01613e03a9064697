package agentcore

// Utterance is one line of a transcript: what one side said, in the order in
// which it began. Times are milliseconds since the call was answered.
type Utterance struct {
	Turn    int    `json:"turn"`
	Speaker string `json:"speaker"` // caller, agent, tool
	Text    string `json:"text"`    // the agent's: what was heard of it
	Unheard string `json:"unheard,omitempty"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Cut     bool   `json:"cut,omitempty"`         // the agent was talked over
	Over    bool   `json:"talked_over,omitempty"` // the caller talked over the agent
	GapMS   int64  `json:"gap_ms,omitempty"`
	Parts   *Parts `json:"parts,omitempty"`
}

// Transcript is what was said in a call, as heard.
func Transcript(entries []Entry) []Utterance {
	var out []Utterance
	tools := map[string]int{}
	for _, e := range entries {
		switch ev := e.Event.(type) {
		case CallerSaid:
			out = append(out, Utterance{Turn: ev.Turn, Speaker: "caller", Text: ev.Text, StartMS: ev.StartMS, EndMS: ev.EndMS, Over: ev.TalkedOver})
		case CallerPressed:
			at := e.At.Milliseconds()
			out = append(out, Utterance{Turn: ev.Turn, Speaker: "caller", Text: "[" + ev.Digit + "]", StartMS: at, EndMS: at})
		case AgentSaid:
			if ev.Text == "" && ev.Unheard == "" {
				continue
			}
			out = append(out, Utterance{
				Turn: ev.Turn, Speaker: "agent", Text: ev.Text, Unheard: ev.Unheard,
				StartMS: ev.StartMS, EndMS: ev.EndMS, Cut: ev.Cut, GapMS: ev.GapMS, Parts: ev.Parts,
			})
		case ToolIntent:
			tools[ev.Key] = len(out)
			at := e.At.Milliseconds()
			out = append(out, Utterance{Turn: ev.Turn, Speaker: "tool", Text: ev.Name + " " + ev.Arguments, StartMS: at, EndMS: at})
		case ToolResult:
			if i, ok := tools[ev.Key]; ok {
				out[i].EndMS = e.At.Milliseconds()
				out[i].Text += " -> " + ev.Text
			}
		}
	}
	return out
}
