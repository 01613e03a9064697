package digits

import (
	"errors"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// Of makes those of the two tools that d has set and active. One that can't be
// made is left out and is part of the error.
func Of(d roster.Definition) ([]tools.Tool, error) {
	var all []tools.Tool
	var errs []error
	for _, one := range []struct {
		name string
		make func(roster.SystemTool) (tools.Tool, error)
	}{{roster.CollectDigits, Collect}, {roster.PlayDTMF, Play}} {
		settings, set := d.SystemTools[one.name]
		if !set || !settings.Active {
			continue
		}
		tool, err := one.make(settings)
		switch {
		case err == nil:
			all = append(all, tool)
		case !errors.Is(err, ErrNone):
			errs = append(errs, err)
		}
	}
	return all, errors.Join(errs...)
}
