package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// DB is the [Store] over any [Engine].
type DB struct {
	engine      Engine
	definitions definitions // that were decoded
	searching   chan struct{}
	changed     clock // of rooms
	prices      cost.Table
	billed      func(cost.Bill)
}

var _ Store = (*DB)(nil)

// New returns the store over engine, whose schema is up to date.
func New(engine Engine) *DB {
	return &DB{engine: engine, searching: make(chan struct{}, searchesAtOnce)}
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.engine.Ping(ctx) }

// Close closes the engine.
func (db *DB) Close() error { return db.engine.Close() }

const callColumns = `id, epoch, admitted, carrier_id, from_number, to_number, direction, agent,
	state, carrier_seq, sip_code, last_n, created_us, answered_us, ended_us, end_reason,
	workspace, node, agent_uuid, agent_version, conversation, variables, prepared_us, post_call, why,
	account, answerer, follow_up, dialled_us, proof, chat, room, foreign_, answer, usage, cost`

// Create implements [dispatch.Calls].
func (db *DB) Create(ctx context.Context, r dispatch.Record) (on dispatch.Record, created bool, err error) {
	err = db.write(ctx, "create call", func(tx Tx) error {
		created = false
		if r.Carrier != "" {
			on, err = one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE carrier_id = $1`, text(r.Carrier))
			if !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		c, err := r, error(nil)
		if c.Reason == "" && c.Direction == telephony.Inbound && c.AgentUUID != "" {
			if c, err = waitingSession(ctx, tx, c); err != nil {
				return err
			}
		}
		switch err = insertCall(ctx, tx, c); {
		case errors.Is(err, ErrCarrier) && r.Carrier != "":
			return errFaster // undoes what the session was told
		case err != nil:
			return err
		}
		if r.Reason != "" {
			if _, _, _, err = db.end(ctx, tx, r.ID, 1, r.Reason, r.Created); err != nil {
				return err
			}
		}
		created = true
		on, err = one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(r.ID))
		return err
	})
	if errors.Is(err, errFaster) {
		on, err = db.CallByCarrier(ctx, r.Carrier)
		return on, false, err
	}
	if err != nil {
		return dispatch.Record{}, false, err
	}
	return on, created, nil
}

// errFaster says that another node created the call between our look and our
// line: it undoes ours.
var errFaster = errors.New("created by another node")

// insertCall adds the row of a new call. The constraints decide between two who
// create the same, by the carrier's id or by ours: who loses gets [ErrCarrier].
func insertCall(ctx context.Context, tx Tx, r dispatch.Record) error {
	n, err := tx.Exec(ctx, `INSERT INTO calls
		(id, epoch, carrier_id, from_number, to_number, direction, agent, state, created_us,
		workspace, node, agent_uuid, agent_version, conversation, variables, prepared_us, post_call, why, account,
		follow_up, dialled_us, proof, chat, room, foreign_)
		VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
		$19, $20, $21, $22, $23, $24) ON CONFLICT DO NOTHING`,
		text(r.ID), null(text(r.Carrier)), text(r.From), text(r.To), text(r.Direction),
		text(r.Agent), text(r.State), r.Created.UnixMicro(),
		text(r.Workspace), text(r.Node), text(r.AgentUUID), r.Version, text(r.Conversation), text(cmp.Or(r.Variables, "{}")),
		micros(r.Prepared), r.PostCall, text(r.Why), text(r.Account),
		bit(r.FollowUp), micros(r.Dialled), text(r.Proof), text(r.Chat), text(r.Room), bit(r.Foreign))
	if err == nil && n == 0 {
		err = ErrCarrier
	}
	return err
}

// Call implements [dispatch.Calls].
func (db *DB) Call(ctx context.Context, id telephony.CallID) (dispatch.Record, error) {
	return db.find(ctx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id))
}

// CallByCarrier implements [dispatch.Calls].
func (db *DB) CallByCarrier(ctx context.Context, carrierID string) (dispatch.Record, error) {
	return db.find(ctx, `SELECT `+callColumns+` FROM calls WHERE carrier_id = $1`, text(carrierID))
}

// Unended implements [dispatch.Calls].
func (db *DB) Unended(ctx context.Context, node string, since time.Time) ([]dispatch.Record, error) {
	var all []dispatch.Record
	err := db.read(ctx, "list unended calls", func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT `+callColumns+` FROM calls WHERE ended_us IS NULL AND (node = '' OR node = $1
			OR NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = calls.node AND nodes.beat_us >= $2)) ORDER BY created_us, id`,
			[]any{text(node), since.UnixMicro()},
			func(scan Scan) error {
				r, err := scanCall(scan)
				all = append(all, r)
				return err
			})
	})
	return all, err
}

