package v2

import (
	"cmp"
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// callItem is a call in an answer.
type callItem struct {
	ID           string              `json:"id" example:"call_7q2f"`
	Agent        callAgent           `json:"agent"`
	Direction    string              `json:"direction" enum:"inbound,outbound"`
	From         string              `json:"from" example:"+14155550100"`
	To           string              `json:"to" example:"+14155550199"`
	Status       string              `json:"status" enum:"queued,ringing,in-progress,ended"`
	Created      instant             `json:"created_at"`
	Answered     instantOrNull       `json:"answered_at"`
	Ended        instantOrNull       `json:"ended_at"`
	Duration     float64             `json:"duration_secs" doc:"Since it was answered; 0 if it never was." example:"22.4"`
	EndReason    orNull[text]        `json:"end_reason" doc:"Why it is over, such as caller_hangup, or voicemail: a machine answered, and was left a message or hung up on; null while it runs."`
	Why          orNull[text]        `json:"why" doc:"More about a refusal, or about what a carrier said."`
	SIPCode      orNull[int64]       `json:"sip_code" doc:"Of the carrier's last answer that had one, such as 486: busy."`
	AnsweredBy   orNull[text]        `json:"answered_by" doc:"Who answered a call that was placed, in the carrier's word, such as human or machine_start; null: it did not say."`
	Answer       orNull[whoAnswered] `json:"answer" doc:"Who answered a call that was placed, as we found out, and what was left there; null: nobody found out."`
	Variables    object              `json:"variables" doc:"Dynamic variables at its start."`
	Conversation orNull[text]        `json:"conversation_uuid"`
	Epochs       int                 `json:"epochs" doc:"How often its audio was taken up: 1, and 1 more for each time that it survived a loss."`
	Turns        int                 `json:"turns" doc:"Of the caller."`
	MedianGap    orNull[int64]       `json:"median_gap_ms" doc:"From the caller's last word to the agent's first sound; null when no turn was answered."`
	Room         string              `json:"room" doc:"Name of its room, where other agents can be sent: the one that was chosen, or its id." example:"call_7q2f"`
	Captions     int                 `json:"captions_count" doc:"What agents that listened wrote down: see /calls/{id}/captions."`
	Unheard      int                 `json:"unheard_words" doc:"Words that the agent was to say and the caller did not hear."`
	Cost         orNull[callCost]    `json:"cost" doc:"What it cost by the prices of the gateway's settings; null while it runs, and where nothing has a price."`
	Live         *liveItem           `json:"live,omitempty" doc:"What goes on in it now; absent when it is over, and in lists."`

	Usage     *[]usageLine    `json:"usage,omitempty" maxItems:"64" doc:"What it used so far of what is billed; absent in lists."`
	Checks    *callChecks     `json:"checks,omitempty" doc:"What was checked before it was placed; absent in lists, and of a call that came in."`
	Transfers *[]callTransfer `json:"transfers,omitempty" maxItems:"50" doc:"Whom it was handed to, or was to be, oldest first; absent in lists."`
	Webhooks  *[]callWebhook  `json:"webhooks,omitempty" maxItems:"20" doc:"What the agent's webhooks did for it, oldest first; absent in lists."`
}

// callAgent is who answered.
type callAgent struct {
	Name    string        `json:"name"`
	UUID    orNull[text]  `json:"uuid" doc:"null: the gateway's own agent, of its settings."`
	Version orNull[int64] `json:"version" doc:"That the call runs to its end."`
}

// text is a string that orNull can hold.
type text string

func textOrNull(s string) orNull[text] {
	if s == "" {
		return orNull[text]{}
	}
	return orNull[text]{(*text)(&s)}
}

func numberOrNull(n int64) orNull[int64] {
	if n == 0 {
		return orNull[int64]{}
	}
	return orNull[int64]{&n}
}

func callItemOf(r dispatch.Record, n storage.Numbers, now time.Time) callItem {
	item := callItem{
		ID:        string(r.ID),
		Agent:     callAgent{r.Agent, textOrNull(r.AgentUUID), numberOrNull(int64(r.Version))},
		Direction: string(r.Direction), From: string(r.From), To: string(r.To), Status: statusOf(r),
		Created: instant(r.Created), Answered: instantOrNull{instant(r.Answered)}, Ended: instantOrNull{instant(r.Ended)},
		EndReason: textOrNull(string(r.Reason)), Why: textOrNull(r.Why),
		SIPCode: numberOrNull(int64(r.SIPCode)), AnsweredBy: textOrNull(r.Answerer), Answer: answerOf(r), Cost: costOf(r),
		Conversation: textOrNull(r.Conversation), Variables: object{}, Epochs: r.Epoch,
		Turns: n.Turns, MedianGap: numberOrNull(n.MedianGap), Unheard: n.Unheard,
		Room: cmp.Or(r.Room, string(r.ID)), Captions: n.Captions,
	}
	if set, err := vars.Decode(r.Variables); err == nil { // numbers as they were written: some are accounts
		item.Variables = object(set)
	}
	if !r.Answered.IsZero() {
		until := now
		if r.Over() {
			until = r.Ended
		}
		item.Duration = max(0, until.Sub(r.Answered).Truncate(time.Millisecond).Seconds())
	}
	return item
}

// statusOf is a call's status in one of four words. A carrier's last word may be
// ahead of the record's end.
func statusOf(r dispatch.Record) string {
	switch {
	case r.Over():
		return "ended"
	case !r.Answered.IsZero() || r.State == telephony.InProgress:
		return "in-progress"
	case r.State == telephony.Queued:
		return "queued"
	}
	return "ringing"
}

// instant is a time in an answer about calls: UTC, to the millisecond.
type instant time.Time

const milli = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements [json.Marshaler].
func (i instant) MarshalJSON() ([]byte, error) {
	if time.Time(i).IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(time.Time(i).UTC().Format(milli))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (i *instant) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, (*time.Time)(i)) }

// Schema implements [huma.SchemaProvider].
func (instant) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "date-time", Examples: []any{"2026-11-22T09:31:02.381Z"}}
}

// instantOrNull is one that may not have come yet.
type instantOrNull struct{ instant }

// Schema implements [huma.SchemaProvider].
func (instantOrNull) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "date-time", Nullable: true}
}

// Schema implements [huma.SchemaProvider].
func (text) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: "string"} }

// schemaOf is the schema of T.
func schemaOf[T any](r huma.Registry) *huma.Schema { return r.Schema(reflect.TypeFor[T](), true, "") }
