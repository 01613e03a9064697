package ws

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hidden is a socket that can't be asked directly.
type hidden struct{ net.Conn }

// overSockets runs claim over a real socket, asked directly and not.
func overSockets(t *testing.T, c Config, claim func(t *testing.T, ours *Conn, far *net.TCPConn)) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"bare":   func(c net.Conn) net.Conn { return c },
		"hidden": func(c net.Conn) net.Conn { return hidden{c} },
	} {
		t.Run(name, func(t *testing.T) {
			ours, far := sockets(t)
			claim(t, New(wrap(ours), c), far)
		})
	}
}

// sockets are two ends of a connection over loopback.
func sockets(t *testing.T) (ours, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	taken, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialled.Close(); taken.Close() })
	return taken.(*net.TCPConn), dialled.(*net.TCPConn)
}

func TestALongMessageWaitsForWhoReadsSlowly(t *testing.T) {
	overSockets(t, Config{WriteTimeout: time.Minute}, func(t *testing.T, ours *Conn, far *net.TCPConn) {
		want := strings.Repeat("long ", 3<<20) // more than two sockets hold
		sent := make(chan error, 1)
		go func() { sent <- ours.Send(Text, message(want)) }()
		select {
		case err := <-sent:
			t.Fatalf("nobody read, and Send() = %v", err)
		case <-time.After(50 * time.Millisecond):
		}
		got := make([]byte, 10+len(want))
		if _, err := io.ReadFull(far, got); err != nil || string(got[10:]) != want {
			t.Errorf("it comes as %d other bytes, %v", len(got), err)
		}
		if err := <-sent; err != nil {
			t.Errorf("Send() = %v", err)
		}
	})
}

func TestASocketThatNobodyReadsIsSlow(t *testing.T) {
	overSockets(t, Config{WriteTimeout: 100 * time.Millisecond}, func(t *testing.T, ours *Conn, _ *net.TCPConn) {
		if err := ours.Send(Text, message(strings.Repeat("long ", 3<<20))); !errors.Is(err, ErrSlow) {
			t.Errorf("Send() = %v, want ErrSlow", err)
		}
	})
}

func TestASocketIsReadOnAfterATimeout(t *testing.T) {
	overSockets(t, Config{}, func(t *testing.T, ours *Conn, far *net.TCPConn) {
		ours.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, _, err := ours.Next()
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Fatalf("nobody wrote, and Next() = %v", err)
		}
		ours.SetReadDeadline(time.Time{})
		time.AfterFunc(20*time.Millisecond, func() { far.Write(peer{}.text("Hello")) })
		if _, text, err := ours.Next(); err != nil || string(text) != "Hello" {
			t.Errorf("Next() = %q, %v", text, err)
		}
	})
}

func TestASocketThatIsClosedWakesWhoReads(t *testing.T) {
	overSockets(t, Config{}, func(t *testing.T, ours *Conn, _ *net.TCPConn) {
		time.AfterFunc(20*time.Millisecond, func() { ours.Close() })
		if _, _, err := ours.Next(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Next() = %v, want net.ErrClosed", err)
		}
		if err := ours.Send(Text, message("Hello")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Send() = %v, want net.ErrClosed", err)
		}
	})
}

func TestWhatCameBeforeTheFarEndWentIsRead(t *testing.T) {
	overSockets(t, Config{}, func(t *testing.T, ours *Conn, far *net.TCPConn) {
		far.Write(peer{}.text("Bye"))
		far.Close()
		if _, text, err := ours.Next(); err != nil || string(text) != "Bye" {
			t.Errorf("Next() = %q, %v", text, err)
		}
		if _, _, err := ours.Next(); err != io.ErrUnexpectedEOF {
			t.Errorf("then Next() = %v", err)
		}
	})
}

func TestAConnectionThatIsResetIsAnError(t *testing.T) {
	overSockets(t, Config{}, func(t *testing.T, ours *Conn, far *net.TCPConn) {
		far.SetLinger(0)
		far.Close()
		if _, _, err := ours.Next(); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Next() = %v, want ECONNRESET", err)
		}
		if err := ours.Send(Text, message("Hello")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Send() = %v, want EPIPE", err)
		}
	})
}
