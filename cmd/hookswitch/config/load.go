package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// Input is where settings are read from.
type Input struct {
	Flags   map[string]string // by flag name, only those that were given
	Path    string            // --config; empty means HOOKSWITCH_CONFIG, then hookswitch.yaml if it exists
	Environ []string          // as from [os.Environ]
	Dir     string            // folder that relative paths are found in. Empty means the current one
}

// Loaded is the settings that hold, and where each came from.
type Loaded struct {
	Config    Config
	Origins   map[string]Origin // by setting name; a missing one is a default
	File      string            // the file that was read, as the person named it; empty means none
	Variables int               // how many environment variables count
}

// DefaultFile is read when it exists and no other file was named.
const DefaultFile = "hookswitch.yaml"

// Load reads all settings: flags over variables over the file over defaults.
// Its error is a *[fault.List] of every mistake in all of them.
func Load(in Input) (*Loaded, error) {
	l := &loader{Loaded: Loaded{Origins: map[string]Origin{}}, bad: map[string]bool{}, raw: map[string]string{}}
	for _, s := range Settings {
		l.raw[s.Name] = s.Default
	}
	vars := variables(in.Environ)
	l.readFile(in, vars)
	l.readVariables(vars)
	l.readFlags(in.Flags)
	l.parse()
	l.cross()
	if l.Config.CacheDir == "" {
		l.Config.CacheDir = cacheDir()
	}
	if len(l.faults) > 0 {
		return nil, &fault.List{
			Title:  fmt.Sprintf("%d mistakes in the configuration, nothing was started", len(l.faults)),
			Faults: l.faults,
		}
	}
	return &l.Loaded, nil
}

// loader gathers values from the weakest place to the strongest, then parses
// those that won.
type loader struct {
	Loaded
	raw    map[string]string // what is written, by setting
	bad    map[string]bool   // settings whose value can't be read
	faults []*fault.Fault
}

// take notes that name is set to value at o.
func (l *loader) take(name, value string, o Origin) {
	l.raw[name] = value
	l.Origins[name] = o
}

// parse reads every value that won into the Config.
func (l *loader) parse() {
	for _, s := range Settings {
		if p := s.set(&l.Config, l.raw[s.Name]); p != nil {
			l.mistake(s.Name, p)
		}
	}
}

// mistake tells what is wrong with the value of name, and where it stands.
func (l *loader) mistake(name string, p *problem) {
	s, _ := Named(name)
	o := l.Origins[name]
	l.bad[name] = true
	what := strings.Replace(p.what, "%s", o.wrote(s, l.raw[name]), 1)
	mend := p.mend
	if p.good != "" {
		mend = o.write(s, p.good) + p.mend
	}
	l.faults = append(l.faults, &fault.Fault{What: what, Where: o.where(s, l.raw[name]), Mend: mend, Code: p.code, Exit: fault.Wrong})
}

// unknown tells of a setting that isn't one. near is what it may have been
// meant to be, spelt as at that place, or empty.
func (l *loader) unknown(what, where, near, topic string) {
	mend := "all settings: " + fault.Keep(strings.TrimSpace("hookswitch config docs "+topic))
	if near != "" {
		mend = "did you mean " + fault.Keep(near) + "? " + mend
	}
	l.faults = append(l.faults, &fault.Fault{What: fmt.Sprintf("%q is not a setting", clip(what)), Where: where, Mend: mend, Code: "config/unknown", Exit: fault.Wrong})
}

// variables are those of environ that are ours and not empty.
func variables(environ []string) map[string]string {
	ours := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, Prefix) && value != "" {
			ours[name] = value
		}
	}
	return ours
}

func (l *loader) readVariables(vars map[string]string) {
	known := append([]string{}, others...)
	for _, s := range Settings {
		known = append(known, s.Variable())
		if value, ok := vars[s.Variable()]; ok {
			l.take(s.Name, value, Origin{Source: Environment})
			l.Variables++
		}
	}
	for _, name := range sorted(vars) {
		if !contains(known, name) {
			near := fault.Nearest(strings.TrimPrefix(name, Prefix), lower(known))
			if near != "" {
				near = Prefix + strings.ToUpper(near)
			}
			l.unknown(name, "the environment", near, "")
		}
	}
}

func (l *loader) readFlags(flags map[string]string) {
	for _, s := range Settings {
		if value, ok := flags[s.Flag()]; ok {
			l.take(s.Name, value, Origin{Source: Flag})
		}
	}
}

// lower are the variables' names without the prefix, in small letters.
func lower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(strings.TrimPrefix(n, Prefix))
	}
	return out
}

// cacheDir is the user's cache folder, or one beside the data where there is no
// user to speak of.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = "data/cache"
	}
	return filepath.Join(dir, "hookswitch")
}
