package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/tap"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"
)

// BenchmarkFrameInHeard is our own work for a frame that arrives, when nobody or
// somebody listens to the call: each listener reads every frame.
func BenchmarkFrameInHeard(b *testing.B) {
	for _, ears := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("ears=%d", ears), func(b *testing.B) {
			text := appendMedia(nil, benchIDs, 2, 1, newCaller().voice[0].text)
			gate := vad.NewGate(&vad.Energy{})
			var call tap.Tap
			var listening []*tap.Ear
			for range ears {
				listening = append(listening, call.Listen())
			}
			var m wire.Message
			var f, agent, caller, other media.Frame
			ulaw := make([]byte, 0, 512)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if err := wire.Parse(text, &m); err != nil {
					b.Fatal(err)
				}
				sound, err := wire.Decode(ulaw, m.Payload)
				if err != nil {
					b.Fatal(err)
				}
				if err := g711.Decode(&f, sound); err != nil {
					b.Fatal(err)
				}
				gate.Speech(&f)
				call.Record(&f, &agent)
				for _, e := range listening {
					if err := e.Next(ctx, &caller, &other); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkTalkAlone is what a call in which nobody but its own agent is pays for
// rooms before that agent speaks, and after: its record and its room are looked
// for, on SQLite in a file.
func BenchmarkTalkAlone(b *testing.B) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, "sqlite://"+b.TempDir()+"/hookswitch.db")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const id telephony.CallID = "call_1"
	if _, _, err := db.Create(ctx, dispatch.Record{
		ID: id, Workspace: "default", Direction: telephony.Inbound, Agent: "plain", Carrier: "CA1", Node: "n1", From: "+15550100", To: "+15550101", Created: time.Now(),
	}); err != nil {
		b.Fatal(err)
	}
	h, err := room.New(room.Config{
		Store: db.Rooms(), Node: "n1",
		Called: func(ctx context.Context, id telephony.CallID) (string, string, error) {
			r, err := db.Call(ctx, id)
			return r.Workspace, r.Room, err
		},
		Resolve: func(context.Context, string, string) (room.Party, error) { return room.Party{}, room.ErrNotFound },
		Speak: func(context.Context, room.Floor) (agentcore.Summary, error) {
			return agentcore.Summary{End: telephony.AgentHangup}, nil
		},
		Listen:  func(context.Context, room.Listening) error { return nil },
		Journal: func(context.Context, telephony.CallID) ([]agentcore.Entry, error) { return nil, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if sum, err := h.Talk(ctx, telephony.Call{ID: id, Epoch: 1}, idleLeg{}, nil, nil); err != nil || sum.End == "" {
			b.Fatal(sum, err)
		}
	}
}

// idleLeg is a leg that is only hung up.
type idleLeg struct{ telephony.Leg }

func (idleLeg) Hangup(context.Context) error { return nil }
