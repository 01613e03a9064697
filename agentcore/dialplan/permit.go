package dialplan

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Ask is a call that somebody wants to place.
type Ask struct {
	Workspace string
	From, To  string // To may be a SIP URI
	// Transfer says that a live call is handed there. The number is one of the
	// agent's own list, where somebody waits for callers: hours, consent and the
	// do-not-call list are not asked about it.
	Transfer bool

	BypassQuietHours bool   // the client passes over the hours
	Hours            *Hours // when it may be placed, beside what the workspace says; nil: at any time
	Consent          string // how whom is called agreed, in the client's words; empty: nothing is said
}

// Permit permits a, or says no with a [*Refusal]. What it permits is reserved:
// it counts as a call that goes on until [Gate.Done] or [Gate.Release] is told,
// or the records tell. Any other error means that it can't be known whether the
// call may be made, so that it may not.
func (g *Gate) Permit(ctx context.Context, a Ask) (Proof, error) {
	now := time.Now()
	p, err := g.policy(ctx, a)
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{CheckedAt: now.UTC().Truncate(time.Second), Transfer: a.Transfer}
	if err := g.person(ctx, a, p, &proof); err != nil {
		return Proof{}, g.refused(err)
	}
	if err := hourOf(a, p, now, &proof); err != nil {
		return Proof{}, g.refused(err)
	}
	if err := g.reserve(ctx, a, p, &proof); err != nil {
		return Proof{}, err
	}
	return proof, nil
}

// When is the first time from at on at which the hours of the workspace, and
// those of a, let a be placed: who books a call for the night gets it in the
// morning. What waiting does not change is refused with a [*Refusal] at once, as
// are hours that never come. How often is called meanwhile nobody knows yet.
func (g *Gate) When(ctx context.Context, a Ask, at time.Time) (time.Time, error) {
	p, err := g.policy(ctx, a)
	if err != nil {
		return time.Time{}, err
	}
	var proof Proof
	if err := g.person(ctx, a, p, &proof); err != nil {
		return time.Time{}, g.refused(err)
	}
	when, ok := next(at, clausesOf(a, p, at, &proof))
	if !ok {
		return time.Time{}, g.refused(neverOpen())
	}
	return when, nil
}

func (g *Gate) policy(ctx context.Context, a Ask) (Policy, error) {
	p, err := g.cfg.Policy(ctx, a.Workspace)
	if err != nil {
		return Policy{}, fmt.Errorf("dialplan: find policy: %w", err)
	}
	return p.WithDefaults(), nil
}

// person looks at whom a is for: their number, and what they agreed to.
func (g *Gate) person(ctx context.Context, a Ask, p Policy, proof *Proof) error {
	if err := Check(a.To, a.From, p); err != nil {
		return err
	}
	proof.Region, proof.Kind = describe(a.To)
	if a.Transfer {
		return nil
	}
	if g.cfg.OptedOut != nil {
		out, err := g.cfg.OptedOut(ctx, a.Workspace, a.To)
		switch {
		case err != nil:
			return fmt.Errorf("dialplan: look at who must not be called: %w", err)
		case out:
			return refuse(DoNotCall)
		}
		proof.DoNotCall = "clear"
	}
	proof.Consent = shortened(strings.TrimSpace(a.Consent))
	if p.RequireConsent && proof.Consent == "" {
		return refuse(NoConsent)
	}
	return nil
}

// hourOf looks at when a is to be placed: now.
func hourOf(a Ask, p Policy, now time.Time, proof *Proof) error {
	clauses := clausesOf(a, p, now, proof)
	when, ok := next(now, clauses)
	switch {
	case !ok:
		return neverOpen()
	case !when.Equal(now):
		r := refuse(QuietHours)
		r.At = when
		return r
	}
	return nil
}

func neverOpen() *Refusal {
	return &Refusal{Code: QuietHours, Why: "The hours of the workspace and those of the call have no time in common."}
}

// clausesOf are the hours that hold for a, which proof then tells.
func clausesOf(a Ask, p Policy, at time.Time, proof *Proof) (all []clause) {
	if a.Transfer {
		return nil
	}
	zones, fallback := zonesOf(a.To), zone(p.CallingZone)
	policy := Hours{Windows: p.CallingHours}
	var which []string
	if len(p.CallingHours) > 0 && (p.HoursBinding || !a.BypassQuietHours) {
		all, which = append(all, policy.clause(at, zones, fallback)), append(which, "policy")
	}
	if a.Hours != nil && len(a.Hours.Windows) > 0 && !a.BypassQuietHours {
		all, which = append(all, a.Hours.clause(at, zones, fallback)), append(which, "call")
	}
	passedOver := a.BypassQuietHours && (len(p.CallingHours) > 0 || a.Hours != nil && len(a.Hours.Windows) > 0)
	switch {
	case len(which) > 0:
		proof.Hours = strings.Join(which, "+")
	case passedOver:
		proof.Hours = "bypassed"
	default:
		proof.Hours = "any"
	}
	proof.clock(at, policy.clause(at, zones, fallback).zones)
	return all
}

// reserve counts a, unless a cap is reached.
func (g *Gate) reserve(ctx context.Context, a Ask, p Policy, proof *Proof) error {
	w, err := g.windows.take(ctx, a.Workspace)
	if err != nil {
		return fmt.Errorf("dialplan: wait for turn: %w", err)
	}
	defer w.give()
	if err := g.read(ctx, a.Workspace, w, refresh); err != nil {
		return err
	}
	wish := w.newEntry(telephony.Placed{From: telephony.Number(a.From), To: telephony.Number(a.To), Transfer: a.Transfer, At: time.Now()})
	code, clears, counted := w.over(wish, p)
	if code != "" && time.Since(w.read) > recent {
		if err := g.read(ctx, a.Workspace, w, recent); err != nil {
			return err
		}
		code, clears, counted = w.over(wish, p)
	}
	if code != "" {
		r := refuse(code)
		r.At = clears
		return g.refused(r)
	}
	proof.counts(counted, p)
	wish.asked = wish.At
	w.add(wish)
	return nil
}
