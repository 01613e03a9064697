package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/telephony"
)

// Append implements [dispatch.Calls].
//
// The row comes first: it names the epoch, moves last_n and, with an Ended,
// closes the call, all in one statement. Whoever loses a race changes no row
// and is told why.
func (db *DB) Append(ctx context.Context, id telephony.CallID, epoch int, entries []agentcore.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	bodies, err := encode(entries)
	if err != nil {
		return fmt.Errorf("storage: append: %w", err)
	}
	first, last := entries[0].N, entries[len(entries)-1].N
	var ended any
	var reason string
	if e, ok := entries[len(entries)-1].Event.(agentcore.Ended); ok {
		ended, reason = entries[len(entries)-1].Wall.UnixMicro(), text(e.Reason)
	}
	var bill *cost.Bill
	err = named("append", db.engine.WriteTogether(ctx, func(tx Tx) error {
		bill = nil
		n, err := tx.Exec(ctx, `UPDATE calls SET last_n = $4, ended_us = $5, end_reason = $6
			WHERE id = $1 AND epoch = $2 AND last_n = $3 - 1 AND ended_us IS NULL`,
			text(id), epoch, first, last, ended, reason)
		if err != nil {
			return err
		}
		if n == 0 {
			return appendRefusal(ctx, tx, id, epoch)
		}
		if err := insert(ctx, tx, id, entries, bodies); err != nil {
			return err
		}
		if err := keepAnswer(ctx, tx, id, entries); err != nil {
			return err
		}
		if err := keepUsed(ctx, tx, id, entries); err != nil || ended == nil {
			return err
		}
		r, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id))
		if err != nil {
			return err
		}
		bill, err = db.afterEnd(ctx, tx, r)
		return err
	}))
	if err == nil {
		db.tellBill(bill)
	}
	return err
}

// appendRefusal says why an append changed no row.
func appendRefusal(ctx context.Context, tx Tx, id telephony.CallID, epoch int) error {
	r, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id))
	switch {
	case err != nil:
		return err
	case r.Over():
		return ErrEnded
	case r.Epoch != epoch:
		return ErrEpoch
	}
	return ErrGap
}

// End implements [dispatch.Calls].
func (db *DB) End(ctx context.Context, id telephony.CallID, epoch int, reason telephony.EndReason, now time.Time) (e agentcore.Entry, first bool, err error) {
	var bill *cost.Bill
	err = db.write(ctx, "end call", func(tx Tx) (err error) {
		e, first, bill, err = db.end(ctx, tx, id, epoch, reason, now)
		return err
	})
	if err != nil {
		return agentcore.Entry{}, false, err
	}
	db.tellBill(bill)
	return e, first, nil
}

// end ends a call within a transaction, unless it is over.
func (db *DB) end(ctx context.Context, tx Tx, id telephony.CallID, epoch int, reason telephony.EndReason, now time.Time) (e agentcore.Entry, first bool, bill *cost.Bill, err error) {
	if mutant("ended-twice") {
		if _, err := tx.Exec(ctx, `UPDATE calls SET ended_us = NULL WHERE id = $1`, text(id)); err != nil {
			return e, false, nil, err
		}
	}
	n, err := tx.Exec(ctx, `UPDATE calls SET ended_us = $2, end_reason = $3, last_n = last_n + 1
		WHERE id = $1 AND epoch = $4 AND ended_us IS NULL`, text(id), now.UnixMicro(), text(reason), epoch)
	if err != nil {
		return e, false, nil, err
	}
	r, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id))
	switch {
	case err != nil:
		return e, false, nil, err
	case n == 0 && !r.Over():
		return e, false, nil, ErrEpoch
	case n == 0:
		return e, false, nil, nil
	}
	e = ending(r, reason)
	bodies, err := encode([]agentcore.Entry{e})
	if err != nil {
		return e, false, nil, err
	}
	if err := insert(ctx, tx, id, []agentcore.Entry{e}, bodies); err != nil {
		return e, false, nil, err
	}
	bill, err = db.afterEnd(ctx, tx, r)
	return e, true, bill, err
}

