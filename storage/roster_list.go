package storage

import (
	"context"
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// ListAgents implements [roster.Store]. The oldest comes first. The definitions
// are shared with others who ask.
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
	return agents, named("list agents", db.decodeAll(agents, kept))
}
