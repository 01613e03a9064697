package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// Agenda is db as an [agenda.Store]. Two of that one's methods have a name that a
// call and a delivery have taken.
func (db *DB) Agenda() agenda.Store { return errands{db} }

type errands struct{ *DB }

// Claim implements [agenda.Store].
func (e errands) Claim(ctx context.Context, node string, now time.Time, limit int, skip []string) ([]agenda.Errand, error) {
	return e.ClaimErrands(ctx, node, now, limit, skip)
}

// Progress implements [agenda.Store].
func (e errands) Progress(ctx context.Context, batch string) (agenda.Progress, error) {
	return e.BatchProgress(ctx, batch)
}
