package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// A person gets a key with this.
const makeKey = "export HOOKSWITCH_API_KEY=$(hookswitch key create --name laptop)"

// baseURL reads the address of a gateway.
func baseURL(s string) (*url.URL, error) {
	u, err := url.Parse(cmp.Or(s, Default))
	why := ""
	switch {
	case err != nil:
		why = "is no address"
	case u.Scheme != "http" && u.Scheme != "https":
		why = "has no http:// or https:// in front"
	case u.Host == "":
		why = "names no host"
	case u.User != nil:
		why = "holds a name or a password"
	case u.RawQuery != "" || u.Fragment != "":
		why = "has a ? or a # in it"
	case strings.Contains(u.Path, "/api/"):
		why = "is too long: it ends before /api"
	}
	if why != "" {
		return nil, &fault.Fault{What: "the gateway's address " + why, Where: fault.Keep("--server") + " or HOOKSWITCH_SERVER",
			Mend: fault.Keep("--server " + Default), Code: "api/server", Exit: fault.Wrong}
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// checkKey looks whether key can be one.
func checkKey(key string) error {
	f := &fault.Fault{Where: "HOOKSWITCH_API_KEY or --api-key", Mend: fault.Keep(makeKey), Code: "api/no-key", Exit: fault.Wrong}
	switch {
	case key == "":
		f.What = "no API key: the gateway wants to know who asks"
		f.Mend += "      (on the gateway's own machine)"
		return f
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		f.What = "the API key has a character in it that no key has: is it cut, or was more copied?"
		return f
	}
	return nil
}

// unreachable tells of a request that got no answer.
func (c *Client) unreachable(ctx context.Context, r request, err error) error {
	if errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	f := &fault.Fault{Where: fault.Keep(c.Server()), Code: "api/unreachable", Err: err}
	var timeout net.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		f.What, f.Code = fmt.Sprintf("the gateway did not answer within %v", c.timeout), "api/timeout"
		f.Where += "   " + r.String()
		f.Mend = "wait longer: " + fault.Keep("--timeout 2m") + "      is it well? " + fault.Keep("hookswitch doctor")
		if r.method != http.MethodGet {
			f.Mend = "look first whether it was done; then again, with " + fault.Keep("--timeout 2m")
		}
		return f
	case errors.Is(err, syscall.ECONNREFUSED):
		f.What = "nothing answers at " + c.base.Host
	case errors.As(err, &dns):
		f.What = "there is no host called " + c.base.Hostname()
	case isTLS(err):
		f.What = "the gateway's certificate can't be trusted, or it speaks no TLS"
	default:
		f.What = "the gateway at " + c.base.Host + " can't be reached, or broke off"
	}
	f.Mend = "is " + fault.Keep("hookswitch serve") + " running there? another gateway: " + fault.Keep("--server URL") + " or HOOKSWITCH_SERVER"
	return f
}

func isTLS(err error) bool {
	text := err.Error() // crypto/tls and crypto/x509 have a dozen types for it
	return strings.Contains(text, "tls: ") || strings.Contains(text, "x509: ") || strings.Contains(text, "HTTP response to HTTPS client")
}

// strange tells of an answer that no gateway gives. resp may be nil.
func (c *Client) strange(r request, resp *http.Response, got string) error {
	where := fault.Keep(r.String())
	if resp != nil {
		where = told(r, resp.StatusCode, word(resp.Header.Get("X-Request-Id")))
	}
	return &fault.Fault{What: "this is not the answer of a gateway: " + got, Where: where,
		Mend: "is " + fault.Keep(c.Server()) + " one, and as new as this command (" + fault.Keep("hookswitch version") + ")?", Code: "api/answer"}
}

// told says what was asked and what came back.
func told(r request, status int, id string) string {
	where := fault.Keep(r.String()) + fmt.Sprintf("   answered %d", status)
	if id != "" {
		where += ", request " + id
	}
	return where
}

// refusal turns an answer that is none of 2xx into an error. Its body is read.
func (c *Client) refusal(r request, resp *http.Response) error {
	if to := resp.Header.Get("Location"); resp.StatusCode >= 300 && resp.StatusCode < 400 && to != "" {
		return c.strange(r, resp, "it sends elsewhere, and the key is not for others")
	}
	e := readError(resp)
	f := &fault.Fault{What: cmp.Or(e.Message, "the gateway refused"), Where: told(r, e.Status, e.RequestID), Err: e, Exit: fault.Wrong}
	if len(e.Fields) == 1 {
		f.What = sentence(e.Fields[0])
	}
	switch {
	case e.Status == http.StatusUnauthorized:
		f.What, f.Code = "the gateway does not know this API key, or it was revoked", "api/key"
		f.Mend = fault.Keep(makeKey) + "      keys that are good: " + fault.Keep("hookswitch key list")
	case e.Status == http.StatusForbidden:
		f.What, f.Code = strings.TrimSuffix(f.What, "."), "api/scope"
		f.Mend = "a key that may: " + fault.Keep("hookswitch key create --name NAME --scope "+scope(r))
	case e.Status == http.StatusNotFound:
		f.Code, f.Mend = "api/not-found", "is it in this workspace? another key sees another one"
	case e.Status == http.StatusConflict:
		f.Code, f.Mend = "api/conflict", "look at what is there now, then again"
	case e.Status == http.StatusTooManyRequests:
		f.What, f.Code, f.Exit = "too many requests with this key", "api/rate", fault.Impossible
		f.Mend = "wait a little; the gateway's setting is " + fault.Keep("api_rate")
		if e.Retry > 0 {
			f.Mend = fmt.Sprintf("again in %v; the gateway's setting is ", e.Retry) + fault.Keep("api_rate")
		}
	case e.Status >= 500:
		f.Code, f.Exit = "api/failed", fault.Impossible
		f.Mend = "the gateway's log has the reason"
		if e.RequestID != "" {
			f.Mend += " under request " + e.RequestID
		}
	default:
		return fieldFaults(f, e)
	}
	if e.Help != "" {
		f.Mend += "      more: " + fault.Keep(c.help(e.Help))
	}
	return f
}

// help is the address of a page that the gateway pointed to.
func (c *Client) help(target string) string {
	u, err := c.base.Parse(target)
	if err != nil || u.Host != c.base.Host {
		return c.Server() + "/docs"
	}
	return u.String()
}

// fieldFaults tells of each field on its own, as several mistakes are told.
func fieldFaults(f *fault.Fault, e *Error) error {
	f.Code, f.Mend = "api/refused", "change it and send it again; all fields: /docs of the gateway"
	if len(e.Fields) < 2 {
		return f
	}
	list := &fault.List{Title: fmt.Sprintf("%s: %d mistakes", cmp.Or(e.Message, "the gateway refused"), len(e.Fields))}
	for i, field := range e.Fields {
		one := &fault.Fault{What: sentence(field), Code: f.Code, Exit: f.Exit, Err: e}
		if i == len(e.Fields)-1 {
			one.Where, one.Mend = f.Where, f.Mend
		}
		list.Faults = append(list.Faults, one)
	}
	return list
}

// sentence is a field's mistake as a person reads it. The names that no field
// has are left out.
func sentence(f Field) string {
	switch f.Name {
	case "agent", "dispatch", "base", "":
		return f.Text
	}
	return f.Name + ": " + f.Text
}

// scope is what r needs, as far as its path tells.
func scope(r request) string {
	noun := "agents"
	switch {
	case strings.HasPrefix(r.path, "/phone_numbers"):
		noun = "numbers"
	case strings.HasPrefix(r.path, "/calls"), strings.HasPrefix(r.path, "/deliveries"), strings.HasPrefix(r.path, "/events"), strings.HasSuffix(r.path, "/dispatch"):
		noun = "calls"
	}
	if r.method == http.MethodGet {
		return noun + ":read"
	}
	return noun + ":write"
}
