package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// maxLine bounds one line of the stream, in bytes. The SDK alone would take
// 32 MB into memory.
const maxLine = 1 << 20

var errLine = errors.New("a line of the stream is too long")

// statusError is an answer that is no reply. Of what the server says it keeps
// only the short code: the rest may repeat the key or the caller's words.
type statusError struct {
	status     int
	code       string        // "insufficient_quota"; may be empty
	retryAfter time.Duration // -1 if the server doesn't say
	never      bool          // the server says that trying again is no use
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("status %d %s", e.status, http.StatusText(e.status))
	if e.code != "" {
		text += " (" + e.code + ")"
	}
	return text
}

// retry says whether the same request may succeed later.
func (e *statusError) retry() bool {
	if e.never || e.code == "insufficient_quota" {
		return false
	}
	switch e.status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return e.status >= 500
}

// guard turns every answer but a stream into an error, before the SDK reads all
// of its body and makes text of it.
func guard(req *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	res, err := next(req)
	if err != nil {
		return res, err
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode == http.StatusOK && kind != "application/json" && kind != "text/html" {
		return res, nil
	}
	defer res.Body.Close()
	if res.StatusCode < 300 {
		return nil, fmt.Errorf("the server answers %d with %.40q, not with a stream", res.StatusCode, kind)
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, 16<<10)) // without a code it is an error as well
	return nil, &statusError{
		status:     res.StatusCode,
		code:       errorCode(body),
		retryAfter: retryAfter(res.Header),
		never:      res.Header.Get("X-Should-Retry") == "false",
	}
}

// codeRule is what a code looks like that names no one.
var codeRule = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// errorCode reads the code, or else the type, of {"error":{...}}.
func errorCode(body []byte) string {
	var b struct {
		Error struct{ Code, Type any }
	}
	if json.Unmarshal(body, &b) != nil {
		return ""
	}
	for _, v := range []any{b.Error.Code, b.Error.Type} {
		if s, ok := v.(string); ok && codeRule.MatchString(s) {
			return s
		}
	}
	return ""
}

// retryAfter reads how long the server wants to be left alone (RFC 9110,
// section 10.2.3, and OpenAI's finer retry-after-ms); -1 if it doesn't say.
func retryAfter(h http.Header) time.Duration {
	for _, in := range []struct {
		name string
		unit time.Duration
	}{{"Retry-After-Ms", time.Millisecond}, {"Retry-After", time.Second}} {
		if n, err := strconv.ParseFloat(h.Get(in.name), 64); err == nil && n >= 0 && n < 1e6 {
			return time.Duration(n * float64(in.unit))
		}
	}
	if t, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		return max(0, time.Until(t))
	}
	return -1
}

// lineGuard watches the lines of one stream go by.
type lineGuard struct {
	body io.ReadCloser
	head []byte // the first bytes of the line under way
	n    int    // its length so far
	done bool   // "data: [DONE]" was there
}

// wrap is a middleware of the SDK.
func (g *lineGuard) wrap(req *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	res, err := next(req)
	if err == nil {
		g.body, res.Body = res.Body, g
	}
	return res, err
}

func (g *lineGuard) Read(p []byte) (int, error) {
	n, err := g.body.Read(p)
	for _, b := range p[:n] {
		if b == '\n' {
			g.endLine()
			continue
		}
		if g.n++; g.n > maxLine {
			return 0, errLine
		}
		if len(g.head) < 16 {
			g.head = append(g.head, b)
		}
	}
	if err == io.EOF {
		g.endLine()
	}
	return n, err
}

func (g *lineGuard) endLine() {
	data, ok := bytes.CutPrefix(g.head, []byte("data:"))
	g.done = g.done || ok && bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]"))
	g.head, g.n = g.head[:0], 0
}

func (g *lineGuard) Close() error { return g.body.Close() }
