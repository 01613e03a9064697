package agentfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Bounds of a folder.
const (
	mostFiles = 256
	mostBytes = 256 << 10 // of a file
)

// fileName is OpenVidu's rule.
var fileName = regexp.MustCompile(`^agent-([a-zA-Z0-9_-]{1,128})\.ya?ml$`)

// Load reads all agent-NAME.yaml files of a folder, with .yml as well; others
// that don't begin with agent- are left alone. The error joins a [*Problem] for
// each mistake in any of them, and the Set has those files that have none.
func Load(dir string) (Set, error) {
	all, err := read(dir)
	if err != nil {
		return Set{}, err
	}
	set, errs := Set{}, []error(nil)
	for _, f := range all {
		if len(f.problems) > 0 {
			errs = append(errs, f.problems...)
			continue
		}
		set.Agents = append(set.Agents, f.agent)
	}
	return set, errors.Join(errs...)
}

// read is what a folder's files say, by name. It fails when the folder can't be
// read.
func read(dir string) (all []result, err error) {
	names, err := candidates(dir)
	if err != nil {
		return nil, err
	}
	owner := map[string]string{}
	for _, file := range names {
		f := result{file: file}
		m := fileName.FindStringSubmatch(file)
		switch {
		case m == nil:
			f.fail("the name must be agent-NAME.yaml, of letters, digits, - and _")
		case owner[m[1]] != "":
			f.fail("there is %s already: a name is for one agent", owner[m[1]])
		case len(owner) == mostFiles:
			f.fail("there are more than %d agents in the folder", mostFiles)
		default:
			owner[m[1]] = file
			f.read(dir, m[1])
		}
		if all = append(all, f); len(all) > mostFiles {
			break
		}
	}
	return all, nil
}

// candidates lists the files of a folder that want to be agents', sorted.
func candidates(dir string) (names []string, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("agentfile: %w", err)
	}
	defer d.Close()
	for {
		some, err := d.Readdirnames(1024)
		for _, name := range some {
			ext := filepath.Ext(name)
			if strings.HasPrefix(name, "agent-") && (ext == ".yaml" || ext == ".yml") && len(names) <= mostFiles {
				names = append(names, name)
			}
		}
		if errors.Is(err, io.EOF) {
			slices.Sort(names)
			return names, nil
		}
		if err != nil {
			return nil, fmt.Errorf("agentfile: %w", err)
		}
	}
}

// result is what came of one file.
type result struct {
	file     string
	agent    Agent
	problems []error
}

func (f *result) fail(format string, args ...any) {
	f.problems = append(f.problems, (&reader{file: f.file}).at(nil, format, args...))
}

func (f *result) read(dir, name string) {
	content, err := slurp(filepath.Join(dir, f.file))
	if err != nil {
		f.fail("%v", err)
		return
	}
	f.agent, f.problems = parse(f.file, name, content)
}

// slurp reads a file of a bounded size; anything else than a file, such as a
// pipe, it does not even open.
func slurp(path string) ([]byte, error) {
	info, err := os.Stat(path) // follows links: a ConfigMap's files are links
	switch {
	case err != nil:
		return nil, plainly(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, plainly(err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err == nil && len(content) > mostBytes {
		err = fmt.Errorf("it is larger than %d KB", mostBytes>>10)
	}
	return content, plainly(err)
}

// plainly is err without the path, which is told anyway.
func plainly(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
