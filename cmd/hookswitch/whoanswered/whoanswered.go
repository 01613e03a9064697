// Package whoanswered measures how well the gateway knows who answered: it sends
// every item of the corpus through the detector, the ear, the judge and the
// recogniser of a call, and counts what they got wrong.
//
// The corpus is synthetic (agentcore/answer/corpus). What is measured is how well
// the engine knows what it was made for; a real line has what nobody thought of.
package whoanswered

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
)

// Took is how long recognition is taken to last, of any words: what it takes on a
// machine with nothing else to do, so that the same words come at the same time
// each time. (Measured there: 127 to 478 ms.)
const Took = 300 * time.Millisecond

// Options say what to measure.
type Options struct {
	Version string        // of this program
	Part    string        // "train" or "test". Empty: both
	Only    string        // items whose name holds this. Empty: all
	Every   int           // of those each n-th. Zero: all
	Fresh   bool          // what was heard before is heard anew
	Hour    time.Duration // of speech and keys in which no beep may be heard, for each part. Zero: none
	Explain bool          // mistakes come with what was heard, and the words
	Out     string        // file for the report as JSON. Empty: none
	Cache   string        // folder of what the user's programs keep. Empty: the usual one
	Prompts string        // folder of recorded prompts. Empty: where they are usually installed
	Workers int           // items at a time. Zero means 2

	// Progress is told what is being done. Nil means nobody.
	Progress io.Writer
}

// Run measures, and writes Options.Out. The error says that it could not be done;
// what the engine got wrong is in the Report.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Workers <= 0 {
		o.Workers = 2
	}
	parts, err := o.parts()
	if err != nil {
		return Report{}, err
	}
	l, err := open(ctx, o)
	if err != nil {
		return Report{}, fmt.Errorf("whoanswered: %w", err)
	}
	defer l.close()
	r := Report{Version: o.Version, Machine: machine(), Synthetic: true, Definitions: definitions, Recorded: l.recorded, TookMS: Took.Milliseconds()}
	items := l.items(o, parts)
	if len(items) == 0 {
		return Report{}, fmt.Errorf("whoanswered: no item's name holds %q", o.Only)
	}
	outcomes, err := l.outcomes(ctx, o, items)
	if err != nil {
		return Report{}, fmt.Errorf("whoanswered: %w", err)
	}
	hours, err := l.hours(ctx, o, parts)
	if err != nil {
		return Report{}, fmt.Errorf("whoanswered: %w", err)
	}
	r.count(parts, outcomes, hours)
	if !o.Explain {
		r.forget()
	}
	if o.Out == "" {
		return r, nil
	}
	return r, r.save(o.Out)
}

func (o Options) parts() ([]corpus.Part, error) {
	if o.Part == "" {
		return corpus.Parts, nil
	}
	p, err := corpus.ParsePart(o.Part)
	if err != nil {
		return nil, fmt.Errorf("whoanswered: %w", err)
	}
	return []corpus.Part{p}, nil
}

// items are those of the parts that are asked for, recorded ones where there are.
func (l *lab) items(o Options, parts []corpus.Part) (some []corpus.Item) {
	all := corpus.Items()
	if l.recorded {
		all = append(all, corpus.Recorded()...)
	}
	for _, it := range all {
		for _, p := range parts {
			if it.Part == p && strings.Contains(it.Name, o.Only) {
				some = append(some, it)
			}
		}
	}
	if o.Every <= 1 {
		return some
	}
	few := some[:0]
	for i := o.Every / 2; i < len(some); i += o.Every {
		few = append(few, some[i])
	}
	return few
}

// cacheDir is where sounds, and what was heard of them, are kept.
func (o Options) cacheDir() (string, error) {
	dir := o.Cache
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(user, "hookswitch")
	}
	return filepath.Join(dir, "who-answered"), nil
}

// Machine is where it was measured.
type Machine struct {
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Go    string `json:"go"`
}

func machine() Machine {
	return Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()}
}
