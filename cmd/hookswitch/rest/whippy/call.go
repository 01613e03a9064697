package whippy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// readCall reads what is known of a call: from, to, custom_placeholders_data and
// bypass_quiet_hours (apis.md 2.2).
func (a *api) readCall(ctx context.Context, w *wish) error {
	unfit, err := roster.Unfit(ctx, a.Catalog, w.agent)
	if err != nil {
		return err
	}
	for _, why := range unfit {
		w.wrong.Add(base, "%s", why)
	}
	w.e.Options.BypassQuietHours = w.flag("bypass_quiet_hours")
	w.e.Options.Consent = w.consent()
	w.e.From = w.address(roster.PhoneChannel, "from")
	w.e.To = w.address(roster.PhoneChannel, "to")
	if w.e.From != "" && w.e.From == w.e.To {
		w.wrong.Add("to", "is the number that calls")
	}
	if w.e.From != "" {
		if err := a.caller(ctx, w); err != nil {
			return err
		}
	}
	if w.e.To == "" {
		return nil
	}
	return a.unless(ctx, w, roster.OptOutCalls, "is a contact that opted out of calls")
}

// maxConsent bounds how a contact agreed to be called, in characters.
const maxConsent = 255

// consent reads how the contact agreed to be called. It is ours: a workspace may
// demand it.
func (w *wish) consent() string {
	s := w.text("consent")
	if utf8.RuneCountInString(s) > maxConsent {
		w.wrong.Add("consent", "is too long (maximum is %d characters)", maxConsent)
		return ""
	}
	return s
}

// caller finds whose number a call is to come from: any phone channel of the
// workspace that can call out, or a number of the agent's own.
func (a *api) caller(ctx context.Context, w *wish) error {
	numbers, err := a.Roster.ListNumbers(ctx, w.e.Workspace)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(numbers, func(n roster.Number) bool { return n.Number == w.e.From })
	c, err := a.channelAt(ctx, w.e.Workspace, roster.PhoneChannel, w.e.From)
	isChannel := err == nil
	if err != nil && !errors.Is(err, roster.ErrNotFound) {
		return err
	}
	switch {
	case isChannel && !c.Enabled:
		w.wrong.Add("from", channelOff)
	case !isChannel && (i < 0 || numbers[i].AgentUUID != w.agent.UUID):
		return a.noCaller(ctx, w)
	case i < 0 || !numbers[i].Outbound || numbers[i].Status != roster.NumberActive:
		w.wrong.Add("from", "does not support outbound calls")
	}
	w.e.Channel = c.ID
	return w.quiet(c)
}

// noCaller says what the address that a call is to come from is instead.
func (a *api) noCaller(ctx context.Context, w *wish) error {
	other, err := a.otherKind(ctx, w.e.Workspace, roster.PhoneChannel, w.e.From)
	switch {
	case err != nil:
	case other != "":
		w.wrong.Add("from", "is a channel of type %s: a call needs one of type phone", other)
	default:
		w.wrong.Add("from", "is neither a phone channel of this workspace nor a number of the agent")
	}
	return err
}

// quiet keeps when the call may be placed, unless the client passes over that.
func (w *wish) quiet(c roster.Channel) error {
	if w.e.Options.BypassQuietHours {
		return nil
	}
	var business []dialplan.Window
	if len(c.Hours) > 0 {
		if err := json.Unmarshal(c.Hours, &business); err != nil {
			return fmt.Errorf("whippy: hours of channel %s: %w", c.ID, err)
		}
	}
	hours, ok := callable(c.Timezone, business)
	if !ok {
		w.wrong.Add("from", "is a channel whose business hours all lie in quiet hours: only bypass_quiet_hours can call")
		return nil
	}
	w.e.Options.Hours = &hours
	return nil
}

// settleCall moves a call in quiet hours to the next time that is allowed.
func (a *api) settleCall(ctx context.Context, w *wish) error {
	at := w.e.Asked
	if at.IsZero() {
		at = w.now
	}
	next, err := a.Planner.When(ctx, dialplan.Ask{
		Workspace: w.e.Workspace, From: w.e.From, To: w.e.To, Hours: w.e.Options.Hours,
		BypassQuietHours: w.e.Options.BypassQuietHours, Consent: w.e.Options.Consent,
	}, at)
	if err != nil {
		return err
	}
	if next.After(at) {
		w.e.Asked = next
	}
	return nil
}
