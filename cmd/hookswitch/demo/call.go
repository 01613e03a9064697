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
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// longest is how long a demo's call may take.
const longest = 3 * time.Minute

// watched is a call while it goes on, as the gateway's journal tells it.
type watched struct {
	shown  *show.Live
	player *persona.Player
	over   chan struct{} // closed when its end is committed

	mu      sync.Mutex
	id      telephony.CallID
	entries []agentcore.Entry
	ends    int
}

func (w *watched) entry(id telephony.CallID, e agentcore.Entry) {
	w.mu.Lock()
	w.id = id
	w.entries = append(w.entries, e)
	_, over := e.Event.(agentcore.Ended)
	if over {
		if w.ends++; w.ends == 1 {
			close(w.over)
		}
	}
	w.mu.Unlock()
	w.shown.Entry(e)
}

// finished is a call and what both sides know of it.
type finished struct {
	row     show.Call
	entries []agentcore.Entry
	ends    int
	wav     []byte
	heard   []media.Frame // what the caller heard, on the carrier's clock
	offset  time.Duration // of the journal's clock behind the carrier's
}

// call places one call and waits until nothing of it goes on.
func (s *stage) call(ctx context.Context, number int, p persona.Persona) (*finished, error) {
	script, err := p.Prepare(ctx, persona.Sound{Voice: voice(s.callers)})
	if err != nil {
		return nil, err
	}
	w := &watched{player: script.Player(), over: make(chan struct{})}
	row := s.row(number, p)
	w.shown = s.o.Screen.Call(show.Heading{
		Number: number, Of: len(s.o.Personas), Direction: row.Direction, From: row.From, To: row.To,
		Who: p.Name, Recording: row.Recording, Silenced: w.silenced,
	})
	s.live.Store(w)
	defer s.live.Store(nil)

	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	drawing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { w.shown.Watch(drawing) })
	call, err := s.dial(ctx, row, w, p)
	if err == nil {
		err = s.see(ctx, call, w)
	}
	stop()
	wg.Wait()
	w.shown.Flush()
	if err != nil {
		return nil, err
	}
	f, err := s.gather(row, call, w)
	if err == nil {
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
	phone := metered{w.player, w.shown.Meters()}
	if row.Direction == telephony.Inbound {
		return s.carrier.Call(context.WithoutCancel(ctx), row.From, row.To, phone)
	}
	s.carrier.Register(row.To, sim.Phone{Answer: p.Answer, Make: func() handset.Handset { return phone }})
	placed, err := s.server.Desk().Dial(ctx, telephony.Outgoing{From: telephony.Number(row.From), To: telephony.Number(row.To)})
	if err != nil {
		return nil, err
	}
	call, ok := s.carrier.Lookup(placed.Carrier)
	if !ok {
		return nil, errors.New("the carrier does not know the call that was placed")
	}
	return call, nil
}

// see waits until both sides say that the call is over. When ctx ends the far
// end hangs up.
func (s *stage) see(ctx context.Context, call *sim.Call, w *watched) error {
	polite, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest+10*time.Second)
	defer cancel()
	stop := context.AfterFunc(ctx, call.Hangup)
	defer stop()
	if err := call.Wait(polite); err != nil {
		return fmt.Errorf("the carrier's side did not end: %w", err)
	}
	select {
	case <-w.over:
	case <-time.After(5 * time.Second):
		return errors.New("the gateway did not write down the end of the call")
	}
	for tries := 0; len(s.server.Desk().Live()) > 0; tries++ {
		if tries == 100 {
			return errors.New("the gateway holds on to a call that is over")
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// gather collects what is known of a call that is over.
func (s *stage) gather(row show.Call, call *sim.Call, w *watched) (*finished, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := &finished{row: row, entries: w.entries, ends: w.ends}
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
	if f.wav, err = os.ReadFile(s.server.Recording(w.id, 1)); err != nil {
		return nil, err
	}
	return f, os.WriteFile(row.Recording, f.wav, 0o644)
}

// metered is a handset whose sound is also shown on the live line.
type metered struct {
	*persona.Player
	meters *show.Meters
}

func (m metered) Tick(now time.Duration, hear, say *media.Frame) handset.Touch {
	touch := m.Player.Tick(now, hear, say)
	m.meters.Record(say, hear)
	return touch
}
