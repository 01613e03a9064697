package dialplan_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/telephony"
)

// gateWith is a gate of one policy, whose list of who must not be called is out.
func gateWith(t *testing.T, p dialplan.Policy, out ...string) *dialplan.Gate {
	t.Helper()
	g, err := dialplan.NewGate(dialplan.Config{
		Policy: func(context.Context, string) (dialplan.Policy, error) { return p, nil },
		OptedOut: func(_ context.Context, workspace, contact string) (bool, error) {
			if contact == "+12125550000" {
				return false, errDown
			}
			return workspace == "default" && strings.Contains(strings.Join(out, " "), contact), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var errDown = errors.New("no database")

// In a bubble it is Saturday, 1 January 2000, 0:00 UTC: Friday, 19:00 in New York.
func TestWhomAndWhen(t *testing.T) {
	evenings := []dialplan.Window{window("mon tue wed thu fri", "18:00", "20:00")}
	mondays := &dialplan.Hours{Windows: []dialplan.Window{window("mon", "09:00", "17:00")}, Zone: "Europe/Berlin"}
	never := &dialplan.Hours{Windows: []dialplan.Window{window("sun", "09:00", "17:00")}}
	for _, tt := range []struct {
		name   string
		policy dialplan.Policy
		ask    dialplan.Ask
		want   dialplan.Code
		at     string // when it may be
		hours  string // what the proof says
	}{
		{"no hours", dialplan.Policy{}, dialplan.Ask{}, "", "2000-01-01T00:00:00Z", "any"},
		{"within the workspace's", dialplan.Policy{CallingHours: evenings}, dialplan.Ask{}, "", "2000-01-01T00:00:00Z", "policy"},
		{"outside of them", dialplan.Policy{CallingHours: office}, dialplan.Ask{}, dialplan.QuietHours, "2000-01-03T14:00:00Z", ""},
		{"passed over", dialplan.Policy{CallingHours: office}, dialplan.Ask{BypassQuietHours: true}, "", "2000-01-01T00:00:00Z", "bypassed"},
		{"nothing to pass over", dialplan.Policy{}, dialplan.Ask{BypassQuietHours: true}, "", "2000-01-01T00:00:00Z", "any"},
		{"nobody passes over them", dialplan.Policy{CallingHours: office, HoursBinding: true}, dialplan.Ask{BypassQuietHours: true}, dialplan.QuietHours, "2000-01-03T14:00:00Z", ""},
		{"the call's own", dialplan.Policy{}, dialplan.Ask{Hours: mondays}, dialplan.QuietHours, "2000-01-03T08:00:00Z", ""},
		{"the call's own, passed over", dialplan.Policy{}, dialplan.Ask{Hours: mondays, BypassQuietHours: true}, "", "2000-01-01T00:00:00Z", "bypassed"},
		{"both", dialplan.Policy{CallingHours: office}, dialplan.Ask{Hours: mondays}, dialplan.QuietHours, "2000-01-03T14:00:00Z", ""},
		{"both, within", dialplan.Policy{CallingHours: evenings}, dialplan.Ask{Hours: &dialplan.Hours{Windows: evenings}}, "", "2000-01-01T00:00:00Z", "policy+call"},
		{"both, the workspace's bind", dialplan.Policy{CallingHours: evenings, HoursBinding: true}, dialplan.Ask{Hours: mondays, BypassQuietHours: true}, "", "2000-01-01T00:00:00Z", "policy"},
		{"both, with nothing in common", dialplan.Policy{CallingHours: office}, dialplan.Ask{Hours: never}, dialplan.QuietHours, "", ""},
		{"a transfer is not asked for hours, consent or the list", dialplan.Policy{CallingHours: office, RequireConsent: true, HoursBinding: true}, dialplan.Ask{Transfer: true, To: "+12125550111"}, "", "2000-01-01T00:00:00Z", ""},
		{"who asked not to be called", dialplan.Policy{}, dialplan.Ask{To: "+12125550111"}, dialplan.DoNotCall, "", ""},
		{"who asked another workspace", dialplan.Policy{}, dialplan.Ask{To: "+12125550111", Workspace: "other"}, "", "2000-01-01T00:00:00Z", "any"},
		{"nothing is said of consent", dialplan.Policy{RequireConsent: true}, dialplan.Ask{Consent: "  "}, dialplan.NoConsent, "", ""},
		{"it is said", dialplan.Policy{RequireConsent: true}, dialplan.Ask{Consent: "web form of 1 June"}, "", "2000-01-01T00:00:00Z", "any"},
		{"a number that nobody may call, at night", dialplan.Policy{CallingHours: office}, dialplan.Ask{To: "+19005550100"}, dialplan.PremiumRate, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := gateWith(t, tt.policy, "+12125550111")
				a := tt.ask
				a.From = ours
				if a.To == "" {
					a.To = newYork
				}
				if a.Workspace == "" {
					a.Workspace = "default"
				}
				p, err := g.Permit(t.Context(), a)
				if got := code(t, err); got != tt.want || p.Hours != tt.hours {
					t.Errorf("Permit() = %+v, %v, want %q", p, err, tt.want)
				}
				var r *dialplan.Refusal
				if errors.As(err, &r) && tt.want == dialplan.QuietHours && (r.At.IsZero() != (tt.at == "") || tt.at != "" && !r.At.Equal(at(tt.at))) {
					t.Errorf("it may be at %v, want %s", r.At, tt.at)
				}
				when, err := g.When(t.Context(), a, time.Now())
				if tt.at == "" {
					if got := code(t, err); got != tt.want {
						t.Errorf("When() = %v, %v, want %q", when, err, tt.want)
					}
				} else if err != nil || !when.Equal(at(tt.at)) {
					t.Errorf("When() = %v, %v, want %s", when, err, tt.at)
				}
			})
		})
	}
}

// Who can't be looked up is not called, and that is no refusal.
func TestAListThatCantBeReadPermitsNothing(t *testing.T) {
	g := gateWith(t, dialplan.Policy{})
	a := dialplan.Ask{Workspace: "default", From: ours, To: "+12125550000"}
	var r *dialplan.Refusal
	if _, err := g.Permit(t.Context(), a); !errors.Is(err, errDown) || errors.As(err, &r) {
		t.Errorf("Permit() = %v", err)
	}
	if _, err := g.When(t.Context(), a, time.Now()); !errors.Is(err, errDown) {
		t.Errorf("When() = %v", err)
	}
}

// Who is turned away for the hour or for themselves takes no place.
func TestWhatIsRefusedForTheHourCountsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gateWith(t, dialplan.Policy{CallingHours: office, MaxPerHour: 1})
		a := dialplan.Ask{Workspace: "default", From: ours, To: newYork}
		for range 3 {
			if _, err := g.Permit(t.Context(), a); code(t, err) != dialplan.QuietHours {
				t.Errorf("Permit() = %v", err)
			}
		}
		a.BypassQuietHours = true
		if _, err := g.Permit(t.Context(), a); err != nil {
			t.Errorf("Permit() = %v, want the first to be permitted", err)
		}
	})
}

