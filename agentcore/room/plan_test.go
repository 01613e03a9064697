package room

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var planNow = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// rows reads dispatches, one a word: "agent kind join status", as in
// "a:own/replace/running" or "own:own/wait/pending". Jobs of one dispatch follow
// each other behind a plus sign; "gone" at its end deletes the dispatch. A job's id
// is its agent's name, with a number from the second on.
func rows(t *testing.T, text string) (all []Dispatch) {
	t.Helper()
	for i, word := range strings.Fields(text) {
		word, gone := strings.CutSuffix(word, "/gone")
		name, jobs, _ := strings.Cut(word, ":")
		d := Dispatch{ID: "d-" + name, Agent: name, Created: planNow.Add(-time.Minute)}
		if name == "own" {
			d.RequestKey = OwnKey
		}
		if gone {
			d.Deleted = planNow
		}
		for n, job := range strings.Split(jobs, "+") {
			parts := strings.Split(job, "/")
			if len(parts) != 3 {
				continue
			}
			j := Job{ID: name, Dispatch: d.ID, Kind: Kind(parts[0]), Join: Join(parts[1]), Status: Status("JS_" + strings.ToUpper(parts[2])), Created: planNow.Add(-time.Minute)}
			if n > 0 {
				j.ID += fmt.Sprint(n + 1)
			}
			if j.Status != Pending {
				j.Started = planNow.Add(time.Duration(i-50) * time.Second)
			}
			if j.Status.Over() {
				j.Ended = j.Started.Add(30 * time.Second)
			}
			d.Jobs = append(d.Jobs, j)
		}
		all = append(all, d)
	}
	return all
}

