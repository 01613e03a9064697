package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/booth"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// longest is how long a demo's call may take.
const longest = 3 * time.Minute

// watched is a call while it goes on, as both sides tell it.
type watched struct {
	*booth.Watch
	player *persona.Player
}

// finished is a call and what both sides know of it.
type finished struct {
	row     show.Call
	entries []agentcore.Entry
	ends    int
	wav     []byte
	left    *left         // on a voicemail; nil if none was called
	heard   []media.Frame // what the caller heard, on the carrier's clock
	offset  time.Duration // of the journal's clock behind the carrier's
}

// call places one call and waits until nothing of it goes on.
func (s *stage) call(ctx context.Context, number int, p persona.Persona) (*finished, error) {
	script, err := p.Prepare(ctx, persona.Sound{Voice: booth.Voice(s.callers)})
	if err != nil {
		return nil, err
	}
	w := &watched{player: script.Player()}
	row := s.row(number, p)
	w.Watch = booth.NewWatch(s.o.Screen.Call(show.Heading{
		Number: number, Of: len(s.o.Personas), Direction: row.Direction, From: row.From, To: row.To,
		Who: p.Name, Recording: row.Recording, Silenced: w.silenced,
	}))
	s.live.Store(w)
	defer s.live.Store(nil)

	during, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	call, err := s.dial(during, row, w, p)
	if err != nil {
		return nil, err
	}
	var telling sync.WaitGroup
	telling.Go(func() { announce(during, call, w.Shown(), row.Direction) })
	err = w.Wait(during, call, s.server.Desk(), longest+10*time.Second)
	cancel()
	telling.Wait()
	if err != nil {
		return nil, err
	}
	f, err := s.gather(context.WithoutCancel(ctx), row, call, w) // also of a call that was interrupted
	if err == nil {
		f.left = leftOn(script, w.player.Evidence())
		s.o.Screen.Turns(number, f.row.Turns)
	}
	return f, err
}

// row is what is known of a call before it is placed. The first is inbound.
func (s *stage) row(number int, p persona.Persona) show.Call {
	row := show.Call{
		Name: fmt.Sprintf("call %d", number), Persona: p.Name, Agent: "demo",
		Direction: telephony.Inbound, From: p.Number, To: agentNumber,
		Recording: filepath.Join(s.o.Out, fmt.Sprintf("%s-%d.wav", s.o.Name, number)),
		Journal:   filepath.Join(s.o.Out, fmt.Sprintf("%s-%d.jsonl", s.o.Name, number)),
	}
	if p.Answer != (handset.Answer{}) {
		row.Direction, row.From, row.To = telephony.Outbound, agentNumber, p.Number
	}
	return row
}

// dial places the call: the persona calls, or is called over the gateway's desk.
func (s *stage) dial(ctx context.Context, row show.Call, w *watched, p persona.Persona) (*sim.Call, error) {
	phone := booth.Metered(w.player, w.Shown().Meters())
	if row.Direction == telephony.Inbound {
		return s.carrier.Call(context.WithoutCancel(ctx), row.From, row.To, phone)
	}
	s.carrier.Register(row.To, sim.Phone{Answer: p.Answer, Make: func() handset.Handset { return phone }})
	on, _, err := s.server.Desk().Dispatch(ctx, dispatch.Wish{
		Workspace: roster.Default, Agent: row.Agent, From: telephony.Number(row.From), To: telephony.Number(row.To), Variables: forWhom,
	})
	if err != nil {
		return nil, err
	}
	placed, err := s.server.Store().Call(ctx, on.Call)
	if err != nil {
		return nil, err
	}
	call, ok := s.carrier.Lookup(placed.Carrier)
	if !ok {
		return nil, errors.New("the carrier does not know the call that was placed")
	}
	return call, nil
}

// announce tells of the carrier's first question and the gateway's answer to it,
// before anyone speaks.
func announce(ctx context.Context, call *sim.Call, shown *show.Live, d telephony.Direction) {
	label := "ringing"
	if d == telephony.Outbound {
		label = "picked up"
	}
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for {
		var asked time.Time
		for _, e := range call.Events() {
			switch {
			case e.What == "webhook":
				asked = e.At
			case e.What == "document" && e.Detail == "200":
				shown.Note(0, label, fmt.Sprintf("voice webhook answered in %d ms, signature good", e.At.Sub(asked).Milliseconds()))
				return
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// gather collects what is known of a call that is over.
func (s *stage) gather(ctx context.Context, row show.Call, call *sim.Call, w *watched) (*finished, error) {
	id, entries, ends := w.Known()
	f := &finished{row: row, entries: entries, ends: ends}
	_, f.heard = call.Recording()
	if len(f.entries) > 0 {
		first := f.entries[0]
		f.offset = first.Wall.Add(-first.At).Sub(call.Answered())
	}
	f.row.Fill(f.entries)
	f.row.Messages = call.Messages()
	for _, v := range s.carrier.Police().Violations() {
		if v.Call == call.SID() || v.Call == "" {
			f.row.Violations++
		}
	}
	f.compare(w.player.Evidence())
	var err error
	if f.wav, err = s.server.Recorded(ctx, id); err != nil {
		return nil, err
	}
	return f, os.WriteFile(row.Recording, f.wav, 0o644)
}
