// Package demo places calls between a real gateway and a simulated carrier, as
// they run in production: two servers on loopback, signed webhooks, wss with a
// test CA. It shows the calls while they happen and checks what came of them.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/report"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// Limits of the checks.
const (
	mostWordErrors = 30.0 // per cent of the agent's words, recognised back
	mostTalkOver   = 300  // ms from a caller's first sample to the agent's silence
	mostApart      = 80   // ms between a gap as the gateway counts it and as the caller felt it, in the median
)

// Options of a demo.
type Options struct {
	Version  string
	CacheDir string            // of the models; empty means the user's own
	Out      string            // folder of what it leaves. Empty means "out"
	Name     string            // of the files in it. Empty means "demo"
	Personas []persona.Persona // who calls, or is called. Nil means [Personas]
	Only     int               // place only this one's call, 1 being the first; 0 places all
	Command  string            // this program, as one types it. Empty means "hookswitch"
	Screen   *show.Screen      // required
	Began    time.Time         // when the command was started
}

// Run places the calls and returns what came of them. It leaves recordings,
// journals, the result and a page in o.Out. When ctx ends, the calls are ended
// politely and the result says what is known.
func Run(ctx context.Context, o Options) (show.Result, error) {
	if o.Out == "" {
		o.Out = "out"
	}
	if o.Name == "" {
		o.Name = "demo"
	}
	if o.Personas == nil {
		o.Personas = Personas()
	}
	if o.Only > 0 {
		o.Personas = o.Personas[o.Only-1 : o.Only]
	}
	if o.Command == "" {
		o.Command = "hookswitch"
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return show.Result{}, err
	}
	s, err := raise(ctx, o)
	if err != nil {
		return show.Result{}, err
	}
	result, calls, err := s.place(ctx)
	if err = errors.Join(err, s.close()); err != nil {
		return result, err
	}
	return result, leave(o, &result, calls)
}

// place makes the calls, one after the other, and judges them.
func (s *stage) place(ctx context.Context) (show.Result, []report.Recorded, error) {
	result := show.Result{Build: s.o.Version, Began: s.o.Began}
	var (
		recorded []report.Recorded
		ends     []int
		messages []*left
		back     recognised
	)
	for i, p := range s.o.Personas {
		c, err := s.call(ctx, i+1, p)
		if err != nil {
			return result, recorded, fmt.Errorf("demo: call %d: %w", i+1, err)
		}
		if err := back.add(ctx, s, c); err != nil && ctx.Err() == nil {
			return result, recorded, fmt.Errorf("demo: recognising call %d back: %w", i+1, err)
		}
		result.Calls = append(result.Calls, c.row)
		recorded = append(recorded, report.Recorded{Entries: c.entries, WAV: c.wav})
		ends = append(ends, c.ends)
		messages = append(messages, c.left)
		if ctx.Err() != nil {
			result.Interrupted = true
			break
		}
	}
	result.TookMS = time.Since(s.o.Began).Milliseconds()
	if result.Interrupted {
		return result, recorded, nil // what did not happen can't be judged
	}
	result.Checks = []show.Check{
		show.CheckAnswered(result.Calls),
		show.CheckRecognised(back.wrong, back.all, mostWordErrors),
		show.CheckSilenced(result.Calls, mostTalkOver),
		checkGaps(result.Calls),
		show.CheckProtocol(result.Calls),
		show.CheckEndedOnce(result.Calls, ends),
	}
	if c, ok := checkLeft(result.Calls, messages); ok {
		result.Checks = append(result.Checks, c)
	}
	result.Judge()
	return result, recorded, nil
}

// leave writes the result, the journals and the page, and shows the verdicts.
func leave(o Options, result *show.Result, calls []report.Recorded) error {
	files := show.Files{}
	path := func(name string) string { return filepath.Join(o.Out, name) }
	for i, c := range calls {
		name := result.Calls[i].Journal
		if err := writeJournal(name, c.Entries); err != nil {
			return err
		}
		files.Data = append(files.Data, name)
	}
	text, err := result.JSON()
	if err != nil {
		return err
	}
	data := path(o.Name + ".json")
	if err := os.WriteFile(data, text, 0o644); err != nil {
		return err
	}
	files.Data = append([]string{data}, files.Data...)
	files.Page = path(o.Name + ".html")
	page, err := os.Create(files.Page)
	if err != nil {
		return err
	}
	if err := errors.Join(report.Write(page, report.Page{Result: *result, Calls: calls}), page.Close()); err != nil {
		return err
	}
	o.Screen.Finish(*result, files,
		show.Step{Command: o.Command + " talk", What: "talk to it yourself, by typing or with a WAV"},
		show.Step{Command: "make run", What: "serve"},
	)
	return o.Screen.Err()
}

func writeJournal(path string, entries []agentcore.Entry) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	for _, e := range entries {
		err = errors.Join(err, enc.Encode(e))
	}
	return errors.Join(err, f.Close())
}