// afterEnd does all that belongs to the end of r, which this transaction ends. It
// returns what r cost; nil when nothing has a price.
func (db *DB) afterEnd(ctx context.Context, tx Tx, r Call) (*cost.Bill, error) {
	if err := db.closeRoomOf(ctx, tx, r.ID, r.Ended); err != nil {
		return nil, err
	}
	bill, err := db.bill(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	return bill, db.tellAfterwards(ctx, tx, r)
}

// tellAfterwards has the post_call webhook of r told, which this transaction
// ends, and looked at what follows from it. A call is told of once, however often
// somebody tries to end it.
func (db *DB) tellAfterwards(ctx context.Context, tx Tx, r Call) error {
	if r.FollowUp && !mutant("follow-up-not-enqueued") {
		if err := db.engine.Enqueue(ctx, tx, Job{Kind: agenda.JobFollowUp, ID: string(r.ID)}); err != nil {
			return err
		}
	}
	if r.PostCall == 0 || mutant("nobody-told") {
		return nil
	}
	return db.owePostCall(ctx, tx, r.ID, r.Ended)
}

// ending is the last entry of a call that r says is over.
func ending(r Call, reason telephony.EndReason) agentcore.Entry {
	e := agentcore.Entry{
		N: r.Last, Version: agentcore.JournalVersion, Wall: r.Ended, Sync: true,
		Event: agentcore.Ended{Reason: reason},
	}
	if !r.Answered.IsZero() {
		e.At = max(0, r.Ended.Sub(r.Answered)).Truncate(time.Millisecond)
	}
	return e
}

// Journal implements [dispatch.Calls].
func (db *DB) Journal(ctx context.Context, id telephony.CallID, after int) ([]agentcore.Entry, error) {
	var all []agentcore.Entry
	err := db.read(ctx, "read journal", func(tx Tx) error {
		return tx.Each(ctx, `SELECT body FROM call_events WHERE call_id = $1 AND n > $2 ORDER BY n`,
			[]any{text(id), after}, func(scan Scan) error {
				var body string
				if err := scan(&body); err != nil {
					return err
				}
				var e agentcore.Entry
				if err := json.Unmarshal([]byte(body), &e); err != nil {
					return err
				}
				all = append(all, e)
				return nil
			})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// encode checks that entries follow one another and that nothing follows an
// end, and returns them as JSON.
func encode(entries []agentcore.Entry) ([]string, error) {
	bodies := make([]string, len(entries))
	for i, e := range entries {
		if e.N != entries[0].N+i || e.N < 1 {
			return nil, ErrGap
		}
		if _, ended := e.Event.(agentcore.Ended); ended && i != len(entries)-1 {
			return nil, ErrEnded
		}
		body, err := e.MarshalJSON() // json.Marshal would read all of it once more
		if err != nil {
			return nil, err
		}
		bodies[i] = string(body)
	}
	return bodies, nil
}

// insertMost is how many entries go into one statement. There is one text for each
// number of them, which databases keep compiled.
const insertMost = 8

// insertEvents are the texts, by how many entries they insert.
var insertEvents = func() (texts [insertMost + 1]string) {
	text := "INSERT INTO call_events (call_id, n, kind, body) VALUES "
	for n := 1; n <= insertMost; n++ {
		if n > 1 {
			text += ", "
		}
		text += fmt.Sprintf("($1, $%d, $%d, $%d)", 3*n-1, 3*n, 3*n+1)
		texts[n] = text
	}
	return texts
}()

func insert(ctx context.Context, tx Tx, id telephony.CallID, entries []agentcore.Entry, bodies []string) error {
	args := make([]any, 1, 1+3*min(len(entries), insertMost))
	args[0] = text(id)
	for first := 0; first < len(entries); first += insertMost {
		some := entries[first:min(first+insertMost, len(entries))]
		args = args[:1]
		for i, e := range some {
			args = append(args, e.N, e.Event.Kind(), bodies[first+i])
		}
		if _, err := tx.Exec(ctx, insertEvents[len(some)], args...); err != nil {
			return err
		}
	}
	return insertLines(ctx, tx, id, entries)
}
