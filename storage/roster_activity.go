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

// askedByName is up to how many agents a query names. Of more it tells all that
// the workspace has.
const askedByName = 50

// Activities implements [roster.Store]. Each agent that was asked for is in the
// answer.
func (db *DB) Activities(ctx context.Context, workspace string, agents []roster.Agent, since func(roster.Agent) time.Time) (map[string]roster.Activity, error) {
	all := make(map[string]roster.Activity, len(agents))
	if len(agents) == 0 {
		return all, nil
	}
	began := make(map[string]int64, len(agents)) // an agent's today, in microseconds
	var days []int64                             // each that there is, the earliest first
	for _, a := range agents {
		began[a.UUID] = since(a).UnixMicro()
		days = append(days, began[a.UUID])
	}
	slices.Sort(days)
	days = slices.Compact(days)

	who, args := `FROM agents a %s WHERE a.workspace = $1 AND a.deleted_us IS NULL`, []any{text(workspace)}
	if len(agents) <= askedByName {
		who += ` AND a.uuid IN (` + parameters(&args, agents, func(a roster.Agent) any { return text(a.UUID) }) + `)`
	}
	err := db.read(ctx, "tell activities", func(tx Tx) error {
		clear(all)
		for _, a := range agents {
			all[a.UUID] = roster.Activity{}
		}
		if err := lastCalls(ctx, tx, who, args, all); err != nil {
			return err
		}
		if err := callsToday(ctx, tx, who, args, days, began, all); err != nil {
			return err
		}
		return liveCalls(ctx, tx, workspace, all)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// parameters adds values to args and returns their names for the query.
func parameters[E any](args *[]any, from []E, value func(E) any) string {
	names := make([]string, len(from))
	for i, e := range from {
		*args = append(*args, value(e))
		names[i] = fmt.Sprintf("$%d", len(*args))
	}
	return strings.Join(names, ", ")
}

// lastCalls adds when each agent's newest call began: one look into calls_agent
// for each.
func lastCalls(ctx context.Context, tx Tx, who string, args []any, all map[string]roster.Activity) error {
	return tx.Each(ctx, `SELECT a.uuid, (SELECT MAX(c.created_us) FROM calls c WHERE c.agent_uuid = a.uuid) `+fmt.Sprintf(who, ""),
		args, func(scan Scan) error {
			var uuid string
			var last sql.NullInt64
			if err := scan(&uuid, &last); err != nil {
				return err
			}
			if a, asked := all[uuid]; asked {
				a.Last = instant(last)
				all[uuid] = a
			}
			return nil
		})
}

// callsToday adds the calls since each agent's day began. Agents in other time
// zones have other days: the calls since the earliest are counted once, apart by
// the last day that had begun, and an agent gets those of its own day and later.
// calls_agent alone answers that.
func callsToday(ctx context.Context, tx Tx, who string, args []any, days []int64, began map[string]int64, all map[string]roster.Activity) error {
	args = slices.Clip(args)
	args = append(args, days[0])
	first := len(args)
	day := "0"
	if len(days) > 1 {
		var arms strings.Builder
		for i := len(days) - 1; i > 0; i-- {
			args = append(args, days[i])
			fmt.Fprintf(&arms, " WHEN c.created_us >= $%d THEN %d", len(args), i)
		}
		day = "CASE" + arms.String() + " ELSE 0 END"
	}
	return tx.Each(ctx, `SELECT a.uuid, `+day+` AS day, COUNT(*) `+
		fmt.Sprintf(who, fmt.Sprintf(`JOIN calls c ON c.agent_uuid = a.uuid AND c.created_us >= $%d`, first))+` GROUP BY a.uuid, day`,
		args, func(scan Scan) error {
			var uuid string
			var day, n int
			if err := scan(&uuid, &day, &n); err != nil {
				return err
			}
			if a, asked := all[uuid]; asked && days[day] >= began[uuid] {
				a.Today += n
				all[uuid] = a
			}
			return nil
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
