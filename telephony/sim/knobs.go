package sim

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Knobs are the things that nobody outside knows of the real carrier. A zero
// field means its default; a negative duration means none.
type Knobs struct {
	DropNotice       time.Duration // from a broken stream to its notice. Default 30 ms
	HalfOpenNotice   time.Duration // how long a stream that takes no more data is put up with. Default 30 s
	ActionDelay      time.Duration // from the end of a verb to the request of its action. Default 100 ms
	HandshakeTimeout time.Duration // for a websocket to open. Default 5 s
	WebhookTimeout   time.Duration // for a webhook in all. Default 15 s (documented)
	FirstTimestamp   time.Duration // of the first media message. Default 155 ms (captured)
	StartDelay       time.Duration // from connected to start. Default none
	Jitter           time.Duration // each media message is late by up to this. Default none
	RingDelay        time.Duration // from queued to ringing of an outbound call. Default 20 ms
	MaxBuffer        time.Duration // of audio that waits to be played. Default 60 s
	RingGrace        time.Duration // by which a call by REST rings longer than its Timeout; 5 s in some call flows. Default none
	ReadLag          time.Duration // after which a GET shows what happened to a call. Default none

	TextDelay      time.Duration // of a text, from queued to sent, and from there to its end. Default 20 ms
	WhatsAppWindow time.Duration // after they wrote last, in which they may be written to; later it fails with 63016. Default 24 h (documented); negative: ever
	TextTwice      bool          // each request about a text is made twice, with one token
	TextSwap       bool          // a text's end is told before that it was sent
	OptOutType     bool          // a text that is a keyword says so, as with a Messaging Service

	CPS        float64 // calls that an account may place by REST in a second; the others wait. Default 1 (documented); negative: no limit
	QueueDepth int     // calls that may wait in an account's queue. Default 86400: 24 hours (documented)

	Regions []string // what may be called: beginnings of numbers, such as +1. Empty: everything

	HumanAsMachine float64       // share of humans that the detection of machines takes for one. Default 0
	Undetected     float64       // share of answers that it calls unknown. Default 0
	Skew           time.Duration // by which the carrier's clock is ahead. Default none
	Seed           uint64        // of what is left to chance: the same seed, the same run

	DeclinedDial telephony.State // DialCallStatus of somebody who answered and turned the call down before they were connected. Default completed

	MaxMessage int // bytes of one message that the gateway sends. Default 1 MiB
	CloseCode  int // with which the carrier closes a stream. Default 1000

	PlayAfterDrop       bool // audio buffered when the stream broke is still played
	NoActionAfterHangup bool // a far end that hangs up ends a Connect without its action
	QueryFails          bool // a stream address with a query fails, rather than losing it
	DropHTTPSPort       bool // https webhooks are signed without their port (seen)
	Ringback            bool // a caller hears it ring while a Dial calls somebody; else silence
	KeysInStream        bool // a stream hears the sound of keys, beside the messages about them
	ResortQuery         bool // webhooks arrive with their query sorted, and are signed as written (seen)
}

func (k Knobs) withDefaults() Knobs {
	for _, d := range []struct {
		field *time.Duration
		zero  time.Duration
	}{
		{&k.DropNotice, 30 * time.Millisecond},
		{&k.HalfOpenNotice, 30 * time.Second},
		{&k.ActionDelay, 100 * time.Millisecond},
		{&k.HandshakeTimeout, 5 * time.Second},
		{&k.WebhookTimeout, 15 * time.Second},
		{&k.FirstTimestamp, 155 * time.Millisecond},
		{&k.StartDelay, 0},
		{&k.Jitter, 0},
		{&k.RingDelay, 20 * time.Millisecond},
		{&k.MaxBuffer, time.Minute},
		{&k.RingGrace, 0},
		{&k.ReadLag, 0},
		{&k.TextDelay, 20 * time.Millisecond},
	} {
		if *d.field == 0 {
			*d.field = d.zero
		}
		*d.field = max(*d.field, 0)
	}
	if k.WhatsAppWindow == 0 {
		k.WhatsAppWindow = 24 * time.Hour
	}
	if k.CPS == 0 {
		k.CPS = 1
	}
	if k.QueueDepth == 0 {
		k.QueueDepth = 24 * 60 * 60
	}
	if k.DeclinedDial == "" {
		k.DeclinedDial = telephony.Completed
	}
	if k.MaxMessage == 0 {
		k.MaxMessage = 1 << 20
	}
	if k.CloseCode == 0 {
		k.CloseCode = 1000
	}
	return k
}
