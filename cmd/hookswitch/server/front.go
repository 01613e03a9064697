package server

import (
	"context"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// front is the desk as the trunk sees it: while nobody here can speak, a call
// is told so by the carrier's own voice instead of being met with silence.
//
// A call that comes while the models are still loading is taken: it waits for
// them on its stream ([speechWait]), a second at most on most machines.
type front struct {
	*dispatch.Desk
	s *Server
}

// Unable is what the carrier's voice says while the gateway can't speak.
const Unable = "We are sorry. This number can't take calls right now. Please call again later."

// Ring implements [telephony.Desk].
func (f front) Ring(ctx context.Context, in telephony.Incoming) (telephony.Step, error) {
	if state, why := f.s.speech.look(); state == broken {
		f.s.set.CallRefused("speechless")
		f.s.log.Warn("call turned away with an apology", "carrier", in.Carrier, "error", why)
		return telephony.Step{Kind: telephony.StepApologise, Say: Unable}, nil
	}
	return f.Desk.Ring(ctx, in)
}
