package dialplan

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// A workspace at the default cap for a whole day.
func BenchmarkReplace(b *testing.B) {
	now := time.Now()
	var all []telephony.Placed
	for i := range 600 * 24 {
		at := now.Add(-time.Duration(i) * 6 * time.Second)
		all = append(all, telephony.Placed{From: "+14155550100", To: telephony.Number(fmt.Sprintf("+1212%07d", 2_000_000+i*317)), At: at, Ended: at})
	}
	w := newWindow()
	for b.Loop() {
		w.replace(all, now)
	}
}

func BenchmarkOver(b *testing.B) {
	now := time.Now()
	w := newWindow()
	for i := range 600 * 24 {
		at := now.Add(-time.Duration(600*24-i) * 5 * time.Second)
		w.all = append(w.all, entry{Placed: telephony.Placed{From: "+14155550100", To: telephony.Number(fmt.Sprintf("+4420794%05d", i)), At: at, Ended: at}, foreign: true})
	}
	wish := w.newEntry(telephony.Placed{From: "+14155550100", To: "+442079400000", At: now})
	for b.Loop() {
		w.over(wish, Policy{MaxPerHour: 10_000}.WithDefaults())
	}
}
