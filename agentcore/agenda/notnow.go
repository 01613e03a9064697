package agenda

import (
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// Times after which an errand is tried again that can't be done now.
const (
	soonAgain  = 2 * time.Second  // until there may be room
	laterAgain = time.Minute      // until a cap by the hour may have moved on
	burstAgain = 10 * time.Minute // until a few more numbers abroad may be called
)

// again is how long a call waits that is refused for what others there were, when
// nobody can tell. A few an hour may go to numbers abroad that are new: those leave
// the line, or whoever is behind them would wait for days, and come back seldom, as
// there may be thousands.
func again(code dialplan.Code) time.Duration {
	if code == dialplan.ForeignBurst {
		return burstAgain
	}
	return laterAgain
}

// NotNow is what an error of [dispatch.Desk.Dispatch] at that time means for the
// errand whose attempt it was to place: nil, a *[Later], a *[Refusal], or err
// itself, of which it can't tell. That the carrier did not take a call is none:
// the call's record says so, and is followed up.
func NotNow(err error, now time.Time) error {
	var place *dispatch.PlaceError
	var refused *dialplan.Refusal
	var capped *dispatch.CappedError
	switch {
	case err == nil, errors.As(err, &place):
		return nil
	case errors.As(err, &refused) && refused.Code.Passes() && !(refused.Code == dialplan.QuietHours && refused.At.IsZero()):
		at := refused.At
		if at.IsZero() {
			at = now.Add(again(refused.Code))
		}
		return &Later{At: at, Code: string(refused.Code), Why: refused.Why, All: refused.Code == dialplan.Hour}
	case errors.As(err, &refused):
		return &Refusal{Code: string(refused.Code), Why: refused.Why}
	case errors.As(err, &capped):
		return &Later{At: now.Add(soonAgain), Code: capped.By + "_full", Why: capped.Error(), All: true}
	case errors.Is(err, dispatch.ErrFull):
		return &Later{At: now.Add(soonAgain), Code: "gateway_full", Why: "the gateway has as many calls as it may", All: true}
	case errors.Is(err, dispatch.ErrOverloaded):
		return &Later{At: now.Add(soonAgain), Code: "node_full", Why: "the gateway is too busy for one more call", All: true}
	case errors.Is(err, dispatch.ErrDraining), errors.Is(err, dispatch.ErrNoCarrier):
		return &Later{At: now.Add(soonAgain), Code: "gateway_stopping", Why: "the gateway is going down", All: true}
	}
	return err
}

// Trouble puts off what can't be begun because of a trouble of ours, such as a
// database that is away: that is no attempt. An error that says by itself what
// follows is left as it is, with false.
func Trouble(err error, now time.Time) (means error, trouble bool) {
	var later *Later
	var refused *Refusal
	if err == nil || errors.As(err, &later) || errors.As(err, &refused) {
		return err, false
	}
	return &Later{At: now.Add(soonAgain), Code: CodeTrouble, Why: "The gateway can't begin it now."}, true
}

// CodeTrouble is the code of a [Later] for a trouble of the gateway's own.
const CodeTrouble = "gateway_trouble"
