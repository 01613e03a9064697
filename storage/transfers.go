package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

const transferColumns = `id, call_id, workspace, intent, kind, label, from_number, to_number, post_dial, ring_ms, summary,
	status, outcome, reason, carrier_id, account, sip_code, created_us, answered_us, bridged_us, ended_us`

// CreateTransfer implements [dispatch.Transfers]. The call's row is the lock: who
// creates waits for another who does, and for who ends the call.
func (db *DB) CreateTransfer(ctx context.Context, t dispatch.Transfer) (on dispatch.Transfer, created bool, err error) {
	err = db.write(ctx, "create transfer", func(tx Tx) error {
		on, created = dispatch.Transfer{}, false
		live, err := tx.Exec(ctx, `UPDATE calls SET account = account WHERE id = $1 AND ended_us IS NULL`, text(t.Call))
		if err != nil {
			return err
		}
		on, err = oneTransfer(ctx, tx, `WHERE call_id = $1 AND intent = $2`, text(t.Call), text(t.Key))
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if live == 0 {
			if _, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(t.Call)); err != nil {
				return err
			}
			return ErrEnded
		}
		if err := insertTransfer(ctx, tx, t); err != nil {
			return err
		}
		created = true
		on, err = oneTransfer(ctx, tx, `WHERE id = $1`, text(t.ID))
		return err
	})
	if err != nil {
		return dispatch.Transfer{}, false, err
	}
	return on, created, nil
}

