package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/telephony"
)

var _ webhook.Deliveries = (*DB)(nil)

const deliveryColumns = `id, message, workspace, call_id, agent_uuid, version, webhook_id, kind,
	status, attempts, created_us, next_us, done_us, summary`

// CreateDelivery implements [webhook.Deliveries].
func (db *DB) CreateDelivery(ctx context.Context, d webhook.Delivery) (on webhook.Delivery, created bool, err error) {
	err = db.write(ctx, "create delivery", func(tx Tx) error {
		if created, err = db.deliver(ctx, tx, d); err != nil {
			return err
		}
		query, args := `WHERE id = $1`, []any{text(d.ID)}
		if !created {
			query, args = `WHERE call_id = $1 AND webhook_id = $2 AND kind = $3`, []any{text(d.Call), d.Webhook, text(d.Kind)}
		}
		on, err = oneDelivery(ctx, tx, query, args...)
		return err
	})
	if err != nil {
		return webhook.Delivery{}, false, err
	}
	return on, created, nil
}

// deliver keeps d within tx, and its job when it is pending. It reports false
// when its call has one of that webhook and kind.
func (db *DB) deliver(ctx context.Context, tx Tx, d webhook.Delivery) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO deliveries
		(id, message, workspace, call_id, agent_uuid, version, webhook_id, kind, status, attempts, created_us, next_us, done_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12) ON CONFLICT DO NOTHING`,
		text(d.ID), text(d.Message), text(d.Workspace), text(d.Call), text(d.AgentUUID), d.Version, d.Webhook,
		text(d.Kind), text(d.Status), d.Created.UnixMicro(), micros(d.Next), micros(d.Done))
	if err != nil || n == 0 || d.Status != webhook.Pending {
		return n == 1, err
	}
	return true, db.engine.Enqueue(ctx, tx, Job{Kind: webhook.JobKind, ID: d.ID, At: d.Next})
}

// owePostCall keeps the delivery and the job of the webhook that is to be told
// that a call is over, if there is one. It belongs into the transaction that
// ends the call; a second time changes nothing.
func (db *DB) owePostCall(ctx context.Context, tx Tx, id telephony.CallID, now time.Time) error {
	var workspace, agent string
	var version int
	var hook int64
	err := tx.Each(ctx, `SELECT workspace, agent_uuid, agent_version, post_call FROM calls WHERE id = $1`, []any{text(id)},
		func(scan Scan) error { return scan(&workspace, &agent, &version, &hook) })
	if err != nil || hook == 0 {
		return err
	}
	_, err = db.deliver(ctx, tx, webhook.Owed(roster.PostCall, workspace, id, agent, version, hook, now))
	return err
}

// Delivery implements [webhook.Deliveries].
func (db *DB) Delivery(ctx context.Context, workspace, id string) (d webhook.Delivery, err error) {
	err = db.read(ctx, "find delivery", func(tx Tx) error {
		d, err = oneDelivery(ctx, tx, `WHERE workspace = $1 AND id = $2`, text(workspace), text(id))
		return err
	})
	return d, err
}

// Due implements [webhook.Deliveries].
func (db *DB) Due(ctx context.Context, id string) (d webhook.Delivery, err error) {
	err = db.read(ctx, "find delivery", func(tx Tx) error {
		d, err = oneDelivery(ctx, tx, `WHERE id = $1`, text(id))
		return err
	})
	return d, err
}

// Deliveries implements [webhook.Deliveries].
func (db *DB) Deliveries(ctx context.Context, f webhook.Filter) (all []webhook.Delivery, err error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	err = db.read(ctx, "list deliveries", func(tx Tx) error {
		before, id := int64(1<<62), ""
		if f.After != "" {
			last, err := oneDelivery(ctx, tx, `WHERE workspace = $1 AND id = $2`, text(f.Workspace), text(f.After))
			if err != nil {
				return err
			}
			before, id = last.Created.UnixMicro(), last.ID
		}
		// Only what is asked for is in the text: an index serves a condition that
		// is always there, and those of status and call find few among many.
		var c conditions
		c.add("workspace = %s", c.arg(text(f.Workspace)))
		for _, one := range [][2]string{{"status", f.Status}, {"kind", f.Kind}, {"call_id", string(f.Call)}, {"agent_uuid", f.Agent}} {
			if one[1] != "" {
				c.add("%s = %s", one[0], c.arg(text(one[1])))
			}
		}
		at := c.arg(before)
		c.add("(created_us < %s OR (created_us = %s AND id < %s))", at, at, c.arg(id))
		where := `WHERE ` + c.where() + ` ORDER BY created_us DESC, id DESC LIMIT ` + c.arg(int64(min(limit, 200)))
		all, err = eachDelivery(ctx, tx, where, c.args...)
		return err
	})
	return all, err
}

func oneDelivery(ctx context.Context, tx Tx, where string, args ...any) (webhook.Delivery, error) {
	all, err := eachDelivery(ctx, tx, where, args...)
	switch {
	case err != nil:
		return webhook.Delivery{}, err
	case len(all) == 0:
		return webhook.Delivery{}, webhook.ErrNotFound
	}
	return all[0], nil
}

func eachDelivery(ctx context.Context, tx Tx, where string, args ...any) ([]webhook.Delivery, error) {
	var all []webhook.Delivery
	err := tx.Each(ctx, `SELECT `+deliveryColumns+` FROM deliveries `+where, args, func(scan Scan) error {
		var d webhook.Delivery
		var call string
		var created int64
		var next, done sql.NullInt64
		var summary sql.NullString
		if err := scan(&d.ID, &d.Message, &d.Workspace, &call, &d.AgentUUID, &d.Version, &d.Webhook, &d.Kind,
			&d.Status, &d.Attempts, &created, &next, &done, &summary); err != nil {
			return fmt.Errorf("delivery: %w", err)
		}
		d.Call, d.Created, d.Next, d.Done = telephony.CallID(call), time.UnixMicro(created), instant(next), instant(done)
		if summary.Valid {
			d.Summary = &summary.String
		}
		all = append(all, d)
		return nil
	})
	return all, err
}

func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}
