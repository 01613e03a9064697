package agenda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"
)

// Row is a line of a batch's file that can be read.
type Row struct {
	Line    int // from 1, the header's
	Phone   string
	Consent string            // how whom the line is about agreed to be called; empty: as the batch has it
	Values  map[string]string // of the other columns by name: the call's variables
}

// Error implements error: a reader yields a *Problem for a line that it does not
// take.
func (p *Problem) Error() string { return "agenda: line " + strconv.Itoa(p.Line) + ": " + p.Text }

// ErrTooManyRows means that a file has more rows than [Intake.Most].
var ErrTooManyRows = errors.New("agenda: the file has too many rows")

// Intake makes batches of files.
type Intake struct {
	Store Store // Required
	// Number is a row's number as it is called, E.164, or an error whose text is
	// the row's problem and does not repeat the number. Nil takes it as it is.
	Number func(phone string) (string, error)
	Most   int                      // rows that a file may have; 0 means 50 000
	NewID  func(kind string) string // as in [Config]
}

// chunk is how many rows are kept in one transaction.
const chunk = 500

// Load makes a batch of rows, which are read as they come, and starts it: b.At
// says when. Of b, what says how it went is ignored; its ID may be empty. A row
// with an error that is a *[Problem] is left out, and so is a number that the
// file has already; both are among the batch's problems, the first [MaxProblems]
// of them. Any other error, a row too many and a context that ends leave a batch
// that has failed and calls nobody, and are returned with it.
//
// The columns are those that b has when the rows are at their end: who reads them
// learns them from the first line.
func (in Intake) Load(ctx context.Context, b *Batch, rows iter.Seq2[Row, error]) error {
	in.Most = cmp.Or(in.Most, 50_000)
	if in.NewID == nil {
		in.NewID = newID
	}
	if b.Options.Retry != nil {
		if err := b.Options.Retry.Validate(); err != nil {
			return err
		}
	}
	in.begin(b)
	if err := in.Store.CreateBatch(ctx, *b); err != nil {
		return fmt.Errorf("agenda: load: %w", err)
	}
	l := loading{Intake: in, batch: b, lines: make(map[string]int)}
	if err := l.read(ctx, rows); err != nil {
		return l.fail(ctx, err)
	}
	on, err := in.Store.StartBatch(ctx, *b, clock())
	if err != nil {
		return l.unsure(ctx, err)
	}
	*b = on
	return nil
}

func (in Intake) begin(b *Batch) {
	if b.ID == "" {
		b.ID = in.NewID("batch")
	}
	now := clock()
	b.Status, b.Problems, b.Wrong, b.Total = BatchLoading, nil, 0, 0
	b.At = b.At.Truncate(time.Microsecond)
	b.Created, b.Updated, b.Started, b.Ended = now, now, time.Time{}, time.Time{}
}

// loading is a batch while its file is read.
type loading struct {
	Intake
	batch   *Batch
	lines   map[string]int // of the numbers so far
	waiting []Errand
}

func (l *loading) read(ctx context.Context, rows iter.Seq2[Row, error]) error {
	for row, err := range rows {
		var p *Problem
		switch {
		case errors.As(err, &p):
			l.problem(*p)
			continue
		case err != nil:
			return err
		}
		if err := l.row(ctx, row); err != nil {
			return err
		}
	}
	return l.flush(ctx)
}

// row takes a row, or notes what is wrong with it.
func (l *loading) row(ctx context.Context, row Row) error {
	to, problem := row.Phone, error(nil)
	if l.Number != nil {
		to, problem = l.Number(row.Phone)
	}
	switch first := l.lines[to]; {
	case problem != nil:
		l.problem(Problem{row.Line, "phone_number", problem.Error()})
		return nil
	case first > 0:
		l.problem(Problem{row.Line, "phone_number", fmt.Sprintf("the number is on line %d already", first)})
		return nil
	case l.batch.Total == l.Most:
		return fmt.Errorf("%w: %d are the most", ErrTooManyRows, l.Most)
	}
	variables, err := Encode(row.Values)
	if err != nil {
		return err
	}
	l.lines[to] = row.Line
	l.waiting = append(l.waiting, l.errand(row, to, variables))
	l.batch.Total++
	if len(l.waiting) < chunk {
		return nil
	}
	return l.flush(ctx)
}

func (l *loading) errand(row Row, to, variables string) Errand {
	b := l.batch
	e := Errand{
		ID: l.NewID(Call), Workspace: b.Workspace, Kind: Call, Source: cmp.Or(b.Source, FromBatch),
		AgentUUID: b.AgentUUID, Agent: b.Agent, To: to, Variables: variables, Metadata: "{}",
		Options: b.Options, Batch: b.ID, Line: row.Line,
		Status: Scheduled, Asked: b.At, Due: b.Created, Created: b.Created, Updated: b.Created,
	}
	if row.Values == nil {
		e.Variables = "{}"
	}
	if b.At.After(e.Due) {
		e.Due = b.At
	}
	e.Options.Consent = cmp.Or(row.Consent, b.Options.Consent)
	return e
}

func (l *loading) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil || len(l.waiting) == 0 {
		return err
	}
	err := l.Store.AddErrands(ctx, l.waiting)
	l.waiting = l.waiting[:0]
	return err
}

func (l *loading) problem(p Problem) {
	l.batch.Wrong++
	if len(l.batch.Problems) < MaxProblems {
		l.batch.Problems = append(l.batch.Problems, p)
	}
}

// unsure finds out whether a batch was started by a transaction that failed: who
// is told that it was not sends the file again.
func (l *loading) unsure(ctx context.Context, why error) error {
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), effort)
	defer cancel()
	on, err := l.Store.Batch(after, l.batch.Workspace, l.batch.ID)
	if err != nil || on.Status == BatchLoading || on.Status == BatchFailed {
		return l.fail(ctx, errors.Join(why, err))
	}
	*l.batch = on
	return nil
}

// fail ends the batch, whoever reads it being gone or not.
func (l *loading) fail(ctx context.Context, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effort)
	defer cancel()
	l.batch.Status = BatchFailed
	if err := l.Store.FailBatch(ctx, l.batch.ID, clock()); err != nil {
		return fmt.Errorf("agenda: load: %w", errors.Join(why, err))
	}
	return fmt.Errorf("agenda: load: %w", why)
}
