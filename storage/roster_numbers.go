package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

const selectNumber = `SELECT p.id, p.workspace, p.number, p.label, p.inbound, p.outbound, p.provider, p.account, p.token,
	p.out_trunk, p.in_trunk, COALESCE(a.uuid, ''), COALESCE(a.name, ''), p.status, p.created_us, p.updated_us,
	p.carrier_id, p.carrier_was
	FROM phone_numbers p LEFT JOIN agents a ON a.id = p.agent_id `

// CreateNumber implements [roster.Store]. An AgentUUID is linked in the same
// transaction. Without a status it is active.
func (db *DB) CreateNumber(ctx context.Context, n roster.Number, who roster.Actor, now time.Time) (made roster.Number, err error) {
	out, err := keptObject(n.OutTrunk)
	if err != nil {
		return made, named("create number", fmt.Errorf("outbound trunk: %w", err))
	}
	in, err := keptObject(n.InTrunk)
	if err != nil {
		return made, named("create number", fmt.Errorf("inbound trunk: %w", err))
	}
	if n.Status == "" {
		n.Status = roster.NumberActive
	}
	err = db.change(ctx, "create number", func(tx Tx) error {
		if err := inWorkspace(ctx, tx, n.Workspace); err != nil {
			return err
		}
		id, err := take(ctx, tx, "number", 1)
		if err != nil {
			return err
		}
		rows, err := tx.Exec(ctx, `INSERT INTO phone_numbers (id, workspace, number, label, inbound, outbound, provider, account, token,
			out_trunk, in_trunk, status, created_us, updated_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) ON CONFLICT (number) DO NOTHING`,
			id, text(n.Workspace), text(n.Number), text(n.Label), bit(n.Inbound), bit(n.Outbound), text(n.Provider),
			text(n.Account), text(n.Token), out, in, text(n.Status), now.UnixMicro())
		if err != nil {
			return err
		}
		if rows == 0 {
			return roster.ErrTaken
		}
		if err := note(ctx, tx, numberChange(n.Workspace, id, "number.create", "provider "+n.Provider, who, now)); err != nil {
			return err
		}
		if n.AgentUUID != "" {
			if err := linkNumber(ctx, tx, n.Workspace, id, n.AgentUUID, who, now); err != nil {
				return err
			}
		}
		made, err = numberOf(ctx, tx, n.Workspace, id)
		return err
	})
	if err != nil {
		return roster.Number{}, err
	}
	return made, nil
}

// Number implements [roster.Store].
func (db *DB) Number(ctx context.Context, workspace string, id int64) (n roster.Number, err error) {
	err = db.read(ctx, "find number", func(tx Tx) error {
		n, err = numberOf(ctx, tx, workspace, id)
		return err
	})
	return n, err
}

// ListNumbers implements [roster.Store]. The oldest comes first.
func (db *DB) ListNumbers(ctx context.Context, workspace string) (all []roster.Number, err error) {
	err = db.read(ctx, "list numbers", func(tx Tx) error {
		all, err = numbersBy(ctx, tx, selectNumber+`WHERE p.workspace = $1 ORDER BY p.id`, text(workspace))
		return err
	})
	return all, err
}

// NumberOf implements [roster.Store].
func (db *DB) NumberOf(ctx context.Context, number string) (n roster.Number, a roster.Agent, err error) {
	err = db.read(ctx, "find number", func(tx Tx) error {
		all, err := numbersBy(ctx, tx, selectNumber+`WHERE p.number = $1`, text(number))
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return roster.ErrNotFound
		}
		n, a = all[0], roster.Agent{}
		if n.AgentUUID != "" {
			a, err = agentOf(ctx, tx, n.Workspace, n.AgentUUID)
		}
		return err
	})
	return n, a, err
}

