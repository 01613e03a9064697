package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// Dialing implements [roster.Dialings].
func (db *DB) Dialing(ctx context.Context, workspace string) (d roster.Dialing, updated time.Time, err error) {
	err = db.read(ctx, "find dialing policy", func(tx Tx) error {
		d, updated, err = dialingOf(ctx, tx, workspace)
		return err
	})
	return d, updated, err
}

// SetDialing implements [roster.Dialings]. What says nothing new is no change.
func (db *DB) SetDialing(ctx context.Context, workspace string, from, d roster.Dialing, who roster.Actor, now time.Time) error {
	policy, err := json.Marshal(d)
	if err != nil {
		return named("set dialing policy", err)
	}
	return db.change(ctx, "set dialing policy", func(tx Tx) error {
		if err := inWorkspace(ctx, tx, workspace); err != nil {
			return err
		}
		is, _, err := dialingOf(ctx, tx, workspace)
		switch {
		case err != nil:
			return err
		case !is.Equal(from):
			return roster.ErrConflict
		case is.Equal(d):
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO dialing (workspace, policy, updated_us) VALUES ($1, $2, $3)
			ON CONFLICT (workspace) DO UPDATE SET policy = excluded.policy, updated_us = excluded.updated_us`,
			text(workspace), text(string(policy)), now.UnixMicro())
		if err != nil {
			return err
		}
		return note(ctx, tx, roster.Change{Workspace: workspace, Who: who, What: "dialing.update", Target: workspace, Detail: dialingDiff(is, d), At: now})
	})
}

// dialingOf returns a workspace's policy; the zero one when there is no row.
func dialingOf(ctx context.Context, tx Tx, workspace string) (d roster.Dialing, updated time.Time, err error) {
	var policy string
	var at int64
	err = tx.Each(ctx, `SELECT policy, updated_us FROM dialing WHERE workspace = $1`, []any{text(workspace)}, func(scan Scan) error {
		return scan(&policy, &at)
	})
	if err != nil || policy == "" {
		return d, time.Time{}, err
	}
	if err := json.Unmarshal([]byte(policy), &d); err != nil {
		return roster.Dialing{}, time.Time{}, fmt.Errorf("policy: %w", err)
	}
	return d, time.UnixMicro(at), nil
}

// dialingDiff names what changed. Regions, hours and caps are no secrets; hosts
// are counted only.
func dialingDiff(was, is roster.Dialing) string {
	var all []string
	if !slices.Equal(was.Regions, is.Regions) {
		all = append(all, "regions "+strings.Join(is.Regions, ","))
	}
	for _, one := range []struct {
		name    string
		was, is int
	}{
		{"max_per_number_hour", was.MaxPerNumberHour, is.MaxPerNumberHour},
		{"max_per_number_day", was.MaxPerNumberDay, is.MaxPerNumberDay},
		{"max_per_hour", was.MaxPerHour, is.MaxPerHour},
		{"max_concurrent_prefix", was.MaxConcurrentPrefix, is.MaxConcurrentPrefix},
		{"new_foreign_per_hour", was.NewForeignPerHour, is.NewForeignPerHour},
		{"minutes_per_number_day", was.MinutesPerNumberDay, is.MinutesPerNumberDay},
		{"max_concurrent", was.MaxConcurrent, is.MaxConcurrent},
	} {
		if one.was != one.is {
			all = append(all, fmt.Sprintf("%s %d", one.name, one.is))
		}
	}
	if !roster.SameHours(was.CallingHours, is.CallingHours) {
		all = append(all, fmt.Sprintf("%d calling_hours", len(is.CallingHours)))
	}
	if was.CallingZone != is.CallingZone {
		all = append(all, "calling_zone "+is.CallingZone)
	}
	for _, one := range []struct {
		name    string
		was, is bool
	}{
		{"hours_binding", was.HoursBinding, is.HoursBinding},
		{"require_consent", was.RequireConsent, is.RequireConsent},
	} {
		if one.was != one.is {
			all = append(all, fmt.Sprintf("%s %t", one.name, one.is))
		}
	}
	if !slices.Equal(was.SIPHosts, is.SIPHosts) {
		all = append(all, fmt.Sprintf("%d sip_hosts", len(is.SIPHosts)))
	}
	return strings.Join(all, ", ")
}

// maxPlaced bounds what [DB.Placed] returns.
const maxPlaced = 50_000

// Placed lists the calls that a workspace placed, and the transfers of its
// calls, since then: the newest 50,000, newest first. What was turned down
// before it was dialled is not among them. A transfer is from our own number of
// the call, whatever the other end was shown.
func (db *DB) Placed(ctx context.Context, workspace string, since time.Time) ([]telephony.Placed, error) {
	var all []telephony.Placed
	err := db.read(ctx, "list placed calls", func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT from_number, to_number, 0, created_us, COALESCE(answered_us, 0), COALESCE(ended_us, 0) FROM calls
			WHERE workspace = $1 AND created_us >= $2 AND direction = $3 AND to_number <> '' AND end_reason <> $4
			UNION ALL
			SELECT CASE WHEN c.direction = $3 THEN c.from_number ELSE c.to_number END, t.to_number, 1,
			t.created_us, COALESCE(t.answered_us, 0), COALESCE(t.ended_us, 0)
			FROM transfers t JOIN calls c ON c.id = t.call_id WHERE t.workspace = $1 AND t.created_us >= $2
			ORDER BY 4 DESC LIMIT $5`,
			[]any{text(workspace), since.UnixMicro(), text(telephony.Outbound), text(telephony.Refused), int64(maxPlaced)}, func(scan Scan) error {
				var from, to string
				var transfer, at, answered, ended int64
				err := scan(&from, &to, &transfer, &at, &answered, &ended)
				all = append(all, telephony.Placed{From: telephony.Number(from), To: telephony.Number(to), Transfer: transfer != 0,
					At: time.UnixMicro(at), Answered: whenOrNever(answered), Ended: whenOrNever(ended)})
				return err
			})
	})
	return all, err
}

// whenOrNever is the time that is kept as us; 0 is the zero time.
func whenOrNever(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us)
}
