package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media/wav"
)

const (
	maxResult  = 64 << 20
	maxJournal = 256 << 20
	maxEntry   = 4 << 20 // one line of a journal
)

// FromFile reads a result, such as out/demo.json, and the journals and
// recordings that it names. They are looked for beside it first, and then where
// its text says. Nothing of it is trusted: sizes are bounded, and what is no
// journal or no WAV file is refused by name.
func FromFile(path string) (Page, error) {
	var p Page
	b, err := read(path, maxResult)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(b, &p.Result); err != nil {
		return p, fmt.Errorf("report: %s is no result of a demo: %w", path, err)
	}
	if v := p.Result.Version; v < 1 || v > show.ResultVersion {
		return p, fmt.Errorf("report: %s has version %d, this build reads 1 to %d", path, v, show.ResultVersion)
	}
	for _, call := range p.Result.Calls {
		r, err := recorded(filepath.Dir(path), call)
		if err != nil {
			return p, err
		}
		p.Calls = append(p.Calls, r)
	}
	return p, nil
}

func recorded(dir string, call show.Call) (r Recorded, err error) {
	if call.Journal != "" {
		if r.Entries, err = journal(find(dir, call.Journal)); err != nil {
			return r, err
		}
	}
	if call.Recording != "" {
		r.WAV, err = read(find(dir, call.Recording), wav.MaxBytes)
	}
	return r, err
}

// find prefers the file beside the result: what was copied somewhere belongs
// together.
func find(dir, path string) string {
	beside := filepath.Join(dir, filepath.Base(path))
	if _, err := os.Stat(beside); errors.Is(err, fs.ErrNotExist) {
		return path
	}
	return beside
}

func read(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("report: %s has more than %d MB", path, limit>>20)
	}
	return b, nil
}

func journal(path string) ([]agentcore.Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	defer f.Close()
	var list []agentcore.Entry
	lines := bufio.NewScanner(io.LimitReader(f, maxJournal))
	lines.Buffer(nil, maxEntry)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var e agentcore.Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("report: %s:%d is no journal entry: %w", path, n, err)
		}
		list = append(list, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("report: %s: %w", path, err)
	}
	return list, nil
}
