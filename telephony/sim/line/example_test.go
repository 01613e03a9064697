package line_test

import (
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// A call of 300 ms in which the agent says 40 ms. Under testing/synctest the
// same call takes no time and its times are exact.
func Example() {
	l := line.New(line.Config{
		Handset:  handset.Noisy(handset.Noise{At: 20 * time.Millisecond, For: 40 * time.Millisecond}, handset.Noise{At: 280 * time.Millisecond, Hangup: true}),
		OnHangup: func() { fmt.Println("status callback: completed") },
	})
	var f media.Frame
	l.Write(&f)
	l.Write(&f)
	l.Mark(1)
	for {
		ev, err := l.Next(&f)
		if err != nil {
			fmt.Println(err)
			break
		}
		if ev.Kind == telephony.Played {
			fmt.Println("heard mark", ev.Mark)
		}
	}
	how, at := l.End()
	fmt.Println(how, at, "agent heard for", l.HeardFor(), "caller spoke in", len(l.Said()), "frames")
	// Output:
	// heard mark 1
	// status callback: completed
	// telephony: the line to the carrier is lost: line: the stream was stopped
	// hung up by them 300ms agent heard for 40ms caller spoke in 2 frames
}
