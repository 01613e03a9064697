package simulation

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mutants are the bugs that are planted behind the build tag of that name, and
// the invariant that each must break.
var mutants = []struct{ name, breaks string }{
	{"open-mark-is-heard", "heard was played"},         // agentcore: a mark open at a clear counts as heard
	{"let-go-before-end", "ended before let go"},       // agentcore: the line is let go, then the end written
	{"spoken-before-planned", "planned before spoken"}, // agentcore: a phrase doesn't wait for its commit
	{"words-lost", "words kept"},                       // agentcore: what a cancelled reply would have answered is forgotten
	{"tool-tried-again", "a tool once a key"},          // agentcore: a tool that failed is called again
	{"tool-before-intent", "intent before effect"},     // agentcore: a tool doesn't wait for its intent's commit
	{"never-cleared", "falls silent"},                  // agentcore: a talked-over line is not cleared
	{"both-speak", "one speaks"},                       // turn: a reply starts while the caller speaks
	{"key-forgotten", "dialled once"},                  // dispatch: a key that comes again has its call placed again
	{"nobody-told", "told once"},                       // storage: an end has nobody told
	{"ended-twice", "one end"},                         // dispatch, storage: a callback that comes again ends the call again
}

// laterMutants are those that it takes what is done later to find.
var laterMutants = []struct{ name, breaks string }{
	{"clerk-forgets-lost", "every attempt is made"}, // agenda: an attempt of which nobody was asked counts
	{"claim-not-fenced", "cancelled is not rung"},   // agenda: who writes does not heed who wrote meanwhile
	{"nobody-is-human", "a human ends it"},          // agenda: who was reached is called again
	{"gap-forgotten", "in time"},                    // agenda: a callback comes at once
	{"follow-up-not-enqueued", "none lost"},         // storage: nobody looks at a call that is over
	{"cap-not-counted", "cap held"},                 // storage: as many calls go on as there are
	{"dial-not-fenced", "never placed"},             // storage: who was given up dials
}

// machineMutants are those of calls that machines answer.
var machineMutants = []struct{ name, breaks string }{
	{"message-left-twice", "left once"}, // agentcore: a message on record is begun again
	{"answer-not-kept", "record tells"}, // storage: a verdict stays in the journal
}

// roomMutants are those of calls that are rooms.
var roomMutants = []struct{ name, breaks string }{
	{"holder-not-stopped", "one voice"},          // room: who is replaced goes on talking
	{"change-not-seen", "deleted is silent"},     // room: what other processes change is not heeded
	{"resumed-by-another", "who had it goes on"}, // room: a line that is found again gets somebody else
	{"nobody-yields", "who waits comes"},         // room: who would end the call does not ask who waits
	{"ears-left-behind", "listeners hear all"},   // room: listeners leave with who had the floor
	{"jobs-not-ended", "rooms close"},            // storage: the jobs of a call that is over go on
}

// Every planted bug is found: what can't find them proves nothing.
func TestPlantedBugsAreFound(t *testing.T) {
	if raced || testing.Short() {
		t.Skip("the plain build hunts them")
	}
	binary := filepath.Join(t.TempDir(), "simulation.test")
	if out, err := exec.Command("go", "test", "-tags", "mutant", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for i, m := range slices.Concat(mutants, laterMutants, machineMutants, roomMutants) {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			hunt := "^TestHunt$"
			switch {
			case i >= len(mutants)+len(laterMutants)+len(machineMutants):
				hunt = "^TestHuntRooms$"
			case i >= len(mutants)+len(laterMutants):
				hunt = "^TestHuntMachines$"
			case i >= len(mutants):
				hunt = "^TestHuntLater$"
			}
			child := exec.Command(binary, "-test.run", hunt, "-test.v")
			child.Env = append(os.Environ(), "HOOKSWITCH_MUTANT="+m.name, "HOOKSWITCH_SIM_BREAKS="+m.breaks)
			out, err := child.CombinedOutput()
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, ": "+m.breaks+": ") {
					t.Log(strings.TrimSpace(line))
					return
				}
			}
			t.Errorf("not found as %q: %v\n%.2000s", m.breaks, err, out)
		})
	}
}

// TestHunt looks for the planted bug, seed by seed.
func TestHunt(t *testing.T) { hunt(t, enough, run) }

// TestHuntLater is TestHunt for the calls that are placed later.
func TestHuntLater(t *testing.T) {
	hunt(t, enoughLater, func(t *testing.T, seed uint64) Result { return runLater(t, seed, PlannedLater(seed)) })
}

// TestHuntMachines is TestHunt for the calls that machines answer.
func TestHuntMachines(t *testing.T) {
	hunt(t, enoughMachines, func(t *testing.T, seed uint64) Result { return runMachines(t, seed, PlannedMachines(seed, Calls)) })
}

// TestHuntRooms is TestHunt for calls that are rooms.
func TestHuntRooms(t *testing.T) {
	hunt(t, enoughRooms, func(t *testing.T, seed uint64) Result { return runRooms(t, seed, PlannedRooms(seed)) })
}

func hunt(t *testing.T, seeds uint64, run func(*testing.T, uint64) Result) {
	t.Helper()
	name, breaks := os.Getenv("HOOKSWITCH_MUTANT"), os.Getenv("HOOKSWITCH_SIM_BREAKS")
	if name == "" || breaks == "" {
		t.Skip("runs as a child of TestPlantedBugsAreFound")
	}
	for seed := range seeds {
		for _, broken := range run(t, seed).Broken {
			if strings.HasPrefix(broken, breaks+": ") {
				fmt.Printf("seed %d: %s\n", seed, broken)
				return
			}
		}
	}
	t.Errorf("%s: %d seeds have not found it", name, seeds)
}
