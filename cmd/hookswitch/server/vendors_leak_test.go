package server_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/assemblyai"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers/vendortest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// leakWords are what the caller says; leakGreeting is a word of the agent's.
const (
	leakWords    = "my dentist is called Quetzalcoatl"
	leakGreeting = "rhododendron"
)

// forms are how a key might be written.
func forms(key string) []string {
	return []string{key, base64.StdEncoding.EncodeToString([]byte(key)), hex.EncodeToString([]byte(key)), key[:len(key)-4], key[4:]}
}

// keyless checks that text holds no key.
func keyless(t *testing.T, what, text string) {
	t.Helper()
	for name, key := range keys {
		for _, form := range forms(key) {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s: the key of %s: ...%.200q", what, name, text[max(0, i-100):min(len(text), i+100)])
			}
		}
	}
}

// wordless checks that text holds nothing that was said.
func wordless(t *testing.T, what, text string) {
	t.Helper()
	for _, word := range append(strings.Fields(leakGreeting), "dentist", "Quetzalcoatl") {
		if i := strings.Index(strings.ToLower(text), strings.ToLower(word)); i >= 0 {
			t.Errorf("%s: words of a call: ...%.200q", what, text[max(0, i-100):min(len(text), i+100)])
		}
	}
}

// files reads everything under dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[filepath.Base(path)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Vendors that fail repeat what they know: the key that they were sent, and what
// was said. Nothing that the gateway writes or tells has the one; the other is in
// the call's own record, and nowhere else.
func TestAFailingCallTellsNoKeyAndNoWords(t *testing.T) {
	t.Parallel()
	v := startVendors(t)
	v.ears = vendortest.StartDeepgram(t, leakWords)
	for _, vendor := range v.all() {
		vendor.Private = leakWords
	}
	log := &paper{}
	o := v.options(t)
	o.Log = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), log), &slog.HandlerOptions{Level: slog.LevelDebug}))
	dir := filepath.Dir(strings.TrimPrefix(o.Config.DatabaseURL, "sqlite://"))
	t.Cleanup(func() { // when the gateway has stopped
		for name, text := range files(t, dir) {
			keyless(t, "the file "+name, text)
		}
		keyless(t, "the log", log.String())
		for line := range strings.Lines(log.String()) {
			if !strings.Contains(line, "level=DEBUG") {
				wordless(t, "the log", line)
			}
		}
	})
	done := receives(t, nil)
	b := boot(t, o)
	b.unlock(keys)
	number := b.number(flowNumber)
	agent := b.must("POST", "/agents", `{"name":"Support","voice_uuid":"abc123","phone_number_id":`+number+`,"greeting":"The `+leakGreeting+` is open.",
		"asr":{"provider":"deepgram","model":"nova-2","user_input_audio_format":"ulaw_8000"},"llm":{"provider":"openai","model":"gpt-4o"},
		"webhooks":[{"webhook_type":"post_call","webhook_config":{"secret":"`+flowSecret+`","api_schema":{"url":"`+done.URL+`","method":"POST"}}}]}`).str("item.agent.uuid")

	calls := 0
	for _, tt := range []struct {
		part   string
		vendor *vendortest.Vendor
		mood   vendortest.Mood
		when   string // the mood begins
	}{
		{"recogniser", &v.ears.Vendor, vendortest.Refuses, "before the call"},
		{"recogniser", &v.ears.Vendor, vendortest.Broken, "before the call"},
		{"recogniser", &v.ears.Vendor, vendortest.BreaksOff, "after the greeting"},
		{"model", &v.mind.Vendor, vendortest.Refuses, "after the greeting"},
		{"model", &v.mind.Vendor, vendortest.Broken, "after the greeting"},
		{"model", &v.mind.Vendor, vendortest.BreaksOff, "after the greeting"},
		{"voice", &v.voice.Vendor, vendortest.Refuses, "before the call"},
		{"voice", &v.voice.Vendor, vendortest.Broken, "before the call"},
		{"voice", &v.voice.Vendor, vendortest.BreaksOff, "before the call"},
	} {
		if tt.when == "before the call" {
			tt.vendor.Turn(tt.mood)
		}
		call := b.rings(flowNumber)
		if tt.when == "after the greeting" {
			call.wrote("the greeting", heard("is open."))
			tt.vendor.Turn(tt.mood)
			call.says(asrtest.First)
		}
		call.wrote(tt.part+" "+string(tt.mood), func(e agentcore.Event) bool {
			p, ok := e.(agentcore.ProviderError)
			return ok && p.Part == tt.part
		})
		call.leaves()
		tt.vendor.Turn(vendortest.Well)
		for _, p := range troubles(call.journal()) {
			wordless(t, "on record", p.Error+p.Provider+p.Next)
		}
		told, err := json.Marshal(call.journal())
		if err != nil {
			t.Fatal(err)
		}
		keyless(t, "the journal", string(told))
		calls++
	}
	for _, vendor := range v.all() { // what it takes to see that this test sees
		if len(vendor.Keys()) == 0 {
			t.Error("a vendor was not asked")
		}
	}
	b.showsNoKey(t, agent)
	v.checksShowNoKey(t, b)
	eventually(t, "the webhooks", func() bool { return len(done.all()) == calls })
	for _, post := range done.all() {
		keyless(t, "a webhook", post.body)
		for name, values := range post.header {
			keyless(t, "a webhook's header", name+": "+strings.Join(values, ","))
		}
	}
	found := files(t, dir)
	for name, text := range found { // with what is not in the main file yet
		keyless(t, "the file "+name, text)
	}
	if found["hookswitch.db-wal"] == "" || !strings.Contains(found["hookswitch.db"]+found["hookswitch.db-wal"], "Quetzalcoatl") {
		t.Error("the database's files were not looked through: not even the caller's words are in them")
	}
}

