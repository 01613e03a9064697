package live

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Stream pours the body of an HTTP answer as it comes, for voices without a
// websocket. do makes the request with the context that it is given, whose end
// ends the request; the answer's body is closed when Stream returns. name is the
// provider's. The error is the sink's own or a *[provider.Error].
func Stream(ctx context.Context, name string, patience provider.Patience, do func(ctx context.Context) (*http.Response, error), p *Pour) error {
	w := watchOver(ctx, patience, p)
	defer w.Stop()
	return told(w, name, p, stream(w, name, do, p))
}

func stream(w *watch, name string, do func(ctx context.Context) (*http.Response, error), p *Pour) error {
	res, err := do(w.Ctx)
	if err != nil {
		return provider.Failure(w.Ctx, name, "connect", err)
	}
	if res.StatusCode != http.StatusOK {
		return provider.Answer(name, "speak", res)
	}
	if !sounds(res.Header.Get("Content-Type")) {
		res.Body.Close()
		return provider.New(name, "speak", provider.Garbage, errors.New("the answer is no sound"))
	}
	a := newAhead()
	var work sync.WaitGroup
	work.Go(func() { a.end(read(w.Ctx, res.Body, a)) })
	defer func() {
		w.Stop() // and with it the reading, if it is still at it
		work.Wait()
	}()
	for {
		m, err := w.next(a)
		switch {
		case errors.Is(err, errWhole):
			return w.finish(p)
		case err != nil:
			return provider.Failure(w.Ctx, name, "stream", err)
		}
		if err := w.pour(p, Spoken{Sound: m.Data}); err != nil {
			return err
		}
	}
}

// errWhole is the good end of a body.
var errWhole = errors.New("all of it was read")

// readSize is how much is read at once: 20 ms at 24 kHz. net/http fills what it
// is given before it returns, as long as a chunk of the server's goes on; with
// more, the first frame would wait.
const readSize = 960

// read reads body ahead, and closes it.
func read(ctx context.Context, body io.ReadCloser, a *ahead) error {
	defer body.Close()
	buf := make([]byte, readSize)
	for {
		n, err := body.Read(buf)
		if n > 0 && !a.put(ctx, Message{Binary: true, Data: append([]byte(nil), buf[:n]...)}) {
			return context.Cause(ctx)
		}
		switch {
		case errors.Is(err, io.EOF):
			return errWhole
		case err != nil:
			return err
		}
	}
}

// sounds reports whether a body of this type may be sound.
func sounds(contentType string) bool {
	return !strings.HasPrefix(contentType, "text/") && !strings.HasPrefix(contentType, "application/json")
}
