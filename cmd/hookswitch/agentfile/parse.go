package agentfile

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

const (
	defaultThreshold = 0.7
	mostNodes        = 20_000 // of a file: keys, values, lists
	mostWord         = 256    // bytes of a name
)

// levels are OpenVidu's, in its words.
var levels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "WARNING": slog.LevelWarn,
	"ERROR": slog.LevelError, "CRITICAL": slog.LevelError + 4,
}

// rootKeys are those that mean something, for who mistypes one. Agents of
// somebody's own may have any others.
var rootKeys = []string{
	"docker_image", "enabled", "load_threshold", "log_level", "agent_name", "live_captions",
	"agent", "workspace", "join", "processing", "api_key", "api_secret", "ws_url", "redis",
}

// parse reads the text of a file. The Agent is whole only without problems, of
// which each is a [*Problem].
func parse(file, name string, content []byte) (Agent, []error) {
	r := &reader{file: file}
	a := Agent{Name: name, File: file, Enabled: true, Threshold: defaultThreshold, LogLevel: slog.LevelInfo, Kind: room.Worker}
	if doc := r.document(content); doc != nil {
		r.root(&a, doc)
	}
	a.Notes = r.notes
	return a, r.problems
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// document is the file's one value: of an empty file an empty mapping, nil when
// it can't be read.
func (r *reader) document(content []byte) *yaml.Node {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(content))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return &yaml.Node{Kind: yaml.MappingNode} // it has every default
	case err != nil:
		r.syntax(err)
		return nil
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		r.bad(nil, "there must be one document; remove the line ---")
		return nil
	}
	count := 0
	if !r.plain(&doc, &count) {
		return nil
	}
	return doc.Content[0]
}

func (r *reader) syntax(err error) {
	why := strings.TrimPrefix(err.Error(), "yaml: ")
	at := &yaml.Node{}
	if m := yamlLine.FindStringSubmatch(why); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		why = m[2]
	}
	r.bad(at, "this is not YAML: %.200s", strings.ToValidUTF8(why, "?"))
}

// plain refuses aliases, with which a small file can be made a huge one, and
// files of too many parts.
func (r *reader) plain(n *yaml.Node, count *int) bool {
	if *count++; *count > mostNodes {
		r.bad(n, "the file has too many parts")
		return false
	}
	if n.Kind == yaml.AliasNode {
		r.bad(n, "aliases (*name) are not taken here; write the value out")
		return false
	}
	for _, child := range n.Content {
		if !r.plain(child, count) {
			return false
		}
	}
	return true
}

// root reads the keys at the beginning of the line.
func (r *reader) root(a *Agent, n *yaml.Node) {
	var services []entry
	var processing, join, roster *entry
	for _, e := range r.entries(n, "the file") {
		switch e.key.Value {
		case "docker_image":
			r.takes(e, "docker_image", text)
		case "enabled":
			a.Enabled = r.boolean(e, "enabled", true)
		case "load_threshold":
			a.Threshold = r.part(e, "load_threshold", defaultThreshold)
		case "log_level":
			a.LogLevel = levels[r.choice(e, "log_level", "INFO", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL")]
		case "agent_name":
			if r.takes(e, "agent_name", text) && e.value.Value != a.Name {
				r.bad(e.value, "agent_name must be %s as in the file's name, it is %s", clip(a.Name), said(e.value))
			}
		case "workspace":
			a.Workspace = r.word(e, "workspace", mostWord)
		case "agent":
			a.Roster = r.word(e, "agent", mostWord)
			roster = &e
		case "join":
			join = &e
		case "processing":
			processing = &e
		case "api_key", "api_secret", "ws_url", "redis":
			if !unset(e.value) {
				r.bad(e.key, "%s is how an agent finds its LiveKit server, and the gateway is that; remove it", e.key.Value)
			}
		case "live_captions":
			services = append(services, e)
		default:
			if service(e) {
				services = append(services, e)
			} else if near := fault.Nearest(e.key.Value, rootKeys); near != "" {
				r.bad(e.key, "%s is not known; is it %s?", clip(e.key.Value), near)
			}
		}
	}
	r.services(a, services, processing, roster)
	r.join(a, join)
}

// service reports whether e is the block of an AI service.
func service(e entry) bool {
	if e.value.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(e.value.Content); i += 2 {
		if e.value.Content[i].Value == "processing" {
			return true
		}
	}
	return false
}

// services reads what the agent is. At most one block says when it comes.
func (r *reader) services(a *Agent, all []entry, processing, roster *entry) {
	for i, e := range all {
		name := e.key.Value
		switch {
		case i > 0:
			r.bad(e.key, "%s is a second service; a file has one", clip(name))
		case name == "live_captions":
			a.Kind = room.Service
			a.Captions = r.captions(a, e.value)
		default:
			r.custom(a, name, e.value)
		}
	}
	if roster != nil && a.Roster != "" {
		if a.Kind == room.Service {
			r.bad(roster.key, "agent is of an agent of the roster, and live_captions is none; a file has one of them")
		}
		a.Kind = room.Own
	}
	if processing != nil {
		if len(all) > 0 {
			r.bad(processing.key, "processing stands in the block %s already", clip(all[0].key.Value))
		}
		a.Automatic = r.processing(*processing, "processing")
	}
}

// custom reads the block of a service of somebody's own, of which only processing
// is ours to understand.
func (r *reader) custom(a *Agent, name string, n *yaml.Node) {
	for _, e := range r.entries(n, clip(name)) {
		if e.key.Value == "processing" {
			a.Automatic = r.processing(e, name+".processing")
		}
	}
}

// processing reports whether e is automatic.
func (r *reader) processing(e entry, name string) bool {
	return r.choice(e, name, "manual", "manual", "automatic") == "automatic"
}

// join reads how the agent comes in.
func (r *reader) join(a *Agent, e *entry) {
	all := []string{string(room.Listen), string(room.Wait), string(room.Replace)}
	a.Join = room.Replace
	if a.Kind == room.Service {
		a.Join, all = room.Listen, all[:1]
	}
	if e != nil {
		a.Join = room.Join(r.choice(*e, "join", string(a.Join), all...))
	}
}
