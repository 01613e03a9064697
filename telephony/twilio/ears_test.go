package twilio

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// earText is the start message of a stream of both tracks.
func earText(token string) string {
	return strings.Replace(startText(token), `["inbound"]`, `["inbound","outbound"]`, 1)
}

// hears makes the desk listen, and hands out what it heard when it is over.
func (r *rig) hears(token string) chan string {
	heard := make(chan string, 1)
	r.desk.mu.Lock()
	defer r.desk.mu.Unlock()
	r.desk.ear = token
	r.desk.listen = func(e telephony.Ears) error {
		var b both
		defer func() { heard <- b.caller.String() + " " + b.other.String() }()
		for {
			var caller, other media.Frame
			if err := e.Next(&caller, &other); err != nil {
				return err
			}
			b.caller.WriteByte(letterOf(&caller))
			b.other.WriteByte(letterOf(&other))
		}
	}
	return heard
}

func TestAnEarHearsBothSides(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(f *far)
		want error
	}{
		{"until the carrier stops it", func(f *far) { f.say(stopText) }, io.EOF},
		{"until the carrier closes it", func(f *far) { f.conn.Write(frame(opClose, []byte{3, 232})) }, io.EOF},
		{"until it breaks", func(f *far) { f.conn.Close() }, telephony.ErrLost},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			heard := r.hears("ear")
			f := r.dial()
			f.say(connectedText, earText("ear"), trackText(trackCaller, 155, said("AB")), trackText(trackOther, 156, said("ab")))
			tt.end(f)
			if got := <-heard; got != "AB ab" {
				t.Errorf("heard %q", got)
			}
			if err := r.outcome(); !errors.Is(err, tt.want) {
				t.Errorf("it ended with %v, want %v", err, tt.want)
			}
			if r.desk.talks != 0 {
				t.Error("it counts as a stream of the call")
			}
		})
	}
}

func TestAnEarIsNeverSpokenTo(t *testing.T) {
	r := newRig(t)
	heard := r.hears("ear")
	f := r.dial()
	f.say(earText("ear"), trackText(trackCaller, 0, said("A")), trackText(trackOther, 0, said("a")), markText("1"), digitText("5"), stopText)
	<-heard
	r.outcome()
	for {
		op, payload, err := f.hear()
		if err != nil {
			t.Fatalf("no close frame: %v", err)
		}
		if op == opClose {
			return
		}
		t.Errorf("it is sent %d %q", op, payload)
	}
}

func TestEarsThatAreNotLetIn(t *testing.T) {
	for _, tt := range []struct {
		name, start, reason string
	}{
		{"a forged token", earText("forged"), ReasonBadToken},
		{"no token", earText(""), ReasonNoToken},
		{"a token of a stream that talks", earText("token-CAfedc-1"), ReasonBadToken},
		{"an ear's token for a stream that talks", startText("ear"), ReasonBadToken},
		{"of another account", strings.ReplaceAll(earText("ear"), testAccount, subAccount.SID), ReasonWrongAccount},
		{"of another codec", strings.ReplaceAll(earText("ear"), "audio/x-mulaw", "audio/x-l16"), ReasonBadFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.hears("ear")
			r.ring()
			f := r.dial()
			f.say(connectedText, tt.start)
			if code := f.hearClose(); code != 1008 {
				t.Errorf("close code %d, want 1008", code)
			}
			r.until("it is counted", func() bool { return r.tally.of(tt.reason) == 1 })
			if r.desk.talks+r.desk.listens != 0 {
				t.Error("the desk got it")
			}
		})
	}
	t.Run("a token twice", func(t *testing.T) {
		r := newRig(t)
		heard := r.hears("ear")
		f := r.dial()
		f.say(earText("ear"), stopText)
		<-heard
		r.outcome()
		again := r.dial()
		again.say(earText("ear"))
		if code := again.hearClose(); code != 1008 || r.desk.listens != 1 {
			t.Errorf("close code %d, %d listen", code, r.desk.listens)
		}
	})
}

func TestClosingTheTrunkEndsEars(t *testing.T) {
	r := newRig(t)
	heard := r.hears("ear")
	f := r.dial()
	f.say(earText("ear"))
	r.until("it is heard", func() bool {
		r.desk.mu.Lock()
		defer r.desk.mu.Unlock()
		return r.desk.listens == 1
	})
	begin := time.Now()
	if err := r.trunk.Close(t.Context()); err != nil || time.Since(begin) > 10*time.Second {
		t.Errorf("Close() = %v after %v", err, time.Since(begin))
	}
	<-heard
	if err := r.outcome(); err != io.EOF {
		t.Errorf("it ended with %v, want EOF", err)
	}
}
