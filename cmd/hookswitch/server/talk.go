package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
)

// speechWait is how long a call that came before the models were loaded waits
// for them. Its webhook was answered at once; the caller hears the line.
const speechWait = 10 * time.Second

// talk is the [dispatch.Talk] of this gateway: it puts one call's parts
// together and lets them run.
func (s *Server) talk(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, journal agentcore.Journal) (agentcore.Summary, error) {
	parts, err := s.patiently(ctx)
	if err != nil {
		return s.helpless(ctx, call, leg, err)
	}
	var detector vad.Detector
	if parts.Recognizer != nil {
		if detector, err = parts.Detector(); err != nil {
			return s.helpless(ctx, call, leg, err)
		}
	}
	cfg := agentcore.Config{
		Call: call, Agent: s.mind.agent, Recognizer: parts.Recognizer, Detector: detector,
		Model: s.mind.model, Voice: parts.Voice, Tools: s.mind.tools,
		Journal: journal, Past: past, Observer: s.set, Pipeline: s.pipeline(parts),
		Lead: s.c.Line.Lead, Lump: s.c.Line.Lump, Log: s.log,
	}
	if s.o.Interim != nil {
		cfg.Interim = func(text string) { s.o.Interim(call.ID, text) }
	}
	recorder := s.record(call)
	if recorder != nil {
		cfg.Recorder = recorder
		defer s.finish(call, recorder)
	}
	conversation, err := agentcore.New(cfg)
	if err != nil {
		if detector != nil {
			detector.Close()
		}
		return s.helpless(ctx, call, leg, err)
	}
	s.log.Info("call answered", "call", call.ID, "direction", call.Direction, "from", call.From, "to", call.To, "epoch", call.Epoch, "pipeline", cfg.Pipeline)
	return conversation.Run(ctx, leg)
}

// patiently waits for the models, but not for ever.
func (s *Server) patiently(ctx context.Context) (*Speech, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, speechWait, errors.New("server: the speech models did not load in time"))
	defer cancel()
	return s.speech.wait(ctx)
}

// helpless ends a call that can't be held. A call that somebody else ended, or
// that is handed over, is left to them.
func (s *Server) helpless(ctx context.Context, call telephony.Call, leg telephony.Leg, err error) (agentcore.Summary, error) {
	hangup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, leg.Hangup(hangup))
	if reason, over := telephony.Over(context.Cause(ctx)); over {
		return agentcore.Summary{End: reason}, err
	}
	if ctx.Err() != nil {
		return agentcore.Summary{}, err
	}
	s.set.ProviderFailed("voice")
	s.log.Error("call can't be held", "call", call.ID, "error", err)
	return agentcore.Summary{End: telephony.ProviderFailed}, err
}

// pipeline says what a call's sound goes through, for one log line and the
// journal's first entry.
func (s *Server) pipeline(p *Speech) string {
	return fmt.Sprintf("twilio mu-law 8k -> %s | %s | %s -> twilio mu-law 8k", p.Hears, s.mind.name, p.Speaks)
}

// Recording is where the sound of a call is kept: the caller on the left, the
// agent on the right. Each time a lost call is taken up again begins a file of
// its own. Empty when nothing is recorded.
func (s *Server) Recording(id telephony.CallID, epoch int) string {
	if s.c.Recordings == "" || s.c.Recordings == "off" {
		return ""
	}
	name := string(id)
	if epoch > 1 {
		name = fmt.Sprintf("%s-%d", id, epoch)
	}
	return filepath.Join(s.c.Recordings, filepath.Base(name)+".wav")
}

// record begins the recording. A call is not lost because its recording is.
func (s *Server) record(call telephony.Call) *wav.Recorder {
	path := s.Recording(call.ID, call.Epoch)
	if path == "" {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	var r *wav.Recorder
	if err == nil {
		r, err = wav.CreateRecorder(path, wav.RecorderConfig{})
	}
	if err != nil {
		s.log.Error("call is not recorded", "call", call.ID, "error", err)
		return nil
	}
	return r
}

// finish closes the recording.
func (s *Server) finish(call telephony.Call, r *wav.Recorder) {
	if err := r.Close(); err != nil {
		s.log.Error("recording is not whole", "call", call.ID, "error", err)
	}
	if n := r.Dropped(); n > 0 {
		s.log.Warn("recording has silence where the disk was too slow", "call", call.ID, "frames", n)
	}
}
