package trillet_test

import (
	"net/http"
	"testing"
)

// No body makes an agent that can't be shown, nor a failure of ours.
func FuzzAgentBody(f *testing.F) {
	f.Add(seedBody)
	f.Add(`{"name":"A","ttsModel":{"provider":"11labs_byo","voiceId":"rachel","elevenLabsApiKey":"xi-1","name":null,"language":"en-GB"},"settings":null}`)
	f.Add(`{"name":"A","ttsModel":{"provider":"rime","voiceId":"a_b_c"},"llmModel":"script/demo","phoneNumberIds":[1,"1",null],"settings":{"speed":1e400,"x":[[[]]]}}`)
	f.Add(`{"smartCallback":null,"maxAttemptsForSmartCallback":1e1,"gapBetweenEachAttemptForSmartCallback":[{},null,7],"variables":{"__proto__":1},"type":null,"prompt":7}`)
	p := open(f)
	agent := p.ok("POST", "/v1/api/agents", seedBody).str("_id")
	f.Fuzz(func(t *testing.T, body string) {
		p.t = t
		for _, r := range []*http.Request{request(p.ours, "default", "POST", "/v1/api/agents", body), request(p.ours, "default", "PUT", "/v1/api/agents/"+agent, body)} {
			a := p.send(r)
			if a.status >= 500 {
				t.Fatalf("%s answered %d %s", r.Method, a.status, a.text)
			}
			if a.status != 200 {
				continue
			}
			id := a.str("_id")
			p.ok("GET", "/v1/api/agents/"+id, "")
			if id != agent {
				p.ok("DELETE", "/v1/api/agents/"+id, "")
			}
		}
	})
}

// No form is a failure of ours.
func FuzzUpload(f *testing.F) {
	p := open(f)
	agent := p.caller()
	for _, file := range []string{"phone_number\n+14155550177\n", "\ufeffphone_number;x\r\n\"a\nb\";c", ""} {
		for _, first := range []bool{true, false} {
			body, kind := form(fields{"agentId": agent, "smartCallbackConfig": `{"enabled":true}`, "scheduledAt": "2030-01-01T00:00:00Z"}, file, first)
			f.Add(body.String(), kind)
		}
	}
	f.Fuzz(func(t *testing.T, body, kind string) {
		p.t = t
		r := request(p.ours, "default", "POST", "/v1/api/batch-calls", body)
		r.Header.Set("Content-Type", kind)
		if a := p.send(r); a.status >= 500 {
			t.Fatalf("answered %d %s", a.status, a.text)
		}
	})
}

func FuzzCallBody(f *testing.F) {
	p := open(f)
	agent := p.caller()
	f.Add(`{"to":"+14155550199","call_agent_id":"` + agent + `","dynamic_variables":{"a":"b"},"metadata":{"x":"\u0000"}}`)
	f.Add(`{"to":"+14155550199","call_agent_id":"\u0000","callback_url":"https://[::1"}`)
	f.Fuzz(func(t *testing.T, body string) {
		p.t = t
		if a := p.send(request(p.ours, "default", "POST", "/v1/api/call", body)); a.status >= 500 {
			t.Fatalf("answered %d %s", a.status, a.text)
		}
	})
}
