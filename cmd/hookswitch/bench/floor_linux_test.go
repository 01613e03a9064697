package bench

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The floor carries the same calls as the gateway, sound for sound, also when it
// sends in lumps, and needs less.
func TestTheFloorAnswersCallsBesideTheGateway(t *testing.T) {
	r, err := Run(t.Context(), Options{Agents: []string{Echo}, Calls: 5, Duration: time.Second, Lumps: []time.Duration{100 * time.Millisecond},
		Peers: []string{BareFloor}, Gateway: gatewayCommand, Peer: floorCommand})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Runs) != 2 || len(r.Ratios) != 1 {
		t.Fatalf("%+v", r)
	}
	for _, run := range r.Runs {
		if !run.Pass || run.Late.Count == 0 || run.CPU.USPer20MS <= 0 || run.Burst != 5 {
			t.Errorf("%+v", run)
		}
	}
	for _, ratio := range r.Ratios {
		if ratio.Mean <= 0 || ratio.Mean >= 1 {
			t.Errorf("%+v", ratio)
		}
	}
}

// floor reads in and writes out on one thread that never waits: both ends'
// buffers hold what is under way. What is counted is the near end's read and
// write; the far end does its own half in batches, outside of the clock.
func floor(b *testing.B, in, out []byte) {
	near, far := pair(b)
	n, f := fd(b, near), fd(b, far)
	const batch = 64
	b.ReportAllocs()
	buf, many := make([]byte, len(in)), make([]byte, batch*(len(in)+len(out)))
	left := 0
	for b.Loop() {
		if left == 0 {
			b.StopTimer()
			exchange(b, f, in, many, batch)
			left = batch
			b.StartTimer()
		}
		left--
		if k, err := unix.Read(n, buf); err != nil || k != len(buf) {
			b.Fatal(k, err)
		}
		if k, err := unix.Write(n, out); err != nil || k != len(out) {
			b.Fatal(k, err)
		}
	}
}

// exchange empties the far end and sends the next messages.
func exchange(b *testing.B, f int, in, many []byte, batch int) {
	if _, err := unix.Read(f, many); err != nil && err != unix.EAGAIN {
		b.Fatal(err)
	}
	for range batch {
		if _, err := unix.Write(f, in); err != nil {
			b.Fatal(err)
		}
	}
}

// fd is the connection's descriptor, which stays non-blocking.
func fd(b *testing.B, c net.Conn) int {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		b.Fatal(err)
	}
	var n int
	if err := raw.Control(func(fd uintptr) { n = int(fd) }); err != nil {
		b.Fatal(err)
	}
	return n
}