// SetCarrier implements [dispatch.Calls]. It names no epoch: which call of the
// carrier's a call is was settled when it was placed, whoever tells it, and what
// is settled is never changed.
func (db *DB) SetCarrier(ctx context.Context, id telephony.CallID, carrierID string) error {
	if carrierID == "" {
		return fmt.Errorf("storage: set carrier id: %w", ErrCarrier)
	}
	return db.write(ctx, "set carrier id", func(tx Tx) error {
		switch on, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE carrier_id = $1`, text(carrierID)); {
		case err == nil && on.ID == id:
			return nil
		case err == nil:
			return ErrCarrier
		case !errors.Is(err, ErrNotFound):
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE calls SET carrier_id = $2 WHERE id = $1 AND carrier_id IS NULL`, text(id), text(carrierID))
		if err == nil && n == 1 {
			_, err = tx.Exec(ctx, `UPDATE dispatches SET status = $2 WHERE call_id = $1 AND status = $3`,
				text(id), dispatch.DispatchPlaced, dispatch.DispatchPlacing)
		}
		if err != nil || n == 1 {
			return err
		}
		if _, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id)); err != nil {
			return err
		}
		return ErrCarrier
	})
}

// SetPrepared implements [dispatch.Calls]. It names no epoch: a call is prepared
// once, and whoever was first is right, so that all who talk on it know the same.
func (db *DB) SetPrepared(ctx context.Context, id telephony.CallID, variables string, now time.Time) error {
	return db.write(ctx, "set prepared", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE calls SET prepared_us = $2, variables = COALESCE($3, variables)
			WHERE id = $1 AND prepared_us IS NULL AND ended_us IS NULL`, text(id), now.UnixMicro(), null(text(variables)))
		if err != nil || n == 1 {
			return err
		}
		_, err = one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id))
		return err
	})
}

// SetDialled implements [dispatch.Calls]. A dispatch that failed is as good as
// over: whoever said so is about to end its call. So is one that nobody waits for:
// see unwanted.
//
// The dispatch is asked for once more when the row is ours: the statement that
// waited for it saw the dispatches of before it waited. Whoever fails a dispatch
// wants the row, too, so that either we see that, or they see the time.
func (db *DB) SetDialled(ctx context.Context, id telephony.CallID, now time.Time) error {
	return db.write(ctx, "set dialled", func(tx Tx) error {
		over, err := unwanted(ctx, tx, id)
		if err != nil {
			return err
		}
		var n int64
		if !over {
			n, err = tx.Exec(ctx, `UPDATE calls SET dialled_us = COALESCE(dialled_us, $2) WHERE id = $1 AND ended_us IS NULL
				AND NOT EXISTS (SELECT 1 FROM dispatches WHERE call_id = $1 AND status = $3)`,
				text(id), now.UnixMicro(), dispatch.DispatchFailed)
			if err != nil {
				return err
			}
		}
		if n == 1 {
			failed, err := exists(ctx, tx, `SELECT 1 FROM dispatches WHERE call_id = $1 AND status = $2`, text(id), dispatch.DispatchFailed)
			if err == nil && failed {
				err = ErrEnded
			}
			return err
		}
		if _, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id)); err != nil || mutant("dial-not-fenced") {
			return err
		}
		return ErrEnded
	})
}

// unwanted reports whether a call is an attempt that its errand is not at: it was
// cancelled while the call stood in the line before the carrier, or taken back
// from a process that stood still, and perhaps cancelled then, so that somebody
// was told that nothing rings. Then the errand no longer has the call's id: it is
// found by its own.
//
// An errand that is at it stays so until the transaction ends: whoever takes it
// back waits for that, and finds the time: see [DB.Move].
func unwanted(ctx context.Context, tx Tx, id telephony.CallID) (bool, error) {
	errand := text(agenda.ErrandID(id))
	n, err := tx.Exec(ctx, `UPDATE errands SET change = change WHERE id = $1 AND call_id = $2
		AND status IN ('placing', 'live') AND code <> $3`, errand, text(id), agenda.CodeCancelled)
	if err != nil || n == 1 {
		return false, err
	}
	return exists(ctx, tx, `SELECT 1 FROM errands WHERE id = $1`, errand)
}

// Raise implements [dispatch.Calls].
func (db *DB) Raise(ctx context.Context, id telephony.CallID, epoch int, node string) (int, error) {
	err := db.write(ctx, "raise epoch", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE calls SET epoch = epoch + 1, node = $3 WHERE id = $1 AND epoch = $2 AND ended_us IS NULL`,
			text(id), epoch, text(node))
		if err != nil || n == 1 {
			return err
		}
		return refusal(ctx, tx, id)
	})
	if err != nil {
		return 0, err
	}
	return epoch + 1, nil
}

