package server_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/storage/pgtest"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// What holds of a gateway over SQLite that is killed again and again holds over
// Postgres, where jobs, claims and counts of what goes on have no one writer that
// keeps them apart.
func TestKillsWhileManyAreCalledOverPostgres(t *testing.T) {
	t.Parallel()
	kills := 6
	if testing.Short() {
		kills = 2
	}
	newMortalIn(newTownAt(t, pgtest.URL(t), sim.Knobs{}, nil)).diesOften(kills)
}
