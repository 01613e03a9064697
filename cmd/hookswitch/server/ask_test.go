package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

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
	header = append([]string{"Authorization", "Bearer " + flowKey}, header...)
	return send(b.t, method, b.PublicURL()+"/api/v2"+path, body, header...)
}

// send sends a request of JSON. Headers come in pairs; the last of a name counts.
func send(t *testing.T, method, address, body string, header ...string) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answered{status: res.StatusCode, header: res.Header, text: string(text)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &a.body); err != nil {
			t.Fatalf("%s %s: %v: %s", method, address, err, text)
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
