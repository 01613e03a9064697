package config

import (
	"fmt"
	"io"
	"strings"
)

// Topics are the names that [WriteDocs] knows: every setting, and what several
// begin with.
func Topics() []string {
	topics := names()
	for _, n := range names() {
		if group, _, nested := strings.Cut(n, "."); nested && !contains(topics, group) {
			topics = append(topics, group)
		}
	}
	return topics
}

// WriteDocs describes the settings whose name is topic or begins with it; all
// of them when topic is empty. It reports whether there was one.
func WriteDocs(w io.Writer, topic string) bool {
	group, found := "", false
	for _, s := range Settings {
		if topic != "" && s.Name != topic && !strings.HasPrefix(s.Name, topic+".") {
			continue
		}
		found = true
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(w, "%s\n", group)
		}
		fmt.Fprintf(w, "  %-22s %-10s %s\n", s.Name, s.Unit, s.Doc)
		fmt.Fprintf(w, "  %-22s %-10s %s   --%s   %s\n", "", "", s.given(), s.Flag(), s.Variable())
	}
	return found
}

// given is what holds when s is not set, and what may be set.
func (s Setting) given() string {
	text := "no default"
	if s.Default != "" {
		text = "default " + s.Default
	}
	if s.Choices != nil {
		text += ", one of " + strings.Join(s.Choices, " ")
	}
	return text
}

// WriteMarkdown writes docs/config.md.
func WriteMarkdown(w io.Writer) {
	fmt.Fprint(w, "# Settings\n\nFlags win over variables, variables over the file, the file over defaults.\n"+
		"The file is `--config FILE`, else `HOOKSWITCH_CONFIG`, else `hookswitch.yaml` if it exists.\n"+
		"`hookswitch config show` prints what holds and where it came from.\n"+
		"\nMade by `hookswitch config docs --markdown`; don't edit.\n")
	group := ""
	for _, s := range Settings {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(w, "\n## %s\n\n| in the file | flag | variable | value | default | |\n|---|---|---|---|---|---|\n", group)
		}
		unit := s.Unit
		if s.Choices != nil {
			unit = strings.Join(s.Choices, ", ")
		}
		def := s.Default
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(w, "| `%s` | `--%s` | `%s` | %s | %s | %s |\n", s.Name, s.Flag(), s.Variable(), unit, def, s.Doc)
	}
}

// WriteFile writes a file with every setting at its default, commented out.
func WriteFile(w io.Writer) {
	fmt.Fprint(w, "# Hookswitch settings. Remove a # to change one. Flags and HOOKSWITCH_* variables win over this file.\n"+
		"# Lengths of time need a unit (500ms, 10s, 30m). Check: hookswitch config check\n")
	group, section := "", ""
	for _, s := range Settings {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(w, "\n# %s\n", group)
		}
		indent, head := "", s.Name
		if before, key, nested := strings.Cut(s.Name, "."); nested {
			indent, head = "  ", key
			if before != section {
				fmt.Fprintf(w, "#%s:\n", before)
			}
			section = before
		}
		line := fmt.Sprintf("#%s%s: %s", indent, head, s.Default)
		fmt.Fprintf(w, "%-44s # %s\n", strings.TrimRight(line, " "), s.Doc)
	}
}

// WriteShown writes what holds and where each value came from; secrets masked.
func (l *Loaded) WriteShown(w io.Writer) {
	for _, s := range Settings {
		value := s.show(s.value(&l.Config))
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(w, "%-22s %-40s %s\n", s.Name, value, l.place(s))
	}
}

// place is where the value of s stands.
func (l *Loaded) place(s Setting) string {
	o := l.Origins[s.Name]
	switch o.Source {
	case Environment:
		return s.Variable()
	case Flag:
		return "--" + s.Flag()
	}
	return o.String()
}

// Origin says in a few words where the settings came from.
func (l *Loaded) Origin() string {
	switch {
	case l.File == "" && l.Variables == 0:
		return "defaults (no file, no variables)"
	case l.File == "":
		return fmt.Sprintf("defaults + %s", count(l.Variables))
	case l.Variables == 0:
		return l.File
	}
	return fmt.Sprintf("%s + %s", l.File, count(l.Variables))
}

func count(variables int) string {
	if variables == 1 {
		return "1 variable"
	}
	return fmt.Sprintf("%d variables", variables)
}
