package dialplan

// Hours are when calls may be placed.
type Hours struct {
	Windows []Window `json:"windows,omitempty"` // none: at any time
	// Zone is where the windows' times are meant: an IANA name. Empty: where the
	// callee is, as the number tells.
	Zone string `json:"zone,omitempty"`
}

// Window is a part of some days of the week.
type Window struct {
	Days []string `json:"days"` // mon, tue, wed, thu, fri, sat, sun
	From string   `json:"from"` // "09:00"
	To   string   `json:"to"`   // "17:00", not after midnight: "24:00"
}
