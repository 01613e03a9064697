package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// SetOptOut implements [roster.OptOuts]. The audit says that somebody was put on
// the list, not who.
func (db *DB) SetOptOut(ctx context.Context, o roster.OptOut, who roster.Actor) error {
	return db.change(ctx, "set opt-out", func(tx Tx) error {
		if err := inWorkspace(ctx, tx, o.Workspace); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO opt_outs (workspace, contact, scope, source, note, created_us)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			text(o.Workspace), text(o.Contact), text(o.Scope), text(o.Source), text(o.Note), o.Created.UnixMicro())
		if err != nil || n == 0 {
			return err
		}
		return note(ctx, tx, roster.Change{Workspace: o.Workspace, Who: who, What: "optout.set", Target: o.Workspace,
			Detail: o.Scope + " by " + o.Source, At: o.Created})
	})
}

// OptedOut implements [roster.OptOuts]. Of two that keep a contact from it, the
// one for all is told.
func (db *DB) OptedOut(ctx context.Context, workspace, contact, scope string) (o roster.OptOut, err error) {
	err = db.read(ctx, "find opt-out", func(tx Tx) error {
		all, err := eachOptOut(ctx, tx, `WHERE workspace = $1 AND contact = $2 AND scope IN ($3, $4) ORDER BY scope LIMIT 1`,
			text(workspace), text(contact), text(scope), roster.OptOutAll)
		if err == nil && len(all) == 0 {
			err = roster.ErrNotFound
		}
		if err == nil {
			o = all[0]
		}
		return err
	})
	return o, err
}

// ListOptOuts implements [roster.OptOuts]; see [DB.Errands].
func (db *DB) ListOptOuts(ctx context.Context, workspace, cursor string, limit int) (all []roster.OptOut, next string, err error) {
	limit = pageLimit(limit)
	var c conditions
	c.inAny(workspace)
	if cursor != "" {
		us, id, err := parseCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		at := c.arg(us)
		c.add("(created_us < %s OR created_us = %s AND contact || ' ' || scope < %s)", at, at, c.arg(text(id)))
	}
	where := c.whereOrAll() + ` ORDER BY created_us DESC, contact || ' ' || scope DESC LIMIT ` + c.arg(int64(limit+1))
	err = db.read(ctx, "list opt-outs", func(tx Tx) error {
		all, err = eachOptOut(ctx, tx, where, c.args...)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	all, next = pageOf(all, limit, func(o roster.OptOut) (time.Time, string) { return o.Created, o.Contact + " " + o.Scope })
	return all, next, nil
}

// RemoveOptOut implements [roster.OptOuts].
func (db *DB) RemoveOptOut(ctx context.Context, workspace, contact, scope string, who roster.Actor, now time.Time) error {
	return db.change(ctx, "remove opt-out", func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM opt_outs WHERE workspace = $1 AND contact = $2 AND ($3 = '' OR scope = $3)`,
			text(workspace), text(contact), text(scope))
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrNotFound
		}
		return note(ctx, tx, roster.Change{Workspace: workspace, Who: who, What: "optout.remove", Target: workspace, Detail: scope, At: now})
	})
}

func eachOptOut(ctx context.Context, tx Tx, where string, args ...any) (all []roster.OptOut, err error) {
	err = tx.Each(ctx, `SELECT workspace, contact, scope, source, note, created_us FROM opt_outs `+where, args, func(scan Scan) error {
		var o roster.OptOut
		var created int64
		err := scan(&o.Workspace, &o.Contact, &o.Scope, &o.Source, &o.Note, &created)
		o.Created = time.UnixMicro(created)
		all = append(all, o)
		return err
	})
	return all, err
}
