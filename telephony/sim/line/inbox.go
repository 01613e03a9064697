package line

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// inbox is what travels towards Next, by time of arrival.
type inbox struct {
	items []arrival
	head  int
}

type arrival struct {
	due   time.Duration
	event telephony.Event
	frame media.Frame
}

func (b *inbox) put(due time.Duration, ev telephony.Event, f *media.Frame) {
	if b.head > 0 && b.head*2 >= len(b.items) { // amortised
		b.items = append(b.items[:0], b.items[b.head:]...)
		b.head = 0
	}
	a := arrival{due: due, event: ev}
	if f != nil {
		a.frame = *f
	}
	b.items = append(b.items, a)
}

// next is when the first item arrives.
func (b *inbox) next() (due time.Duration, ok bool) {
	if b.head == len(b.items) {
		return 0, false
	}
	return b.items[b.head].due, true
}

// take takes the first item if it has arrived.
func (b *inbox) take(now time.Duration, f *media.Frame) (telephony.Event, bool) {
	if due, ok := b.next(); !ok || due > now {
		return telephony.Event{}, false
	}
	a := &b.items[b.head]
	b.head++
	if a.event.Kind == telephony.Audio {
		*f = a.frame
	}
	return a.event, true
}

// doom turns marks that have not arrived yet into dropped ones: whoever clears
// at now cannot know that they were played.
func (b *inbox) doom(now time.Duration) {
	for i := b.head; i < len(b.items); i++ {
		if a := &b.items[i]; a.due > now && a.event.Kind == telephony.Played {
			a.event.Kind = telephony.Dropped
		}
	}
}
