package server

import (
	"context"
	"errors"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// echoes has the call's own sound answer it: see Options.Echo.
func (s *Server) echoes(ctx context.Context, f room.Floor, row dispatch.Record) (agentcore.Summary, error) {
	echo, err := agentcore.NewEcho(agentcore.EchoConfig{
		Call: f.Call, Journal: f.Journal, Past: f.Past, Floor: f.Job.ID, Agent: row.Agent,
		Recorder: s.hears(f, row), Yield: f.Yield, Withdraw: s.withdraw, Observer: s.observer(f.Call.ID, row.Agent),
		Lump: s.c.Line.Lump, MaxDuration: s.c.Agent.MaxDuration,
	})
	if err != nil {
		return s.helpless(ctx, f, err)
	}
	s.log.Info("call answered", "call", f.Call.ID, "direction", f.Call.Direction, "epoch", f.Call.Epoch, "pipeline", "echo")
	return echo.Run(ctx, f.Leg)
}

// mirrored is the speech of a gateway that only echoes: there at once, and nobody
// is asked to speak.
func mirrored(context.Context) (*Speech, error) {
	return &Speech{Voice: mute{}, Hears: "nobody", Speaks: "an echo"}, nil
}

var errMute = errors.New("server: this gateway only echoes")

// mute is a voice that can't be had.
type mute struct{}

// Speak implements [tts.Synthesizer].
func (mute) Speak(context.Context, string, tts.Sink) error { return errMute }
