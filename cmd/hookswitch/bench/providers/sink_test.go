package providers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

// asSink makes this very binary a provider that hears everything and says
// nothing, so that what it costs is not counted as ours.
const asSink = "HOOKSWITCH_BENCH_SINK"

// sink takes websockets, and throws away what comes without a look at it, and
// without allocating.
type sink struct{ bytes atomic.Int64 }

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return // the client is gone already
	}
	raw := c.NetConn()
	defer raw.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := raw.Read(buf)
		if err != nil {
			return
		}
		s.bytes.Add(int64(n))
	}
}

// sinkFor serves until in ends. The first line out is its address; each line in
// is answered with how many bytes have come.
func sinkFor(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &sink{}
	server := &http.Server{Handler: s}
	go server.Serve(l) // until the process ends
	fmt.Fprintln(out, l.Addr())
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintln(out, s.bytes.Load())
	}
	return server.Close()
}

// awayProvider starts a sink in another process, and returns its http base and
// what asks it how many bytes it has got.
func awayProvider(t testing.TB) (base string, got func() int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asSink+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // which it takes for the end
		if err := cmd.Wait(); err != nil {
			t.Errorf("the provider's process: %v", err)
		}
	})
	lines := bufio.NewReader(out)
	address, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + strings.TrimSpace(address), func() (n int64) {
		fmt.Fprintln(in)
		if _, err := fmt.Fscanln(lines, &n); err != nil {
			t.Errorf("the provider's process: %v", err)
		}
		return n
	}
}
