package trillet

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Bounds of an agent's numbers.
const (
	maxNumbers = 50
	trunkTime  = 30 * time.Second // that a carrier may take for one
)

var errMeanwhile = refuse(http.StatusConflict, "A phone number was linked to another agent meanwhile.")

// numberIDs reads phoneNumberIds, and adds what is wrong with it to what else is.
func (a *api) numberIDs(ctx context.Context, in map[string]any, own string, err error) ([]roster.Number, error) {
	var wrong roster.Problems
	if err != nil && !errors.As(err, &wrong) {
		return nil, err
	}
	const field = "phoneNumberIds"
	list, is := in[field].([]any)
	switch {
	case in[field] != nil && !is:
		wrong.Add(field, "must be an array")
	case len(list) > maxNumbers:
		wrong.Add(field, "is too long (maximum is %d)", maxNumbers)
		list = nil
	}
	var out []roster.Number
	for _, v := range list {
		id, ok := numberID(v)
		n := roster.Number{}
		if ok {
			n, err = a.Roster.Number(ctx, gate.Workspace(ctx), id)
			if ok = !errors.Is(err, roster.ErrNotFound); ok && err != nil {
				return nil, err
			}
		}
		switch {
		case !ok:
			wrong.Add(field, "Phone number not found")
		case n.AgentUUID != "" && n.AgentUUID != own:
			wrong.Add(field, "Phone number is already linked to agent '%s'", n.AgentName)
		case n.Status != roster.NumberActive:
			wrong.Add(field, "Phone number is %s", n.Status)
		case !slices.ContainsFunc(out, func(o roster.Number) bool { return o.ID == n.ID }):
			out = append(out, n)
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return out, nil
}

// numberID is the id of a number: a text, as it is shown, or the number itself.
func numberID(v any) (int64, bool) {
	switch v := v.(type) {
	case string:
		n, ok := digits(v)
		return int64(n), ok
	case json.Number:
		n, err := v.Int64()
		return n, err == nil && n >= 0
	}
	return 0, false
}

// numbersOf are the numbers that lead to an agent.
func (a *api) numbersOf(ctx context.Context, agent string) ([]roster.Number, error) {
	all, err := a.Roster.ListNumbers(ctx, gate.Workspace(ctx))
	return slices.DeleteFunc(all, func(n roster.Number) bool { return n.AgentUUID != agent }), err
}

// relink makes ids the only numbers of an agent.
func (a *api) relink(ctx context.Context, agent string, ids []roster.Number) error {
	had, err := a.numbersOf(ctx, agent)
	if err != nil {
		return err
	}
	has := func(all []roster.Number, n roster.Number) bool {
		return slices.ContainsFunc(all, func(o roster.Number) bool { return o.ID == n.ID })
	}
	var more []roster.Number
	for _, n := range ids {
		if has(had, n) {
			continue
		}
		if err := a.leadHere(ctx, n); err != nil {
			return err
		}
		more = append(more, n)
	}
	for _, n := range had {
		if has(ids, n) {
			continue
		}
		if err := a.letGo(ctx, n); err != nil {
			return err
		}
		if _, err := a.Roster.LinkNumber(ctx, n.Workspace, n.ID, "", gate.Actor(ctx), a.Now()); err != nil {
			return err
		}
	}
	return a.link(ctx, agent, more)
}

// link lets numbers lead to an agent that are set up already.
func (a *api) link(ctx context.Context, agent string, numbers []roster.Number) error {
	for _, n := range numbers {
		_, err := a.Roster.LinkNumber(ctx, n.Workspace, n.ID, agent, gate.Actor(ctx), a.Now())
		if errors.Is(err, roster.ErrTaken) {
			return errMeanwhile
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *api) leadHere(ctx context.Context, n roster.Number) error {
	return a.atCarrier(ctx, n, Trunk.Link)
}

func (a *api) letGo(ctx context.Context, n roster.Number) error {
	return a.atCarrier(ctx, n, Trunk.Release)
}

// atCarrier changes how n is set there, if there is a carrier. A client that goes
// away leaves nothing half done.
func (a *api) atCarrier(ctx context.Context, n roster.Number, change func(Trunk, context.Context, roster.Number, roster.Actor) error) error {
	if a.Trunk == nil {
		return nil
	}
	who := gate.Actor(ctx)
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), trunkTime)
	defer stop()
	return change(a.Trunk, ctx, n, who)
}
