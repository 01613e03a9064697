package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// shownAttempts is how many of a delivery's attempts are read, each of up to some
// hundred KB: a delivery may be sent again any number of times.
const shownAttempts = 50

// Attempts implements [webhook.Deliveries].
func (db *DB) Attempts(ctx context.Context, workspace, id string) (all []webhook.Attempt, err error) {
	err = db.read(ctx, "list attempts", func(tx Tx) error {
		all = nil
		d, err := oneDelivery(ctx, tx, `WHERE workspace = $1 AND id = $2`, text(workspace), text(id))
		if err != nil {
			return err
		}
		return tx.Each(ctx, `SELECT delivery_id, n, started_us, took_ms, method, url, status, error,
			request_headers, request_body, response_headers, response_body, next_us
			FROM delivery_attempts WHERE delivery_id = $1 AND n > $2 ORDER BY n`, []any{text(id), d.Attempts - shownAttempts},
			func(scan Scan) error {
				a, err := scanAttempt(scan)
				all = append(all, a)
				return err
			})
	})
	return all, err
}

// LastError implements [webhook.Deliveries]. It reads none of what was sent and
// answered: that may be much.
func (db *DB) LastError(ctx context.Context, workspace, id string) (last string, err error) {
	err = db.read(ctx, "find last attempt", func(tx Tx) error {
		last = ""
		d, err := oneDelivery(ctx, tx, `WHERE workspace = $1 AND id = $2`, text(workspace), text(id))
		if err != nil {
			return err
		}
		return tx.Each(ctx, `SELECT error FROM delivery_attempts WHERE delivery_id = $1 AND n = $2`, []any{text(id), d.Attempts},
			func(scan Scan) error { return scan(&last) })
	})
	return last, err
}

func scanAttempt(scan Scan) (webhook.Attempt, error) {
	var a webhook.Attempt
	var started, took int64
	var asked, answered string
	var next sql.NullInt64
	err := scan(&a.Delivery, &a.N, &started, &took, &a.Method, &a.URL, &a.Status, &a.Err,
		&asked, &a.RequestBody, &answered, &a.ResponseBody, &next)
	if err != nil {
		return a, err
	}
	a.Started, a.Took, a.Next = time.UnixMicro(started), time.Duration(took)*time.Millisecond, instant(next)
	if err := json.Unmarshal([]byte(asked), &a.RequestHeaders); err != nil {
		return a, fmt.Errorf("attempt's headers: %w", err)
	}
	if err := json.Unmarshal([]byte(answered), &a.ResponseHeaders); err != nil {
		return a, fmt.Errorf("attempt's headers: %w", err)
	}
	return a, nil
}

// Claim implements [webhook.Deliveries].
func (db *DB) Claim(ctx context.Context, id string, now, until time.Time) (d webhook.Delivery, mine bool, err error) {
	err = db.write(ctx, "claim delivery", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE deliveries SET next_us = $3, claimed = 1
			WHERE id = $1 AND status = 'pending' AND next_us <= $2`, text(id), now.UnixMicro(), until.UnixMicro())
		if err != nil {
			return err
		}
		mine = n == 1
		d, err = oneDelivery(ctx, tx, `WHERE id = $1`, text(id))
		return err
	})
	return d, mine && err == nil, err
}

// SetSummary implements [webhook.Deliveries].
func (db *DB) SetSummary(ctx context.Context, id, summary string) (kept string, err error) {
	err = db.write(ctx, "keep summary", func(tx Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE deliveries SET summary = $2 WHERE id = $1 AND summary IS NULL`, text(id), text(summary)); err != nil {
			return err
		}
		d, err := oneDelivery(ctx, tx, `WHERE id = $1`, text(id))
		if err == nil {
			kept = *d.Summary
		}
		return err
	})
	return kept, err
}

// RecordAttempt implements [webhook.Deliveries].
func (db *DB) RecordAttempt(ctx context.Context, id string, a webhook.Attempt, status string, now time.Time) (webhook.Attempt, error) {
	asked, answered, err := encodeHeaders(a)
	if err != nil {
		return a, err
	}
	var done any
	if status != webhook.Pending {
		done, a.Next = now.UnixMicro(), time.Time{}
	}
	a.Delivery, a.Answer = id, nil
	err = db.write(ctx, "record attempt", func(tx Tx) error {
		a.N = 0
		if err := tx.Each(ctx, `UPDATE deliveries SET attempts = attempts + 1, claimed = 0 WHERE id = $1 RETURNING attempts`,
			[]any{text(id)}, func(scan Scan) error { return scan(&a.N) }); err != nil {
			return err
		}
		if a.N == 0 {
			return webhook.ErrNotFound
		}
		if _, err := tx.Exec(ctx, `UPDATE deliveries SET status = $2, next_us = $3, done_us = $4
			WHERE id = $1 AND status <> 'delivered'`, text(id), text(status), micros(a.Next), done); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO delivery_attempts (delivery_id, n, started_us, took_ms, method, url, status, error,
			request_headers, request_body, response_headers, response_body, next_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			text(id), a.N, a.Started.UnixMicro(), a.Took.Milliseconds(), text(a.Method), text(a.URL), a.Status, text(a.Err),
			asked, text(a.RequestBody), answered, text(a.ResponseBody), micros(a.Next))
		return err
	})
	return a, err
}

func encodeHeaders(a webhook.Attempt) (asked, answered string, err error) {
	var texts [2]string
	for i, h := range []map[string]string{a.RequestHeaders, a.ResponseHeaders} {
		if h == nil {
			h = map[string]string{}
		}
		b, err := json.Marshal(h)
		if err != nil {
			return "", "", fmt.Errorf("storage: attempt's headers: %w", err)
		}
		texts[i] = string(b)
	}
	return texts[0], texts[1], nil
}

// Resend implements [webhook.Deliveries].
func (db *DB) Resend(ctx context.Context, workspace, id string, now time.Time) (d webhook.Delivery, err error) {
	err = db.write(ctx, "resend delivery", func(tx Tx) error {
		if d, err = oneDelivery(ctx, tx, `WHERE workspace = $1 AND id = $2`, text(workspace), text(id)); err != nil {
			return err
		}
		if d.Kind != roster.PostCall {
			return webhook.ErrNotAgain
		}
		// Not while it is due, nor while somebody is at it: a claim ends by itself
		// when its holder died.
		n, err := tx.Exec(ctx, `UPDATE deliveries SET status = 'pending', next_us = $2, done_us = NULL, claimed = 0
			WHERE id = $1 AND (status <> 'pending' OR (next_us > $2 AND claimed = 0) OR (next_us <= $2 AND claimed = 1))`,
			text(id), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return webhook.ErrBusy
		}
		if d, err = oneDelivery(ctx, tx, `WHERE id = $1`, text(id)); err != nil {
			return err
		}
		return db.engine.Enqueue(ctx, tx, Job{Kind: webhook.JobKind, ID: d.ID, At: now})
	})
	return d, err
}