// The proof says what was checked, and no number.
func TestTheProofSaysWhatWasChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gateWith(t, dialplan.Policy{CallingHours: []dialplan.Window{window("fri", "00:00", "24:00")}})
		a := dialplan.Ask{Workspace: "default", From: ours, To: alaska, Consent: "web form"}
		if _, err := g.Permit(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		p, err := g.Permit(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		const want = `{"checked_at":"2000-01-01T00:00:00Z","region":"US","number_type":"fixed_line_or_mobile",
			"callee_zones":["America/Adak","America/Anchorage"],"local_time":["1999-12-31T14:00:00-10:00","1999-12-31T15:00:00-09:00"],
			"hours":"policy","do_not_call":"clear","consent":"web form",
			"calls":{"number_hour":1,"number_hour_max":6,"number_day":1,"number_day_max":20,"hour":1,"hour_max":600}}`
		var is, should any
		if err := errors.Join(json.Unmarshal([]byte(p.Encode()), &is), json.Unmarshal([]byte(want), &should)); err != nil || !reflect.DeepEqual(is, should) {
			t.Errorf("Encode() = %s, %v, want %s", p.Encode(), err, want)
		}
		if strings.Contains(p.Encode(), "5550100") {
			t.Errorf("%s has a number", p.Encode())
		}
	})
}

// A cap that a call exceeds says when it would no more.
func TestARefusalSaysWhenItPasses(t *testing.T) {
	for name, tt := range map[string]struct {
		policy dialplan.Policy
		code   dialplan.Code
		after  time.Duration // from the first call
	}{
		"calls of the workspace in an hour": {dialplan.Policy{MaxPerHour: 3}, dialplan.Hour, time.Hour},
		"calls to a number in an hour":      {dialplan.Policy{MaxPerNumberHour: 3}, dialplan.NumberHour, time.Hour},
		"calls to a number in a day":        {dialplan.Policy{MaxPerNumberDay: 3}, dialplan.NumberDay, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b := alone(t, tt.policy)
				for range 3 {
					b.call(newYork, "")
					b.Done("default", newYork, 0)
					time.Sleep(10 * time.Minute)
				}
				var r *dialplan.Refusal
				if err := permit(t.Context(), b.Gate, "default", ours, newYork, false); !errors.As(err, &r) || r.Code != tt.code || !r.At.Equal(began.Add(tt.after)) {
					t.Fatalf("%v at %v, want %s at %v", err, r.At, tt.code, began.Add(tt.after))
				}
				time.Sleep(time.Until(r.At) - time.Nanosecond)
				b.call(newYork, tt.code)
				time.Sleep(time.Nanosecond)
				b.call(newYork, "")
			})
		})
	}
}

// Whoever is called at a time that a booking was moved to is permitted then.
func TestWhatIsBookedIsPermittedThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gateWith(t, dialplan.Policy{CallingHours: office})
		for _, to := range []string{newYork, phoenix, losAngeles, tollFree} {
			a := dialplan.Ask{Workspace: "default", From: ours, To: to}
			when, err := g.When(t.Context(), a, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(when) - time.Nanosecond)
			if _, err := g.Permit(t.Context(), a); code(t, err) != dialplan.QuietHours {
				t.Errorf("a moment before: %v", err)
			}
			time.Sleep(time.Nanosecond)
			if _, err := g.Permit(t.Context(), a); err != nil {
				t.Errorf("at %v: %v", when, err)
			}
		}
	})
}

func BenchmarkPermitAtNight(b *testing.B) {
	g, err := dialplan.NewGate(dialplan.Config{
		Policy: func(context.Context, string) (dialplan.Policy, error) {
			return dialplan.Policy{CallingHours: office}, nil
		},
		History: func(context.Context, string, time.Time) ([]telephony.Placed, error) { return nil, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	night := at("2026-11-22T03:00:00Z")
	for b.Loop() {
		if _, err := g.When(b.Context(), dialplan.Ask{Workspace: "default", From: ours, To: alaska}, night); err != nil {
			b.Fatal(err)
		}
	}
}
