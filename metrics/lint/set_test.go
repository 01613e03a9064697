package lint_test

import (
	"fmt"
	"net/http/httptest"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/metrics/lint"
)

// hostile are values that no label may take as they are, and more of good ones
// than it may take.
func hostile() []string {
	all := []string{"", "+14155550134", "CA0123456789abcdef0123456789abcdef", "call_7q2f", "ana@example.com", "Ana", "a b", "\xff\xfe", "a\x00b",
		"sk-live-123", strings.Repeat("a", 10_000), strings.Repeat("é", 60), "inbound\n", `"} 1`, "other", "zebra", "日本語"}
	for i := range 150 {
		all = append(all, "reason_"+strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i)))
	}
	return all
}

// drive calls every method of v that takes nothing but plain values, with each of
// values in each place, and with pairs of them. It says how many it found.
func drive(v reflect.Value, values []string) (methods int) {
	for i := range v.NumMethod() {
		m := v.Method(i)
		if !plain(m.Type()) {
			continue
		}
		methods++
		for n := range values {
			for _, shift := range []int{0, 1, 17} {
				m.Call(arguments(m.Type(), values, n, shift))
			}
		}
	}
	return methods
}

func plain(m reflect.Type) bool {
	if m.NumIn() == 0 || m.NumOut() > 0 {
		return false
	}
	for i := range m.NumIn() {
		switch m.In(i).Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		default:
			return false
		}
	}
	return true
}

func arguments(m reflect.Type, values []string, n, shift int) (args []reflect.Value) {
	for i := range m.NumIn() {
		a := reflect.New(m.In(i)).Elem()
		switch a.Kind() {
		case reflect.String:
			a.SetString(values[(n+i*shift)%len(values)])
		case reflect.Bool:
			a.SetBool(n%2 == 0)
		case reflect.Int, reflect.Int64:
			a.SetInt(int64(n))
		case reflect.Float64:
			a.SetFloat(float64(n))
		}
		args = append(args, a)
	}
	return args
}

// everything is a Set that has heard whatever a stranger could make it hear.
func everything(c metrics.Config) (s *metrics.Set, methods int) {
	s = metrics.New(c)
	values := hostile()
	methods = drive(reflect.ValueOf(s), values) + drive(reflect.ValueOf(s.Costs()), values)
	for _, v := range values {
		methods += drive(reflect.ValueOf(s.Call(v, v)), values[:20])
	}
	return s, methods
}

func TestNoLabelRunsAwayWhateverIsSaid(t *testing.T) {
	for _, agents := range []bool{false, true} {
		s, methods := everything(metrics.Config{Version: "0.1.0", Agents: agents})
		if methods < 100 {
			t.Fatalf("only %d methods were found", methods)
		}
		gathered, err := s.Registry().Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range lint.Series(gathered) {
			t.Errorf("agents %v: %s", agents, wrong)
		}
		named := map[string]bool{}
		for _, f := range gathered {
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if l.GetName() == "agent" {
						named[l.GetValue()] = true
					}
				}
			}
		}
		if want := map[bool]int{false: 0, true: 101}[agents]; len(named) != want {
			t.Errorf("agents %v: %d names of agents, want %d: one of the hundred is called other itself", agents, len(named), want)
		}
	}
}

func TestAnAgentsNameIsCutBetweenCharacters(t *testing.T) {
	s := metrics.New(metrics.Config{Agents: true})
	s.Call("a"+strings.Repeat("é", 60), "").CallBegan("inbound")
	s.Call("broken \xff", "").CallBegan("inbound")
	gathered, err := s.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range gathered {
		if f.GetName() == "hookswitch_conversations_begun_total" {
			for _, m := range f.GetMetric() {
				if n := m.GetLabel()[0].GetValue(); n != "" {
					names = append(names, n)
				}
			}
		}
	}
	if want := "a" + strings.Repeat("é", 31); len(names) != 2 || names[0] != want || names[1] != "broken \uFFFD" || !utf8.ValidString(names[0]) {
		t.Errorf("agents are called %q", names)
	}
}

func TestEveryFamilyIsNamedAndExplained(t *testing.T) {
	s, _ := everything(metrics.Config{Agents: true})
	s.Gauge("calls_live", "Calls that go on now, for this test.", func() float64 { return 1 })
	s.Admission([]string{"cpu"}, func() bool { return true }, func(string) float64 { return 1 })
	for _, wrong := range lint.Families(s.Families()) {
		t.Error(wrong)
	}
	known := map[string]bool{}
	for _, f := range s.Families() {
		known[f.Name] = true
	}
	gathered, err := s.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range gathered {
		if strings.HasPrefix(f.GetName(), "hookswitch_") && !known[f.GetName()] {
			t.Errorf("%s is shown, and no family", f.GetName())
		}
		delete(known, f.GetName())
	}
	for name := range known {
		t.Errorf("%s: no method of a Set fills it", name)
	}
}

// A label's bound is no use if nothing has the label.
func TestEveryLabelIsSomebodys(t *testing.T) {
	s := metrics.New(metrics.Config{Agents: true})
	s.Costs()
	s.Admission([]string{"cpu"}, func() bool { return true }, func(string) float64 { return 1 })
	used := map[string]bool{}
	for _, f := range s.Families() {
		for _, l := range f.Labels {
			used[l] = true
		}
	}
	for label := range lint.Labels {
		if !used[label] {
			t.Errorf("nothing has a label %s", label)
		}
	}
}

func TestPromtoolFindsNothing(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	s, _ := everything(metrics.Config{})
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	cmd := exec.CommandContext(t.Context(), tool, "check", "metrics")
	cmd.Stdin = w.Body
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
