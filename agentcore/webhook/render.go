package webhook

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// Methods are those that a request may have.
var Methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// Render makes r ready to be sent: its placeholders name variables of v and,
// before those, arguments. Arguments are a tool's; a webhook has none (nil).
//
// In the URL, values stand in the path or the query and are escaped for their
// place; scheme, host and port are literal. In a header they hold no control
// characters. In the body see [body]. A tool without request_body sends its
// arguments as a JSON object, or with GET and DELETE as the query, those that
// the URL names left out.
//
// Names that nobody knows become nothing and are told to missing, which may be
// nil. A failure is an [*Error] of kind [BadRequest]; nothing was sent.
func Render(r roster.Request, v vars.Set, args map[string]any, missing func(name string)) (Outgoing, error) {
	all := vars.Merge(v, args)
	o := Outgoing{Method: strings.ToUpper(r.Method), Header: http.Header{}}
	if o.Method == "" {
		o.Method = http.MethodPost
	}
	if !slices.Contains(Methods, o.Method) {
		return Outgoing{}, refuse(BadRequest, "the method must be GET, POST, PUT, PATCH or DELETE")
	}
	for _, render := range []func() error{
		func() (err error) { o.URL, err = address(r.URL, all, missing); return err },
		func() error { return headers(o.Header, r.Headers, all, missing) },
		func() (err error) { o.Body, err = body(r.Body, all, missing); return err },
	} {
		if err := render(); err != nil {
			return Outgoing{}, err
		}
	}
	if args != nil && o.Body == nil {
		if err := carry(&o, r.URL, args); err != nil {
			return Outgoing{}, err
		}
	}
	if o.Body != nil && o.Header.Get("Content-Type") == "" {
		o.Header.Set("Content-Type", "application/json")
	}
	return o, nil
}

// carry puts a tool's arguments where its method has room for them.
func carry(o *Outgoing, template string, args map[string]any) error {
	if o.Method != http.MethodGet && o.Method != http.MethodDelete {
		b, err := encode(args)
		o.Body = b
		return err
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return refuse(BadRequest, "the address is malformed")
	}
	q := url.Values{}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if !slices.Contains(vars.Names(template), name) {
			text, err := inText(args[name])
			if err != nil {
				return err
			}
			q.Set(name, text)
		}
	}
	if added := q.Encode(); added != "" {
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+added, "&")
	}
	o.URL = u.String()
	return nil
}
