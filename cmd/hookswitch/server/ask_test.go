package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
)

// answered is what the API said.
type answered struct {
	status int
	header http.Header
	text   string
	body   any
}

// at is the value at a path such as "items.0.id"; nil if there is none.
func (a answered) at(path string) any {
	v := a.body
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// str is the value at a path as text.
func (a answered) str(path string) string {
	switch v := a.at(path).(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// ask sends a request to the API with the bootstrap key. Headers come in pairs.
func (b *booted) ask(method, path, body string, header ...string) answered {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.PublicURL()+"/api/v2"+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+flowKey)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answered{status: res.StatusCode, header: res.Header, text: string(text)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &a.body); err != nil {
			b.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
	return a
}

// must is ask, and a 2xx.
func (b *booted) must(method, path, body string, header ...string) answered {
	b.t.Helper()
	a := b.ask(method, path, body, header...)
	if a.status/100 != 2 {
		b.t.Fatalf("%s %s = %d %s", method, path, a.status, a.text)
	}
	return a
}

// number makes one over the API, and returns its id.
func (b *booted) number(number string) string {
	b.t.Helper()
	id := b.must("POST", "/phone_numbers", `{"phone_number":"`+number+`","label":"Line","provider":"twilio",
		"twilio_account_sid":"`+server.SimAccount+`","twilio_auth_token":"none","supports_inbound":true,"supports_outbound":true}`).str("item.id")
	if err := b.Buy(telephony.Number(number)); err != nil {
		b.t.Fatal(err)
	}
	return id
}