// insertTransfer adds the row of a new transfer. Its constraints decide whether
// another one goes on.
func insertTransfer(ctx context.Context, tx Tx, t dispatch.Transfer) error {
	n, err := tx.Exec(ctx, `INSERT INTO transfers (`+transferColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
		ON CONFLICT DO NOTHING`,
		text(t.ID), text(t.Call), text(t.Workspace), text(t.Key), text(t.Kind), text(t.Label), text(t.From), text(t.To),
		text(t.PostDial), t.Ring.Milliseconds(), text(t.Summary), text(t.Status), text(t.Outcome), text(t.Reason),
		null(text(t.Carrier)), text(t.Account), t.SIPCode,
		t.Created.UnixMicro(), micros(t.Answered), micros(t.Bridged), micros(t.Ended))
	if err != nil || n == 1 {
		return err
	}
	_, err = oneTransfer(ctx, tx, `WHERE call_id = $1 AND status <> 'over'`, text(t.Call))
	if err == nil {
		return ErrTransferring
	}
	if errors.Is(err, ErrNotFound) { // its id, or the carrier's, is another call's
		return ErrCarrier
	}
	return err
}

// Transfer implements [dispatch.Transfers].
func (db *DB) Transfer(ctx context.Context, id telephony.CallID) (dispatch.Transfer, error) {
	return db.findTransfer(ctx, `WHERE id = $1`, text(id))
}

// TransferByCarrier implements [dispatch.Transfers].
func (db *DB) TransferByCarrier(ctx context.Context, carrierID string) (dispatch.Transfer, error) {
	return db.findTransfer(ctx, `WHERE carrier_id = $1`, text(carrierID))
}

// MoveTransfer implements [dispatch.Transfers]. One statement compares and
// sets. One that is over stays so: what comes late may only be added. A carrier's
// id that is another transfer's is [ErrCarrier].
func (db *DB) MoveTransfer(ctx context.Context, id telephony.CallID, from []string, change dispatch.TransferChange) (t dispatch.Transfer, err error) {
	if change.Status != "" && change.Status != dispatch.TransferOver {
		from = slices.DeleteFunc(slices.Clone(from), func(s string) bool { return s == dispatch.TransferOver })
	}
	err = db.write(ctx, "move transfer", func(tx Tx) error {
		if change.Carrier != "" {
			other, err := oneTransfer(ctx, tx, `WHERE carrier_id = $1`, text(change.Carrier))
			if err == nil && string(other.ID) != text(id) {
				return ErrCarrier
			}
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		n := int64(0)
		if len(from) > 0 {
			if n, err = moveTransfer(ctx, tx, id, from, change); err != nil {
				return err
			}
		}
		if t, err = oneTransfer(ctx, tx, `WHERE id = $1`, text(id)); err != nil {
			return err
		}
		if n == 0 {
			return ErrMoved
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrMoved) {
		return dispatch.Transfer{}, err
	}
	return t, err
}

// moveTransfer changes the row if its status is one of from, and returns how
// many rows that were.
func moveTransfer(ctx context.Context, tx Tx, id telephony.CallID, from []string, c dispatch.TransferChange) (int64, error) {
	args := []any{text(id), null(text(c.Status)), null(text(c.Outcome)), null(text(c.Reason)), null(text(c.Carrier)), c.SIPCode,
		micros(c.Answered), micros(c.Bridged), micros(c.Ended)}
	places := make([]string, len(from))
	for i, s := range from {
		args = append(args, text(s))
		places[i] = fmt.Sprintf("$%d", len(args))
	}
	return tx.Exec(ctx, `UPDATE transfers SET status = COALESCE($2, status), outcome = COALESCE($3, outcome),
		reason = COALESCE($4, reason), carrier_id = COALESCE($5, carrier_id),
		sip_code = CASE WHEN $6 = 0 THEN sip_code ELSE $6 END, answered_us = COALESCE($7, answered_us),
		bridged_us = COALESCE($8, bridged_us), ended_us = COALESCE($9, ended_us)
		WHERE id = $1 AND status IN (`+strings.Join(places, ", ")+`)`, args...)
}

// TransfersOf implements [dispatch.Transfers].
func (db *DB) TransfersOf(ctx context.Context, call telephony.CallID) ([]dispatch.Transfer, error) {
	return db.listTransfers(ctx, `WHERE call_id = $1 ORDER BY created_us, id`, text(call))
}

// OpenTransfers implements [dispatch.Transfers].
func (db *DB) OpenTransfers(ctx context.Context) ([]dispatch.Transfer, error) {
	return db.listTransfers(ctx, `WHERE status <> 'over' ORDER BY created_us, id`)
}

func (db *DB) listTransfers(ctx context.Context, where string, args ...any) (all []dispatch.Transfer, err error) {
	err = db.read(ctx, "list transfers", func(tx Tx) error {
		all, err = transfersBy(ctx, tx, where, args...)
		return err
	})
	return all, err
}

func (db *DB) findTransfer(ctx context.Context, where string, args ...any) (t dispatch.Transfer, err error) {
	err = db.read(ctx, "find transfer", func(tx Tx) error {
		t, err = oneTransfer(ctx, tx, where, args...)
		return err
	})
	return t, err
}

// oneTransfer returns the transfer that where finds, or [ErrNotFound].
func oneTransfer(ctx context.Context, tx Tx, where string, args ...any) (dispatch.Transfer, error) {
	all, err := transfersBy(ctx, tx, where, args...)
	if err != nil {
		return dispatch.Transfer{}, err
	}
	if len(all) == 0 {
		return dispatch.Transfer{}, ErrNotFound
	}
	return all[0], nil
}

func transfersBy(ctx context.Context, tx Tx, where string, args ...any) (all []dispatch.Transfer, err error) {
	err = tx.Each(ctx, `SELECT `+transferColumns+` FROM transfers `+where, args, func(scan Scan) error {
		t, err := scanTransfer(scan)
		all = append(all, t)
		return err
	})
	return all, err
}

func scanTransfer(scan Scan) (dispatch.Transfer, error) {
	var (
		id, call, from, to       string
		carrier                  sql.NullString
		ring, created            int64
		answered, bridged, ended sql.NullInt64
		t                        dispatch.Transfer
	)
	err := scan(&id, &call, &t.Workspace, &t.Key, &t.Kind, &t.Label, &from, &to, &t.PostDial, &ring, &t.Summary,
		&t.Status, &t.Outcome, &t.Reason, &carrier, &t.Account, &t.SIPCode, &created, &answered, &bridged, &ended)
	t.ID, t.Call, t.Carrier = telephony.CallID(id), telephony.CallID(call), carrier.String
	t.From, t.To = telephony.Number(from), telephony.Number(to)
	t.Ring, t.Created = time.Duration(ring)*time.Millisecond, time.UnixMicro(created)
	t.Answered, t.Bridged, t.Ended = instant(answered), instant(bridged), instant(ended)
	return t, err
}
