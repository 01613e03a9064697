package rest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage"
)

// bureau is an office that does things later, too. Nobody does them here: the
// clerk takes them on and does not run.
type bureau struct {
	*office
	clerk *agenda.Clerk
	said  *sayer
	hours dialplan.Policy
}

// idle places nothing.
type idle struct{}

func (idle) Place(context.Context, agenda.Errand) error { return errors.New("nobody places here") }

// sayer remembers what was said in chats, or says why not.
type sayer struct {
	texts []string
	err   error
}

func (s *sayer) Say(_ context.Context, id, text string) error {
	if s.err == nil {
		s.texts = append(s.texts, id+": "+text)
	}
	return s.err
}

// later opens a bureau over the real store and dial plan.
func later(t *testing.T, change ...func(*rest.Config)) *bureau {
	t.Helper()
	b := &bureau{said: &sayer{}}
	b.office = staff(t, append([]func(*rest.Config){func(cfg *rest.Config) {
		db := cfg.Roster.(*storage.DB)
		plan, err := dialplan.NewGate(dialplan.Config{Policy: func(context.Context, string) (dialplan.Policy, error) { return b.hours, nil }})
		if err != nil {
			t.Fatal(err)
		}
		b.clerk, err = agenda.New(agenda.Config{Store: db.Agenda(), Placer: idle{}, Calls: db, Node: "node_1"})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Later = v2.LaterConfig{Errands: db.Agenda(), Clerk: b.clerk, Planner: plan, Batches: loader{db}, Channels: db, OptOuts: db,
			Chats: db, Writer: b.said, MaxFile: 1 << 20}
	}}, change...)...)
	return b
}

// accepted wants 202.
func (a answer) accepted() answer {
	a.t.Helper()
	if a.status != http.StatusAccepted || a.body["success"] != true {
		a.t.Fatalf("%d %s, want 202", a.status, a.text)
	}
	return a
}

const tomorrow = 24 * time.Hour

func inRFC(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
