package storage

import (
	"context"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// SetAgent makes who has the floor of a foreign call the call's agent, if it came
// without one: what the record names, and whose post_call webhook is told at the
// end. Any other call keeps the agent that it has.
func (db *DB) SetAgent(ctx context.Context, id telephony.CallID, who dispatch.Route) error {
	return db.write(ctx, "keep a call's agent", func(tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE calls SET agent = $2, agent_uuid = $3, agent_version = $4, post_call = $5
			WHERE id = $1 AND agent_uuid = '' AND foreign_ = 1 AND ended_us IS NULL`,
			text(id), text(who.Agent), text(who.AgentUUID), who.Version, who.PostCall)
		return err
	})
}
