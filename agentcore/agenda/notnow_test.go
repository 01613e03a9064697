package agenda_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

func TestWhatTheDesksErrorMeansForAnErrand(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	opens := now.Add(3 * time.Hour)
	away := errors.New("the database is away")
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"placed", nil, nil},
		{"the carrier did not take it: its record tells", &dispatch.PlaceError{Why: "no such number"}, nil},
		{"quiet hours that end", &dialplan.Refusal{Code: dialplan.QuietHours, At: opens}, &agenda.Later{At: opens, Code: string(dialplan.QuietHours)}},
		{"quiet hours without an end", &dialplan.Refusal{Code: dialplan.QuietHours}, &agenda.Refusal{Code: string(dialplan.QuietHours)}},
		{"a cap of everybody", &dialplan.Refusal{Code: dialplan.Hour}, &agenda.Later{At: now.Add(time.Minute), Code: string(dialplan.Hour), All: true}},
		{"numbers abroad: others need not wait", &dialplan.Refusal{Code: dialplan.ForeignBurst}, &agenda.Later{At: now.Add(10 * time.Minute), Code: string(dialplan.ForeignBurst)}},
		{"a cap of the number", &dialplan.Refusal{Code: dialplan.NumberDay, At: opens}, &agenda.Later{At: opens, Code: string(dialplan.NumberDay)}},
		{"the workspace is full", fmt.Errorf("dispatch: %w", &dispatch.CappedError{By: "workspace"}), &agenda.Later{At: now.Add(2 * time.Second), Code: "workspace_full", All: true}},
		{"the gateway is full", dispatch.ErrFull, &agenda.Later{At: now.Add(2 * time.Second), Code: "gateway_full", All: true}},
		{"the gateway is too busy", dispatch.ErrOverloaded, &agenda.Later{At: now.Add(2 * time.Second), Code: "node_full", All: true}},
		{"the gateway goes down", dispatch.ErrDraining, &agenda.Later{At: now.Add(2 * time.Second), Code: "gateway_stopping", All: true}},
		{"trouble of ours is no attempt", away, &agenda.Later{At: now.Add(2 * time.Second), Code: agenda.CodeTrouble}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, trouble := agenda.Trouble(agenda.NotNow(c.err, now), now)
			if want := c.err == away; trouble != want {
				t.Errorf("it is trouble: %t, want %t", trouble, want)
			}
			if a, b := meaning(got), meaning(c.want); a != b {
				t.Errorf("it means %s, want %s", a, b)
			}
		})
	}
	if got := agenda.NotNow(away, now); got != away {
		t.Errorf("NotNow(%v) = %v, want what it can't tell", away, got)
	}
}

// meaning is an error without its words for people.
func meaning(err error) string {
	var later *agenda.Later
	var refused *agenda.Refusal
	switch {
	case errors.As(err, &later):
		return fmt.Sprintf("later, at %v, %s, all %t", later.At.Format(time.TimeOnly), later.Code, later.All)
	case errors.As(err, &refused):
		return "refused, " + refused.Code
	}
	return fmt.Sprint(err)
}
