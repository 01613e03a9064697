package storetest_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/pgtest"
	"github.com/hookswitch/hookswitch/storage/postgres"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// victim names the variable with the database of a process that is to be killed.
const victim = "HOOKSWITCH_TEST_VICTIM"

func TestMain(m *testing.M) {
	if address := os.Getenv(victim); address != "" {
		fmt.Println(beVictim(context.Background(), address))
		os.Exit(1)
	}
	os.Exit(pgtest.Main(m))
}

const id telephony.CallID = "call_1"

func open(ctx context.Context, address string) (*storage.DB, error) {
	if strings.HasPrefix(address, "sqlite:") {
		return sqlite.Open(ctx, address)
	}
	return postgres.Open(ctx, address)
}

// beVictim appends entries to the call, a few at a time, and says the number of
// the last that was committed.
func beVictim(ctx context.Context, address string) error {
	db, err := open(ctx, address)
	if err != nil {
		return err
	}
	r, _, err := db.Create(ctx, storage.Call{ID: id, Carrier: "CA1", Direction: telephony.Inbound, Created: time.Now()})
	for err == nil {
		var entries []agentcore.Entry
		for range 1 + r.Last%3 {
			r.Last++
			entries = append(entries, agentcore.Entry{
				N: r.Last, Version: agentcore.JournalVersion, Wall: time.Now(), Sync: true,
				Event: agentcore.Planned{Text: fmt.Sprint("words ", r.Last)},
			})
		}
		if err = db.Append(ctx, id, r.Epoch, entries); err == nil {
			fmt.Println(r.Last)
		}
	}
	return err
}

// A process is killed while it commits: whatever it was told is committed is
// there, and the next process goes on where the journal ends.
func TestNothingCommittedIsLostByAKill(t *testing.T) {
	for name, address := range map[string]func(t testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "x.db") },
		"postgres": pgtest.URL,
	} {
		t.Run(name, func(t *testing.T) {
			address := address(t)
			before := 0
			for round := range 5 {
				acknowledged := killed(t, address, before+5+rand.IntN(30))
				if acknowledged <= before {
					t.Fatalf("round %d: %d entries were committed, want more than the %d before", round, acknowledged, before)
				}
				before = whole(t, address)
				if before < acknowledged {
					t.Fatalf("round %d: %d entries are there, %d were committed", round, before, acknowledged)
				}
			}
			t.Logf("%d entries over 5 kills", before)
		})
	}
}

// killed runs a victim until it has said a number of at least enough, kills it,
// and returns the last number that it said.
func killed(t *testing.T, address string, enough int) (said int) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), victim+"="+address)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); { // also what it said before it noticed
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Errorf("the child said %q", lines.Text())
			continue
		}
		said = n
		if said >= enough {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			enough = 1 << 30
		}
	}
	_ = child.Wait() // "signal: killed"
	return said
}

// whole returns how many entries the call has, which must be numbered without a
// gap and as many as its record says.
func whole(t *testing.T, address string) int {
	t.Helper()
	db, err := open(t.Context(), address)
	if err != nil {
		t.Fatalf("Open() after a kill = %v", err)
	}
	defer db.Close()
	r, err := db.Call(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := db.Journal(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if e.N != i+1 || e.Event != (agentcore.Planned{Text: fmt.Sprint("words ", i+1)}) {
			t.Fatalf("entry %d is %+v", i+1, e)
		}
	}
	if r.Last != len(entries) {
		t.Fatalf("the record says %d entries, there are %d", r.Last, len(entries))
	}
	return len(entries)
}
