package trillet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Every row of a batch is counted once, whatever becomes of it: when some are
// refused, when the batch is cancelled half-way, and when what went on then is over.
func TestARowIsCountedOnceWhateverBecomesOfIt(t *testing.T) {
	p := open(t)
	agent := p.caller()
	const rows = 8
	var file strings.Builder
	file.WriteString("phone_number\n")
	for i := range rows {
		fmt.Fprintf(&file, "+1415555017%d\n", i)
	}
	id := p.upload(fields{"agentId": agent}, file.String()).str("batchId")
	counts := func(when string, want string) {
		t.Helper()
		a := p.ok("GET", "/v1/api/batch-calls/"+id, "")
		of := func(name string) int { return int(a.at(name).(float64)) }
		got := fmt.Sprintf("%d waiting, %d active, %d completed, %d failed (%d refused, %d cancelled)", of("progress.waiting"), of("progress.active"),
			of("progress.completed"), of("progress.failed"), of("refusedCalls"), of("cancelledCalls"))
		if got != want {
			t.Errorf("%s: %s; want %s", when, got, want)
		}
		if sum := of("progress.waiting") + of("progress.active") + of("progress.completed") + of("progress.failed"); sum != rows || of("progress.total") != rows || of("totalCalls") != rows {
			t.Errorf("%s: they sum to %d of %d rows", when, sum, rows)
		}
	}
	counts("before it began", "8 waiting, 0 active, 0 completed, 0 failed (0 refused, 0 cancelled)")
	soon := time.Now().Add(time.Second)
	if _, err := p.db.Agenda().WakeBatch(t.Context(), id, soon); err != nil {
		t.Fatal(err)
	}
	claimed, err := p.db.Agenda().Claim(t.Context(), "node_test", soon, 5, nil)
	if err != nil || len(claimed) != 5 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	p.move(claimed[0].ID, agenda.Done, "")
	p.move(claimed[1].ID, agenda.Failed, "busy")
	p.move(claimed[2].ID, agenda.Refused, "do_not_call")
	p.move(claimed[3].ID, agenda.Live, "")
	counts("half-way", "3 waiting, 2 active, 1 completed, 2 failed (1 refused, 0 cancelled)")
	if _, err := p.db.Agenda().CancelBatch(t.Context(), roster.Default, id, time.Now()); err != nil {
		t.Fatal(err)
	}
	counts("cancelled", "0 waiting, 2 active, 1 completed, 5 failed (1 refused, 3 cancelled)")
	p.move(claimed[3].ID, agenda.Done, "")
	p.move(claimed[4].ID, agenda.Cancelled, "cancelled")
	counts("all over", "0 waiting, 0 active, 2 completed, 6 failed (1 refused, 4 cancelled)")
}
