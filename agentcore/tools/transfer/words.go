package transfer

import (
	"errors"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// failure is an error as the model is told it: in fixed words, for what lies
// under it may name a number.
type failure struct {
	say   string
	cause error
}

func (f *failure) Error() string { return f.say }
func (f *failure) Unwrap() error { return f.cause }

const (
	notBegun = "the transfer could not be begun: tell the caller so, and offer something else"
	notOurs  = "the transfer could not be begun: the number to be shown is not one of this line's; offer the caller something else"
)

// refusal is an error of whoever says which numbers may be called.
type refusal interface {
	error
	Refused() (code, why string)
}

// explain is err of the desk for the model.
func explain(err error) error {
	var no refusal
	switch {
	case errors.Is(err, dispatch.ErrTransferring):
		return &failure{"somebody is being called already: stay with the caller until you are told what came of it", err}
	case errors.Is(err, dispatch.ErrTries):
		return &failure{"this destination was tried as often as it may be in one call: offer the caller something else", err}
	case errors.Is(err, dispatch.ErrEnded):
		return &failure{"the call is over", err}
	case errors.Is(err, dispatch.ErrForeign):
		return &failure{"this call can't be handed to anybody, and trying again won't help: it came from a carrier's account that takes no orders from here", err}
	case errors.As(err, &no):
		_, why := no.Refused()
		return &failure{"this destination may not be called, and trying again won't help: offer the caller something else. " + why, err}
	}
	return &failure{notBegun, err}
}

// outcomes are why nobody has the call, for the model.
var outcomes = map[string]string{
	dispatch.OutcomeBusy:      "the line was busy",
	dispatch.OutcomeNoAnswer:  "nobody answered",
	dispatch.OutcomeFailed:    "they could not be called",
	dispatch.OutcomeDeclined:  "they did not take the call",
	dispatch.OutcomeVoicemail: "a machine answered",
	dispatch.OutcomeSilent:    "somebody answered and said nothing",
	dispatch.OutcomeCanceled:  "it was called off",
}

// result tells the model what has begun. One that is over already, since it was
// begun before the call was interrupted, or could not be placed, is an error.
func result(t dispatch.Transfer) (tools.Result, error) {
	if t.Over() && t.Outcome == dispatch.OutcomeCompleted {
		return tools.Result{}, &failure{say: "the call was handed on already, and they are done talking"}
	}
	if t.Over() {
		was, ok := outcomes[t.Outcome]
		if !ok {
			was = outcomes[dispatch.OutcomeFailed]
		}
		return tools.Result{}, &failure{say: "nobody has taken the call: " + was + ". Tell the caller, and offer something else"}
	}
	r := tools.Result{Handed: tools.Handed{ID: string(t.ID), To: t.Label, Kind: t.Kind}}
	if t.Kind == dispatch.Blind {
		r.Leave = true
		r.Text = "The caller is connected as soon as you have finished speaking. Say in a few words that you connect them now, and nothing more."
		return r, nil
	}
	r.Text = "They are being called. Stay with the caller and tell them so; you will be told whether somebody takes the call. Don't say that they answered before you are told."
	return r, nil
}
