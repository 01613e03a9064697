package storage

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// ListAgents implements [roster.Store]. The oldest comes first.
func (db *DB) ListAgents(ctx context.Context, workspace string, f roster.AgentFilter) ([]roster.Agent, error) {
	query, args := `SELECT `+agentColumns+` FROM agents a WHERE a.workspace = $1 AND a.deleted_us IS NULL`, []any{text(workspace)}
	if f.Number != "" {
		args = append(args, text(f.Number))
		query += fmt.Sprintf(` AND a.id IN (SELECT p.agent_id FROM phone_numbers p WHERE p.number = $%d)`, len(args))
	}
	if f.Name != "" {
		args = append(args, text(f.Name))
		query += fmt.Sprintf(` AND a.name = $%d`, len(args))
	}
	query += ` ORDER BY a.created_us, a.id`

	var agents []roster.Agent
	var kept []string
	err := db.read(ctx, "list agents", func(tx Tx) error {
		agents, kept = nil, nil
		return tx.Each(ctx, query, args, func(scan Scan) error {
			a, definition, err := scanAgent(scan)
			agents, kept = append(agents, a), append(kept, definition)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return agents, named("list agents", decodeAll(agents, kept))
}

// decodeAll fills in the definitions of agents. Most of the time of a long list
// goes into this: it is shared among the processors.
func decodeAll(agents []roster.Agent, kept []string) error {
	share := max(32, (len(agents)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	errs := make([]error, len(agents))
	var wg sync.WaitGroup
	for from := 0; from < len(agents); from += share {
		wg.Go(func() {
			for i := from; i < min(from+share, len(agents)); i++ {
				agents[i].Definition, errs[i] = decodeDefinition(kept[i])
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("agent %s: %w", agents[i].UUID, err)
		}
	}
	return nil
}

// agentsPerQuery is how many agents one query tells of.
const agentsPerQuery = 500

// Activities implements [roster.Store]. Each agent that was asked for is in the
// answer.
func (db *DB) Activities(ctx context.Context, workspace string, agents []roster.Agent, since func(roster.Agent) time.Time) (map[string]roster.Activity, error) {
	all := make(map[string]roster.Activity, len(agents))
	err := db.read(ctx, "tell activities", func(tx Tx) error {
		clear(all)
		for chunk := range slices.Chunk(agents, agentsPerQuery) {
			if err := activities(ctx, tx, workspace, chunk, since, all); err != nil {
				return err
			}
		}
		return liveCalls(ctx, tx, workspace, all)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// activities tells of calls that began. The agents and their days are a table of
// the query's own, so that each costs two looks into calls_agent and none reads
// calls of earlier days.
func activities(ctx context.Context, tx Tx, workspace string, agents []roster.Agent, since func(roster.Agent) time.Time, all map[string]roster.Activity) error {
	var rows strings.Builder
	args := []any{text(workspace)}
	for i, a := range agents {
		if i > 0 {
			rows.WriteString(", ")
		}
		fmt.Fprintf(&rows, "(CAST($%d AS TEXT), CAST($%d AS BIGINT))", len(args)+1, len(args)+2)
		args = append(args, text(a.UUID), since(a).UnixMicro())
	}
	return tx.Each(ctx, `WITH asked (uuid, since) AS (VALUES `+rows.String()+`)
		SELECT uuid,
			COALESCE((SELECT c.created_us FROM calls c WHERE c.agent_uuid = asked.uuid AND c.workspace = $1
				ORDER BY c.created_us DESC LIMIT 1), -1),
			(SELECT COUNT(*) FROM calls c WHERE c.agent_uuid = asked.uuid AND c.workspace = $1 AND c.created_us >= asked.since)
		FROM asked`, args, func(scan Scan) error {
		var uuid string
		var last int64
		var a roster.Activity
		if err := scan(&uuid, &last, &a.Today); err != nil {
			return err
		}
		if last >= 0 {
			a.Last = time.UnixMicro(last)
		}
		all[uuid] = a
		return nil
	})
}

// liveCalls adds the calls that have not ended, which are few: calls_unended holds
// nothing else.
func liveCalls(ctx context.Context, tx Tx, workspace string, all map[string]roster.Activity) error {
	return tx.Each(ctx, `SELECT agent_uuid, COUNT(*) FROM calls WHERE ended_us IS NULL AND workspace = $1 GROUP BY agent_uuid`,
		[]any{text(workspace)}, func(scan Scan) error {
			var uuid string
			var n int
			if err := scan(&uuid, &n); err != nil {
				return err
			}
			if a, there := all[uuid]; there {
				a.Live = n
				all[uuid] = a
			}
			return nil
		})
}
