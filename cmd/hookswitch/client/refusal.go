package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const refusalLimit = 1 << 20 // bytes of an error's body

// Error is the gateway's own account of why it refused something.
type Error struct {
	Status    int
	Message   string // "Failed to create agent"
	RequestID string // to find it in the gateway's log; may be empty
	Help      string // address of the page that explains it; may be empty
	Retry     time.Duration
	Fields    []Field
}

// Field is what is wrong with one part of what was sent.
type Field struct {
	Name string // dotted, "llm.temperature"; or agent, dispatch, base
	Text string
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "client: %d", e.Status)
	if e.Message != "" {
		b.WriteString(" " + e.Message)
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Name, f.Text)
	}
	return b.String()
}

// read takes the error out of an answer. Whatever it is, something is returned.
func readError(resp *http.Response) *Error {
	e := &Error{
		Status: resp.StatusCode, RequestID: word(resp.Header.Get("X-Request-Id")),
		Help: helpLink(resp.Header.Get("Link")), Retry: retryAfter(resp.Header.Get("Retry-After")),
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, refusalLimit))
	if err != nil {
		return e
	}
	var body struct {
		Message string          `json:"message"`
		Error   json.RawMessage `json:"error"`
		Errors  json.RawMessage `json:"errors"`
		Detail  string          `json:"detail"` // of RFC 9457, from a proxy before the gateway
	}
	if json.Unmarshal(text, &body) != nil {
		return e
	}
	e.Message = cmp.Or(body.Message, plain(body.Error), body.Detail)
	e.Fields = fields(body.Errors)
	return e
}

// fields are what errors holds: under each name texts, or objects that have
// one; sorted by name.
func fields(errors json.RawMessage) []Field {
	var byName map[string]json.RawMessage
	if json.Unmarshal(errors, &byName) != nil {
		return nil
	}
	var out []Field
	for name, raw := range byName {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			list = []json.RawMessage{raw}
		}
		for _, item := range list {
			if text := plain(item); text != "" {
				out = append(out, Field{name, text})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// plain is the text that raw is, or that it has as its message.
func plain(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	if json.Unmarshal(raw, &object) == nil {
		return cmp.Or(object.Message, object.Error)
	}
	return ""
}

// word is s if it may stand in an error: short, and nothing but letters, digits
// and dashes.
func word(s string) string {
	ok := func(r rune) bool {
		return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if len(s) > 80 || strings.IndexFunc(s, func(r rune) bool { return !ok(r) }) >= 0 {
		return ""
	}
	return s
}

// helpLink is the target of a Link header whose relation is help.
func helpLink(header string) string {
	for part := range strings.SplitSeq(header, ",") {
		target, params, _ := strings.Cut(strings.TrimSpace(part), ">")
		if strings.Contains(params, `rel="help"`) && strings.HasPrefix(target, "<") && len(target) < 200 {
			return target[1:]
		}
	}
	return ""
}

// retryAfter reads a number of seconds; a date is not looked at.
func retryAfter(header string) time.Duration {
	n, err := strconv.Atoi(header)
	if err != nil || n < 0 || n > 86400 {
		return 0
	}
	return time.Duration(n) * time.Second
}
