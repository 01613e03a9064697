package bench

import (
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// A soak hangs its calls up one after the other, and another begins in the place
// of each: the gateway sees callers who hung up, and as many calls as before.
func TestCallsOfASoakComeAndGo(t *testing.T) {
	r := round{agent: Echo, calls: 3, burst: 1, window: 10 * time.Minute, lead: defaultLead, lump: echoLump, soak: true}
	g, err := start(t.Context(), Options{Gateway: gatewayCommand}, "", settings{Agent: r.agent, Folder: t.TempDir(), Lead: r.lead, Lump: r.lump}, anyCore)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoad(r, newCarrier(account, server.SimToken, g.address))
	go l.wheel.run(&l.m)
	if err := l.dial(t.Context(), 0, r.calls); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at   time.Duration
		over int
	}{
		{soakStill - 1, 0},
		{soakStill, 1},
		{soakStill + soakCall/3 - 1, 1},
		{soakStill + soakCall + soakCall/3, 5},
		{r.window, 10}, // none of those in the last of it
	} {
		if err := l.turnOver(t.Context(), step.at); err != nil || l.past.calls != step.over {
			t.Errorf("%v: %d calls are over, want %d: %v", step.at, l.past.calls, step.over, err)
		}
		if s, err := g.tell(question{}); err != nil || s.Talking != r.calls {
			t.Errorf("%v: %d calls talk, want %d: %v", step.at, s.Talking, r.calls, err)
		}
	}
	err = l.finish(t.Context())
	after, terr := g.tell(question{Odd: true})
	l.carrier.close()
	if err := errors.Join(err, terr, g.stop()); err != nil {
		t.Fatal(err)
	}
	all := l.past
	for _, f := range l.calls {
		all.add(f)
	}
	if all.calls != 13 || all.tally.Broken > 0 || all.tally.Echoed != all.tally.Sent || len(after.Ends) > 0 {
		t.Errorf("%+v; ended otherwise than by the caller: %v", all, after.Ends)
	}
}
