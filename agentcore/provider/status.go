package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// StatusError is an answer that is no success. Of what the server says it keeps
// only the short code: the rest may repeat the key or the caller's words.
type StatusError struct {
	Status int
	Code   string // "insufficient_quota"; may be empty
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("status %d %s", e.Status, http.StatusText(e.Status))
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

// mostErrorBody is how much of an error's body is looked at for its code.
const mostErrorBody = 16 << 10

// Answer makes an Error of an HTTP answer that is no success; it reads and
// closes the body. A code of "insufficient_quota" or the like is [Quota], and a
// server that says X-Should-Retry: false is believed.
func Answer(provider, op string, res *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(res.Body, mostErrorBody)) // without a code it is an error as well
	res.Body.Close()
	return Status(provider, op, res.StatusCode, res.Header, body)
}

// Status is [Answer] for who has read the body already; h and body may be nil.
func Status(provider, op string, status int, h http.Header, body []byte) *Error {
	e := New(provider, op, statusClass(status), &StatusError{status, ErrorCode(body)})
	e.Code = status
	if outOfMoney(body) {
		e.Class, e.Retry = Quota, false
	}
	if e.Class == Refused && tooLong(body) {
		e.Err = &StatusError{status, TooLong}
	}
	if h.Get("X-Should-Retry") == "false" {
		e.Retry = false
	}
	if after := RetryAfter(h); after > 0 {
		e.After = after
	}
	return e
}

// outOfMoney reports whether one of a body's codes says that paying is what is
// missing. OpenAI says insufficient_quota in the type and the cause in the code
// (developers.openai.com/api/docs/guides/error-codes); Anthropic says
// enforced_spend_limit_reached in the details of a rate_limit_error
// (platform.claude.com/docs/en/api/errors).
func outOfMoney(body []byte) bool {
	for _, code := range codes(body) {
		for _, part := range []string{"insufficient_quota", "quota_exceeded", "insufficient_credits", "credit_balance", "spend_limit", "usage_limit", "billing", "insufficient_funds", "payment"} {
			if strings.Contains(code, part) {
				return true
			}
		}
	}
	return false
}

// codeRule is what a code looks like that names no one.
var codeRule = regexp.MustCompile(`^[A-Za-z][A-Za-z_.-]{0,39}$`)

// ErrorCode reads the short code of an error's JSON body, wherever the usual
// providers put it: error.code, error.type, error.status, detail.status,
// err_code, error_code, error_name, code, type. It is empty when there is none that is
// surely a code and no sentence.
func ErrorCode(body []byte) string {
	if all := codes(body); len(all) > 0 {
		return all[0]
	}
	return ""
}

// codes are all codes of an error's body, the most telling first.
func codes(body []byte) (found []string) {
	var b struct {
		Error, Detail                any
		Code, Type, Status, Category any
		ErrCode                      any `json:"err_code"`
		ErrorCode                    any `json:"error_code"`
		ErrorName                    any `json:"error_name"` // Resemble's
	}
	if json.Unmarshal(body, &b) != nil {
		return nil
	}
	all := []any{b.ErrCode, b.ErrorCode, b.ErrorName}
	for _, in := range []any{b.Error, b.Detail} {
		if m, ok := in.(map[string]any); ok {
			all = append(all, m["code"], m["type"], m["status"])
			if d, ok := m["details"].(map[string]any); ok {
				all = append(all, d["error_code"])
			}
		}
	}
	for _, v := range append(all, b.Code, b.Type, b.Status, b.Category) {
		if s, ok := v.(string); ok && codeRule.MatchString(s) && s != "error" && s != "Error" {
			found = append(found, s)
		}
	}
	return found
}

// RetryAfter reads how long the server wants to be left alone (RFC 9110,
// section 10.2.3, and OpenAI's finer retry-after-ms); -1 if it doesn't say.
func RetryAfter(h http.Header) time.Duration {
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

// errTooLarge is an answer above its bound.
var errTooLarge = errors.New("the answer is too large")

// ReadAll reads a whole body of at most most bytes and closes it.
func ReadAll(provider, op string, res *http.Response, most int64) ([]byte, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return nil, Failure(res.Request.Context(), provider, op, err)
	}
	if int64(len(body)) > most {
		return nil, New(provider, op, Garbage, errTooLarge)
	}
	return body, nil
}
