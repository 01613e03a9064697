package script

import (
	_ "embed"
	"sync"
)

//go:embed demo.yaml
var demoYAML []byte

var demo = sync.OnceValues(func() (*Script, error) { return Load(demoYAML) })

// Demo is the built-in demo agent, "Lakeside Dental": it greets, tells opening
// hours, books an appointment, says goodbye and ends the call. It wants the
// tools book and end_call.
func Demo() *Script {
	s, err := demo()
	if err != nil { // demo.yaml is part of the program; a test loads it
		panic(err)
	}
	return s
}

// DemoYAML is the file that [Demo] was loaded from: an example to start from.
func DemoYAML() []byte { return append([]byte(nil), demoYAML...) }