// showsNoKey looks through what the API says of everything.
func (b *booted) showsNoKey(t *testing.T, agent string) {
	t.Helper()
	paths := []string{"/calls", "/agents", "/agents/" + agent, "/agents/" + agent + "/versions", "/agents/capabilities", "/voices", "/providers", "/deliveries", "/audit", "/keys", "/phone_numbers"}
	list := b.must("GET", "/calls", "")
	for _, id := range regexp.MustCompile(`call_[a-z2-7]{26}`).FindAllString(list.text, -1) {
		paths = append(paths, "/calls/"+id, "/calls/"+id+"/transcript", "/calls/"+id+"/events")
	}
	told := 0
	for _, path := range paths {
		a := b.ask("GET", path, "", "Accept", "application/json")
		if a.status == http.StatusOK {
			told++
		}
		keyless(t, path, a.text)
	}
	if told < len(paths)-2 {
		t.Errorf("of %d answers only %d told anything", len(paths), told)
	}
	_, text := b.get("/metrics")
	keyless(t, "/metrics", text)
	wordless(t, "/metrics", text)
	if !strings.Contains(text, `hookswitch_provider_failures_total{class="auth",provider="openai",stage="model"}`) {
		t.Error("the metrics tell of no failure")
	}
	_, text = b.get("/readyz")
	keyless(t, "/readyz", text)
	b.must("PATCH", "/agents/"+agent, `{"asr":{"provider":"assemblyai","model":"`+assemblyai.Models[0]+`"}}`)
	a := b.ask("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+server.PhoneListens+`"}`)
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("a dispatch without a key: %d %s", a.status, a.text)
	}
	keyless(t, "a refused dispatch", a.text)
}

// checksShowNoKey has the gateway ask vendors that fail.
func (v vendors) checksShowNoKey(t *testing.T, b *booted) {
	t.Helper()
	for _, mood := range []vendortest.Mood{vendortest.Refuses, vendortest.Broken, vendortest.BreaksOff} {
		for name, vendor := range v.all() {
			vendor.Turn(mood)
			a := b.must("POST", "/providers/"+name+"/check", "")
			vendor.Turn(vendortest.Well)
			if mood == vendortest.Refuses && !strings.Contains(a.text, `"class":"auth"`) {
				t.Errorf("%s that refuses: %s", name, a.text)
			}
			keyless(t, "the check of "+name, a.text)
			wordless(t, "the check of "+name, a.text)
		}
	}
}
