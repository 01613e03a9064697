package dispatch_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// Agents may have been sent to the room before the call is there.
func TestACallHasTheRoomThatWasChosen(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"one that is placed": func(t *testing.T, o *office) {
			w := keyed("k")
			w.Room = "order-17"
			on, _, err := o.Dispatch(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := o.records.Call(t.Context(), on.Call); err != nil || r.Room != "order-17" {
				t.Errorf("room %q, %v, want order-17", r.Room, err)
			}
		},
		"one that takes a session": func(t *testing.T, o *office) {
			w := dispatch.Wish{Workspace: "default", Agent: "demo", AgentUUID: "uuid_1", Version: 3, Room: "order-17"}
			if _, _, err := o.Dispatch(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			o.ring("CA1")
			if r := o.kept("CA1"); r.Room != "order-17" {
				t.Errorf("room %q, want order-17", r.Room)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, agents, test) })
	}
}
