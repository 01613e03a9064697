package v2

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// dialingItem is a dialing policy in an answer: what holds, defaults included.
type dialingItem struct {
	Regions             []string    `json:"regions" doc:"ISO 3166-1 codes of the regions that may be called. Empty: only the region of the number that calls. Regions are those of the numbering plan: +1 876 is JM, not US."`
	MaxPerNumberHour    int         `json:"max_per_number_hour" doc:"Calls to one number within an hour."`
	MaxPerNumberDay     int         `json:"max_per_number_day" doc:"Calls to one number within 24 hours."`
	MaxPerHour          int         `json:"max_per_hour" doc:"Calls and transfers of the workspace within an hour."`
	MaxConcurrentPrefix int         `json:"max_concurrent_prefix" doc:"Calls at once to numbers that differ in their last four digits only."`
	NewForeignPerHour   int         `json:"new_foreign_per_hour" doc:"Numbers abroad that were not called in the last 24 hours, within an hour."`
	MinutesPerNumberDay int         `json:"minutes_per_number_day" doc:"Minutes talked with one number within 24 hours, after which it is not called again."`
	SIPHosts            []string    `json:"sip_hosts" doc:"Hosts that may be called by SIP URI; *.example.com is all hosts below it. Empty: none."`
	Updated             stampOrNull `json:"updated_at" doc:"When it was changed; null: never."`
}

// dialingPatch describes the body of a change: see [roster.ChangeDialing].
type dialingPatch struct {
	Regions             []string `json:"regions" required:"false" nullable:"true" maxItems:"300" doc:"null: the default, none."`
	MaxPerNumberHour    *int     `json:"max_per_number_hour" required:"false" minimum:"1" maximum:"1000" doc:"Default 6."`
	MaxPerNumberDay     *int     `json:"max_per_number_day" required:"false" minimum:"1" maximum:"1000" doc:"Default 20."`
	MaxPerHour          *int     `json:"max_per_hour" required:"false" minimum:"1" maximum:"10000" doc:"Default 600."`
	MaxConcurrentPrefix *int     `json:"max_concurrent_prefix" required:"false" minimum:"1" maximum:"1000" doc:"Default 10."`
	NewForeignPerHour   *int     `json:"new_foreign_per_hour" required:"false" minimum:"1" maximum:"1000" doc:"Default 3."`
	MinutesPerNumberDay *int     `json:"minutes_per_number_day" required:"false" minimum:"1" maximum:"1440" doc:"Default 60."`
	SIPHosts            []string `json:"sip_hosts" required:"false" nullable:"true" maxItems:"32" doc:"null: the default, none."`
}

type dialingAnswer struct {
	Success bool        `json:"success"`
	Item    dialingItem `json:"item"`
	Message string      `json:"message,omitempty"`
}

func dialingOf(d roster.Dialing, updated time.Time) dialingItem {
	p := dialplan.Policy(d).WithDefaults()
	return dialingItem{
		Regions: append([]string{}, p.Regions...), SIPHosts: append([]string{}, p.SIPHosts...),
		MaxPerNumberHour: p.MaxPerNumberHour, MaxPerNumberDay: p.MaxPerNumberDay, MaxPerHour: p.MaxPerHour,
		MaxConcurrentPrefix: p.MaxConcurrentPrefix, NewForeignPerHour: p.NewForeignPerHour, MinutesPerNumberDay: p.MinutesPerNumberDay,
		Updated: stampOrNull{stamp(updated)},
	}
}

// dialing registers what is done with a workspace's dialing policy.
func (a *API) dialing() {
	const answer = `{"success":true,"item":{"regions":["US","CA"],"max_per_number_hour":6,"max_per_number_day":20,"max_per_hour":600,` +
		`"max_concurrent_prefix":10,"new_foreign_per_hour":3,"minutes_per_number_day":60,"sip_hosts":[],"updated_at":"2025-01-27T10:00:00Z"}}`
	handle(a, operation{ID: "get-dialing", Method: http.MethodGet, Path: "/dialing", Tag: tagNumbers, Thing: "Dialing policy",
		Summary: "Get the dialing policy", Scope: roster.NumbersRead, Fail: "Failed to get the dialing policy",
		About: "Shows whom the workspace may call, and how often. Emergency, premium-rate, shared-cost, satellite and personal numbers are never called, whatever it says. " +
			"Transfers to numbers of the region count against `max_per_hour` only.",
		Answer: answer}, a.getDialing)
	handle(a, operation{ID: "update-dialing", Method: http.MethodPatch, Path: "/dialing", Tag: tagNumbers, Thing: "Dialing policy",
		Summary: "Change the dialing policy", Scope: roster.Admin, Fail: "Failed to change the dialing policy", Errors: []int{http.StatusConflict},
		About: "Changes what the body names; null puts a default back. It holds from the next call on.",
		Body:  dialingPatch{}, Example: `{"regions":["US","CA"],"sip_hosts":null}`, Answer: answer}, a.updateDialing)
}

func (a *API) getDialing(ctx context.Context, _ *struct{}) (*reply[dialingAnswer], error) {
	d, updated, err := a.Roster.Dialing(ctx, gate.Workspace(ctx))
	if err != nil {
		return nil, err
	}
	return &reply[dialingAnswer]{dialingAnswer{Success: true, Item: dialingOf(d, updated)}}, nil
}

func (a *API) updateDialing(ctx context.Context, in *struct{ Posted }) (*reply[dialingAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	workspace := gate.Workspace(ctx)
	was, _, err := a.Roster.Dialing(ctx, workspace)
	if err != nil {
		return nil, err
	}
	d, wrong := roster.ChangeDialing(was, body)
	var mistakes dialplan.Mistakes
	if errors.As(dialplan.Policy(d).Validate(), &mistakes) {
		for _, one := range mistakes {
			wrong.Add(one.Field, "%s", one.Text)
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	if err := a.Roster.SetDialing(ctx, workspace, was, d, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	d, updated, err := a.Roster.Dialing(ctx, workspace)
	if err != nil {
		return nil, err
	}
	return &reply[dialingAnswer]{dialingAnswer{true, dialingOf(d, updated), "Dialing policy updated successfully"}}, nil
}
