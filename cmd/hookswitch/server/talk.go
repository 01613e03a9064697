package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/storage/blob"
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
	if err := s.prepared(ctx, call, leg, parts.Voice); errors.Is(err, telephony.ErrLost) {
		return agentcore.Summary{}, err // the line is, the call may go on
	} else if err != nil {
		return s.helpless(ctx, call, leg, err)
	}
	row, err := s.store.Call(ctx, call.ID)
	if err != nil {
		return s.helpless(ctx, call, leg, err)
	}
	who, err := s.person(ctx, row)
	if err != nil {
		return s.helpless(ctx, call, leg, err)
	}
	parties, err := s.cast(ctx, who.wish, parts)
	if err != nil {
		return s.helpless(ctx, call, leg, err)
	}
	defer parties.release()
	detector, err := detector(parties, parts)
	if err != nil {
		return s.helpless(ctx, call, leg, err)
	}
	cfg := agentcore.Config{
		Call: call, Agent: who.agent, Recognizer: parties.hears, Detector: detector,
		Hearing: asr.Options{Language: who.wish.language, Keywords: who.keywords},
		Model:   parties.thinks, Voice: parties.speaks, Spare: parts.Voice, Tools: who.tools, Variables: who.vars,
		Secrets: s.keyed.of(call.ID), Journal: journal, Past: past, Observer: s.set, Pipeline: parties.pipeline(),
		News: s.desk.News(call.ID), Withdraw: s.withdraw,
		Lead: s.c.Line.Lead, Lump: s.c.Line.Lump, Log: s.log,
	}
	if s.o.Interim != nil {
		cfg.Interim = func(text string) { s.o.Interim(call.ID, text) }
	}
	if recording := s.record(row); recording != nil {
		cfg.Recorder = recording
		defer s.finish(call, recording)
	}
	conversation, err := agentcore.New(cfg)
	if err != nil {
		if detector != nil {
			err = errors.Join(err, detector.Close())
		}
		return s.helpless(ctx, call, leg, err)
	}
	s.log.Info("call answered", "call", call.ID, "direction", call.Direction, "from", call.From, "to", call.To, "epoch", call.Epoch, "pipeline", cfg.Pipeline)
	sum, err := conversation.Run(ctx, leg)
	if sum.End != "" {
		s.keyed.drop(call.ID)
	}
	return sum, err
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

// detector is what notices that a caller speaks: the model, or where it isn't
// loaded, a measure of loudness, which is enough for a recogniser elsewhere.
func detector(c cast, parts *Speech) (vad.Detector, error) {
	switch {
	case c.hears == nil:
		return nil, nil //nolint:nilnil // deaf: there is nothing to notice
	}
	return listener(parts)
}

// pipeline says what a call's sound goes through, for one log line and the
// journal's first entry.
func (c cast) pipeline() string {
	return fmt.Sprintf("twilio mu-law 8k -> %s | %s | %s -> twilio mu-law 8k", c.names[0], c.names[1], c.names[2])
}

// Recorded is the sound of a call as one WAV file: the caller on the left, the
// agent on the right. It fails with [blob.ErrNone] when nothing is recorded.
func (s *Server) Recorded(ctx context.Context, id telephony.CallID) ([]byte, error) {
	if s.bucket == nil {
		return nil, blob.ErrNone
	}
	sound, err := s.bucket.Sound(ctx, id)
	if err != nil {
		return nil, err
	}
	all, err := io.ReadAll(sound)
	return all, errors.Join(err, sound.Close())
}

// record begins the recording of a call's leg. A call is not lost because its
// recording is.
func (s *Server) record(r dispatch.Record) *blob.Recording {
	if s.bucket == nil {
		return nil
	}
	var start time.Duration
	if r.Epoch > 1 && !r.Answered.IsZero() {
		start = time.Since(r.Answered)
	}
	recording, err := s.bucket.Recording(r.ID, r.Epoch, start)
	if err != nil {
		s.log.Error("call is not recorded", "call", r.ID, "error", err)
		return nil
	}
	return recording
}

// finishWait bounds the end of a recording, which may have to be sent away.
const finishWait = time.Minute

// finish closes the recording. One that has to be sent away must not keep the
// call's next leg waiting.
func (s *Server) finish(call telephony.Call, r *blob.Recording) {
	if strings.HasPrefix(s.c.Recordings, "s3://") {
		s.finishing.Go(func() { s.finishNow(call, r) })
		return
	}
	s.finishNow(call, r)
}

func (s *Server) finishNow(call telephony.Call, r *blob.Recording) {
	ctx, cancel := context.WithTimeout(context.Background(), finishWait)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		s.log.Error("recording is not whole yet", "call", call.ID, "error", err)
	}
	if n := r.Dropped(); n > 0 {
		s.log.Warn("recording has silence where the disk was too slow", "call", call.ID, "frames", n)
	}
}
