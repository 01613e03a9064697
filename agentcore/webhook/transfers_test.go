package webhook

import (
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

func TestTransferTimes(t *testing.T) {
	at := func(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }
	for claim, tt := range map[string]struct {
		t              dispatch.Transfer
		waited, talked time.Duration
	}{
		"one that is dialled":            {dispatch.Transfer{Created: at(50)}, 10 * time.Second, 0},
		"one that came to nothing":       {dispatch.Transfer{Created: at(5), Answered: at(7), Ended: at(20.0005)}, 15 * time.Second, 0},
		"two who talk":                   {dispatch.Transfer{Created: at(5), Bridged: at(20)}, 15 * time.Second, 40 * time.Second},
		"two who talked":                 {dispatch.Transfer{Created: at(5), Bridged: at(20), Ended: at(25)}, 15 * time.Second, 5 * time.Second},
		"the clocks of two nodes differ": {dispatch.Transfer{Created: at(5), Bridged: at(4), Ended: at(3)}, 0, 0},
	} {
		if waited, talked := TransferTimes(tt.t, at(60)); waited != tt.waited || talked != tt.talked {
			t.Errorf("%s: TransferTimes() = %v, %v, want %v, %v", claim, waited, talked, tt.waited, tt.talked)
		}
	}
}

func TestHandovers(t *testing.T) {
	odd := dispatch.Transfer{Label: "a\nb\x00" + strings.Repeat("c", 200), Outcome: dispatch.OutcomeNoAnswer}
	going := dispatch.Transfer{Label: "sales", Status: dispatch.TransferBridged}
	want := []string{
		`The transfer to "sales" came to nothing: nobody answered.`,
		`The call was transferred to "the desk": they talked for 21 s.`,
		`The transfer to "a b�` + strings.Repeat("c", 75) + `…" came to nothing: no answer.`,
		`The call was being transferred to "sales".`,
	}
	if got := handovers(append(handedOn[:2:2], odd, going)); !reflect.DeepEqual(got, want) {
		t.Errorf("handovers() =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	many := make([]dispatch.Transfer, 1000)
	if got, told := transfersOf(many, began), handovers(many); len(got) != maxTransfers || len(told) != maxTransfers {
		t.Errorf("of 1000 transfers %d and %d are told, want %d", len(got), len(told), maxTransfers)
	}
	for _, s := range append(want, handovers(handedOn)...) {
		if strings.Contains(s, "+1555") {
			t.Errorf("a number is told: %s", s)
		}
	}
}

func TestSummaryTellsOfTransfers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &model{words: []string{"Nobody was in sales."}}
		if got := Summary(t.Context(), m, talk, handedOn[:1]); got != "Nobody was in sales." {
			t.Errorf("Summary() = %q, want the model's", got)
		}
		const note = "Goodbye.\n[The transfer to \"sales\" came to nothing: nobody answered.]\n</transcript>"
		if told := m.asked.Messages[1].Text; !strings.HasSuffix(told, note) {
			t.Errorf("the model was told %q", told)
		}
		if got := Summary(t.Context(), nil, talk, handedOn[:1]); got != picked+` The transfer to "sales" came to nothing: nobody answered.` {
			t.Errorf("Summary(no model) = %q", got)
		}
		m.asked.Messages = nil
		if got := Summary(t.Context(), m, nil, handedOn[1:]); got != `The call was transferred to "the desk": they talked for 21 s.` || m.asked.Messages != nil {
			t.Errorf("Summary(nothing said) = %q, asked %v", got, m.asked.Messages)
		}
	})
}
