package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// prepare asks the agent's pre_call webhook what the agent should know of the
// call, while it rings. A webhook that fails leaves the variables as they are:
// that is on record and no reason to keep a caller waiting.
func (s *Server) prepare(ctx context.Context, r dispatch.Record) error {
	v, err := s.store.Version(ctx, r.Workspace, r.AgentUUID, r.Version)
	if err != nil {
		return fmt.Errorf("server: the agent's version: %w", err)
	}
	got, _, asked := s.runner.PreCall(ctx, r, v.Definition)
	if asked != nil {
		return nil //nolint:nilerr // told and recorded by the runner
	}
	if err := s.store.SetPrepared(ctx, r.ID, object(got), time.Now()); err != nil {
		return fmt.Errorf("server: keep what pre_call said: %w", err)
	}
	return nil
}

// prepared waits until the call is prepared. A caller who was connected before
// hears it ring on; somebody whom we called is asked for a moment.
func (s *Server) prepared(ctx context.Context, call telephony.Call, leg telephony.Leg, voice tts.Synthesizer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- s.desk.Prepared(ctx, call.ID) }()
	select {
	case err := <-done:
		return err
	case <-time.After(media.FrameDuration):
	}
	filler := ringback
	if call.Direction == telephony.Outbound {
		filler = spoken(ctx, voice, "One moment, please.")
	}
	var hear, sound media.Frame
	for n := 0; ; n++ {
		select {
		case err := <-done:
			return errors.Join(err, leg.Clear())
		default:
		}
		e, err := leg.Next(&hear) // the line's own clock: a frame each 20 ms
		if err == nil && e.Kind == telephony.Audio {
			filler(&sound, n)
			err = leg.Write(&sound)
		}
		if err != nil {
			stop()
			<-done
			return err
		}
	}
}

// spoken is text as frames, then silence. A voice that fails is silence, too:
// the conversation will tell of it.
func spoken(ctx context.Context, voice tts.Synthesizer, text string) func(f *media.Frame, n int) {
	var said []media.Frame
	if err := voice.Speak(ctx, text, tts.Frames(func(f *media.Frame) error {
		said = append(said, *f)
		return ctx.Err()
	})); err != nil {
		said = nil
	}
	return func(f *media.Frame, n int) {
		*f = media.Frame{}
		if n < len(said) {
			*f = said[n]
		}
	}
}

// ringback is frame n of what a caller hears while it rings in North America:
// 440 and 480 Hz together, two seconds of six, at -19 dBm each (Bell's precise
// tone plan).
func ringback(f *media.Frame, n int) {
	const on, all = 100, 300 // frames
	*f = media.Frame{}
	if n%all >= on {
		return
	}
	const amplitude = 2600.0
	for i := range f {
		t := float64(n%all*media.FrameSamples+i) / media.Rate
		f[i] = int16(amplitude * (math.Sin(2*math.Pi*440*t) + math.Sin(2*math.Pi*480*t)) / 2)
	}
}
