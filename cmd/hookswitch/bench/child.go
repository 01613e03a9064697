package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// child is a gateway in another process.
type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
	stderr  tail
	address string
}

// start runs the gateway, or a peer, on core, or [anyCore]. It dies with ctx, and when it is
// stopped.
func start(ctx context.Context, o Options, peer string, s settings, core int) (*child, error) {
	c := &child{cmd: o.command(ctx, peer)}
	c.cmd.WaitDelay = 5 * time.Second
	c.cmd.Stderr = &c.stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	c.answers = json.NewDecoder(out)
	if err := c.launch(core); err != nil {
		return nil, fmt.Errorf("bench: the gateway's process can't be started: %w", err)
	}
	first, err := c.tell(s)
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	c.address = first.Address
	return c, nil
}

// launch starts the process. It inherits the core of the thread that does, and
// so do all of its own threads.
func (c *child) launch(core int) error {
	if core == anyCore {
		return c.cmd.Start()
	}
	if c.cmd.Env == nil {
		c.cmd.Env = os.Environ()
	}
	c.cmd.Env = append(c.cmd.Env, "GOMAXPROCS=1")
	return onCore(core, c.cmd.Start)
}

// tell sends one line and returns the answer to it.
func (c *child) tell(v any) (sample, error) {
	if err := json.NewEncoder(c.in).Encode(v); err != nil {
		return sample{}, fmt.Errorf("bench: the gateway is gone: %w%s", err, c.stderr.say())
	}
	var s sample
	if err := c.answers.Decode(&s); err != nil {
		return sample{}, fmt.Errorf("bench: the gateway is gone: %w%s", err, c.stderr.say())
	}
	if s.Error != "" {
		return sample{}, errors.New(s.Error)
	}
	return s, nil
}

// stop ends the gateway and waits for it.
func (c *child) stop() error {
	c.in.Close() // which it takes for the end
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("bench: the gateway's process: %w%s", err, c.stderr.say())
	}
	return nil
}

// tail keeps the last of what was written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 2000

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

func (t *tail) say() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	if text == "" {
		return ""
	}
	return "; it said: " + text
}
