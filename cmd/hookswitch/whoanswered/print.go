package whoanswered

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
)

// Write tells r to a person, in at most 80 columns.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "hookswitch %s   who answered, over a synthetic corpus: no real calls\n", r.Version)
	if !r.Recorded {
		fmt.Fprintf(&b, "without recorded prompts: asterisk-core-sounds-en-wav is not installed\n")
	}
	for _, p := range corpus.Parts {
		if f, ok := r.Parts[p.String()]; ok {
			f.write(&b, p.String())
		}
	}
	r.writeMistakes(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// short are the classes as the matrix's columns have them.
var short = map[answer.Class]string{
	answer.Human: "human", answer.Screener: "scrn", answer.IVR: "menu", answer.Greeting: "greet", answer.Beeped: "beep",
	answer.MailboxFull: "full", answer.Unavailable: "unav", answer.Fax: "fax", answer.Hold: "hold", answer.Unknown: "unkn",
}

func (f Figures) write(b *strings.Builder, part string) {
	fmt.Fprintf(b, "\n%s   %d items, %.0f min\n\n", strings.ToUpper(part), f.Items, f.AudioS/60)
	fmt.Fprintf(b, "  label               found in the end\n  %-18s", "")
	for _, c := range answer.Classes {
		fmt.Fprintf(b, " %5.5s", short[c])
	}
	b.WriteByte('\n')
	for _, label := range answer.Classes {
		row, ok := f.Confusion[label]
		if !ok {
			continue
		}
		fmt.Fprintf(b, "  %-18s", label)
		for _, c := range answer.Classes {
			if row[c] == 0 {
				fmt.Fprintf(b, "%6s", ".")
				continue
			}
			fmt.Fprintf(b, "%6d", row[c])
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	line := func(name string, r Rate) {
		fmt.Fprintf(b, "  %-30s %7.2f %%   95 %%: %5.2f to %6.2f   %d of %d\n", name, 100*r.Value, 100*r.Low, 100*r.High, r.K, r.N)
	}
	line("person taken for a machine", f.HumanAsMachine)
	line("machine taken for a person", f.MachineAsHuman)
	line("person noticed after a machine", f.SwitchedBack)
	line("exactly the right class", f.RightClass)
	line("beeps heard", f.BeepRecall)
	line("beeps told that are some", f.BeepPrecision)
	line("moment for the message", f.Leave)
	f.writeTimes(b)
}

func (f Figures) writeTimes(b *strings.Builder) {
	fmt.Fprintf(b, "\n  ms                              median    p95   most   count\n")
	for _, row := range []struct {
		name string
		t    Times
	}{{"person known, after first words", f.Verdict}, {"end of a beep, off by", f.Beep}} {
		fmt.Fprintf(b, "  %-31s %6d %6d %6d  %6d\n", row.name, row.t.Median, row.t.P95, row.t.Most, row.t.N)
	}
	if f.FalseBeepsPerHour != nil {
		fmt.Fprintf(b, "\n  false beeps %.1f an hour, in %.1f h of speech with %d keys\n", *f.FalseBeepsPerHour, f.HoursHeard, f.KeysHeard)
	}
}

// mostShown is how many mistakes a person is told; the file has all.
const mostShown = 40

func (r Report) writeMistakes(b *strings.Builder) {
	if len(r.Mistakes) == 0 {
		return
	}
	n := map[string]int{}
	for _, m := range r.Mistakes {
		n[m.What]++
	}
	fmt.Fprintf(b, "\nMISTAKES   %d\n", len(r.Mistakes))
	for _, what := range slices.Sorted(maps.Keys(n)) {
		fmt.Fprintf(b, "  %5d  %s\n", n[what], what)
	}
	b.WriteByte('\n')
	for i, m := range r.Mistakes {
		if i == mostShown {
			fmt.Fprintf(b, "  and %d more\n", len(r.Mistakes)-i)
			return
		}
		fmt.Fprintf(b, "  %-36s %-5s %s\n", m.Item, short[m.Found], m.What)
	}
}
