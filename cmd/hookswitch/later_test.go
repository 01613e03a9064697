package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/agenda/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/storage"
)

// Place implements [agenda.Placer]: the clerk of these tests does not run.
func (g *gateway) Place(context.Context, agenda.Errand) error {
	return errors.New("nobody places here")
}

// loader reads a batch's file as the gateway does.
type loader struct{ db *storage.DB }

func (l loader) Load(ctx context.Context, b agenda.Batch, file io.Reader) (agenda.Batch, error) {
	table, err := sheet.Open(file, sheet.Limits{})
	if err != nil {
		return b, &agenda.FileError{Why: err.Error()}
	}
	rows := func(yield func(agenda.Row, error) bool) {
		for {
			r, err := table.Next()
			var wrong *sheet.Wrong
			if errors.Is(err, io.EOF) {
				return
			}
			if errors.As(err, &wrong) {
				err = (*agenda.Problem)(wrong)
			}
			if !yield(agenda.Row(r), err) {
				return
			}
		}
	}
	b.Columns = table.Columns()
	return b, agenda.Intake{Store: l.db.Agenda()}.Load(ctx, &b, rows)
}

func TestACallIsScheduledShownAndCancelled(t *testing.T) {
	g := newGateway(t)
	g.okIn(caller, "agent", "apply", "-f", "-")
	at := time.Now().Add(48 * time.Hour)
	out := strings.Fields(g.ok("call", "dial", "+14155550177", "--agent", "reminder", "--at", at.Format("2006-01-02 15:04"), "--retry", "2:1d,12h"))
	if len(out) != 3 || !strings.HasPrefix(out[0], "call_") || out[1]+" "+out[2] != at.Format("2006-01-02 15:04") {
		t.Fatalf("scheduled: %q", out)
	}
	id := out[0]
	if list := g.ok("schedules", "list", "-o", "id"); list != id+"\n" {
		t.Errorf("list: %q", list)
	}
	if list := g.ok("schedule", "list", "--to", "+1 415 555 0177", "--agent", "reminder", "-o", "table"); !strings.Contains(list, "+1 415 555 0177") || !strings.Contains(list, "scheduled") {
		t.Errorf("table:\n%s", list)
	}
	if list := g.ok("schedule", "list", "--to", "+14155550178"); list != "" {
		t.Errorf("of another number: %q", list)
	}
	shown := g.ok("schedule", "show", strings.TrimPrefix(id, "call_")[:8])
	for _, want := range []string{"id\t" + id, "state\tscheduled", "due\t" + at.Format("2006-01-02 15:04")} {
		if !strings.Contains(shown, want) {
			t.Errorf("show does not say %q:\n%s", want, shown)
		}
	}
	if json := g.ok("schedule", "show", id, "-o", "json"); !strings.Contains(json, `"max_attempts": 2`) {
		t.Errorf("show: %s", json)
	}
	g.ok("schedule", "cancel", id, "--dry-run")
	if out := g.ok("schedule", "cancel", id); !strings.Contains(out, "cancelled") {
		t.Errorf("cancel: %q", out)
	}
	if list := g.ok("schedule", "list"); list != "" {
		t.Errorf("after it: %q", list)
	}
	if list := g.ok("schedule", "list", "--all", "-o", "id"); list != id+"\n" {
		t.Errorf("with those that are over: %q", list)
	}
	g.fails(fault.Wrong, "", []string{"schedule", "show", "zzz9"}, "[schedule/not-found]")
	g.fails(fault.Wrong, "", []string{"call", "dial", "+14155550177", "--agent", "reminder", "--at", "10 Uhr"}, "is no time", "[cli/time]")
	g.fails(fault.Wrong, "", []string{"call", "dial", "+14155550177", "--agent", "reminder", "--at", "2020-01-01 10:00"}, "the time is over", "[cli/time]")
	g.fails(fault.Wrong, "", []string{"call", "dial", "+14155550177", "--agent", "reminder", "--retry", "often"}, "[cli/retry]")
	g.fails(fault.Wrong, "", []string{"call", "dial", "+14155550177", "--agent", "reminder", "--at", "tomorrow 10:00", "--wait"}, "can't be waited for", "[cli/usage]")
}

