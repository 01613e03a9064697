//go:build unix

package sim_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// asGateway makes this test binary a gateway in a process of its own.
const asGateway = "SIM_TEST_GATEWAY"

// TestGatewayProcess is no test: it is the gateway of the tests below, which
// reads what it hears, and closes nothing.
func TestGatewayProcess(t *testing.T) {
	if os.Getenv(asGateway) == "" {
		t.Skip("it is run by other tests")
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprintf(w, `<Response><Connect action="/next"><Stream url="ws://%s/media"/></Connect></Response>`, r.Host)
			return
		}
		up := websocket.Upgrader{}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		for err == nil {
			_, _, err = ws.ReadMessage()
		}
	}))
	defer srv.Close()
	fmt.Println(srv.URL)
	bufio.NewReader(os.Stdin).ReadString('\n') // until whoever started us is gone
}

// startGateway starts it, and returns its process and its address.
func startGateway(t *testing.T) (*os.Process, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestGatewayProcess$")
	cmd.Env = append(os.Environ(), asGateway+"=1")
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
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://") {
			return cmd.Process, lines.Text()
		}
	}
	t.Fatal("the gateway said no address")
	return nil, ""
}

// kill -9 is seen as a broken stream within a moment, and then nobody answers
// the door.
func TestAGatewayIsKilledInMidCall(t *testing.T) {
	t.Parallel()
	p, address := startGateway(t)
	c := carrierOf(t, address)
	if err := c.Schedule(sim.Killing(p, 1000*ms)); err != nil {
		t.Fatal(err)
	}
	call := call(t, c, handset.Silent)
	wantStatus(t, call, telephony.Completed)
	if d := call.Duration(); d < 1000*ms || d > 6000*ms || happened(call, "drop") == 0 || c.Struck(sim.Do) != 1 {
		t.Errorf("the call took %v; events %v", d, call.Events())
	}
	if c.Police().Count(police.Unreachable) == 0 {
		t.Error("the killed gateway was reached")
	}
}

// A gateway that is frozen breaks nothing that the carrier could see: the stream
// stays, and goes on when it thaws.
func TestAGatewayIsFrozenForAWhile(t *testing.T) {
	t.Parallel()
	p, address := startGateway(t)
	c := carrierOf(t, address)
	if err := c.Schedule(sim.Freezing(p, 800*ms, 700*ms)); err != nil {
		t.Fatal(err)
	}
	call := call(t, c, hangupAfter(3000*ms))
	wantStatus(t, call, telephony.Completed)
	wantClean(t, c)
	if d := call.Duration(); d < 3000*ms || d > 3900*ms || happened(call, "drop") != 0 || happened(call, "action") != 1 {
		t.Errorf("the call took %v; events %v", d, call.Events())
	}
}

func happened(c *sim.Call, what string) (n int) {
	for _, e := range c.Events() {
		if e.What == what {
			n++
		}
	}
	return n
}

func carrierOf(t *testing.T, gateway string) *sim.Carrier {
	t.Helper()
	c, err := sim.New(sim.Config{AccountSID: account, AuthToken: secret, Numbers: []sim.Number{{Number: ours, VoiceURL: gateway + "/voice"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
