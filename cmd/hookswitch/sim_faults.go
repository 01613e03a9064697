package main

import (
	"errors"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

var errNegative = errors.New("sim: --cps is less than nothing")

// faults reads what was typed after --fault.
func (c *simCmd) faults() (faults []sim.Fault, err error) {
	for _, text := range c.Fault {
		f, err := sim.ParseFault(text)
		if err != nil {
			return nil, faultFault("--fault", text, "such as "+fault.Keep("--fault cut@5s")+" or "+fault.Keep("--fault lose,chance=0.05")+"; all of them: docs/sim.md", err)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// restFaults reads what was typed after --rest-fault.
func (c *simCmd) restFaults() (faults []sim.RESTFault, err error) {
	for _, text := range c.RESTFault {
		f, err := sim.ParseRESTFault(text)
		if err != nil {
			return nil, faultFault("--rest-fault", text, "such as "+fault.Keep("--rest-fault 429,every=2,times=10"), err)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func faultFault(flag, text, mend string, err error) error {
	return &fault.Fault{What: strings.TrimPrefix(err.Error(), "sim: "), Where: fault.Keep(flag + " " + text), Mend: mend, Code: "sim/fault", Exit: fault.Wrong, Err: err}
}
