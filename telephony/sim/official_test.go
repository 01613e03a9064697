package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/hookswitch/hookswitch/telephony/sim"
)

// Every REST answer that a test of this package gets is compared with the
// vendor's own description of its API, where that is beside the checkout: with
// its schema, which requires no key, and with the keys of its examples.

// checked is c's REST API with its answers checked. The tests fail in the end
// if one is wrong; see [officially].
func checked(c *sim.Carrier) http.Handler {
	serve := c.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := httptest.NewRecorder()
		serve.ServeHTTP(got, r)
		if err := checkAnswer(r, got); err != nil {
			wrong.add(fmt.Errorf("%s %s answered %d: %w", r.Method, r.URL.Path, got.Code, err))
		}
		maps.Copy(w.Header(), got.Header())
		w.WriteHeader(got.Code)
		w.Write(got.Body.Bytes())
	})
}

// wrong are the answers that were wrong.
var wrong mistakes

type mistakes struct {
	mu   sync.Mutex
	list []error
}

func (m *mistakes) add(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, err)
}

// officially runs the tests, and fails when an answer was wrong.
type officially struct{ *testing.M }

// Run implements the argument of goleak.VerifyTestMain.
func (o officially) Run() int {
	code := o.M.Run()
	for _, err := range wrong.list {
		fmt.Fprintln(os.Stderr, "not as the official description has it:", err)
		code = 1
	}
	return code
}

func checkAnswer(r *http.Request, got *httptest.ResponseRecorder) error {
	switch {
	case got.Code >= 500 || got.Code == http.StatusNoContent:
		return nil
	case got.Code >= 400:
		return checkFailure(got)
	}
	o := officials()
	if o == nil {
		return nil
	}
	return o.check(r, got.Code, got.Header(), got.Body.Bytes())
}

// checkFailure checks an error, of which the description says nothing.
func checkFailure(got *httptest.ResponseRecorder) error {
	var e map[string]any
	if err := json.Unmarshal(got.Body.Bytes(), &e); err != nil {
		return err
	}
	keys := slices.Sorted(maps.Keys(e))
	code, _ := e["code"].(float64)
	if !slices.Equal(keys, []string{"code", "message", "more_info", "status"}) || e["status"] != float64(got.Code) ||
		e["message"] == "" || e["more_info"] != fmt.Sprintf("https://www.twilio.com/docs/errors/%.0f", code) {
		return fmt.Errorf("error %s", got.Body)
	}
	return nil
}

// official is the part of the vendor's description that is simulated.
type official struct{ router routers.Router }

// officials is the description, nil where it is not.
var officials = sync.OnceValue(func() *official {
	path := description()
	if path == "" {
		return nil
	}
	o, err := loadOfficial(path)
	if err != nil {
		panic(err) // it is there, and cannot be used
	}
	return o
})

// description finds the vendor's OpenAPI file beside the checkout, if it is there.
func description() string {
	const file = "data/twilio/twilio_api_v2010.json"
	if dir := os.Getenv("HOOKSWITCH_SHARED"); dir != "" {
		return filepath.Join(dir, file)
	}
	for dir := ".."; len(dir) < 40; dir += "/.." {
		if path := filepath.Join(dir, "shared", file); fileExists(path) {
			return path
		}
	}
	return ""
}

func fileExists(path string) bool { _, err := os.Stat(path); return err == nil }

// simulatedPaths are how the simulated resources' paths begin, after Accounts.
var simulatedPaths = []string{".json", "/{Sid}.json", "/{AccountSid}/Calls", "/{AccountSid}/IncomingPhoneNumbers", "/{AccountSid}/Messages", "/{AccountSid}/Conferences", "/{AccountSid}/Recordings"}

