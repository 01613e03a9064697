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
	Regions             []string     `json:"regions" doc:"ISO 3166-1 codes of the regions that may be called. Empty: only the region of the number that calls. Regions are those of the numbering plan: +1 876 is JM, not US."`
	MaxPerNumberHour    int          `json:"max_per_number_hour" doc:"Calls to one number within an hour."`
	MaxPerNumberDay     int          `json:"max_per_number_day" doc:"Calls to one number within 24 hours."`
	MaxPerHour          int          `json:"max_per_hour" doc:"Calls and transfers of the workspace within an hour."`
	MaxConcurrentPrefix int          `json:"max_concurrent_prefix" doc:"Calls at once to numbers that differ in their last four digits only."`
	NewForeignPerHour   int          `json:"new_foreign_per_hour" doc:"Numbers abroad that were not called in the last 24 hours, within an hour."`
	MinutesPerNumberDay int          `json:"minutes_per_number_day" doc:"Minutes talked with one number within 24 hours, after which it is not called again."`
	SIPHosts            []string     `json:"sip_hosts" doc:"Hosts that may be called by SIP URI; *.example.com is all hosts below it. Empty: none."`
	CallingHours        []windowItem `json:"calling_hours" doc:"When people may be called, on their own clock: the time zone follows from the number, and where that may be in several, all of them must allow it. Empty: at any time."`
	CallingZone         string       `json:"calling_zone" doc:"Whose clock counts when nobody knows where a number is, as with toll-free ones. Empty: UTC." example:"America/New_York"`
	HoursBinding        bool         `json:"hours_binding" doc:"Nobody may pass over calling_hours; otherwise a request that says bypass_quiet_hours does."`
	RequireConsent      bool         `json:"require_consent" doc:"Call nobody unless the request says how they agreed to it."`
	MaxConcurrent       int          `json:"max_concurrent" doc:"Calls of the workspace at once, in and out; when there are as many, none is placed. 0: no limit."`
	Updated             stampOrNull  `json:"updated_at" doc:"When it was changed; null: never."`
}

// windowItem is a part of some days of the week.
type windowItem struct {
	Days []string `json:"days" minItems:"1" maxItems:"7" enum:"mon,tue,wed,thu,fri,sat,sun"`
	From string   `json:"from" example:"09:00"`
	To   string   `json:"to" doc:"Later than from; 24:00 is the end of the day. Hours past midnight are two windows." example:"17:00"`
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

	CallingHours   []windowItem `json:"calling_hours" required:"false" nullable:"true" maxItems:"50" doc:"null: the default, at any time."`
	CallingZone    *string      `json:"calling_zone" required:"false" maxLength:"64" doc:"IANA name. null: the default, UTC."`
	HoursBinding   *bool        `json:"hours_binding" required:"false" doc:"Default false."`
	RequireConsent *bool        `json:"require_consent" required:"false" doc:"Default false."`
	MaxConcurrent  *int         `json:"max_concurrent" required:"false" minimum:"0" maximum:"10000" doc:"null: the default, no limit."`
}

type dialingAnswer struct {
	Success bool        `json:"success"`
	Item    dialingItem `json:"item"`
	Message string      `json:"message,omitempty"`
}

// Policy is d as the dial plan has it.
func Policy(d roster.Dialing) dialplan.Policy {
	p := dialplan.Policy{
		Regions: d.Regions, MaxPerNumberHour: d.MaxPerNumberHour, MaxPerNumberDay: d.MaxPerNumberDay, MaxPerHour: d.MaxPerHour,
		MaxConcurrentPrefix: d.MaxConcurrentPrefix, NewForeignPerHour: d.NewForeignPerHour, MinutesPerNumberDay: d.MinutesPerNumberDay,
		SIPHosts: d.SIPHosts, CallingZone: d.CallingZone, HoursBinding: d.HoursBinding, RequireConsent: d.RequireConsent, MaxConcurrent: d.MaxConcurrent,
	}
	for _, w := range d.CallingHours {
		p.CallingHours = append(p.CallingHours, dialplan.Window(w))
	}
	return p
}

func dialingOf(d roster.Dialing, updated time.Time) dialingItem {
	p := Policy(d).WithDefaults()
	item := dialingItem{
		Regions: append([]string{}, p.Regions...), SIPHosts: append([]string{}, p.SIPHosts...),
		MaxPerNumberHour: p.MaxPerNumberHour, MaxPerNumberDay: p.MaxPerNumberDay, MaxPerHour: p.MaxPerHour,
		MaxConcurrentPrefix: p.MaxConcurrentPrefix, NewForeignPerHour: p.NewForeignPerHour, MinutesPerNumberDay: p.MinutesPerNumberDay,
		CallingHours: []windowItem{}, CallingZone: p.CallingZone, HoursBinding: p.HoursBinding,
		RequireConsent: p.RequireConsent, MaxConcurrent: p.MaxConcurrent,
		Updated: stampOrNull{stamp(updated)},
	}
	for _, w := range p.CallingHours {
		item.CallingHours = append(item.CallingHours, windowItem(w))
	}
	return item
}

// dialing registers what is done with a workspace's dialing policy.
func (a *API) dialing() {
	const answer = `{"success":true,"item":{"regions":["US","CA"],"max_per_number_hour":6,"max_per_number_day":20,"max_per_hour":600,` +
		`"max_concurrent_prefix":10,"new_foreign_per_hour":3,"minutes_per_number_day":60,"sip_hosts":[],"calling_hours":[{"days":["mon","tue","wed","thu","fri"],"from":"09:00","to":"20:00"}],` +
		`"calling_zone":"America/New_York","hours_binding":false,"require_consent":false,"max_concurrent":0,"updated_at":"2025-01-27T10:00:00Z"}}`
	handle(a, operation{ID: "get-dialing", Method: http.MethodGet, Path: "/dialing", Tag: tagNumbers, Thing: "Dialing policy",
		Summary: "Get the dialing policy", Scope: roster.NumbersRead, Fail: "Failed to get the dialing policy",
		About: "Shows whom the workspace may call, when, and how often. Emergency, premium-rate, shared-cost, satellite and personal numbers are never called, whatever it says. " +
			"Transfers to numbers of the region count against `max_per_hour` only; hours, consent and the do-not-call list are not asked about transfers.",
		Answer: answer}, a.getDialing)
	handle(a, operation{ID: "update-dialing", Method: http.MethodPatch, Path: "/dialing", Tag: tagNumbers, Thing: "Dialing policy",
		Summary: "Change the dialing policy", Scope: roster.Admin, Fail: "Failed to change the dialing policy", Errors: []int{http.StatusConflict},
		About: "Changes what the body names; null puts a default back. It holds from the next call on.",
		Body:  dialingPatch{}, Example: `{"regions":["US","CA"],"sip_hosts":null,"calling_hours":[{"days":["mon","tue","wed","thu","fri"],"from":"09:00","to":"20:00"}]}`, Answer: answer}, a.updateDialing)
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
	if errors.As(Policy(d).Validate(), &mistakes) {
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
