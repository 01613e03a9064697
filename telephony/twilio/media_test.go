package twilio

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// TestAWholeCall rings, streams, hears itself, interrupts and is hung up.
func TestAWholeCall(t *testing.T) {
	r := newRig(t)
	f := r.talking()
	sound := repeat(50 * 160)
	for i := range 50 {
		f.say(mediaText(sound[i*160:][:160]))
	}
	var heard []byte
	marks := 0
	for len(heard) < len(sound) {
		op, text, err := f.hear()
		if err != nil || op != opText {
			t.Fatalf("after %d bytes: op %d, %v", len(heard), op, err)
		}
		var m struct {
			Event, StreamSid string
			Media            struct{ Payload string }
			Mark             struct{ Name string }
		}
		if err := json.Unmarshal(text, &m); err != nil || m.StreamSid != testStream {
			t.Fatalf("%s: %v", text, err)
		}
		switch m.Event {
		case "media":
			part, err := base64.StdEncoding.DecodeString(m.Media.Payload)
			if err != nil {
				t.Fatal(err)
			}
			heard = append(heard, part...)
		case "mark":
			marks++
			f.say(markText(m.Mark.Name))
		}
	}
	if !bytes.Equal(heard, canon(sound)) || marks < 4 {
		t.Errorf("the echo differs, or has %d marks", marks)
	}
	f.say(digitText("1"), digitText("#"))
	if code := f.hearClose(); code != 1000 {
		t.Errorf("close code %d, want 1000", code)
	}
	if err := r.outcome(); err != nil {
		t.Errorf("Talk() = %v", err)
	}
	if status, body := r.post(pathNext, formOf("CallStatus", "in-progress")); status != 200 || !strings.Contains(body, "Connect") {
		t.Errorf("the door: %d %s", status, body)
	}
}

