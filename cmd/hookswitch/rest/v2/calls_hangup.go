package v2

import (
	"context"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// hangups registers the end of a call by somebody who is not in it.
func (a *API) hangups() {
	if a.Calls.Desk == nil {
		return
	}
	handle(a, operation{
		ID: "hang-up", Method: http.MethodPost, Path: "/calls/{id}/hangup", Tag: tagCalls, Thing: "Call",
		Summary: "Hang up", Scope: roster.CallsWrite, Fail: "Failed to hang up", Errors: []int{http.StatusBadGateway},
		About: "Ends a call that rings or runs, with the end reason `operator_hangup`. A call that is over stays as it is, which is no error.",
	}, func(ctx context.Context, in *CallPath) (*reply[doneAnswer], error) {
		r, err := a.call(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if r.Over() {
			return &reply[doneAnswer]{doneAnswer{Success: true, Message: "The call is over already"}}, nil
		}
		if err := a.Calls.Desk.HangUp(ctx, r.ID, telephony.OperatorHangup); err != nil {
			a.Log.WarnContext(ctx, "cannot hang up a call", "call", r.ID, "error", err)
			return nil, Fail(http.StatusBadGateway, "The carrier could not be told to end the call. Try again.")
		}
		return &reply[doneAnswer]{doneAnswer{Success: true, Message: "Hung up"}}, nil
	})
}