func TestABatchIsStartedFollowedAndCancelled(t *testing.T) {
	g := newGateway(t)
	g.okIn(caller, "agent", "apply", "-f", "-")
	file := filepath.Join(t.TempDir(), "people.csv")
	people := "phone_number,name\n+14155550171,Ada\n12,Bob\n+14155550173,Cy\n"
	if err := os.WriteFile(file, []byte(people), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errs := g.typed("", "batch", "start", file, "--agent", "reminder", "--at", "tomorrow 10:00", "--retry", "none", "--consent", "web form")
	id := strings.TrimSpace(out)
	if status != fault.Held || !strings.HasPrefix(id, "batch_") || !strings.Contains(errs, "2 calls taken, 1 line left out, from ") || !strings.Contains(errs, "line 3: phone_number") {
		t.Fatalf("%d %q\n%s", status, out, errs)
	}
	if out := g.ok("batch", "status", id[:12]); !strings.Contains(out, "name\tpeople.csv") || !strings.Contains(out, "scheduled, 0 of 2 over: 0 reached, 0 not, 2 waiting") {
		t.Errorf("status:\n%s", out)
	}
	if out := g.ok("batch", "list", "-o", "table"); !strings.Contains(out, "people.csv") {
		t.Errorf("list:\n%s", out)
	}
	if out := g.ok("schedule", "list", "--batch", id, "-o", "id"); strings.Count(out, "call_") != 2 {
		t.Errorf("its calls: %q", out)
	}
	g.ok("batch", "cancel", id)
	if out := g.ok("batch", "status", id, "--follow"); out != "cancelled, 2 of 2 over: 0 reached, 0 not, 2 cancelled\n" {
		t.Errorf("followed: %q", out)
	}
	if out := g.okIn(people, "batch", "start", "-", "--agent", "reminder", "--name", "typed", "-q"); !strings.HasPrefix(out, "batch_") {
		t.Errorf("from standard input: %q", out)
	}
	g.fails(fault.Wrong, "", []string{"batch", "start", file + "x", "--agent", "reminder"}, "[batch/file]")
	g.fails(fault.Wrong, "", []string{"batch", "status", "none"}, "[batch/not-found]")
	g.fails(fault.Wrong, "name\nAda\n", []string{"batch", "start", "-", "--agent", "reminder"}, "phone_number", "[api/refused]")
}

func TestTheDoNotCallListIsKept(t *testing.T) {
	g := newGateway(t)
	g.ok("dnc", "add", "+1 415 555 0177", "Ada@Example.com", "--scope", "calls", "--note", "asked")
	if out := g.ok("dnc", "list", "-o", "table"); !strings.Contains(out, "+1 415 555 0177") || !strings.Contains(out, "ada@example.com") || !strings.Contains(out, "asked") {
		t.Errorf("list:\n%s", out)
	}
	g.fails(fault.Wrong, "", []string{"dnc", "remove", "+14155550177"}, "[cli/confirm]")
	g.ok("dnc", "remove", "+14155550177", "--yes")
	if out := g.ok("dnc", "list", "-o", "id"); out != "ada@example.com\n" {
		t.Errorf("after it: %q", out)
	}
	g.fails(fault.Wrong, "", []string{"dnc", "add", "0177"}, "[number/form]")
	g.fails(fault.Wrong, "", []string{"dnc", "remove", "+14155550177", "--yes"}, "[api/not-found]")
}

func TestATimeIsReadByTheClockHere(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 27, 12, 0, 0, 0, berlin)
	for text, want := range map[string]string{
		"2026-04-25T10:00:00-07:00": "2026-04-25T17:00:00Z",
		"2026-03-28 10:00":          "2026-03-28T09:00:00Z",
		"2026-03-30T10:00":          "2026-03-30T08:00:00Z", // in summer time
		"13:30":                     "2026-03-27T12:30:00Z",
		"today 13:30":               "2026-03-27T12:30:00Z",
		"tomorrow 9:05":             "2026-03-28T08:05:00Z",
		"11:59":                     "", // over
		"2026-03-29 02:30":          "", // the clocks leave it out
		"2026-10-25 02:30":          "", // they show it twice
		"2026-02-29 10:00":          "",
		"10 am":                     "",
		"":                          "",
	} {
		at, err := timeOf(text, "--at", now)
		if got := at.UTC().Format(time.RFC3339); (want == "") != (err != nil) || want != "" && got != want {
			t.Errorf("%q is %s, %v, want %s", text, got, err, want)
		}
	}
}
