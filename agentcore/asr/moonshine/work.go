package moonshine

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
)

// worker carries out a stream's orders, one after the other, in the stream's
// own goroutine. It holds what is known of the utterance so far.
type worker struct {
	*stream
	said   []string // the pieces of a long utterance
	failed error    // the first piece that failed
	sure   float32  // the least confidence of the pieces
	last   result   // the latest guess
	moment uint64   // that it was made for; 0: there is none
}

// result is what came of one order.
type result struct {
	heard
	queued, took time.Duration
}

// run works until the stream ends, and closes its results.
func (s *stream) run() {
	defer close(s.ended)
	defer close(s.results)
	stop := context.AfterFunc(s.r.ended, s.cancel)
	defer stop()
	defer s.cancel()
	w := &worker{stream: s, sure: 1}
	for {
		o, ok := s.next()
		switch {
		case s.ctx.Err() != nil:
			return
		case ok:
			w.do(o)
		default:
			select {
			case <-s.wake:
			case <-s.ctx.Done():
				return
			}
		}
	}
}

func (w *worker) do(o order) {
	switch o.kind {
	case guess:
		w.guess(o)
	case piece:
		r, err := w.surely(o)
		w.add(r.heard, err)
		w.giveBack(o.take)
	case final:
		r, err := w.last, error(nil)
		if w.moment == 0 || w.moment != o.moment {
			r, err = w.surely(o)
		}
		w.giveBack(o.take)
		w.finish(o, r, err)
	}
}

// finish sends the one final result, and forgets the utterance.
func (w *worker) finish(o order, r result, err error) {
	w.add(r.heard, err)
	if o.lost && w.failed == nil {
		w.failed = fail("decode", true, errors.New("it can't keep up: a part of the utterance was dropped"))
	}
	out := asr.Result{Final: true, Queued: r.queued, Took: r.took, Err: w.failed}
	if w.failed == nil {
		out.Text, out.Confidence = strings.Join(w.said, " "), w.sure
	}
	if out.Text == "" {
		out.Confidence = 0
	}
	w.said, w.failed, w.sure, w.moment = w.said[:0], nil, 1, 0
	select {
	case w.results <- out:
	case <-w.ctx.Done():
	}
}

func (w *worker) add(h heard, err error) {
	if err != nil && w.failed == nil {
		w.failed = err
	}
	if h.text != "" {
		w.said = append(w.said, h.text)
		w.sure = min(w.sure, h.confidence)
	}
}

// guess recognises what there is in case it is all. It gives up when no worker
// is free before the caller goes on, or before a final result is due: that one
// may go to the head of the queue.
func (w *worker) guess(o order) {
	w.moment = 0
	stale := func() bool { return w.stream.moment.Load() != o.moment || w.ctx.Err() != nil }
	t := w.r.pool.ask(false)
	if t == nil {
		return
	}
	began := time.Now()
	for {
		select {
		case e := <-t.ready:
			r, err := w.decode(e, o, time.Since(began), stale)
			if err != nil || stale() {
				return // the final result will try again, and tell
			}
			w.last, w.moment = r, o.moment
			w.tell(r)
			return
		case <-w.wake:
			if stale() || w.waiting() {
				w.r.pool.withdraw(t)
				return
			}
		case <-w.ctx.Done():
			w.r.pool.withdraw(t)
			return
		}
	}
}

// tell sends an interim result, if the reader has room for it.
func (w *worker) tell(r result) {
	if r.text == "" {
		return
	}
	text := strings.Join(append(w.said[:len(w.said):len(w.said)], r.text), " ")
	select {
	case w.results <- asr.Result{Text: text, Confidence: r.confidence, Queued: r.queued, Took: r.took}:
	default:
	}
}

// surely recognises what a final result is owed for, waiting for a worker as
// long as the Recognizer's patience lasts.
func (w *worker) surely(o order) (result, error) {
	if len(o.pcm) == 0 {
		return result{}, nil
	}
	began := time.Now()
	patience := time.NewTimer(w.r.patience)
	defer patience.Stop()
	t := w.r.pool.ask(true)
	select {
	case e := <-t.ready:
		return w.decode(e, o, time.Since(began), func() bool { return w.ctx.Err() != nil })
	case <-patience.C:
		w.r.pool.withdraw(t)
		return result{queued: w.r.patience}, fail("decode", true, errors.New("every worker is busy"))
	case <-w.ctx.Done():
		w.r.pool.withdraw(t)
		return result{}, w.ctx.Err()
	}
}

// decode has e recognise the part of o that sounds, and returns e to the pool.
func (w *worker) decode(e engine, o order, queued time.Duration, stop func() bool) (result, error) {
	defer w.r.pool.back(e)
	began := time.Now()
	r := result{queued: queued}
	x := w.expect.Load()
	pcm, frames := voiced(o.pcm)
	if frames < leastVoice {
		return r, nil
	}
	h, err := e.transcribe(pcm, x, stop)
	r.took = time.Since(began)
	if err != nil {
		return r, fail("decode", true, err)
	}
	if x != nil || !imagined(h) {
		r.heard = h
	}
	return r, nil
}
