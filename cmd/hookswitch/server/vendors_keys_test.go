package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// next is the key that follows a key.
func next(keys map[string]string) map[string]string {
	all := map[string]string{}
	for name, key := range keys {
		all[name] = key + "-next"
	}
	return all
}

// talks sings s, and waits for the answer.
func (k talker) talks(s asrtest.Speech) {
	k.b.t.Helper()
	k.says(s)
	k.wrote("the answer to "+s.Text, heard(answer(s.Text)))
}

// A key counts from the moment in which it is set: for the calls that begin.
func TestAKeyIsRotatedWithoutARestart(t *testing.T) {
	t.Parallel()
	v := startVendors(t)
	b := boot(t, v.options(t))
	b.unlock(keys)
	a := b.linked(supported(nil), flowNumber)
	first := b.rings(flowNumber)
	first.wrote("the greeting", heard("Support."))
	first.talks(asrtest.First)

	b.unlock(next(keys))
	second := b.rings(flowNumber)
	second.wrote("the greeting", heard("Support."))
	second.talks(asrtest.First)
	first.talks(asrtest.Second) // with the key that it has

	for name := range keys {
		b.must("DELETE", "/providers/"+name, "")
	}
	second.talks(asrtest.Second) // although nobody has a key any more
	first.leaves()
	second.leaves()

	if got, want := slices.Compact(v.ears.Keys()), []string{earsKey, earsKey + "-next"}; !slices.Equal(got, want) {
		t.Errorf("Deepgram was asked with %q, want %q", got, want)
	}
	if got, want := v.mind.Keys(), []string{mindKey, mindKey + "-next", mindKey, mindKey + "-next"}; !slices.Equal(got, want) {
		t.Errorf("OpenAI was asked with %q, want %q", got, want)
	}
	spoke := slices.Compact(v.voice.Keys())
	if len(spoke) < 2 || spoke[0] != voiceKey || spoke[1] != voiceKey+"-next" {
		t.Errorf("Resemble was asked with %q", spoke)
	}
	for _, call := range []talker{first, second} {
		if got := troubles(call.journal()); got != nil {
			t.Errorf("on record: %+v", got)
		}
	}
	// Each stage says what to do about it, before anybody is rung; a server under
	// openai.base_url may want no key.
	before := len(b.Sim().Calls())
	refused := b.ask("POST", "/agents/"+a.UUID+"/dispatch", `{"phone_number":"`+server.PhoneListens+`"}`)
	if refused.status != http.StatusUnprocessableEntity || len(b.Sim().Calls()) != before {
		t.Errorf("a dispatch without keys: %d %s", refused.status, refused.text)
	}
	for _, mend := range []string{"hookswitch provider set deepgram --key-stdin", "Agent TTS voice 'abc123' is not available"} {
		if !strings.Contains(refused.text, mend) {
			t.Errorf("a dispatch without keys does not say %q: %s", mend, refused.text)
		}
	}
}

// The settings' keys are the operator's: no other workspace calls at their
// expense. A workspace's own key goes before them.
func TestTheSettingsKeysServeTheDefaultWorkspaceOnly(t *testing.T) {
	t.Parallel()
	v := startVendors(t)
	o := v.options(t)
	o.Config.Providers.Deepgram.Key, o.Config.OpenAI.Key, o.Config.Providers.Resemble.Key = earsKey, mindKey, voiceKey
	b := boot(t, o)
	b.linked(supported(nil), flowNumber)
	agent, theirs := b.tenant(flowSpare)

	if a := theirs("GET", "/providers", ""); strings.Contains(a.text, "environment") || strings.Count(a.text, `"source":"built_in"`) != 3 {
		t.Errorf("they are shown %s", a.text)
	}
	if a := theirs("GET", "/voices", ""); strings.Contains(a.text, "abc123") {
		t.Errorf("they are offered the operator's voices: %s", a.text)
	}
	if a := theirs("POST", "/providers/deepgram/check", ""); a.status != http.StatusConflict {
		t.Errorf("they check the operator's account: %d %s", a.status, a.text)
	}
	const ears, mind = "hookswitch provider set deepgram --key-stdin", "hookswitch provider set openai --key-stdin"
	if a := theirs("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+server.PhoneListens+`"}`); a.status != http.StatusUnprocessableEntity ||
		!strings.Contains(a.text, ears) || !strings.Contains(a.text, mind) {
		t.Errorf("they dispatch: %d %s", a.status, a.text)
	}
	if _, r := b.dial(flowSpare, handset.Silent); r.Reason != telephony.AgentIncomplete || !strings.Contains(r.Why, ears) || !strings.Contains(r.Why, mind) {
		t.Errorf("a call to them ends for %s, %q", r.Reason, r.Why)
	}
	for name, vendor := range v.all() {
		if got := vendor.Keys(); len(got) != 0 {
			t.Errorf("%s was asked with %q for them", name, got)
		}
	}

	call := b.rings(flowNumber)
	call.wrote("the greeting", heard("Support."))
	call.talks(asrtest.First)
	call.leaves()
	b.unlock(next(keys))
	call = b.rings(flowNumber)
	call.wrote("the greeting", heard("Support."))
	call.talks(asrtest.First)
	call.leaves()
	for name, vendor := range v.all() {
		got := slices.Compact(vendor.Keys())
		if want := []string{keys[name], keys[name] + "-next"}; !slices.Equal(got, want) {
			t.Errorf("%s was asked with %q, want %q", name, got, want)
		}
	}
}

// tenant is another workspace on the same gateway: an agent whose ears and mind
// have no key there, with a number, and how to ask the API for it.
func (b *booted) tenant(number string) (agent string, ask func(method, path, body string) answered) {
	b.t.Helper()
	if err := b.Store().CreateWorkspace(b.t.Context(), roster.Workspace{ID: "acme", Created: time.Now()}); err != nil {
		b.t.Fatal(err)
	}
	_, key, err := roster.Issue(b.t.Context(), b.Store(), "acme", "test", []roster.Scope{roster.Admin}, "test", time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	ask = func(method, path, body string) answered {
		return b.ask(method, path, body, "Authorization", "Bearer "+key)
	}
	id := ask("POST", "/phone_numbers", `{"phone_number":"`+number+`","label":"Line","provider":"twilio",
		"twilio_account_sid":"`+server.SimAccount+`","twilio_auth_token":"none","supports_inbound":true,"supports_outbound":true}`).str("item.id")
	if err := b.Buy(telephony.Number(number)); err != nil {
		b.t.Fatal(err)
	}
	made := ask("POST", "/agents", `{"name":"Theirs","voice_uuid":"flite-rms","phone_number_id":`+id+`,
		"asr":{"provider":"deepgram","model":"nova-2"},"llm":{"provider":"openai","model":"gpt-4o"}}`)
	if agent = made.str("item.agent.uuid"); agent == "" {
		b.t.Fatalf("their agent: %d %s", made.status, made.text)
	}
	return agent, ask
}
