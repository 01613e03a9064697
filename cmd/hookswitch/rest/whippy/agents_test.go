package whippy_test

import (
	"encoding/json"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// sorted is JSON with the names of its objects in order.
func sorted(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	raw, _ := json.Marshal(v)
	return string(raw)
}

func TestAnAgentIsShownInTheVendorsWords(t *testing.T) {
	p := open(t)
	a := p.send("POST", "/v1/agents", `{"name":"Front desk","prompt":"You help.","voice_id":"flite:slt","llm_id":"openai/gpt-4o","begin_message":"Hello","default_dynamic_variables":{"name":"you"}}`).wants(201)
	id := a.str("data.id")
	g, err := p.db.Agent(t.Context(), roster.Default, id)
	if err != nil {
		t.Fatal(err)
	}
	d := g.Clone()
	d.Turn.SilenceEnd = 30
	d.SystemTools[roster.VoicemailDetection] = roster.SystemTool{Active: true, Parameters: []byte(`{"voicemail_message":"Call us back."}`)}
	if _, err := p.db.ChangeAgent(t.Context(), roster.Default, id, 1, d, nil, "cli:ada", p.now.Add(60e9)); err != nil {
		t.Fatal(err)
	}
	a = p.send("GET", "/v1/agents/"+id, "").wants(200)
	a.has("data.current_version", sorted(t, `{"id":"`+id+`:2","agent_id":"`+id+`","llm_id":"openai/gpt-4o","prompt":"You help.","provider_settings":{"voice_id":"flite:slt","begin_message":"Hello",
		"end_call_after_silence_ms":30000,"reminder_trigger_ms":7000,"allow_user_dtmf":true,"language":"en-US","voicemail_option":{"action":{"type":"static_text","text":"Call us back."}},
		"default_dynamic_variables":{"name":"you"}}}`))
	a.has("data.status", `"active"`).has("data.name", `"Front desk"`).has("data.updated_by", `"cli:ada"`).has("data.deleted_at", `null`).
		has("data.created_at", `"2026-11-18T18:00:00Z"`).has("data.updated_at", `"2026-11-18T18:01:00Z"`).has("data.versions.1.id", `"`+id+`:1"`)
	if by := a.str("data.created_by"); len(by) < 5 || by[:4] != "key:" {
		t.Errorf("created_by is %q", by)
	}
	p.send("GET", "/v1/agents/"+id, "", "X-WHIPPY-KEY", p.theirs).refused(404, "Agent not found")
}

func TestAgentsAreListedByNameAndPage(t *testing.T) {
	p := open(t) // has one called Reminder
	for _, name := range []string{"Sales West", "Sales East"} {
		p.send("POST", "/v1/agents", `{"name":"`+name+`","voice_id":"flite:slt"}`).wants(201)
	}
	p.send("GET", "/v1/agents", "").wants(200).has("total", `3`).has("data.0.name", `"Reminder"`)
	p.send("GET", "/v1/agents?name=sales", "").wants(200).has("total", `2`)
	p.send("GET", "/v1/agents?name=sales&limit=1&offset=1", "").wants(200).has("total", `2`).has("data.0.name", `"Sales East"`)
	p.send("GET", "/v1/agents?offset=5", "").wants(200).has("data", `[]`)
	p.send("GET", "/v1/agents", "", "X-WHIPPY-KEY", p.theirs).wants(200).has("total", `0`)
}

func TestAnAgentOfThisDoorIsFitToTalk(t *testing.T) {
	p := open(t)
	g, err := p.db.Agent(t.Context(), roster.Default, p.agent)
	if err != nil {
		t.Fatal(err)
	}
	if why, err := roster.Unfit(t.Context(), shelf{}, g); why != nil || err != nil {
		t.Errorf("unfit: %q, %v", why, err)
	}
	if *g.LLM.Prompt != "Remind." || g.ASR.Provider != "moonshine" {
		t.Errorf("made %+v %+v", g.LLM, g.ASR)
	}
}

func TestMistakesOfAnAgentAreToldInTheVendorsWords(t *testing.T) {
	p := open(t)
	p.send("POST", "/v1/agents", `{}`).refused(422, "name can't be blank", "voice_id can't be blank")
	p.send("POST", "/v1/agents", `{"name":"A","voice_id":"nobody","prompt":1,"begin_message":[],"llm_id":"openai/gpt-99","default_dynamic_variables":[]}`).
		refused(422, "voice_id Voice not found or not accessible", "default_dynamic_variables Dynamic variables must be a flat hash.",
			"begin_message must be a string", "prompt must be a string", "llm_id LLM provider/model combination 'openai/gpt-99' is not supported")
	p.send("POST", "/v1/agents", `{"name":"A","voice_id":"flite:slt","llm_id":7}`).refused(422, "llm_id must be a string")
	p.send("POST", "/v1/agents", `{"name":"A","voice_id":"flite:slt","llm_id":"oracle"}`).refused(422, "llm_id is not included in the list")
}

func TestWhatIsDoneAboutVoicemailIsWrittenInTheVendorsWords(t *testing.T) {
	p := open(t)
	for _, tt := range []struct{ option, shown string }{
		{`null`, `null`},
		{`{"action":{"type":"hangup"}}`, `{"action":{"type":"hangup"}}`},
		{`{"action":{"type":"static_text","text":"Hello {{name}}, call us back."}}`, `{"action":{"text":"Hello {{name}}, call us back.","type":"static_text"}}`},
	} {
		a := p.send("POST", "/v1/agents", `{"name":"Caller","voice_id":"flite:slt","voicemail_option":`+tt.option+`}`).wants(201)
		p.send("GET", "/v1/agents/"+a.str("data.id"), "").wants(200).has("data.current_version.provider_settings.voicemail_option", tt.shown)
		g, err := p.db.Agent(t.Context(), roster.Default, a.str("data.id"))
		if err != nil {
			t.Fatal(err)
		}
		if _, active := roster.VoicemailOf(g.Definition); active != (tt.option != "null") {
			t.Errorf("%s: the tool is active: %v", tt.option, active)
		}
	}
	for option, why := range map[string]string{
		`7`:                                 "voicemail_option must be an object",
		`{}`:                                "voicemail_option.action can't be blank",
		`{"action":[]}`:                     "voicemail_option.action must be an object",
		`{"action":{}}`:                     "voicemail_option.action.type must be hangup or static_text",
		`{"action":{"type":"prompt"}}`:      "voicemail_option.action.type must be hangup or static_text",
		`{"action":{"type":"static_text"}}`: "voicemail_option.action.text can't be blank",
		`{"action":{"type":"static_text","text":" "}}`: "voicemail_option.action.text can't be blank",
		`{"action":{"type":"static_text","text":7}}`:   "voicemail_option.action.text must be a string",
	} {
		p.send("POST", "/v1/agents", `{"name":"Caller","voice_id":"flite:slt","voicemail_option":`+option+`}`).refused(422, why)
	}
	p.send("POST", "/v1/agents", `{"voice_id":"flite:slt","voicemail_option":7}`).refused(422, "voicemail_option must be an object", "name can't be blank")
}
