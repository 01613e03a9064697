package board_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/demometrics/board"
)

var update = flag.Bool("update", false, "write deploy/grafana")

const shipped = "../../../../deploy/grafana"

// What is shipped is what is described.
func TestShippedDashboardsAreThese(t *testing.T) {
	want := map[string]bool{}
	for _, d := range board.All() {
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(shipped, d.UID+".json")
		want[file] = true
		if *update {
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s is not what is described (%v): go test ./cmd/hookswitch/demometrics/board -update", file, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(shipped, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !want[f] {
			t.Errorf("%s is described nowhere", f)
		}
	}
}

// A panel says what is asked, in which unit, and by what; no two ask the same.
func TestPanelsSayWhatTheyAnswer(t *testing.T) {
	for _, d := range board.All() {
		titles := map[string]bool{}
		for _, r := range d.Rows {
			for _, p := range r.Panels {
				if p.Title == "" || p.About == "" || p.Unit == "" || p.Kind == "" || len(p.Asks) == 0 {
					t.Errorf("%s: %+v lacks something", d.UID, p)
				}
				if titles[p.Title] {
					t.Errorf("%s: two panels are called %q", d.UID, p.Title)
				}
				titles[p.Title] = true
				for _, a := range p.Asks {
					if a.Legend == "" || a.Expr == "" {
						t.Errorf("%s, %s: %+v", d.UID, p.Title, a)
					}
				}
			}
		}
	}
}
