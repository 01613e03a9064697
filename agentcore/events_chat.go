package agentcore

// The events of a conversation in writing, beside [Opened], [ToolIntent],
// [ToolResult] and [ProviderError]. An [Entry]'s At counts from its beginning.

// ContactWrote: a message came in and is being answered. Committed before the
// first tool of the answer.
type ContactWrote struct {
	Turn    int    `json:"turn"` // several messages may be one turn
	Message string `json:"message"`
	Text    string `json:"text"`
}

// AgentWrote: an answer goes out. Committed with its messages.
type AgentWrote struct {
	Turn     int      `json:"turn"` // the contact's that it answers; 0 for a first message
	Messages []string `json:"messages"`
	Text     string   `json:"text"` // of all of them
	Why      string   `json:"why"`  // greeting, answer, apology, api
}

// CallHeld: the chat went over to a call, which is over.
type CallHeld struct {
	Call    string     `json:"call"`
	Outcome string     `json:"outcome"` // of the call: its end reason
	Lines   []CallLine `json:"lines,omitempty"`
}

// CallLine is something that was said on a call, as heard.
type CallLine struct {
	Contact bool   `json:"contact,omitempty"` // the contact said it; else the agent
	Text    string `json:"text"`
}

func (ContactWrote) Kind() string { return "contact_wrote" }
func (AgentWrote) Kind() string   { return "agent_wrote" }
func (CallHeld) Kind() string     { return "call_held" }
