package admission_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/admission"
)

// node is a model of one: a processor that serves calls, whose sound leaves the
// later the less of it is idle, and very late when nothing is.
type node struct {
	*admission.Gate
	late  admission.Window
	live  atomic.Int64 // as the node counts them
	calls atomic.Int64 // those that talk
	each  float64      // share of the processor that a call takes when it talks
	worst time.Duration
	told  int // frames that were late by more than 20 ms
	sent  int
}

// ramp is how long a call takes until it costs what calls cost.
const ramp = time.Second

// used is the share of the processor that is used.
func (n *node) used() float64 { return float64(n.calls.Load()) * n.each }

// lateness is that of one lump. In a queue of one server, the wait is
// exponential with a mean of service/(1-used).
func (n *node) lateness(r *rand.Rand) time.Duration {
	const service = 300 * time.Microsecond
	idle := 1 - n.used()
	if idle <= .01 {
		return time.Duration(float64(time.Second) * (1 + n.used() - .99))
	}
	return time.Duration(r.ExpFloat64() * float64(service) / idle)
}

// offered is what came of offering calls for three minutes.
type offered struct {
	in, refused int
	late        float64       // share of the lumps that were later than 20 ms
	worst       time.Duration // p99 of any five seconds
	mean        float64       // calls that talked at a time
}

const stays = 20 * time.Second // a call

// offer has so many calls arrive in each second at a node with limits, of which a
// hundred fill the processor.
func offer(l admission.Limits, arrive func(r *rand.Rand, second int) int) (o offered) {
	r := rand.New(rand.NewPCG(1, 2))
	n := &node{Gate: admission.New(l), each: .01}
	talked := 0
	for tick := range int(3 * time.Minute / every) {
		if tick%4 == 0 {
			for range arrive(r, tick/4) {
				if _, ok := n.Admit(false); ok {
					o.in++
					go n.call()
				} else {
					o.refused++
				}
			}
		}
		time.Sleep(every)
		synctest.Wait()
		n.send(r)
		n.Take(time.Now(), n.reading())
		n.late.Turn()
		talked += int(n.calls.Load())
	}
	time.Sleep(stays)
	o.late, o.worst, o.mean = float64(n.told)/float64(n.sent), n.worst, float64(talked)/(3*60*4)
	return o
}

func (n *node) call() {
	n.live.Add(1)
	defer n.live.Add(-1)
	time.Sleep(ramp)
	n.calls.Add(1)
	defer n.calls.Add(-1)
	time.Sleep(stays - ramp)
}

// arrivals are twice what the node can take: ten a second that stay for 20 s.
var arrivals = map[string]func(r *rand.Rand, second int) int{
	"steadily":                 func(*rand.Rand, int) int { return 10 },
	"in crowds of two hundred": func(_ *rand.Rand, second int) int { return map[bool]int{true: 200}[second%20 == 0] },
	"at random":                func(r *rand.Rand, _ int) int { return r.IntN(21) },
}

// Twice as many calls are offered as the node can take. Those that are let in
// keep their p99 under 20 ms, at all times, and the node is not left idle either.
func TestTwiceTheCapacityIsOffered(t *testing.T) {
	for claim, arrive := range arrivals {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := offer(admission.Limits{CPU: .85, Lateness: 20 * time.Millisecond, Least: 4}, arrive)
				t.Logf("%+v", o)
				if o.late > .01 || o.worst > 20*time.Millisecond {
					t.Errorf("%.4f of the lumps were later than 20 ms, p99 of 5 s at worst %v; want 1 in 100 and 20ms", o.late, o.worst)
				}
				if o.refused < o.in {
					t.Errorf("%d refused and %d let in of twice the capacity, want about as many", o.refused, o.in)
				}
				if o.mean < 40 {
					t.Errorf("%.0f talked at a time, want most of the 85 that there is room for", o.mean)
				}
			})
		})
	}
}

// The same without limits: the node is a model of one that gets worse.
func TestWithoutAGateEverybodyIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if o := offer(admission.Limits{}, arrivals["steadily"]); o.refused > 0 || o.late < .5 {
			t.Errorf("%d refused, %.4f late, want none and most", o.refused, o.late)
		}
	})
}

// send has every call send what it sends in 250 ms.
func (n *node) send(r *rand.Rand) {
	for range n.calls.Load() * 2 {
		late := n.lateness(r)
		n.late.Observe(late)
		n.sent++
		if late > 20*time.Millisecond {
			n.told++
		}
	}
}

func (n *node) reading() admission.Reading {
	late, seen := n.late.Quantile(.99)
	if seen < 100 {
		late = 0
	}
	n.worst = max(n.worst, late)
	return admission.Reading{Calls: int(n.live.Load()), CPU: min(1, n.used()), Lateness: late}
}
