package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/telephony"
)

const errandColumns = `id, workspace, kind, source, agent_uuid, agent, channel, from_number, to_number,
	variables, metadata, options, batch, line, idem_key, idem_hash,
	status, code, why, attempt, call_id, node, change, asked_us, due_us, created_us, updated_us, ended_us`

// errandValues are the values of errandColumns.
func errandValues(e agenda.Errand) ([]any, error) {
	options, err := agenda.Encode(e.Options)
	return []any{
		text(e.ID), text(e.Workspace), text(e.Kind), text(e.Source), text(e.AgentUUID), text(e.Agent), text(e.Channel),
		text(e.From), text(e.To), text(e.Variables), text(e.Metadata), text(options), null(text(e.Batch)), e.Line,
		null(text(e.IdemKey)), text(e.IdemHash), text(e.Status), text(e.Code), text(e.Why), e.Attempt, text(e.Call),
		text(e.Node), e.Change, micros(e.Asked), e.Due.UnixMicro(), e.Created.UnixMicro(), e.Updated.UnixMicro(), micros(e.Ended),
	}, err
}

// insertErrands adds rows by one statement, and returns how many it added: those
// whose id or key is there already are left out.
func insertErrands(ctx context.Context, tx Tx, rows ...agenda.Errand) (int64, error) {
	var statement strings.Builder
	statement.WriteString(`INSERT INTO errands (` + errandColumns + `) VALUES `)
	var args []any
	for i, e := range rows {
		values, err := errandValues(e)
		if err != nil {
			return 0, err
		}
		if i > 0 {
			statement.WriteString(", ")
		}
		for j := range values {
			fmt.Fprintf(&statement, "%s$%d", map[bool]string{true: "(", false: ", "}[j == 0], len(args)+j+1)
		}
		statement.WriteString(")")
		args = append(args, values...)
	}
	statement.WriteString(` ON CONFLICT DO NOTHING`)
	return tx.Exec(ctx, statement.String(), args...)
}

// oneErrand returns the errand that where finds, or [agenda.ErrNotFound].
func oneErrand(ctx context.Context, tx Tx, where string, args ...any) (agenda.Errand, error) {
	all, err := eachErrand(ctx, tx, where, args...)
	if err == nil && len(all) == 0 {
		err = agenda.ErrNotFound
	}
	if err != nil {
		return agenda.Errand{}, err
	}
	return all[0], nil
}

func eachErrand(ctx context.Context, tx Tx, where string, args ...any) (all []agenda.Errand, err error) {
	err = tx.Each(ctx, `SELECT `+errandColumns+` FROM errands `+where, args, func(scan Scan) error {
		e, err := scanErrand(scan)
		all = append(all, e)
		return err
	})
	return all, err
}

func scanErrand(scan Scan) (e agenda.Errand, err error) {
	var options, call string
	var batch, key sql.NullString
	var asked, ended sql.NullInt64
	var due, created, updated int64
	if err := scan(&e.ID, &e.Workspace, &e.Kind, &e.Source, &e.AgentUUID, &e.Agent, &e.Channel, &e.From, &e.To,
		&e.Variables, &e.Metadata, &options, &batch, &e.Line, &key, &e.IdemHash,
		&e.Status, &e.Code, &e.Why, &e.Attempt, &call, &e.Node, &e.Change, &asked, &due, &created, &updated, &ended); err != nil {
		return e, err
	}
	e.Batch, e.IdemKey, e.Call = batch.String, key.String, telephony.CallID(call)
	e.Asked, e.Due, e.Created = instant(asked), time.UnixMicro(due), time.UnixMicro(created)
	e.Updated, e.Ended = time.UnixMicro(updated), instant(ended)
	if err := json.Unmarshal([]byte(options), &e.Options); err != nil {
		return e, fmt.Errorf("errand %s: options: %w", e.ID, err)
	}
	return e, nil
}

// inAny adds the condition that a row is of a workspace; empty: of any.
func (c *conditions) inAny(workspace string) {
	if workspace != "" {
		c.add("workspace = %s", c.arg(text(workspace)))
	}
}

// after adds the condition that a row comes after cursor in a list, newest first.
func (c *conditions) after(cursor string) error {
	if cursor == "" {
		return nil
	}
	us, id, err := parseCursor(cursor)
	if err != nil {
		return err
	}
	// Compared as one value, an index leads there: the rows of a batch have one time.
	c.add("(created_us, id) < (%s, %s)", c.arg(us), c.arg(text(id)))
	return nil
}

// whereOrAll is the clause of the conditions, if there are any.
func (c *conditions) whereOrAll() string {
	if len(c.all) == 0 {
		return ""
	}
	return `WHERE ` + c.where()
}
