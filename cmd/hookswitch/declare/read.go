package declare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// Bounds of a file.
const (
	fileLimit = 4 << 20 // bytes
	nodeLimit = 100_000 // values, each one again wherever an alias repeats it
	deepest   = 50      // values within values
	mostTold  = 20      // mistakes
)

// Document is what a file says about one agent.
type Document struct {
	Path   string         // of the file, as it was named
	Fields map[string]any // only what the file says; a value as parse makes them
	at     map[string]position
}

type position struct{ line, column int }

// Name is the agent's name.
func (d *Document) Name() string { s, _ := d.Fields["name"].(string); return s }

// UUID is the agent's uuid, where the file has it.
func (d *Document) UUID() string { s, _ := d.Fields["uuid"].(string); return s }

// Where is the place of a field, as file:line:column: "llm.temperature",
// "tools.0.name". Of a field that the file does not have it is that of what is
// around it.
func (d *Document) Where(name string) string {
	for {
		if p, ok := d.at[name]; ok {
			return fmt.Sprintf("%s:%d:%d", d.Path, p.line, p.column)
		}
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			p := d.at[""]
			return fmt.Sprintf("%s:%d:%d", d.Path, max(p.line, 1), max(p.column, 1))
		}
		name = name[:i]
	}
}

// Read reads the agents that text holds: one a document, or a list of them.
// path names it in errors. All mistakes are told at once, as a [fault.List]; no
// two agents have one name.
func Read(path string, text io.Reader) ([]*Document, error) {
	b, err := io.ReadAll(io.LimitReader(text, fileLimit+1))
	if err == nil && len(b) > fileLimit {
		err = errors.New("it is larger than 4 MB")
	}
	if err != nil {
		return nil, &fault.Fault{What: "the file can't be read: " + bare(err), Where: fault.Keep("-f " + path), Mend: "name a file, or - for what comes from a pipe", Code: "agent/file", Exit: fault.Wrong, Err: err}
	}
	r := &fileReader{path: path}
	r.all(b)
	if len(r.faults) == 0 && len(r.docs) == 0 {
		r.tell(position{1, 1}, "", "agent/shape", "the file holds no agent", "begin with "+fault.Keep("name: front-desk"))
	}
	if len(r.faults) > 0 {
		return nil, &fault.List{Title: fmt.Sprintf("%d mistakes in %s, nothing was changed", len(r.faults), path), Faults: r.faults}
	}
	return r.docs, nil
}

// fileReader collects what a file says, and what is wrong with it.
type fileReader struct {
	path   string
	docs   []*Document
	doc    *Document // that is being read
	nodes  int
	faults []*fault.Fault
}

func (r *fileReader) all(b []byte) {
	if !utf8.Valid(b) {
		r.tell(position{1, 1}, "", "agent/yaml", "the file is not text in UTF-8", "save it as UTF-8")
		return
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.syntax(err)
			return // what follows can't be found
		}
		if len(doc.Content) == 1 && doc.Content[0].Tag != "!!null" {
			r.top(doc.Content[0])
		}
	}
}

// top reads a document: an agent, or a list of them.
func (r *fileReader) top(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			r.agent(item)
		}
		return
	}
	r.agent(n)
}

func (r *fileReader) agent(n *yaml.Node) {
	r.doc = &Document{Path: r.path, at: map[string]position{"": place(n)}}
	before := len(r.faults)
	v := r.value(n, &agent, "", 0)
	r.doc.Fields, _ = v.(map[string]any)
	if len(r.faults) > before {
		return
	}
	if r.doc.Name() == "" {
		r.tell(place(n), "name", "agent/shape", "the agent has no name", fault.Keep("name: front-desk")+" tells which agent this is")
	}
	for _, other := range r.docs {
		if other.Name() == r.doc.Name() && other.UUID() == r.doc.UUID() {
			r.tell(r.doc.at["name"], "name", "agent/shape", fmt.Sprintf("%q is in this file twice", r.doc.Name()), "the first is at "+fault.Keep(other.Where("name"))+"; keep one")
		}
	}
	r.docs = append(r.docs, r.doc)
}

func place(n *yaml.Node) position { return position{max(n.Line, 1), max(n.Column, 1)} }

// tell notes a mistake at a place, about the field called name.
func (r *fileReader) tell(at position, name, code, what, mend string) {
	if len(r.faults) >= mostTold {
		return
	}
	where := fault.Keep(fmt.Sprintf("%s:%d:%d", r.path, at.line, at.column))
	if name != "" {
		where += "  " + name
	}
	r.faults = append(r.faults, &fault.Fault{What: what, Where: where, Mend: mend, Code: code, Exit: fault.Wrong})
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// syntax tells of text that is no YAML.
func (r *fileReader) syntax(err error) {
	at, why := position{1, 1}, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(why); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		why = m[2]
	}
	r.tell(at, "", "agent/yaml", "the file is not YAML: "+clip(why), "look for a tab, a missing space after a colon, or an open quote at or above that line")
}

// clip shortens what somebody wrote.
func clip(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-3]) + "..."
}

// bare is the last part of an error of the file system.
func bare(err error) string {
	text := err.Error()
	return text[strings.LastIndex(text, ": ")+1:]
}
