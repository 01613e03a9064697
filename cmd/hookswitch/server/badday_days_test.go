package server_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// badDays are what a carrier, and the network before it, can do to a call.
var badDays = []badDay{
	{
		name: "streams break, each in its way", stay: 5 * time.Second,
		faults: []string{"cut@700ms,nth=1", "fin@1700ms,nth=2", "close@2700ms,nth=3"},
	},
	{name: "streams go half-open", faults: []string{"half-open@1s"}},
	{
		name:   "the network is slow",
		faults: []string{"slow@500ms,for=800ms,number=" + dayIn, "hold@1s,for=700ms,number=" + dayOut, "jitter,for=80ms"},
	},
	{
		name:   "media is lost, doubled and out of order",
		faults: []string{"lose,chance=0.1", "twice,chance=0.1", "swap,chance=0.1", "misnumber,every=40"},
	},
	{
		name:   "streams begin late and end oddly",
		faults: []string{"late-start,for=800ms", "stop-twice,number=" + dayIn, "no-stop,number=" + dayOut, "close-code,code=4001"},
	},
	{
		name:   "callbacks are lost", // of who is busy, nothing else would tell for a minute
		faults: []string{"callback-lost,number=" + dayIn, "callback-lost,number=" + dayCallee},
	},
	{
		name:   "callbacks come twice, late and out of order",
		faults: []string{"callback-swap,nth=1", "callback-twice,every=2", "callback-late,for=1500ms,nth=3"},
	},
	{
		name: "webhooks fail before they are met", stay: 4 * time.Second,
		faults: []string{
			"webhook-status,path=/twilio/voice,times=1,number=" + dayCaller, "webhook-unreached,for=200ms,path=/twilio/voice,times=1",
			"webhook-lost,for=300ms,path=/twilio/voice,times=1,number=" + dayOther, "webhook-late,for=400ms,path=/twilio/next",
		},
	},
	{
		name: "webhooks come twice, of streams that break", stay: 4 * time.Second,
		faults: []string{"cut@1s", "webhook-twice"},
	},
	{
		name: "the carrier's clock is ahead, and callbacks late", faults: []string{"skew,for=90s", "callback-late,for=1s"},
	},
	{
		name: "the carrier's clock is behind, and callbacks late", faults: []string{"skew,for=-90s", "callback-late,for=1s"},
	},
	{name: "the carrier is asked too often", rest: "429,times=2,retry-after=1s", faults: []string{"cut@1s"}, stay: 4 * time.Second},
	{
		name: "nobody tells of the end", slow: true,
		faults: []string{"callback-lost,number=" + dayIn, "webhook-unreached,for=100ms,path=/twilio/next,number=" + dayIn},
	},
	{
		name: "nobody tells of the end, and the clock is behind", slow: true,
		faults: []string{"skew,for=-90s", "callback-lost,number=" + dayIn, "webhook-unreached,for=100ms,path=/twilio/next,number=" + dayIn},
	},
	{
		name: "nobody tells of the end, and the clock is ahead", slow: true,
		faults: []string{"skew,for=90s", "callback-lost,number=" + dayIn, "webhook-unreached,for=100ms,path=/twilio/next,number=" + dayIn},
	},
	{
		name: "nobody tells of the end, and the carrier does not say", slow: true, rest: "503,method=GET,times=2",
		faults: []string{"callback-lost,number=" + dayIn, "webhook-unreached,for=100ms,path=/twilio/next,number=" + dayIn},
	},
	{
		name: "streams go half-open, and nobody hangs up", slow: true, stay: 14 * time.Second,
		faults: []string{"half-open@1s"},
	},
	{
		name: "the door does not answer in mid-call", stay: 6 * time.Second,
		faults: []string{"cut@1s", "webhook-status,path=/twilio/next"},
	},
	{
		name:   "the first word to who picks up is lost",
		faults: []string{"webhook-lost,for=200ms,path=/twilio/voice,number=" + dayCallee},
		want:   map[string]telephony.EndReason{dayCallee: telephony.NotConnected},
	},
	{
		name:   "the first word to who picks up is not met",
		faults: []string{"webhook-status,path=/twilio/voice,number=" + dayCallee},
		want:   map[string]telephony.EndReason{dayCallee: telephony.NotConnected},
	},
	{
		name:   "a proxy restarts as somebody picks up", // asked again, as the overrides say
		faults: []string{"webhook-status,path=/twilio/voice,times=1,number=" + dayCallee},
	},
	{
		name: "a proxy restarts in mid-call", stay: 6 * time.Second,
		faults: []string{"cut@1s", "webhook-status,path=/twilio/next,times=1"},
	},
	{name: "the carrier places nothing for a while", rest: "503,method=POST,path=/Calls.json,times=2", unplaced: 2},
	{
		// The carrier is asked what it knows, and the call goes on.
		name: "the answer that places a call is lost", rest: "lost,method=POST,path=/Calls.json,times=2",
	},
}

// Whatever the carrier does, every call has one record that tells what became of
// it, whoever is told of calls is told once, and the next call is as any other.
func TestBadDays(t *testing.T) {
	t.Parallel()
	var days []func()
	for i, day := range badDays {
		if day.slow && testing.Short() {
			continue
		}
		days = append(days, newDay(t, uint64(i), day).passes)
	}
	play(days...)
}
