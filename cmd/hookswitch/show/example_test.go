package show_test

import (
	"os"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

// A command shows a call by handing on its entries as they are committed.
func Example() {
	s := show.New(os.Stdout, os.Stderr, show.Mode{Width: 80}) // show.Detect asks the terminal
	call := s.Call(show.Heading{Number: 1, Direction: telephony.Inbound, From: "+1 415 555 0134", To: "+1 415 555 0100"})
	entries := []agentcore.Entry{
		at(3600, agentcore.CallerSaid{Turn: 1, Text: "Are you open?", StartMS: 1900, EndMS: 3000}),
		at(5100, agentcore.AgentSaid{Reply: 1, Turn: 1, Text: "Until five.", Unheard: "And on Saturdays", Cut: true,
			StartMS: 3604, EndMS: 5100, GapMS: 604, Parts: &agentcore.Parts{Endpoint: 500, Recognise: 60, Model: 2, Voice: 31, Line: 11}}),
		at(9000, agentcore.Ended{Reason: telephony.CallerHangup}),
	}
	for _, e := range entries {
		call.Entry(e) // or wrap the call's journal: call.Journal(j)
	}
	c := show.Call{Name: "call 1"}
	c.Fill(entries)
	s.Turns(1, c.Turns)

	r := show.Result{TookMS: (9 * time.Second).Milliseconds(), Calls: []show.Call{c}, Checks: []show.Check{show.CheckAnswered([]show.Call{c})}}
	r.Judge()
	s.Finish(r, show.Files{}, show.Step{Command: "hookswitch talk", What: "talk to it yourself"})
	// Output:
	// CALL 1   in   +1 415 555 0134 -> +1 415 555 0100
	//   0:01.9  caller Are you open?
	//   0:03.6  agent  Until five. [not heard: And on Saturdays]              604 ms
	//   0:09.0         ended      caller_hangup, 9.0 s
	//
	//  TURNS OF CALL 1
	//    ms from the caller's last word to the agent's first sample played
	//    turn  endpoint  recognise  model  voice  line    gap  0       500
	//       1       500         60      2     31    11    604  EEEEEEEEEERV
	//    E end-of-turn wait   R recognise   M model's first token
	//      V voice's first sound   L line
	//
	//  CHECKS
	//    ok    every caller turn answered     1 of 1
	//
	//  PASS  1 of 1 in 9 s     gap: median 604 ms, worst 604 ms (call 1, turn 1)
	//  Next:  hookswitch talk    talk to it yourself
}
