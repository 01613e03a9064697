package sim

import (
	"fmt"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

const apiVersion = "2010-04-01"

// resource is a call as the REST API shows it: every key of the official
// example, numbers as strings, dates as RFC 2822.
type resource struct {
	AccountSID     string            `json:"account_sid"`
	AnsweredBy     *string           `json:"answered_by"`
	APIVersion     string            `json:"api_version"`
	CallerName     *string           `json:"caller_name"`
	DateCreated    string            `json:"date_created"`
	DateUpdated    string            `json:"date_updated"`
	Direction      string            `json:"direction"`
	Duration       *string           `json:"duration"`
	EndTime        *string           `json:"end_time"`
	ForwardedFrom  *string           `json:"forwarded_from"`
	From           string            `json:"from"`
	FromFormatted  string            `json:"from_formatted"`
	GroupSID       *string           `json:"group_sid"`
	ParentCallSID  *string           `json:"parent_call_sid"`
	PhoneNumberSID *string           `json:"phone_number_sid"`
	Price          *string           `json:"price"`
	PriceUnit      string            `json:"price_unit"`
	SID            string            `json:"sid"`
	StartTime      *string           `json:"start_time"`
	Status         telephony.State   `json:"status"`
	Subresources   map[string]string `json:"subresource_uris"`
	To             string            `json:"to"`
	ToFormatted    string            `json:"to_formatted"`
	TrunkSID       *string           `json:"trunk_sid"`
	URI            string            `json:"uri"`
	QueueTime      string            `json:"queue_time"`
}

var subresources = map[string]string{
	"notifications": "Notifications", "recordings": "Recordings", "payments": "Payments", "events": "Events",
	"siprec": "Siprec", "streams": "Streams", "transcriptions": "Transcriptions",
	"user_defined_message_subscriptions": "UserDefinedMessageSubscriptions", "user_defined_messages": "UserDefinedMessages",
}

func (c *Call) resource() resource {
	c.mu.Lock()
	defer c.mu.Unlock()
	base := "/" + apiVersion + "/Accounts/" + c.owner.SID + "/Calls/" + c.sid
	r := resource{
		AccountSID: c.owner.SID, APIVersion: apiVersion,
		DateCreated: stamp(c.created), DateUpdated: stamp(c.updated),
		Direction: c.direction, SID: c.sid, Status: c.status, PriceUnit: "USD", QueueTime: "0",
		From: c.from, FromFormatted: formatted(c.from), To: c.to, ToFormatted: formatted(c.to),
		ParentCallSID: optional(c.parent), PhoneNumberSID: optional(c.numberSID()),
		StartTime: optionalTime(c.answered), EndTime: optionalTime(c.ended),
		Subresources: map[string]string{}, URI: base + ".json",
	}
	if c.status.Terminal() {
		r.Duration = optional(strconv.Itoa(int(c.length().Round(time.Second) / time.Second)))
	}
	for name, path := range subresources {
		r.Subresources[name] = base + "/" + path + ".json"
	}
	return r
}

// numberSID makes up an id for the account's own number in the call: stable, as
// it is derived from the number.
func (c *Call) numberSID() string {
	for i, n := range c.carrier.owned() {
		if n.Number == c.to || n.Number == c.from {
			return fmt.Sprintf("PN%032x", i+1)
		}
	}
	return ""
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return optional(stamp(t))
}

// formatted writes a North American number the way people there do.
func formatted(n string) string {
	if len(n) != 12 || n[:2] != "+1" {
		return n
	}
	return fmt.Sprintf("(%s) %s-%s", n[2:5], n[5:8], n[8:])
}
