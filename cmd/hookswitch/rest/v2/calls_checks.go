package v2

import (
	"encoding/json"
	"time"
)

// callChecks are what was checked before a call was placed: a dialplan.Proof.
type callChecks struct {
	CheckedAt time.Time    `json:"checked_at"`
	Region    string       `json:"region,omitempty" doc:"Of the number, ISO 3166-1." example:"US"`
	Kind      string       `json:"number_type" doc:"fixed_line, mobile, fixed_line_or_mobile, toll_free, voip, company or sip." example:"mobile"`
	Zones     []string     `json:"callee_zones,omitempty" doc:"Time zones in which the callee may be. Hours hold in all of them." example:"[\"America/New_York\"]"`
	Local     []string     `json:"local_time,omitempty" doc:"What the clocks there showed, in the order of callee_zones." example:"[\"2026-11-23T10:00:00-05:00\"]"`
	Hours     string       `json:"hours,omitempty" doc:"Which hours it was within: policy, call, policy+call; any: there were none; bypassed: the client passed over them." example:"policy"`
	DoNotCall string       `json:"do_not_call,omitempty" doc:"clear: the number was not on the do-not-call list."`
	Consent   string       `json:"consent,omitempty" doc:"How the callee agreed to be called, as the client said."`
	Calls     *checkCounts `json:"calls,omitempty" doc:"Calls before this one, and how many there may be."`
}

type checkCounts struct {
	NumberHour    int `json:"number_hour" doc:"To the number within an hour."`
	NumberHourMax int `json:"number_hour_max"`
	NumberDay     int `json:"number_day" doc:"To the number within 24 hours."`
	NumberDayMax  int `json:"number_day_max"`
	Hour          int `json:"hour" doc:"Of the workspace within an hour."`
	HourMax       int `json:"hour_max"`
}

// checksOf reads a record's proof; nil: nothing was checked.
func checksOf(proof string) *callChecks {
	var c callChecks
	if proof == "" || json.Unmarshal([]byte(proof), &c) != nil || c.CheckedAt.IsZero() {
		return nil
	}
	return &c
}
