package persona

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

//go:embed builtin/*.yaml
var files embed.FS

// ErrUnknown is wrapped in what [Builtin] returns for a name that it does not
// know.
var ErrUnknown = errors.New("persona: there is none of that name")

// Builtin returns one of the personas that come with the simulator.
func Builtin(name string) (Persona, error) {
	if !slices.Contains(Builtins(), name) {
		return Persona{}, fmt.Errorf("%w: want one of %s", ErrUnknown, strings.Join(Builtins(), ", "))
	}
	text, err := files.ReadFile("builtin/" + name + ".yaml")
	if err != nil {
		return Persona{}, fmt.Errorf("persona: %w", err)
	}
	return Parse(name+".yaml", text)
}

// Builtins are the names that [Builtin] knows, in alphabetical order.
func Builtins() []string {
	entries, err := files.ReadDir("builtin")
	if err != nil {
		panic(fmt.Sprintf("persona: %v", err)) // it is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Machine is a voicemail whose greeting, of noise, is as long as that, and which
// then beeps at hz for so long. A length of zero leaves the part out.
func Machine(greeting time.Duration, hz float64, beep time.Duration) Persona {
	p := Persona{Name: "machine", Is: handset.Voicemail}
	if greeting > 0 {
		p.Lines = append(p.Lines, Line{Noise: greeting, When: When{Kind: At, For: 500 * time.Millisecond}})
	}
	if beep > 0 {
		p.Lines = append(p.Lines, Line{Tone: []float64{hz}, For: beep, When: When{Kind: Then, For: 500 * time.Millisecond}})
	}
	return p
}