// loadOfficial reads the description without what is not simulated: all of it
// takes seconds.
func loadOfficial(path string) (*official, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	paths := all["paths"].(map[string]any)
	maps.DeleteFunc(paths, func(path string, _ any) bool {
		rest := strings.TrimPrefix(path, "/2010-04-01/Accounts")
		return !slices.ContainsFunc(simulatedPaths, func(p string) bool {
			return rest == p || strings.HasPrefix(p, "/{AccountSid}") && strings.HasPrefix(rest, p)
		})
	})
	components := all["components"].(map[string]any)
	schemas := components["schemas"].(map[string]any)
	// Its text says "when a conference is in progress, will be null"; its type forgot.
	if reason, ok := schemas["conference_enum_reason_conference_ended"].(map[string]any); ok {
		reason["enum"], reason["nullable"] = append(reason["enum"].([]any), nil), true
	}
	needed := map[string]any{}
	need(paths, schemas, needed)
	components["schemas"] = needed
	if data, err = json.Marshal(all); err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	return &official{router}, err
}

// need adds the schemas that v refers to.
func need(v any, schemas, needed map[string]any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			need(one, schemas, needed)
		}
	case map[string]any:
		for name, one := range v {
			ref, _ := one.(string)
			schema := strings.TrimPrefix(ref, "#/components/schemas/")
			if name == "$ref" && schema != ref && needed[schema] == nil {
				needed[schema] = schemas[schema]
				need(schemas[schema], schemas, needed)
				continue
			}
			need(one, schemas, needed)
		}
	}
}

// check compares an answer with the description.
func (o *official) check(r *http.Request, status int, header http.Header, body []byte) error {
	address := url.URL{Scheme: "https", Host: "api.twilio.com", Path: r.URL.Path}
	req := httptest.NewRequest(r.Method, address.String(), nil)
	route, params, err := o.router.FindRoute(req)
	if err != nil {
		return err
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 status, Header: header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	return errors.Join(err, checkKeys(route.Operation.Responses.Status(status), body))
}

// checkKeys compares the keys of an answer, and of the first resource in a
// list, with those of any official example.
func checkKeys(response *openapi3.ResponseRef, body []byte) error {
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	var missed []string
	for _, content := range response.Value.Content {
		for _, example := range content.Examples {
			want, _ := example.Value.Value.(map[string]any)
			if keys(want) == keys(got) {
				return checkItems(content.Examples, got)
			}
			missed = append(missed, keys(want))
		}
	}
	if len(missed) == 0 {
		return nil // it has no examples
	}
	return fmt.Errorf("keys %s, want those of one of %v", keys(got), slices.Compact(missed))
}

// checkItems compares the first resource of every list in got.
func checkItems(examples openapi3.Examples, got map[string]any) error {
	for name, value := range got {
		list, _ := value.([]any)
		if len(list) == 0 {
			continue
		}
		found, there := false, false
		for _, example := range examples {
			want, _ := example.Value.Value.(map[string]any)
			if of, _ := want[name].([]any); len(of) > 0 {
				there = true
				found = found || keys(of[0]) == keys(list[0])
			}
		}
		if there && !found {
			return fmt.Errorf("keys %s of one of %s are those of no example", keys(list[0]), name)
		}
	}
	return nil
}

func keys(v any) string {
	m, _ := v.(map[string]any)
	return strings.Join(slices.Sorted(maps.Keys(m)), " ")
}

func TestTheOfficialDescriptionIsReallyAsked(t *testing.T) {
	o := officials()
	if o == nil {
		t.Skip("the vendor's OpenAPI file is not here")
	}
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{})
	good := ask(c, "POST", callsPath+".json", secret, url.Values{"To": {theirs}, "From": {ours}, "Url": {g.srv.URL + "/voice"}})
	wait(t, c.Calls()...)
	r := httptest.NewRequest("POST", callsPath+".json", nil)
	for _, tc := range []struct{ name, old, new string }{
		{"as it is", "", ""},
		{"a status that only callbacks know", `"status":"queued"`, `"status":"initiated"`},
		{"a duration that is a number", `"duration":null`, `"duration":1`},
		{"a key that nobody knows", `{`, `{"x":1,`},
		{"a key too few", `"price":null,`, ``},
	} {
		body := strings.Replace(good.Body.String(), tc.old, tc.new, 1)
		if err := o.check(r, good.Code, good.Header(), []byte(body)); (err != nil) != (tc.old != "") {
			t.Errorf("%s: check() = %v", tc.name, err)
		}
	}
}