func (a act) String() string {
	switch a.do {
	case makeJob:
		return "make " + strings.TrimPrefix(a.dispatch, "d-")
	case retryJob:
		return "retry " + strings.TrimPrefix(a.dispatch, "d-")
	case finish:
		return "finish " + a.job + " " + strings.ToLower(strings.TrimPrefix(string(a.status), "JS_"))
	case relieve:
		return "relieve"
	case give:
		return strings.TrimSpace("give " + a.job)
	case adopt:
		return "adopt " + a.job
	case hear:
		return "hear " + a.job
	}
	return "hush " + a.job
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

func TestPlan(t *testing.T) {
	const away, nobody = "-", "nobody" // whom the caller is with
	for claim, tt := range map[string]struct {
		rows   string
		holder string // who has the floor here; empty: nobody was given it yet
		had    string
		ears   string
		want   []string
	}{
		"an empty room is silent":                     {"", "", "", "", []string{"give"}},
		"and stays so":                                {"", nobody, "", "", nil},
		"the own agent begins":                        {"own:own/replace/running", "", "", "", []string{"give own"}},
		"and goes on":                                 {"own:own/replace/running", "own", "own", "", nil},
		"who speaks already is noted":                 {"own:own/replace/pending", "own", "own", "", []string{"adopt own"}},
		"a wish gets a job before anything else":      {"own:own/replace/running a:", "", "", "", []string{"make a"}},
		"who replaces relieves":                       {"own:own/replace/running a:own/replace/pending", "own", "own", "", []string{"relieve"}},
		"and follows":                                 {"own:own/replace/running a:own/replace/pending", "", "own", "", []string{"give a", "finish own success"}},
		"of two who replace the last counts":          {"own:own/replace/success a:own/replace/pending b:own/replace/pending", "", "own", "", []string{"give b", "finish a cancelled"}},
		"who waits waits":                             {"own:own/replace/running a:own/wait/pending", "own", "own", "", nil},
		"who waited longest follows":                  {"own:own/replace/success a:own/wait/pending b:own/wait/pending", "", "own", "", []string{"give a"}},
		"a worker that is not there claims nothing":   {"own:own/replace/running w:worker/replace/pending", "own", "own", "", nil},
		"a worker that is there does":                 {"own:own/replace/running w:worker/replace/running", "own", "own", "", []string{"relieve"}},
		"a worker that waits is there and waits":      {"own:own/replace/running w:worker/wait/running", "own", "own", "", nil},
		"its turn comes":                              {"own:own/replace/success w:worker/wait/running", "", "own", "", []string{"give w"}},
		"a worker that was replaced is over":          {"own:own/replace/success w:worker/replace/running a:own/replace/running", "a", "own w a", "", []string{"finish w success"}},
		"taken up again by who began last":            {"own:own/replace/running a:own/replace/running", "", "", "", []string{"give a", "finish own success"}},
		"also if that is a worker":                    {"own:own/replace/running w:worker/replace/running", "", "", "", []string{"give w", "finish own success"}},
		"a deleted holder leaves":                     {"a:own/replace/running/gone", "a", "a", "", []string{"finish a cancelled"}},
		"once its job is over":                        {"a:own/replace/cancelled/gone", "a", "a", "", []string{"relieve"}},
		"a deleted one of no job asks for nothing":    {"own:own/replace/running a:/gone", "own", "own", "", nil},
		"then there is silence":                       {"own:own/replace/success a:own/replace/cancelled/gone", "", "own a", "", []string{"give"}},
		"after a failure the own agent is back":       {"own:own/replace/success a:own/replace/failed", "", "own a", "", []string{"make own"}},
		"unless it was deleted":                       {"own:own/replace/success/gone a:own/replace/failed", "", "own a", "", []string{"give"}},
		"or failed itself":                            {"own:own/replace/failed", "", "own", "", []string{"give"}},
		"who talked and failed is not tried again":    {"a:own/replace/failed b:own/wait/running", "b", "a b", "", nil},
		"a worker that failed is":                     {"own:own/replace/running w:worker/replace/failed", "own", "own", "", []string{"retry w"}},
		"a worker that ends well ends the call":       {"own:own/replace/success w:worker/replace/success", "w", "own w", "", nil},
		"unless somebody waits":                       {"w:worker/replace/success a:own/wait/pending", "w", "w", "", []string{"relieve"}},
		"a listener listens":                          {"own:own/replace/running s:service/listen/pending", "own", "own", "", []string{"hear s"}},
		"while it may":                                {"own:own/replace/running s:service/listen/running", "own", "own", "s", nil},
		"a service listens, whatever it says":         {"s:service/replace/pending", nobody, "", "", []string{"hear s"}},
		"a worker listens once it is there":           {"w:worker/listen/pending v:worker/listen/running", nobody, "", "", []string{"hear v"}},
		"a deleted listener is done":                  {"s:service/listen/running/gone", nobody, "", "s", []string{"finish s cancelled", "hush s"}},
		"as is one that another process ended":        {"s:service/listen/cancelled/gone", nobody, "", "s", []string{"hush s"}},
		"a listener that failed is tried again":       {"s:service/listen/failed", nobody, "", "", []string{"retry s"}},
		"three times":                                 {"s:service/listen/failed+service/listen/failed+service/listen/failed", nobody, "", "", []string{"retry s"}},
		"no more":                                     {"s:service/listen/failed+service/listen/failed+service/listen/failed+service/listen/failed", nobody, "", "", nil},
		"away, nobody gets the floor":                 {"own:own/replace/running a:own/replace/pending", away, "", "", nil},
		"but who listens does":                        {"own:own/replace/running s:service/listen/running", away, "", "", []string{"hear s"}},
		"an own agent of whom the room knows nothing": {"w:worker/wait/running", "?", "", "", nil},
		"is replaced like any other":                  {"a:own/replace/pending", "?", "", "", []string{"relieve"}},
	} {
		t.Run(claim, func(t *testing.T) {
			s := scene{dispatches: rows(t, tt.rows), now: planNow, talks: tt.holder != away, had: set(tt.had), ears: set(tt.ears)}
			switch tt.holder {
			case "", away:
			case nobody:
				s.floor = silent
			case "?":
				s.floor = taken
			default:
				s.floor, s.holder = taken, tt.holder
			}
			var got []string
			for _, a := range planned(s).acts {
				got = append(got, a.String())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the plan is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPlanWaitsForAWorkerAtTheBeginning(t *testing.T) {
	s := scene{dispatches: rows(t, "w:worker/replace/pending own:own/wait/pending"), talks: true}
	w := s.dispatches[0].Jobs[0]
	for after, want := range map[time.Duration]string{0: "give", workerWait - 1: "give", workerWait: "give own"} {
		s.now = w.Created.Add(after)
		p := planned(s)
		if got := p.acts[0].String(); got != want {
			t.Errorf("after %v it is to %s, want %s", after, got, want)
		}
		if want == "give" && !p.again.Equal(w.Created.Add(workerWait)) {
			t.Errorf("it is looked at again at %v", p.again)
		}
	}
}

func TestNothingIsPlannedForACallThatIsOver(t *testing.T) {
	s := scene{dispatches: rows(t, "own:own/replace/success a:own/replace/pending s:service/listen/pending"), now: planNow, talks: true, floor: taken, holder: "own"}
	s.dispatches[0].Jobs[0].Reason = ReasonRoomClosed
	if p := planned(s); len(p.acts) != 0 || p.waiting {
		t.Errorf("the plan is %+v", p)
	}
}

// fold does to s what a says, as the host does.
func (s *scene) fold(a act) {
	at := func(id string) *Job {
		for i := range s.dispatches {
			for n := range s.dispatches[i].Jobs {
				if s.dispatches[i].Jobs[n].ID == id {
					return &s.dispatches[i].Jobs[n]
				}
			}
		}
		return &Job{}
	}
	run := func(id string) {
		if j := at(id); j.Kind != Worker {
			j.Status, j.Started = Running, s.now
		}
	}
	switch a.do {
	case makeJob, retryJob:
		for i, d := range s.dispatches {
			if d.ID == a.dispatch {
				kind, join := Own, Replace
				if len(d.Jobs) > 0 {
					kind, join = d.Jobs[0].Kind, d.Jobs[0].Join
				}
				if a.join != "" {
					join = a.join
				}
				s.dispatches[i].Jobs = append(d.Jobs, Job{ID: fmt.Sprint(d.ID, "-", len(d.Jobs)), Dispatch: d.ID, Kind: kind, Join: join, Status: Pending, Created: s.now})
			}
		}
	case finish:
		j := at(a.job)
		j.Status, j.Reason, j.Ended = a.status, a.reason, s.now
	case relieve:
		if j := at(s.holder); !j.Status.Over() {
			j.Status, j.Ended = Success, s.now
		}
		s.floor, s.holder = empty, ""
	case give:
		if a.job == "" {
			s.floor = silent
			return
		}
		s.floor, s.holder, s.had[a.job] = taken, a.job, true
		run(a.job)
	case adopt:
		run(a.job)
	case hear:
		s.ears[a.job] = true
		run(a.job)
	case hush:
		delete(s.ears, a.job)
	}
}

// FuzzPlan holds the plan to this, from any rows: it comes to an end; then exactly
// one of those who may talk has the floor, or nobody may; whoever may listen does;
// nothing of a deleted dispatch goes on.
func FuzzPlan(f *testing.F) {
	f.Add([]byte{0, 0, 1, 9, 4, 17, 3}, uint8(0))
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, uint8(1))
	f.Add([]byte{200, 33, 77, 121, 250, 13, 55, 99}, uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, floor uint8) {
		s := scene{now: planNow, talks: true, had: map[string]bool{}, ears: map[string]bool{}, skip: map[string]bool{}}
		for i, b := range data[:min(len(data), 30)] {
			d := Dispatch{ID: fmt.Sprint("d", i), Created: planNow}
			if i == 0 && b%2 == 0 {
				d.RequestKey = OwnKey
			}
			if b%11 == 0 {
				d.Deleted = planNow
			}
			if b%7 != 0 {
				j := Job{
					ID: fmt.Sprint("j", i), Dispatch: d.ID, Created: planNow.Add(-time.Minute),
					Kind: []Kind{Own, Service, Worker}[b%3], Join: []Join{Replace, Wait, Listen}[b/3%3],
					Status: []Status{Pending, Running, Success, Failed, Cancelled}[b/9%5],
				}
				if j.Status != Pending {
					j.Started = planNow.Add(-time.Duration(b) * time.Second)
				}
				if j.Status.Over() {
					j.Ended = planNow.Add(-time.Second * time.Duration(b%5))
				}
				d.Jobs = []Job{j}
				if j.Status == Running && floor%3 == 1 && !j.listens() {
					s.floor, s.holder, s.had[j.ID] = taken, j.ID, true
				}
				if j.listens() && b%2 == 0 {
					s.ears[j.ID] = true
				}
			}
			s.dispatches = append(s.dispatches, d)
		}
		if floor%3 == 2 {
			s.floor = silent
		}
		for round := 0; ; round++ {
			p := planned(s)
			if len(p.acts) == 0 && p.again.IsZero() {
				break
			}
			if p.again.After(s.now) && len(p.acts) == 0 {
				s.now = p.again
			}
			if round > 4*len(data)+20 {
				t.Fatalf("there is no end of plans: %v", p.acts)
			}
			for _, a := range p.acts {
				s.fold(a)
			}
		}
		settled(t, s)
	})
}

// settled checks a scene for which nothing is left to do.
func settled(t *testing.T, s scene) {
	t.Helper()
	if s.floor == empty {
		t.Error("the floor was given to nobody, not even to nobody")
	}
	for _, d := range s.dispatches {
		for _, j := range d.Jobs {
			switch {
			case j.Status.Over():
				if s.ears[j.ID] || s.holder == j.ID && !(j.Kind == Worker && j.Status == Success) {
					t.Errorf("%s is over, and is here: %+v", j.ID, j)
				}
			case !d.Deleted.IsZero():
				t.Errorf("%s goes on, and its dispatch is deleted", j.ID)
			case j.listens():
				if !s.ears[j.ID] && j.present() {
					t.Errorf("%s does not listen: %+v", j.ID, j)
				}
			case j.Kind == Own && (j.Status == Running) != (s.holder == j.ID):
				t.Errorf("%s is %s, and %q has the floor", j.ID, j.Status, s.holder)
			case s.floor == silent && j.present():
				t.Errorf("%s could talk, and nobody does: %+v", j.ID, j)
			}
		}
	}
}
