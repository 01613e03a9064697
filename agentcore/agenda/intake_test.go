package agenda_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// lines are rows of a file: nil is a line that can't be read, an error the end of
// all reading.
func lines(all ...any) iter.Seq2[agenda.Row, error] {
	return func(yield func(agenda.Row, error) bool) {
		for i, l := range all {
			row := agenda.Row{Line: i + 2}
			var err error
			switch l := l.(type) {
			case string:
				row.Phone, row.Values = l, map[string]string{"name": fmt.Sprint("row ", i)}
			case error:
				err = l
			default:
				err = &agenda.Problem{Line: row.Line, Text: "it has too many columns"}
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func batch(at time.Time) *agenda.Batch {
	return &agenda.Batch{Workspace: "ws_1", AgentUUID: "agent", Agent: "Ada", Name: "May", Columns: []string{"phone_number", "name"}, At: at}
}

func TestAFileBecomesABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		in := agenda.Intake{Store: m, Number: func(phone string) (string, error) {
			if phone == "nonsense" {
				return "", errors.New("it is no number")
			}
			return "+1" + phone, nil
		}}
		b := batch(time.Now().Add(time.Hour))
		b.Options.Consent = "form"
		err := in.Load(t.Context(), b, lines("2125550101", nil, "2125550102", "2125550101", "nonsense", "2125550103"))
		if err != nil {
			t.Fatal(err)
		}
		if b.Status != agenda.BatchScheduled || b.Total != 3 || b.Wrong != 3 {
			t.Errorf("the batch is %s with %d rows and %d wrong lines, want 3 and 3", b.Status, b.Total, b.Wrong)
		}
		want := []agenda.Problem{
			{Line: 3, Text: "it has too many columns"},
			{Line: 5, Field: "phone_number", Text: "the number is on line 2 already"},
			{Line: 6, Field: "phone_number", Text: "it is no number"},
		}
		if fmt.Sprint(b.Problems) != fmt.Sprint(want) {
			t.Errorf("its problems are %v, want %v", b.Problems, want)
		}
		time.Sleep(59 * time.Minute)
		for _, e := range m.all() {
			if e.Status != agenda.Scheduled || e.Variables != fmt.Sprintf(`{"name":"row %d"}`, e.Line-2) || e.Options.Consent != "form" {
				t.Errorf("before its time line %d is %s, with %s and consent %q", e.Line, e.Status, e.Variables, e.Options.Consent)
			}
		}
		time.Sleep(10 * time.Minute)
		if on, _ := m.Batch(t.Context(), "ws_1", b.ID); on.Status != agenda.BatchCompleted {
			t.Errorf("the batch is %s, want completed", on.Status)
		}
		for _, to := range []string{"+12125550101", "+12125550102", "+12125550103"} {
			if n := len(x.rings(to)); n != 1 {
				t.Errorf("a telephone rang %d times, want once", n)
			}
		}
	})
}

func TestABatchThatIsNotLoadedCallsNobody(t *testing.T) {
	broken, gone := errors.New("the connection is gone"), errors.New("the caller went away")
	for claim, tt := range map[string]struct {
		rows iter.Seq2[agenda.Row, error]
		most int
		ctx  func(context.Context) context.Context
		want error
	}{
		"its file breaks off": {lines("+12125550101", broken), 0, nil, broken},
		"too many rows":       {lines("+12125550101", "+12125550102", "+12125550103"), 2, nil, agenda.ErrTooManyRows},
		"who sends it is gone": {lines("+12125550101"), 0, func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancelCause(ctx)
			cancel(gone)
			return ctx
		}, context.Canceled},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, always(person))
				p := start(t, m, agenda.Config{Placer: x, Calls: x})
				defer p.end()
				ctx := t.Context()
				if tt.ctx != nil {
					ctx = tt.ctx(ctx)
				}
				b := batch(time.Time{})
				if err := (agenda.Intake{Store: m, Most: tt.most}).Load(ctx, b, tt.rows); !errors.Is(err, tt.want) {
					t.Errorf("Load() = %v, want %v", err, tt.want)
				}
				time.Sleep(time.Minute)
				if on, _ := m.Batch(t.Context(), "ws_1", b.ID); on.Status != agenda.BatchFailed || b.Status != on.Status {
					t.Errorf("the batch is %s, and %s to who loaded it, want failed", on.Status, b.Status)
				}
				if len(x.rang) != 0 {
					t.Errorf("%d telephones rang", len(x.rang))
				}
			})
		})
	}
}

