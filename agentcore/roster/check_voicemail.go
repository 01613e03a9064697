package roster

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Voicemail is what an agent does about machines that answer its calls: the
// parameters of voicemail_detection. The first name is that of ElevenLabs, the
// others are ours.
type Voicemail struct {
	Message  string `json:"voicemail_message"` // a template: left on a voicemail. Empty: it is hung up on at once
	Screener string `json:"screener_message"`  // a template: who is calling, and why. Empty: the model answers a screener
	OnMenu   string `json:"on_menu"`           // [MenuTalk], [MenuPress] or [MenuHangUp]
	MenuKeys string `json:"menu_keys"`         // of MenuPress: w waits for half a second
	OnHold   string `json:"on_hold"`           // [HoldWait] or [HoldHangUp]
}

// What an agent does about a menu of keys, and on hold.
const (
	MenuTalk   = "talk" // the default
	MenuPress  = "press"
	MenuHangUp = "hang_up"
	HoldWait   = "wait" // the default
	HoldHangUp = "hang_up"
)

var (
	menuWays = []string{MenuTalk, MenuPress, MenuHangUp}
	holdWays = []string{HoldWait, HoldHangUp}
	menuKeys = regexp.MustCompile(`^[0-9*#A-Dw]{1,32}$`)
)

// VoicemailOf is what d does about machines, with its defaults. It does so only
// if the tool is active.
func VoicemailOf(d Definition) (v Voicemail, active bool) {
	tool := d.SystemTools[VoicemailDetection]
	v = readVoicemail(tool.Parameters)
	return v, tool.Active
}

// readVoicemail reads what was checked when it was saved. Parameters from before
// there was a name to check may hold anything there: that counts as absent.
func readVoicemail(raw json.RawMessage) Voicemail {
	var v Voicemail
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &v) // what has another type stays empty, the rest is read
	}
	if strings.TrimSpace(v.Message) == "" {
		v.Message = ""
	}
	if strings.TrimSpace(v.Screener) == "" {
		v.Screener = ""
	}
	switch {
	case v.OnMenu == MenuHangUp:
		v.MenuKeys = ""
	case v.OnMenu != MenuPress || !menuKeys.MatchString(v.MenuKeys):
		v.OnMenu, v.MenuKeys = MenuTalk, ""
	}
	if v.OnHold != HoldHangUp {
		v.OnHold = HoldWait
	}
	return v
}

// voicemail reads voicemail_detection's settings. An empty text is none.
func voicemail(f form) {
	var message, screener, hold, keys string
	f.text("voicemail_message", maxGreeting, "", &message)
	f.text("screener_message", maxGreeting, "", &screener)
	f.oneOf("on_hold", holdWays, HoldWait, &hold)
	menu := MenuTalk
	f.oneOf("on_menu", menuWays, MenuTalk, &menu)
	wrong := len(f.wrong.Of(f.under+"on_menu")) > 0 // what keys must be depends on it
	given := f.text("menu_keys", 255, "", &keys)
	switch {
	case f.has("menu_keys") && !given: // told already
	case keys != "" && !menuKeys.MatchString(keys):
		f.refuse("menu_keys", "must be 1 to 32 of 0-9, *, #, A-D and w, which waits for half a second")
	case wrong:
	case menu == MenuPress && keys == "":
		f.refuse("menu_keys", "can't be blank when on_menu is press")
	case menu != MenuPress && keys != "":
		f.refuse("menu_keys", "can be set when on_menu is press only")
	}
}
