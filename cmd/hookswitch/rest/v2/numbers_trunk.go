package v2

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Trunk sets up what a number has at its carrier.
type Trunk interface {
	// Link makes calls to n lead here: it proves that n belongs to the account
	// that it came with, and keeps how n was set before. Doing it twice is no
	// error. What the client can mend is a [TrunkError].
	Link(ctx context.Context, n roster.Number, who roster.Actor) error
	// Release sets n as it was before it led here. Doing it twice is no error.
	Release(ctx context.Context, n roster.Number, who roster.Actor) error
	// Reclaim makes room for n, which somebody else was first to claim: when n's
	// credentials show at the carrier that it is theirs, and the other claim was
	// never proved, that claim is forgotten and the answer is true.
	Reclaim(ctx context.Context, n roster.Number, who roster.Actor) (bool, error)
	// Check tells how n is set at its carrier. It changes nothing.
	Check(ctx context.Context, n roster.Number) (NumberState, error)
}

// NumberState is how a number is set at its carrier.
type NumberState struct {
	Linked bool    `json:"linked" doc:"Calls to it lead here."`
	Drift  []Drift `json:"drift" doc:"Settings that differ from what linking sets."`
	Why    string  `json:"why,omitempty" doc:"Why it could not be looked at."`
}

// Drift is one setting that differs.
type Drift struct {
	Setting string `json:"setting" example:"voice_url"`
	Want    string `json:"want"`
	Is      string `json:"is"`
}

// TrunkError is what a carrier said, for the API's client: no number, no
// credential.
type TrunkError struct{ Why string }

func (e *TrunkError) Error() string { return "v2: the carrier: " + e.Why }

type checkAnswer struct {
	Success bool        `json:"success"`
	Item    NumberState `json:"item"`
}

// trunkTime is how long a carrier may take for one change of a number.
const trunkTime = 30 * time.Second

// numberChecks registers what is asked of a number's carrier.
func (a *API) numberChecks() {
	if a.Trunk == nil {
		return
	}
	handle(a, operation{ID: "check-phone-number", Method: http.MethodGet, Path: "/phone_numbers/{number}/check", Tag: tagNumbers, Thing: "Phone number",
		Summary: "Check a phone number at its carrier", Scope: roster.NumbersRead, Fail: "Failed to check phone number", Errors: []int{http.StatusBadRequest},
		About:  "Asks the carrier how the number is set, and tells what differs from what linking it sets. Nothing is changed.",
		Answer: `{"success":true,"item":{"linked":true,"drift":[]}}`}, a.checkNumber)
}

func (a *API) checkNumber(ctx context.Context, in *NumberPath) (*reply[checkAnswer], error) {
	n, err := a.number(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, trunkTime)
	defer stop()
	state, err := a.Trunk.Check(ctx, n)
	var said *TrunkError
	switch {
	case errors.As(err, &said):
		state.Why = said.Why
	case err != nil:
		return nil, err
	}
	if state.Drift == nil {
		state.Drift = []Drift{}
	}
	return &reply[checkAnswer]{checkAnswer{true, state}}, nil
}

// reclaimed reports whether whoever claimed n first has to give way. A carrier
// that can't say leaves it to them.
func (a *API) reclaimed(ctx context.Context, n roster.Number) bool {
	if a.Trunk == nil {
		return false
	}
	who := gate.Actor(ctx)
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), trunkTime)
	defer stop()
	ok, err := a.Trunk.Reclaim(ctx, n, who)
	if err != nil {
		a.Log.WarnContext(ctx, "whose a number is can't be seen at its carrier", "err", err)
	}
	return ok && err == nil
}

// leadHere sets n up at its carrier.
func (a *API) leadHere(ctx context.Context, n roster.Number) error {
	return a.atCarrier(ctx, n, Trunk.Link)
}

// leadHereByID is leadHere for a number that is going to be linked; 0 is none.
func (a *API) leadHereByID(ctx context.Context, id int64) error {
	if a.Trunk == nil || id == 0 {
		return nil
	}
	n, err := a.Roster.Number(ctx, gate.Workspace(ctx), id)
	if err != nil {
		return err
	}
	return a.leadHere(ctx, n)
}

// letGo sets n as it was before it led here.
func (a *API) letGo(ctx context.Context, n roster.Number) error {
	return a.atCarrier(ctx, n, Trunk.Release)
}

// atCarrier changes how n is set there, if there is a carrier. A client that goes
// away leaves nothing half done.
func (a *API) atCarrier(ctx context.Context, n roster.Number, change func(Trunk, context.Context, roster.Number, roster.Actor) error) error {
	if a.Trunk == nil {
		return nil
	}
	who := gate.Actor(ctx)
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), trunkTime)
	defer stop()
	return carrierSaid(change(a.Trunk, ctx, n, who))
}

// carrierSaid is the answer to what a carrier did not do.
func carrierSaid(err error) error {
	var said *TrunkError
	if errors.As(err, &said) {
		f := &Failure{status: http.StatusBadGateway}
		f.Errors.Add("carrier", "%s", said.Why)
		return f
	}
	return err
}
