package storage

import (
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/search"
)

// conditions is a WHERE clause over calls that is being written. Everything that
// came from outside is a parameter.
type conditions struct {
	all  []string
	args []any
}

// arg adds a parameter and returns how the text names it.
func (c *conditions) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

func (c *conditions) add(format string, args ...any) {
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

func (c *conditions) where() string { return strings.Join(c.all, " AND ") }

// unheardWords counts the words of a line that the caller did not hear: they
// stand one space apart.
const unheardWords = `CASE WHEN unheard = '' THEN 0 ELSE LENGTH(unheard) - LENGTH(REPLACE(unheard, ' ', '')) + 1 END`

// query adds q. Letters are compared without case: all of them on Postgres, those
// of ASCII on SQLite, whose lower() knows no others.
func (c *conditions) query(q search.Query, now time.Time) {
	for _, t := range q {
		switch t.Key {
		case search.Agent:
			n := c.arg(text(t.Text))
			c.add("(LOWER(agent) = LOWER(%s) OR agent_uuid = %s)", n, n)
		case search.Number:
			n := c.arg(numberPattern(t))
			c.add(`(from_number LIKE %s ESCAPE '\' OR to_number LIKE %s ESCAPE '\')`, n, n)
		case search.From:
			c.add(`from_number LIKE %s ESCAPE '\'`, c.arg(numberPattern(t)))
		case search.To:
			c.add(`to_number LIKE %s ESCAPE '\'`, c.arg(numberPattern(t)))
		case search.Direction:
			c.add("direction = %s", c.arg(text(t.Text)))
		case search.ID:
			c.add("id = %s", c.arg(text(t.Text)))
		case search.End:
			c.oneOf("end_reason", t.Any)
		case search.Transfer:
			c.add("EXISTS (SELECT 1 FROM transfers WHERE call_id = calls.id AND outcome IN (%s))", c.list(t.Any))
		case search.Who:
			c.oneOf("answer_class", t.Any)
		case search.Live:
			c.add("ended_us IS %sNULL", map[bool]string{true: "", false: "NOT "}[t.Yes])
		case search.Gap:
			c.add(`EXISTS (SELECT 1 FROM transcript_lines
				WHERE call_id = calls.id AND gap_ms > 0 AND gap_ms %s %s)`, t.Op, c.arg(t.Value))
		case search.Unheard:
			c.add(`COALESCE((SELECT CAST(SUM(`+unheardWords+`) AS BIGINT) FROM transcript_lines
				WHERE call_id = calls.id), 0) %s %s`, t.Op, c.arg(t.Value))
		case search.Duration:
			c.add("COALESCE(COALESCE(ended_us, CAST(%s AS BIGINT)) - answered_us, 0) %s %s",
				c.arg(now.UnixMicro()), t.Op, c.arg(t.Value*1_000_000))
		case search.Said:
			c.add(`EXISTS (SELECT 1 FROM transcript_lines
				WHERE call_id = calls.id AND LOWER(said) LIKE LOWER(%s) ESCAPE '\')`,
				c.arg("%"+escape(text(t.Text))+"%"))
		case search.Since:
			c.add("created_us >= %s", c.arg(t.At(now).UnixMicro()))
		case search.Until:
			c.add("created_us < %s", c.arg(t.At(now).UnixMicro()))
		default:
			c.add("1 = 0") // a key that nobody taught us finds nothing, and never everything
		}
	}
}

func (c *conditions) oneOf(column string, values []string) {
	c.add("%s IN (%s)", column, c.list(values))
}

// list is the parameters of values, with commas between.
func (c *conditions) list(values []string) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = c.arg(text(v))
	}
	return strings.Join(names, ", ")
}

func numberPattern(t search.Term) string {
	p := escape(text(t.Text))
	if t.Prefix {
		p += "%"
	}
	return p
}

// escape makes a pattern that only s itself is like.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