// TestACallOverTLS is the same over wss, as Twilio itself demands it.
func TestACallOverTLS(t *testing.T) {
	r := &rig{tb: t, desk: newDesk()}
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.trunk.Handler().ServeHTTP(w, req)
	}))
	host := r.server.Listener.Addr().String()
	var err error
	r.trunk, err = New(Config{AccountSID: testAccount, AuthToken: "new", OldTokens: []string{testToken}, PublicURL: "https://" + host}, r.desk)
	if err != nil {
		t.Fatal(err)
	}
	r.server.StartTLS()
	t.Cleanup(r.server.Close)
	token := r.ring()

	roots := x509.NewCertPool()
	roots.AddCert(r.server.Certificate())
	conn, err := tls.Dial("tcp", host, &tls.Config{RootCAs: roots, ServerName: "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, upgradeText, "/twilio/media", host, sign(testToken, "wss://"+host+"/twilio/media", nil))
	f := &far{conn, bufio.NewReader(conn)}
	for line := ""; line != "\r\n"; {
		if line, err = f.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	f.say(connectedText, startText(token), mediaText(bytes.Repeat([]byte{0x80}, 160)))
	if _, text, err := f.hear(); err != nil || !bytes.Equal(text, mustMedia(bytes.Repeat([]byte{0x80}, 160))) {
		t.Errorf("heard %.80s, %v", text, err)
	}
	f.say(digitText("#"), mediaText(repeat(160)), mediaText(repeat(160)))
	if code := f.hearClose(); code != 1000 {
		t.Errorf("close code %d, want 1000", code)
	}
	conn.Close()
	if err := r.outcome(); err != nil {
		t.Error(err)
	}
	if err := r.trunk.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestHangupOverAudioThatNobodyReadIsNoReset: a socket closed with unread data
// resets the connection, and the carrier would never see our close frame.
func TestHangupOverAudioThatNobodyReadIsNoReset(t *testing.T) {
	r := newRig(t)
	hang := make(chan struct{})
	r.desk.talk = func(leg telephony.Leg) error {
		<-hang
		return leg.Hangup(context.Background())
	}
	f := r.talking()
	for range 200 {
		f.say(mediaText(repeat(160)))
	}
	close(hang)
	for range 200 {
		if _, err := f.conn.Write(frame(opText, []byte(mediaText(repeat(160))))); err != nil {
			t.Fatalf("while we hang up the far end fails to send: %v", err)
		}
	}
	if code := f.hearClose(); code != 1000 {
		t.Errorf("close code %d, want 1000", code)
	}
	if _, _, err := f.hear(); err != io.EOF {
		t.Errorf("after the close frame: %v, want a proper end", err)
	}
	f.conn.Close()
	if err := r.outcome(); err != nil {
		t.Error(err)
	}
}

// TestBadInputOnALiveStreamIsIgnoredAndCounted sends nonsense, then proves with
// one frame that the stream still lives.
func TestBadInputOnALiveStreamIsIgnoredAndCounted(t *testing.T) {
	other := strings.ReplaceAll(mediaText(repeat(160)), testStream, "MZffffffffffffffffffffffffffffffff")
	for _, tt := range []struct {
		name, reason string
		op           byte
		text         string
	}{
		{"malformed JSON", ReasonMalformed, opText, `{"event":"media","media":`},
		{"empty message", ReasonMalformed, opText, ``},
		{"not UTF-8", ReasonMalformed, opText, "\xff\xfe"},
		{"nested a thousand deep", ReasonMalformed, opText, strings.Repeat(`{"a":`, 1000) + `1` + strings.Repeat(`}`, 1000)},
		{"binary frame", ReasonBinary, opBinary, string(repeat(160))},
		{"wrong streamSid", ReasonWrongStream, opText, other},
		{"no streamSid", ReasonWrongStream, opText, `{"event":"media","media":{"payload":"AAAA"}}`},
		{"stop of another stream", ReasonWrongStream, opText, `{"event":"stop","streamSid":"MZ1"}`},
		{"base64 garbage", ReasonBadBase64, opText, strings.Replace(mediaText(repeat(160)), `"payload":"`, `"payload":"*`, 1)},
		{"base64 cut", ReasonBadBase64, opText, strings.Replace(mediaText(nil), `"payload":"`, `"payload":"AAA`, 1)},
		{"the other track", ReasonOtherTrack, opText, strings.Replace(mediaText(repeat(160)), `"inbound"`, `"outbound"`, 1)},
		{"two starts", ReasonSecondStart, opText, startText("again")},
		{"connected again", ReasonUnexpectedEvent, opText, connectedText},
		{"an unknown event", ReasonUnknownEvent, opText, `{"event":"weather","streamSid":"` + testStream + `"}`},
		{"a mark that is not ours", ReasonUnknownMark, opText, markText("hello")},
		{"a mark never sent", ReasonUnknownMark, opText, markText("77")},
		{"two digits in one", ReasonMalformed, opText, digitText("12")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			f := r.talking()
			f.conn.Write(frame(tt.op, []byte(tt.text)))
			f.say(mediaText(bytes.Repeat([]byte{0x80}, 160)))
			op, text, err := f.hear()
			if want := mustMedia(bytes.Repeat([]byte{0x80}, 160)); err != nil || op != opText || !bytes.Equal(text, want) {
				t.Errorf("heard %d %.80s, %v; want the frame back", op, text, err)
			}
			if r.tally.of(tt.reason) != 1 {
				t.Errorf("counted %v, want one %s", &r.tally, tt.reason)
			}
			f.say(stopText)
			if err := r.outcome(); !errors.Is(err, telephony.ErrLost) {
				t.Errorf("Talk() = %v, want ErrLost", err)
			}
		})
	}
}

func TestAMessageOf10MBEndsTheStreamAndIsNotKept(t *testing.T) {
	r := newRig(t)
	f := r.talking()
	go f.conn.Write(frame(opText, bytes.Repeat([]byte("x"), 10<<20)))
	if err := r.outcome(); !errors.Is(err, telephony.ErrLost) {
		t.Errorf("Talk() = %v, want ErrLost", err)
	}
	if r.tally.of(ReasonTooBig) != 1 {
		t.Errorf("counted %v", &r.tally)
	}
}

// TestASocketCutAtAnyByteEndsCleanly cuts the line inside each byte of a start
// and a media message; goleak and Close say that nothing is left.
func TestASocketCutAtAnyByteEndsCleanly(t *testing.T) {
	r := newRig(t)
	token := "t"
	whole := append(frame(opText, []byte(startText(token))), frame(opText, []byte(mediaText(repeat(160))))...)
	talks := 0
	for cut := range len(whole) + 1 {
		r.desk.mu.Lock()
		r.desk.calls[testCall] = &deskCall{epoch: 1, token: token}
		r.desk.mu.Unlock()
		f := r.dial()
		f.conn.Write(whole[:cut])
		if cut%2 == 0 {
			f.conn.(*net.TCPConn).SetLinger(0) // as a crash does it
		}
		f.conn.Close()
		r.until("the stream is gone", func() bool { return r.trunk.Wait(expired(t)) == nil })
	}
	for len(r.desk.ended) > 0 {
		talks++
		if err := <-r.desk.ended; !errors.Is(err, telephony.ErrLost) {
			t.Errorf("Talk() = %v, want ErrLost", err)
		}
	}
	if media := len(frame(opText, []byte(mediaText(repeat(160))))); talks < media/4 {
		t.Errorf("talked %d times, want about %d", talks, media)
	}
}

// expired is a context that is over: Wait then says how it is now.
func expired(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestAFarEndThatNeverReadsIsLost(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Leg.WriteTimeout = 50 * time.Millisecond })
	r.desk.talk = func(leg telephony.Leg) error {
		for {
			if err := leg.Write(new(media.Frame)); err != nil {
				return err
			}
		}
	}
	f := r.talking()
	f.conn.(*net.TCPConn).SetReadBuffer(4096)
	if err := r.outcome(); !errors.Is(err, telephony.ErrLost) {
		t.Errorf("Talk() = %v, want ErrLost", err)
	}
	if r.tally.of(ReasonSlowReader) != 1 {
		t.Errorf("counted %v", &r.tally)
	}
}

func TestCloseEndsConversationsAndLetsNobodyIn(t *testing.T) {
	r := newRig(t)
	why := make(chan error, 1)
	r.desk.talk = func(leg telephony.Leg) error {
		why <- context.Cause(r.trunk.streams.ctx)
		return echo(leg)
	}
	f := r.talking()
	waiting := r.dial()
	if err := r.trunk.Wait(expired(t)); err == nil {
		t.Error("Wait() says that no stream is left")
	}
	if err := <-why; err != nil {
		t.Errorf("ended before its time: %v", err)
	}
	closed := make(chan error, 1)
	go func() { closed <- r.trunk.Close(t.Context()) }()
	if code := f.hearClose(); code != 1000 {
		t.Errorf("close code %d, want 1000", code)
	}
	if _, _, err := waiting.hear(); err == nil {
		t.Error("a socket without start is still served")
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if reason, ok := telephony.Over(context.Cause(r.trunk.streams.ctx)); !ok || reason != telephony.Shutdown {
		t.Errorf("cause %v, want Shutdown", context.Cause(r.trunk.streams.ctx))
	}
	host := r.server.Listener.Addr().String()
	if _, line := r.upgrade(sign(testToken, "ws://"+host+"/twilio/media", nil)); !strings.Contains(line, "503") {
		t.Errorf("after Close: %s", line)
	}
}

func TestConfigReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := New(Config{AccountSID: "AC1", AuthToken: "se cret", PublicURL: "http://example.com", APIBase: "ftp://h"}, newDesk())
	if err == nil || !contains(err.Error(), "AccountSID", "AuthToken", "PublicURL", "APIBase") || strings.Contains(err.Error(), "cret") {
		t.Errorf("New() = %v", err)
	}
	for address, ok := range map[string]bool{
		"https://h": true, "https://h/": true, "http://127.0.0.1:80": true, "http://[::1]:80": true, "http://localhost:80": true, "https://h:8443": true,
		"https://h/x": false, "https://h?x": false, "https://h#x": false, "https://u:p@h": false, "http://h": false, "http://127.0.0.1.example.com": false,
		"": false, "h": false, "https://": false, "https://:80": false, "wss://h": false, "http://0.0.0.0": false,
	} {
		if _, err := New(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: address}, newDesk()); (err == nil) != ok {
			t.Errorf("PublicURL %q: %v", address, err)
		}
	}
	trunk, err := New(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com/"}, newDesk())
	if err != nil || trunk.streamURL != "wss://voice.example.com/twilio/media" {
		t.Errorf("streams connect to %s, %v", trunk.streamURL, err)
	}
	if _, err := New(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://h"}, nil); err == nil {
		t.Error("no desk is no error")
	}
}

// TestAConversationThatPanicsLetsGoOfItsSocket: the server survives it, and so
// must the count of streams.
func TestAConversationThatPanicsLetsGoOfItsSocket(t *testing.T) {
	r := newRig(t)
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.desk.talk = func(telephony.Leg) error { panic("a bug") }
	token := r.ring()
	f := r.dial()
	f.say(startText(token))
	if code := f.hearClose(); code != 1000 {
		t.Errorf("close code %d, want 1000", code)
	}
	f.conn.Close()
	r.until("the stream is gone", func() bool { return r.trunk.Wait(expired(t)) == nil })
}

// TestAPanicEndsOneCallOnly: a stream has a goroutine of its own, where no server
// catches what its handlers let fall.
func TestAPanicEndsOneCallOnly(t *testing.T) {
	var log lines
	r := newGuardedRig(t, &log)
	r.desk.talk = func(telephony.Leg) error { panic("a mistake") }
	token := r.ring()
	f := r.dial()
	f.say(connectedText, startText(token))
	if code := f.hearClose(); code != 1000 {
		t.Errorf("close code %d, want 1000", code)
	}
	r.until("it is told", func() bool { return log.with("a mistake") == 1 })
	if err := r.trunk.Wait(t.Context()); err != nil {
		t.Errorf("it is still counted: %v", err)
	}
}