// SetNumberStatus implements [roster.Store].
func (db *DB) SetNumberStatus(ctx context.Context, workspace string, id int64, status string, who roster.Actor, now time.Time) error {
	return db.change(ctx, "set number's status", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE phone_numbers SET status = $3, updated_us = $4 WHERE workspace = $1 AND id = $2 AND status <> $3`,
			text(workspace), id, text(status), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 1 {
			return note(ctx, tx, numberChange(workspace, id, "number.status", status, who, now))
		}
		_, err = numberOf(ctx, tx, workspace, id)
		return err
	})
}

// SetNumberCarrier implements [roster.Store].
func (db *DB) SetNumberCarrier(ctx context.Context, workspace string, id int64, carrierID, was string, who roster.Actor, now time.Time) error {
	return db.change(ctx, "set number's carrier", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE phone_numbers SET carrier_id = $3, carrier_was = $4, updated_us = $5
			WHERE workspace = $1 AND id = $2 AND (carrier_id <> $3 OR carrier_was <> $4)`,
			text(workspace), id, text(carrierID), text(was), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 1 {
			detail := "set up"
			if carrierID == "" {
				detail = "let go"
			}
			return note(ctx, tx, numberChange(workspace, id, "number.carrier", detail, who, now))
		}
		_, err = numberOf(ctx, tx, workspace, id)
		return err
	})
}

// NumbersOfAccount implements [roster.Store].
func (db *DB) NumbersOfAccount(ctx context.Context, account string) (all []roster.Number, err error) {
	err = db.read(ctx, "list numbers of an account", func(tx Tx) error {
		all, err = numbersBy(ctx, tx, selectNumber+`WHERE p.account = $1 AND p.carrier_id <> '' ORDER BY p.id`, text(account))
		return err
	})
	return all, err
}

// DeleteNumber implements [roster.Store].
func (db *DB) DeleteNumber(ctx context.Context, workspace string, id int64, who roster.Actor, now time.Time) error {
	return db.change(ctx, "delete number", func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM phone_numbers WHERE workspace = $1 AND id = $2`, text(workspace), id)
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrNotFound
		}
		return note(ctx, tx, numberChange(workspace, id, "number.delete", "", who, now))
	})
}

// numberChange is a line of the audit. It names a number by its id only.
func numberChange(workspace string, id int64, what, detail string, who roster.Actor, now time.Time) roster.Change {
	return roster.Change{Workspace: workspace, Who: who, What: what, Target: strconv.FormatInt(id, 10), Detail: detail, At: now}
}

// numberOf returns a workspace's number, or [roster.ErrNotFound].
func numberOf(ctx context.Context, tx Tx, workspace string, id int64) (roster.Number, error) {
	all, err := numbersBy(ctx, tx, selectNumber+`WHERE p.workspace = $1 AND p.id = $2`, text(workspace), id)
	if err != nil {
		return roster.Number{}, err
	}
	if len(all) == 0 {
		return roster.Number{}, roster.ErrNotFound
	}
	return all[0], nil
}

func numbersBy(ctx context.Context, tx Tx, query string, args ...any) ([]roster.Number, error) {
	var all []roster.Number
	err := tx.Each(ctx, query, args, func(scan Scan) error {
		var n roster.Number
		var inbound, outbound, created, updated int64
		var token, out, in string
		err := scan(&n.ID, &n.Workspace, &n.Number, &n.Label, &inbound, &outbound, &n.Provider, &n.Account, &token,
			&out, &in, &n.AgentUUID, &n.AgentName, &n.Status, &created, &updated,
			&n.CarrierID, &n.CarrierWas)
		n.Inbound, n.Outbound, n.Token = inbound != 0, outbound != 0, roster.Secret(token)
		n.OutTrunk, n.InTrunk = json.RawMessage(out), json.RawMessage(in)
		n.Created, n.Updated = time.UnixMicro(created), time.UnixMicro(updated)
		all = append(all, n)
		return err
	})
	return all, err
}

// keptObject returns a JSON object as it is kept; nil is the empty one.
func keptObject(raw json.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "{}", nil
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return "", err
	}
	return text(out.String()), nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
