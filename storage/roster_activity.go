package storage

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// namedAgents is up to how many agents one query names.
const namedAgents = 500

// Activities implements [roster.Store]. Each agent that was asked for is in the
// answer. Agents in other time zones have other days: there is a query for each
// day, not for each agent.
func (db *DB) Activities(ctx context.Context, workspace string, agents []roster.Agent, since func(roster.Agent) time.Time) (map[string]roster.Activity, error) {
	all := make(map[string]roster.Activity, len(agents))
	if len(agents) == 0 {
		return all, nil
	}
	days := map[int64][]string{} // agents by when their today began, in microseconds
	for _, a := range agents {
		began := since(a).UnixMicro()
		days[began] = append(days[began], a.UUID)
	}
	err := db.read(ctx, "tell activities", func(tx Tx) error {
		clear(all)
		for _, a := range agents {
			all[a.UUID] = roster.Activity{}
		}
		for began, uuids := range days {
			for some := range slices.Chunk(uuids, namedAgents) {
				if err := callsSince(ctx, tx, workspace, began, some, all); err != nil {
					return err
				}
			}
		}
		return liveCalls(ctx, tx, workspace, all)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// callsSince adds an agent's newest call, and how many began since. Each costs
// two looks into calls_agent, which alone answers them. Whether an agent was
// deleted is not looked at: that stands behind its definition, pages further on.
func callsSince(ctx context.Context, tx Tx, workspace string, began int64, uuids []string, all map[string]roster.Activity) error {
	args := []any{text(workspace), began}
	names := make([]string, len(uuids))
	for i, uuid := range uuids {
		args = append(args, text(uuid))
		names[i] = fmt.Sprintf("$%d", len(args))
	}
	return tx.Each(ctx, `SELECT a.uuid,
			(SELECT MAX(c.created_us) FROM calls c WHERE c.agent_uuid = a.uuid),
			(SELECT COUNT(*) FROM calls c WHERE c.agent_uuid = a.uuid AND c.created_us >= $2)
		FROM agents a WHERE a.workspace = $1 AND a.uuid IN (`+strings.Join(names, ", ")+`)`,
		args, func(scan Scan) error {
			var uuid string
			var last sql.NullInt64
			var a roster.Activity
			err := scan(&uuid, &last, &a.Today)
			a.Last = instant(last)
			all[uuid] = a
			return err
		})
}

// liveCalls adds the calls that have not ended. They are few, and calls_unended
// holds nothing else; a query that also named the workspace would be answered
// from all calls that it ever had.
func liveCalls(ctx context.Context, tx Tx, workspace string, all map[string]roster.Activity) error {
	return tx.Each(ctx, `SELECT workspace, agent_uuid FROM calls WHERE ended_us IS NULL ORDER BY created_us, id`,
		nil, func(scan Scan) error {
			var of, uuid string
			if err := scan(&of, &uuid); err != nil {
				return err
			}
			if a, asked := all[uuid]; asked && of == workspace {
				a.Live++
				all[uuid] = a
			}
			return nil
		})
}
