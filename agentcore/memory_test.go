package agentcore_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	demo "github.com/hookswitch/hookswitch/agentcore/llm/script"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tap"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
)

var callHeap = flag.String("callheap", "", "write a heap profile of calls that talk to this file")

// mostPerCall bounds what a call may hold, of heap that is alive and of stacks,
// without its line. It was 169 KB before sound was held in packets, and is some 90
// while the agent speaks and 68 while it does not, 38 of it stacks.
const mostPerCall = 100 << 10

// A talking call with everything on is small: its sound is held as the line has
// it, and only while there is some.
func TestATalkingCallIsSmall(t *testing.T) {
	const calls = 200
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		before := held()
		ctx, hangUp := context.WithCancel(t.Context())
		var talking sync.WaitGroup
		for n := range calls {
			talking.Go(func() { talk(ctx, t, filepath.Join(folder, fmt.Sprint(n))) })
		}
		for _, at := range []struct {
			when  string
			until time.Duration
		}{{"the agent speaks", 8500 * time.Millisecond}, {"the caller speaks", 7700 * time.Millisecond}} {
			time.Sleep(at.until)
			now := held()
			heap, stacks := (now.heap-before.heap)/calls, (now.stacks-before.stacks)/calls
			t.Logf("while %s: %.1f KB a call: %.1f of heap, %.1f of stacks (%d goroutines)", at.when,
				float64(heap+stacks)/1024, float64(heap)/1024, float64(stacks)/1024, (now.goroutines-before.goroutines)/calls)
			if heap+stacks > mostPerCall {
				t.Errorf("while %s a call holds %d bytes, want at most %d", at.when, heap+stacks, mostPerCall)
			}
			if at.until > 5*time.Second {
				profile(t)
			}
		}
		hangUp()
		talking.Wait()
	})
}

// holding is what a process holds, in bytes, after what nobody needs is gone.
type holding struct{ heap, stacks, goroutines int }

func held() holding {
	for range 3 { // what is pooled and unused goes with the second
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return holding{int(m.HeapAlloc), int(m.StackInuse), runtime.NumGoroutine()}
}

func profile(t *testing.T) {
	if *callHeap == "" {
		return
	}
	f, err := os.Create(*callHeap)
	if err == nil {
		err = errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
	}
	if err != nil {
		t.Error(err)
	}
}

// talk holds one call that asks again and again, recorded to path.
func talk(ctx context.Context, t *testing.T, path string) {
	peaks, err := os.Create(path + ".peaks")
	if err != nil {
		t.Error(err)
		return
	}
	defer peaks.Close()
	recorder, err := wav.CreateRecorder(path+".wav", wav.RecorderConfig{Peaks: peaks})
	if err != nil {
		t.Error(err)
		return
	}
	defer recorder.Close()
	c, err := agentcore.New(agentcore.Config{
		Agent:      agentcore.Agent{Greeting: "Lakeside Dental, good morning. How can I help?"},
		Recognizer: asker{}, Detector: vad.NewGate(&vad.Energy{}), Model: demo.Demo(), Voice: fluent{},
		Journal: nowhere{}, Recorder: kept{recorder, &tap.Tap{}},
	})
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := c.Run(ctx, newRegular()); err != nil && ctx.Err() == nil {
		t.Error(err)
	}
}

// kept is the recorder of a call that can also be listened to.
type kept struct {
	recorder *wav.Recorder
	tap      *tap.Tap
}

func (k kept) Record(caller, agent *media.Frame) {
	k.recorder.Record(caller, agent)
	k.tap.Record(caller, agent)
}

// nowhere is a journal that others keep.
type nowhere struct{}

func (nowhere) Append(context.Context, ...agentcore.Entry) error { return nil }

// fluent is a voice that has its sound at once, 20 s of it.
type fluent struct{}

func (fluent) Speak(ctx context.Context, _ string, out tts.Sink) error {
	var f media.Frame
	for i := range 1000 {
		for j := range f {
			f[j] = int16(37 * (i + j) % 4001)
		}
		if err := out.Frame(&f); err != nil {
			return err
		}
	}
	return nil
}

// asker is a recogniser that always hears the same question.
type asker struct{}

func (asker) Open(context.Context, asr.Options) (asr.Stream, error) {
	return &asking{results: make(chan asr.Result, 2)}, nil
}

type asking struct {
	results chan asr.Result
	once    sync.Once
}

func (a *asking) Write(*media.Frame) bool { return true }
func (a *asking) Signal(s asr.Signal) {
	if s == asr.Ended {
		a.results <- asr.Result{Final: true, Text: "What are your opening hours?"}
	}
}
func (a *asking) Results() <-chan asr.Result { return a.results }
func (a *asking) Close() error               { a.once.Do(func() { close(a.results) }); return nil }

// regular is a leg that costs nothing: every 10 s its caller speaks for two, from
// 5 s on, and its marks come back when their sound has been played.
type regular struct {
	began  time.Time
	frames int
	gone   chan struct{}
	once   sync.Once

	mu    sync.Mutex
	until time.Time // what was written will have been played
	marks []markAt
}

type markAt struct {
	at time.Time
	id uint32
}

func newRegular() *regular { return &regular{began: time.Now(), gone: make(chan struct{})} }

func (r *regular) Next(f *media.Frame) (telephony.Event, error) {
	due := r.began.Add(time.Duration(r.frames+1) * media.FrameDuration)
	if id, ok := r.mark(due); ok {
		return telephony.Event{Kind: telephony.Played, Mark: id}, nil
	}
	time.Sleep(time.Until(due))
	select {
	case <-r.gone:
		return telephony.Event{}, io.EOF
	default:
	}
	*f = media.Frame{}
	if at := r.frames % 500; at >= 250 && at < 350 {
		for i := range f {
			f[i] = int16(7000 * (i%2*2 - 1))
		}
	}
	r.frames++
	return telephony.Event{Kind: telephony.Audio}, nil
}

// mark takes a mark that is due before the next frame.
func (r *regular) mark(next time.Time) (id uint32, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.marks) == 0 || !r.marks[0].at.Before(next) {
		return 0, false
	}
	id = r.marks[0].id
	r.marks = append(r.marks[:0], r.marks[1:]...)
	return id, true
}

func (r *regular) Write(*media.Frame) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); r.until.Before(now) {
		r.until = now
	}
	r.until = r.until.Add(media.FrameDuration)
	return nil
}

func (r *regular) Mark(id uint32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marks = append(r.marks, markAt{r.until, id})
	return nil
}

func (r *regular) Clear() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until, r.marks = time.Time{}, nil
	return nil
}

func (r *regular) Hangup(context.Context) error {
	r.once.Do(func() { close(r.gone) })
	return nil
}
