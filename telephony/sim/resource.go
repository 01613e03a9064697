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

// resource is the call as it is now.
func (c *Call) resource() resource {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resourceNow()
}

// view is how a call was from a moment on.
type view struct {
	from time.Time
	resource
}

// see keeps how the call is now for a GET that lags. The caller holds mu.
func (c *Call) see() {
	if c.carrier.knobs.ReadLag > 0 {
		c.views = append(c.views, view{time.Now(), c.resourceNow()})
	}
}

// seen is the call as a GET shows it: as it was ReadLag ago, or when it was
// made.
func (c *Call) seen() resource {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.views) == 0 {
		return c.resourceNow()
	}
	r, until := c.views[0].resource, time.Now().Add(-c.carrier.knobs.ReadLag)
	for _, v := range c.views {
		if !v.from.After(until) {
			r = v.resource
		}
	}
	return r
}

// resourceNow is the call as it is. The caller holds mu.
func (c *Call) resourceNow() resource {
	base := "/" + apiVersion + "/Accounts/" + c.owner.SID + "/Calls/" + c.sid
	r := resource{
		AccountSID: c.owner.SID, APIVersion: apiVersion,
		DateCreated: c.stamp(c.created), DateUpdated: c.stamp(c.updated),
		Direction: c.direction, SID: c.sid, Status: c.status, PriceUnit: "USD",
		QueueTime: strconv.FormatInt(c.waited.Milliseconds(), 10), AnsweredBy: optional(c.who),
		From: c.from, FromFormatted: formatted(c.from), To: c.to, ToFormatted: formatted(c.to),
		ParentCallSID: optional(c.parent), PhoneNumberSID: optional(c.number),
		StartTime: c.optionalTime(c.answered), EndTime: c.optionalTime(c.ended),
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

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (c *Call) optionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return optional(c.stamp(t))
}

// formatted writes a North American number the way people there do.
func formatted(n string) string {
	if len(n) != 12 || n[:2] != "+1" {
		return n
	}
	return fmt.Sprintf("(%s) %s-%s", n[2:5], n[5:8], n[8:])
}
