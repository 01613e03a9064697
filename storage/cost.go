package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// Price has calls that end from now on cost what prices says. told gets the bill
// of each call that was answered and that this process ended, once; it must not
// block. It is called before the store is used.
func (db *DB) Price(prices cost.Table, told func(cost.Bill)) { db.prices, db.billed = prices, told }

// keepUsed adds up what entries, which this transaction appends, say was used.
// Most say nothing, and cost nothing.
func keepUsed(ctx context.Context, tx Tx, id telephony.CallID, entries []agentcore.Entry) error {
	var more cost.Usage
	for _, e := range entries {
		if used, ok := e.Event.(agentcore.Used); ok {
			more = more.With(used.Uses...)
		}
	}
	if len(more) == 0 {
		return nil
	}
	var kept string
	err := tx.Each(ctx, `SELECT usage FROM calls WHERE id = $1`, []any{text(id)}, func(scan Scan) error { return scan(&kept) })
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE calls SET usage = $2 WHERE id = $1`, text(id), text(cost.Decode(kept).With(more...).Encode()))
	return err
}

// bill keeps what r, which this transaction ends, used of the carrier, and what
// all of it cost; nil when nothing has a price, or nobody answered.
func (db *DB) bill(ctx context.Context, tx Tx, r Call) (*cost.Bill, error) {
	if r.Answered.IsZero() {
		return nil, nil
	}
	transfers, err := transfersBy(ctx, tx, `WHERE call_id = $1 ORDER BY created_us, id`, text(r.ID))
	if err != nil {
		return nil, err
	}
	used := cost.Decode(r.Usage).With(carried(r, transfers)...)
	b, priced := db.prices.Bill(used)
	body := ""
	if priced {
		body = b.Encode()
	}
	_, err = tx.Exec(ctx, `UPDATE calls SET usage = $2, cost = $3, cost_nanos = $4 WHERE id = $1`,
		text(r.ID), text(used.Encode()), text(body), int64(b.Total))
	if err != nil || !priced {
		return nil, err
	}
	return &b, nil
}

// carried is what the carrier bills for r, and for the other legs of its transfers
// as far as it is known that they were answered. A foreign call is billed to whose
// it is.
func carried(r Call, transfers []dispatch.Transfer) (all []cost.Use) {
	if r.Foreign {
		return nil
	}
	minutes := func(way telephony.Direction, from, to time.Time) {
		all = append(all, cost.Use{Stage: cost.Carrier, Provider: string(way), Unit: cost.Minute, N: cost.Minutes(from, to)})
	}
	minutes(r.Direction, r.Answered, r.Ended)
	for _, t := range transfers {
		from, to := t.Answered, r.Ended
		if from.IsZero() {
			from = t.Bridged
		}
		if !t.Ended.IsZero() && t.Ended.Before(to) {
			to = t.Ended
		}
		minutes(telephony.Outbound, from, to)
	}
	return all
}

// tellBill tells of what a call cost whose end is committed.
func (db *DB) tellBill(b *cost.Bill) {
	if b != nil && db.billed != nil {
		db.billed(*b)
	}
}
