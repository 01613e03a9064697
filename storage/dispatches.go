package storage

import (
	"cmp"
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

const dispatchColumns = `id, workspace, agent_uuid, version, agent, pre_call, post_call, conversation, session,
	variables, idem_key, idem_hash, call_id, status, error, created_us, expires_us, room`

// CreateDispatch implements [dispatch.Dispatches]. The unique indexes of the key
// and of the call's id decide between two who come at once: the second waits for
// the first's commit and then reads what it wrote.
func (db *DB) CreateDispatch(ctx context.Context, d dispatch.Dispatch, r *dispatch.Record) (on dispatch.Dispatch, created bool, err error) {
	err = db.write(ctx, "create dispatch", func(tx Tx) error {
		created = false
		if r != nil {
			on, err = placedBefore(ctx, tx, d)
			if !errors.Is(err, ErrNotFound) {
				return err
			}
			if err := queue(ctx, tx, d.Caps, *r); err != nil {
				return err
			}
		}
		if d.IdemKey != "" {
			_, err := tx.Exec(ctx, `UPDATE dispatches SET idem_key = NULL WHERE workspace = $1 AND idem_key = $2 AND created_us <= $3`,
				text(d.Workspace), text(d.IdemKey), keySince(d.Created))
			if err != nil {
				return err
			}
		}
		if r == nil {
			if err := expire(ctx, tx, d.AgentUUID, d.Created); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `INSERT INTO dispatches (`+dispatchColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
			ON CONFLICT (workspace, idem_key) WHERE idem_key IS NOT NULL DO NOTHING`,
			text(d.ID), text(d.Workspace), text(d.AgentUUID), d.Version, text(d.Agent), d.PreCall, d.PostCall,
			text(d.Conversation), text(d.Session), text(d.Variables), null(text(d.IdemKey)), text(d.IdemHash),
			null(text(d.Call)), text(d.Status), text(d.Error), d.Created.UnixMicro(), d.Expires.UnixMicro(), text(d.Room))
		if err != nil {
			return err
		}
		if n == 0 {
			on, err = oneDispatch(ctx, tx, `WHERE workspace = $1 AND idem_key = $2`, text(d.Workspace), text(d.IdemKey))
			if err == nil && on.IdemHash != text(d.IdemHash) {
				return dispatch.ErrIdemMismatch
			}
			return err
		}
		if r != nil {
			if err := db.placeCall(ctx, tx, d, *r); err != nil {
				return err
			}
		}
		created = true
		on, err = oneDispatch(ctx, tx, `WHERE id = $1`, text(d.ID))
		return err
	})
	if errors.Is(err, errFaster) {
		err = db.read(ctx, "find dispatch", func(tx Tx) error {
			on, err = placedBefore(ctx, tx, d)
			return err
		})
		created = false
	}
	if err != nil {
		return dispatch.Dispatch{}, false, err
	}
	return on, created, nil
}

// placedBefore returns the dispatch that created d's call, or [ErrNotFound]. Who
// names a call of another workspace asks for something else than that one did.
func placedBefore(ctx context.Context, tx Tx, d dispatch.Dispatch) (dispatch.Dispatch, error) {
	on, err := oneDispatch(ctx, tx, `WHERE call_id = $1`, text(d.Call))
	if err == nil && on.Workspace != text(d.Workspace) {
		err = dispatch.ErrIdemMismatch
	}
	return on, err
}

// placeCall adds the call of d, if there is a place for it. Who was faster with
// the same call is errFaster.
func (db *DB) placeCall(ctx context.Context, tx Tx, d dispatch.Dispatch, r dispatch.Record) error {
	if err := heed(ctx, tx, d.Caps, r); err != nil {
		return err
	}
	err := insertCall(ctx, tx, r)
	if errors.Is(err, ErrCarrier) && r.Carrier == "" {
		return errFaster
	}
	return err
}

// keySince is the time up to which a key that was used is as good as new.
func keySince(now time.Time) int64 { return now.Add(-dispatch.IdemLasts).UnixMicro() }

// expire marks the agent's sessions that waited in vain.
func expire(ctx context.Context, tx Tx, agent string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE dispatches SET status = $3 WHERE agent_uuid = $1 AND status = $4 AND expires_us <= $2`,
		text(agent), now.UnixMicro(), dispatch.DispatchExpired, dispatch.DispatchWaiting)
	return err
}

// DispatchByKey implements [dispatch.Dispatches].
func (db *DB) DispatchByKey(ctx context.Context, workspace, key string, now time.Time) (dispatch.Dispatch, error) {
	return db.findDispatch(ctx, `WHERE workspace = $1 AND idem_key = $2 AND created_us > $3`, text(workspace), text(key), keySince(now))
}

// Dispatched implements [dispatch.Dispatches].
func (db *DB) Dispatched(ctx context.Context, id string) (dispatch.Dispatch, error) {
	return db.findDispatch(ctx, `WHERE id = $1`, text(id))
}

// DispatchOfCall implements [dispatch.Dispatches].
func (db *DB) DispatchOfCall(ctx context.Context, call telephony.CallID) (dispatch.Dispatch, error) {
	return db.findDispatch(ctx, `WHERE call_id = $1`, text(call))
}

// FailDispatch implements [dispatch.Dispatches].
func (db *DB) FailDispatch(ctx context.Context, id, why string) error {
	return db.write(ctx, "fail dispatch", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE dispatches SET status = $2, error = $3 WHERE id = $1 AND status = $4`,
			text(id), dispatch.DispatchFailed, text(why), dispatch.DispatchPlacing)
		if err != nil {
			return err
		}
		d, err := oneDispatch(ctx, tx, `WHERE id = $1`, text(id))
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE calls SET why = $2 WHERE id = $1`, text(d.Call), text(why))
		return err
	})
}

// Attach implements [dispatch.Dispatches].
func (db *DB) Attach(ctx context.Context, session string, r dispatch.Record) (on dispatch.Record, err error) {
	err = db.write(ctx, "attach to session", func(tx Tx) error {
		d, err := oneDispatch(ctx, tx, `WHERE session = $1`, text(session))
		if err != nil {
			return err
		}
		// The index found it by its bytes; whether it is the one is decided in
		// constant time.
		if subtle.ConstantTimeCompare([]byte(d.Session), []byte(session)) != 1 {
			return ErrNotFound
		}
		taken, err := takeSession(ctx, tx, d.ID, r)
		if err == nil && !taken {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := insertCall(ctx, tx, sessionCall(d, r)); err != nil {
			return err
		}
		on, err = one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(r.ID))
		return err
	})
	return on, err
}

// waitingSession gives the inbound call r to the oldest session that waits for
// its agent, and returns r as that session wants it.
func waitingSession(ctx context.Context, tx Tx, r dispatch.Record) (dispatch.Record, error) {
	for {
		d, err := oneDispatch(ctx, tx, `WHERE agent_uuid = $1 AND status = $2 AND expires_us > $3 ORDER BY created_us, id LIMIT 1`,
			text(r.AgentUUID), dispatch.DispatchWaiting, r.Created.UnixMicro())
		if errors.Is(err, ErrNotFound) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		taken, err := takeSession(ctx, tx, d.ID, r)
		if err != nil || taken {
			return sessionCall(d, r), err
		} // else another node was faster: the next one
	}
}

// takeSession makes r the call of a session, if that still waits.
func takeSession(ctx context.Context, tx Tx, id string, r dispatch.Record) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE dispatches SET status = $2, call_id = $3 WHERE id = $1 AND status = $4 AND expires_us > $5`,
		text(id), dispatch.DispatchAttached, text(r.ID), dispatch.DispatchWaiting, r.Created.UnixMicro())
	return n == 1, err
}

// sessionCall is r as a call of d.
func sessionCall(d dispatch.Dispatch, r dispatch.Record) dispatch.Record {
	r.Workspace, r.Agent, r.AgentUUID, r.Version = d.Workspace, d.Agent, d.AgentUUID, d.Version
	r.Conversation, r.Variables, r.PostCall, r.Room = d.Conversation, d.Variables, d.PostCall, cmp.Or(d.Room, r.Room)
	r.Prepared = time.Time{}
	if d.PreCall == 0 {
		r.Prepared = r.Created
	}
	return r
}

func (db *DB) findDispatch(ctx context.Context, where string, args ...any) (d dispatch.Dispatch, err error) {
	err = db.read(ctx, "find dispatch", func(tx Tx) error {
		d, err = oneDispatch(ctx, tx, where, args...)
		return err
	})
	return d, err
}

// oneDispatch returns the dispatch that where finds, or [ErrNotFound].
func oneDispatch(ctx context.Context, tx Tx, where string, args ...any) (d dispatch.Dispatch, err error) {
	found := false
	err = tx.Each(ctx, `SELECT `+dispatchColumns+` FROM dispatches `+where, args, func(scan Scan) (err error) {
		found = true
		d, err = scanDispatch(scan)
		return err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return d, err
}

func scanDispatch(scan Scan) (d dispatch.Dispatch, err error) {
	var key, call sql.NullString
	var created, expires int64
	err = scan(&d.ID, &d.Workspace, &d.AgentUUID, &d.Version, &d.Agent, &d.PreCall, &d.PostCall, &d.Conversation, &d.Session,
		&d.Variables, &key, &d.IdemHash, &call, &d.Status, &d.Error, &created, &expires, &d.Room)
	d.IdemKey, d.Call = key.String, telephony.CallID(call.String)
	d.Created, d.Expires = time.UnixMicro(created), time.UnixMicro(expires)
	return d, err
}
