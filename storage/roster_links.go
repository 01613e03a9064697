package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// LinkNumber implements [roster.Store].
func (db *DB) LinkNumber(ctx context.Context, workspace string, id int64, agent string, who roster.Actor, now time.Time) (n roster.Number, err error) {
	err = db.change(ctx, "link number", func(tx Tx) error {
		if err := linkNumber(ctx, tx, workspace, id, agent, who, now); err != nil {
			return err
		}
		n, err = numberOf(ctx, tx, workspace, id)
		return err
	})
	if err != nil {
		return roster.Number{}, err
	}
	return n, nil
}

// linkNumber says who answers a number; agent empty: nobody.
func linkNumber(ctx context.Context, tx Tx, workspace string, id int64, agent string, who roster.Actor, now time.Time) error {
	if agent == "" {
		n, err := tx.Exec(ctx, `UPDATE phone_numbers SET agent_id = NULL, updated_us = $3
			WHERE workspace = $1 AND id = $2 AND agent_id IS NOT NULL`, text(workspace), id, now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 1 {
			return note(ctx, tx, numberChange(workspace, id, "number.unlink", "", who, now))
		}
		_, err = numberOf(ctx, tx, workspace, id)
		return err
	}
	a, err := agentOf(ctx, tx, workspace, agent)
	if err != nil {
		return err
	}
	return linkTo(ctx, tx, a, id, who, now)
}

// linkTo links a number of a's workspace to a. Nobody's link is taken away: the
// statement changes a free number only.
func linkTo(ctx context.Context, tx Tx, a roster.Agent, id int64, who roster.Actor, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE phone_numbers SET agent_id = $3, updated_us = $4
		WHERE workspace = $1 AND id = $2 AND agent_id IS NULL`, text(a.Workspace), id, a.ID, now.UnixMicro())
	if err != nil {
		return err
	}
	if n == 1 {
		return note(ctx, tx, numberChange(a.Workspace, id, "number.link", "agent "+a.UUID, who, now))
	}
	on, err := numberOf(ctx, tx, a.Workspace, id)
	if err != nil {
		return err
	}
	if on.AgentUUID != a.UUID {
		return roster.ErrTaken
	}
	return nil
}