// Admit implements [dispatch.Calls].
func (db *DB) Admit(ctx context.Context, id telephony.CallID, epoch int, node string, now time.Time) error {
	return db.write(ctx, "admit stream", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE calls SET admitted = $2, answered_us = COALESCE(answered_us, $3), node = $4
			WHERE id = $1 AND epoch = $2 AND admitted < $2 AND ended_us IS NULL`,
			text(id), epoch, now.UnixMicro(), text(node))
		if err != nil || n == 1 {
			return err
		}
		return refusal(ctx, tx, id)
	})
}

// Progress implements [dispatch.Calls]. It names no epoch but the carrier's own
// number: its word about the call is as true after a takeover, and may well reach
// a node that has no pen.
func (db *DB) Progress(ctx context.Context, id telephony.CallID, state telephony.State, sequence, sipCode int, now time.Time) (applied bool, err error) {
	var answered any
	if state == telephony.InProgress {
		answered = now.UnixMicro()
	}
	err = db.write(ctx, "keep progress", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE calls SET state = $2, carrier_seq = $3,
			sip_code = CASE WHEN $4 = 0 THEN sip_code ELSE $4 END,
			answered_us = COALESCE(answered_us, $5)
			WHERE id = $1 AND carrier_seq < $3`,
			text(id), text(state), sequence, sipCode, answered)
		applied = n == 1
		if err != nil || applied {
			return err
		}
		_, err = one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id))
		return err
	})
	return applied && err == nil, err
}

// refusal says why a statement that names the call's epoch changed no row.
func refusal(ctx context.Context, tx Tx, id telephony.CallID) error {
	r, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id))
	switch {
	case err != nil:
		return err
	case r.Over():
		return ErrEnded
	}
	return ErrEpoch
}

func (db *DB) find(ctx context.Context, query string, key string) (r dispatch.Record, err error) {
	err = db.read(ctx, "find call", func(tx Tx) error {
		r, err = one(ctx, tx, query, key)
		return err
	})
	return r, err
}

// one returns the call that query finds, or [ErrNotFound].
func one(ctx context.Context, tx Tx, query string, key string) (dispatch.Record, error) {
	var r dispatch.Record
	found := false
	err := tx.Each(ctx, query, []any{key}, func(scan Scan) (err error) {
		found = true
		r, err = scanCall(scan)
		return err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return r, err
}
