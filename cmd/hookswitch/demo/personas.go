package demo

import (
	"embed"
	"fmt"

	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

//go:embed personas/*.yaml
var files embed.FS

// Personas are the built-in ones, in the order of the demo's calls.
func Personas() []persona.Persona {
	var all []persona.Persona
	for _, name := range []string{"busy-patient", "asks-twice", "voicemail"} {
		text, err := files.ReadFile("personas/" + name + ".yaml")
		if err != nil {
			panic(fmt.Sprintf("demo: %v", err)) // it is embedded
		}
		p, err := persona.Parse(name+".yaml", text)
		if err != nil {
			panic(fmt.Sprintf("demo: %v", err)) // a test reads them all
		}
		all = append(all, p)
	}
	return all
}
