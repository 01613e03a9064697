package roster_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestWhatIsDoneAboutMachinesIsCheckedWhenItIsSaved(t *testing.T) {
	const keysForm = "must be 1 to 32 of 0-9, *, #, A-D and w, which waits for half a second"
	for _, tt := range []struct {
		name, parameters string
		field, message   string // empty: it is good
	}{
		{"a message", `{"voicemail_message":"Hello {{name}}, call us back."}`, "", ""},
		{"none: hung up at once", `{}`, "", ""},
		{"all of ours", `{"voicemail_message":"m","screener_message":"It is {{us}}.","on_menu":"press","menu_keys":"1ww0#*AD","on_hold":"hang_up"}`, "", ""},
		{"nothing set", `{"voicemail_message":null,"screener_message":null,"on_menu":null,"menu_keys":null,"on_hold":null}`, "", ""},
		{"empty texts", `{"voicemail_message":"","screener_message":"","menu_keys":""}`, "", ""},
		{"the longest", `{"voicemail_message":"` + strings.Repeat("é", 2000) + `"}`, "", ""},
		{"a name that nobody asks for", `{"tone":"kind"}`, "", ""},
		{"too long", `{"voicemail_message":"` + strings.Repeat("m", 2001) + `"}`, "voicemail_message", "is too long (maximum is 2000 characters)"},
		{"a number", `{"voicemail_message":1}`, "voicemail_message", "must be a string"},
		{"what no database keeps", `{"screener_message":"a\u0000"}`, "screener_message", "is invalid"},
		{"a long word to screeners", `{"screener_message":"` + strings.Repeat("m", 2001) + `"}`, "screener_message", "is too long (maximum is 2000 characters)"},
		{"another way with menus", `{"on_menu":"dance"}`, "on_menu", "is not included in the list"},
		{"a way in capitals", `{"on_menu":"TALK"}`, "on_menu", "is not included in the list"},
		{"keys that are not said", `{"on_menu":"press"}`, "menu_keys", "can't be blank when on_menu is press"},
		{"no keys", `{"on_menu":"press","menu_keys":""}`, "menu_keys", "can't be blank when on_menu is press"},
		{"keys for nobody", `{"menu_keys":"1"}`, "menu_keys", "can be set when on_menu is press only"},
		{"keys before it hangs up", `{"on_menu":"hang_up","menu_keys":"1"}`, "menu_keys", "can be set when on_menu is press only"},
		{"keys that no telephone has", `{"on_menu":"press","menu_keys":"1E"}`, "menu_keys", keysForm},
		{"a pause that is no w", `{"on_menu":"press","menu_keys":"1,2"}`, "menu_keys", keysForm},
		{"too many keys", `{"on_menu":"press","menu_keys":"` + strings.Repeat("1", 33) + `"}`, "menu_keys", keysForm},
		{"keys as a number", `{"on_menu":"press","menu_keys":1}`, "menu_keys", "must be a string"},
		{"another way on hold", `{"on_hold":"sing"}`, "on_hold", "is not included in the list"},
		{"a way on hold that is a flag", `{"on_hold":true}`, "on_hold", "must be a string"},
	} {
		_, err := roster.ChangeSystemTool(roster.VoicemailDetection, roster.SystemTool{}, bodyOf(t, `{"tool_config":{"parameters":`+tt.parameters+`}}`))
		if tt.field == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		var wrong roster.Problems
		if !errors.As(err, &wrong) || len(wrong) != 1 {
			t.Errorf("%s: %v, want one problem", tt.name, err)
			continue
		}
		if got := wrong.Of("tool_config.parameters." + tt.field); len(got) != 1 || got[0] != tt.message {
			t.Errorf("%s: %v, want %s: %q", tt.name, wrong, tt.field, tt.message)
		}
	}
}

func TestAllThatIsWrongAboutMachinesIsToldAtOnce(t *testing.T) {
	_, err := roster.ChangeSystemTool(roster.VoicemailDetection, roster.SystemTool{}, bodyOf(t, `{"tool_config":{"parameters":
		{"voicemail_message":"+14155550134`+strings.Repeat("m", 2000)+`","screener_message":[],"on_menu":"dance","menu_keys":"x","on_hold":"sing"}}}`))
	var wrong roster.Problems
	if !errors.As(err, &wrong) || len(wrong) != 5 {
		t.Errorf("%v, want five problems", err)
	}
	if strings.Contains(wrong.Error(), "14155550134") {
		t.Errorf("a mistake repeats the text: %v", wrong)
	}
}

func TestWhatIsDoneAboutMachinesIsReadWithItsDefaults(t *testing.T) {
	plain := roster.Voicemail{OnMenu: agentcore.MenuTalk, OnHold: agentcore.HoldWait}
	with := func(change func(*roster.Voicemail)) roster.Voicemail { v := plain; change(&v); return v }
	for _, tt := range []struct {
		name, parameters string
		want             roster.Voicemail
	}{
		{"nothing", ``, plain},
		{"null", `null`, plain},
		{"a message", `{"voicemail_message":" Hello {{name}} "}`, with(func(v *roster.Voicemail) { v.Message = " Hello {{name}} " })},
		{"a blank one is none", `{"voicemail_message":" \n","screener_message":" "}`, plain},
		{"all of it", `{"voicemail_message":"m","screener_message":"s","on_menu":"press","menu_keys":"1w","on_hold":"hang_up"}`,
			roster.Voicemail{Message: "m", Screener: "s", OnMenu: agentcore.MenuPress, MenuKeys: "1w", OnHold: agentcore.HoldHangUp}},
		{"hang up", `{"on_menu":"hang_up"}`, with(func(v *roster.Voicemail) { v.OnMenu = agentcore.MenuHangUp })},
		{"from before it was checked", `{"voicemail_message":"m","on_menu":7,"menu_keys":["1"],"on_hold":"sing"}`, with(func(v *roster.Voicemail) { v.Message = "m" })},
		{"keys for nothing", `{"on_menu":"press","menu_keys":"call me"}`, plain},
	} {
		d := roster.Definition{SystemTools: map[string]roster.SystemTool{roster.VoicemailDetection: {Active: true, Parameters: []byte(tt.parameters)}}}
		if got, active := roster.VoicemailOf(d); got != tt.want || !active {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, active, tt.want)
		}
	}
	if got, active := roster.VoicemailOf(roster.Definition{}); got != plain || active {
		t.Errorf("of an agent without it: %+v, %v", got, active)
	}
}
