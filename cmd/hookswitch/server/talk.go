package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/storage/blob"
	"github.com/hookswitch/hookswitch/telephony"
)

// speechWait is how long a call that came before the models were loaded waits
// for them. Its webhook was answered at once; the caller hears the line.
const speechWait = 10 * time.Second

// patiently waits for the models, but not for ever.
func (s *Server) patiently(ctx context.Context) (*Speech, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, speechWait, errors.New("server: the speech models did not load in time"))
	defer cancel()
	return s.speech.wait(ctx)
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
