package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// fileLimit bounds the file, in bytes. Ours fits a thousand times.
const fileLimit = 1 << 20

// readFile reads the file that the person named, or the one that lies there.
func (l *loader) readFile(in Input, vars map[string]string) {
	path, asked := in.Path, "--config "+in.Path
	if path == "" {
		path, asked = vars[Prefix+"CONFIG"], Prefix+"CONFIG="+vars[Prefix+"CONFIG"]
	}
	named := path != ""
	if !named {
		path = DefaultFile
	}
	at := path
	if !filepath.IsAbs(at) {
		at = filepath.Join(in.Dir, at)
	}
	text, err := slurp(at)
	switch {
	case errors.Is(err, os.ErrNotExist) && !named:
		return
	case err != nil:
		l.unreadable(path, asked, err)
		return
	}
	l.File = path
	l.readYAML(path, text)
}

func slurp(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	if err == nil && len(text) > fileLimit {
		err = errors.New("it is larger than 1 MB")
	}
	return text, err
}

func (l *loader) unreadable(path, asked string, err error) {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	l.faults = append(l.faults, &fault.Fault{
		What:  fmt.Sprintf("the configuration file can't be read: %v", err),
		Where: fault.Keep(asked),
		Mend:  fault.Keep("hookswitch config init --config "+quoted(path)) + " writes one",
		Code:  "config/file", Exit: fault.Wrong, Err: err,
	})
}

// readYAML takes the settings out of text. It never fails: what it can't use it
// tells of.
func (l *loader) readYAML(path string, text []byte) {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) {
			l.syntax(path, err)
		}
		return
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		l.shape(path, &doc, "the file holds more than one document", "keep one; remove the line ---")
		return
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return
	}
	l.mapping(path, "", doc.Content[0])
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// syntax tells of text that isn't YAML.
func (l *loader) syntax(path string, err error) {
	where, why := path, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(why); m != nil {
		n, _ := strconv.Atoi(m[1])
		where, why = fmt.Sprintf("%s:%d:1", path, n), m[2]
	}
	l.faults = append(l.faults, &fault.Fault{What: "the file is not YAML: " + clip(why), Where: fault.Keep(where),
		Mend: "look for a tab, a missing space after a colon, or an open quote at or above that line", Code: "config/yaml", Exit: fault.Wrong})
}

// mapping walks the keys of n, which stand under prefix ("" or "agent.").
func (l *loader) mapping(path, prefix string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		l.shape(path, n, fmt.Sprintf("%s holds no settings", topic(prefix)), "write NAME: VALUE lines; all settings: "+fault.Keep("hookswitch config docs"))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := prefix + key.Value
		if seen[name] {
			l.shape(path, key, fmt.Sprintf("%s is set twice in one file", clip(name)), "keep one of the two lines")
			continue
		}
		seen[name] = true
		l.entry(path, name, key, value)
	}
}

// entry takes one key and its value.
func (l *loader) entry(path, name string, key, value *yaml.Node) {
	_, known := Named(name)
	switch {
	case known && value.Kind == yaml.ScalarNode:
		if value.Tag == "!!null" {
			return // "public_url:" with nothing behind it is not set
		}
		l.take(name, value.Value, Origin{Source: File, Path: path, Line: value.Line, Column: value.Column})
	case known:
		l.shape(path, value, fmt.Sprintf("%s takes one value", name), "write it on the same line: "+fault.Keep(name[strings.LastIndexByte(name, '.')+1:]+": VALUE"))
	case !strings.Contains(name, ".") && section(name):
		l.mapping(path, name+".", value)
	default:
		where := fmt.Sprintf("%s:%d:%d", path, key.Line, key.Column)
		group, _, nested := strings.Cut(name, ".")
		if !nested || !section(group) {
			group = ""
		}
		l.unknown(key.Value, fault.Keep(where)+"  "+clip(name), fault.Nearest(name, names()), group)
	}
}

// shape tells of YAML that is well formed and makes no sense here.
func (l *loader) shape(path string, n *yaml.Node, what, mend string) {
	l.faults = append(l.faults, &fault.Fault{What: what, Where: fault.Keep(fmt.Sprintf("%s:%d:%d", path, max(n.Line, 1), max(n.Column, 1))),
		Mend: mend, Code: "config/shape", Exit: fault.Wrong})
}

func topic(prefix string) string {
	if prefix == "" {
		return "the file"
	}
	return strings.TrimSuffix(prefix, ".")
}

// section reports whether settings stand under name, as under "agent".
func section(name string) bool {
	return slices.ContainsFunc(Settings, func(s Setting) bool { return strings.HasPrefix(s.Name, name+".") })
}

// names are the names of all settings and sections.
func names() []string {
	var out []string
	for _, s := range Settings {
		out = append(out, s.Name)
	}
	return out
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func contains(list []string, s string) bool { return slices.Contains(list, s) }