// The process that loads a batch dies: an hour later the batch has failed.
func TestABatchWhoseLoaderDiedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		b := *batch(time.Time{})
		b.ID, b.Status, b.Created = "batch_1", agenda.BatchLoading, clock()
		if err := m.CreateBatch(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Minute)
		if on, _ := m.Batch(t.Context(), "", b.ID); on.Status != agenda.BatchLoading {
			t.Errorf("after 50 minutes the batch is %s", on.Status)
		}
		time.Sleep(12 * time.Minute)
		if on, _ := m.Batch(t.Context(), "", b.ID); on.Status != agenda.BatchFailed {
			t.Errorf("after an hour the batch is %s, want failed", on.Status)
		}
	})
}

func TestAnEmptyFileIsCompleted(t *testing.T) {
	m := newMemory()
	b := batch(time.Time{})
	if err := (agenda.Intake{Store: m}).Load(t.Context(), b, lines()); err != nil || b.Status != agenda.BatchCompleted {
		t.Errorf("Load() = %v, and the batch is %s", err, b.Status)
	}
}

// The problems of a file are bounded, their number is not.
func TestProblemsAreBounded(t *testing.T) {
	m := newMemory()
	b := batch(time.Time{})
	rows := make([]any, agenda.MaxProblems+500)
	rows[0] = "+12125550101"
	if err := (agenda.Intake{Store: m}).Load(t.Context(), b, lines(rows...)); err != nil {
		t.Fatal(err)
	}
	if len(b.Problems) != agenda.MaxProblems || b.Wrong != agenda.MaxProblems+499 || b.Total != 1 {
		t.Errorf("%d problems of %d wrong lines, and %d rows", len(b.Problems), b.Wrong, b.Total)
	}
}

// Who is told that a batch was not started sends the file again: it must be true.
func TestABatchThatWasStartedUnheard(t *testing.T) {
	m := newMemory()
	b := batch(time.Time{})
	s := &unheard{Store: m}
	if err := (agenda.Intake{Store: s}).Load(t.Context(), b, lines("+12125550101")); err != nil || b.Status != agenda.BatchScheduled {
		t.Errorf("Load() = %v, and the batch is %s, want scheduled", err, b.Status)
	}
}

// unheard starts a batch, and the word of it is lost.
type unheard struct{ agenda.Store }

func (u *unheard) StartBatch(ctx context.Context, b agenda.Batch, now time.Time) (agenda.Batch, error) {
	if _, err := u.Store.StartBatch(ctx, b, now); err != nil {
		return agenda.Batch{}, err
	}
	return agenda.Batch{}, errors.New("the connection is gone")
}

// The same number in two batches at once is called once at a time.
func TestTheSameNumberInTwoBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(nobody))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		for range 2 {
			b := batch(time.Time{})
			b.Options.Retry = series(1, agenda.Gap{Hours: 1})
			if err := (agenda.Intake{Store: m}).Load(t.Context(), b, lines(number, "+12125550199")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(4 * time.Hour)
		rings := x.rings(number)
		if len(rings) != 3 { // one of the two has callbacks
			t.Errorf("rang %d times, want 3", len(rings))
		}
		for i := 1; i < len(rings); i++ {
			if rings[i].at.Before(rings[i-1].over) {
				t.Error("the number was called while it was being called")
			}
		}
		for _, b := range m.batches {
			if b.Status != agenda.BatchCompleted {
				t.Errorf("a batch is %s, want completed", b.Status)
			}
		}
	})
}
