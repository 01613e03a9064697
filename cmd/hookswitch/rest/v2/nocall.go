package v2

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Bounds of a change of the do-not-call list.
const (
	maxContacts = 1000
	maxNote     = 500 // characters
)

// noCallItem is somebody on the do-not-call list.
type noCallItem struct {
	Contact string  `json:"contact" doc:"A phone number, E.164, or an e-mail address." example:"+14155550177"`
	Scope   string  `json:"scope" enum:"all,calls,messages"`
	Source  string  `json:"source" doc:"api; keyword: they wrote STOP; carrier: it says so."`
	Note    string  `json:"note"`
	Created instant `json:"created_at"`
}

type noCallBody struct {
	Number   *string   `json:"phone_number" required:"false" doc:"E.164."`
	Email    *string   `json:"email" required:"false"`
	Contacts *[]string `json:"contacts" required:"false" maxItems:"1000" doc:"Several of either."`
	Scope    *string   `json:"scope" required:"false" enum:"all,calls,messages" doc:"Default all."`
	Note     *string   `json:"note" required:"false" maxLength:"500"`
}

type noCallAnswer struct {
	Success bool         `json:"success"`
	Items   []noCallItem `json:"items"`
	Count   int          `json:"count"`
	Next    orNull[text] `json:"next_cursor"`
	Message string       `json:"message,omitempty"`
}

type contactInput struct {
	Contact string `path:"contact" maxLength:"254" doc:"A phone number, its + as %2B, or an e-mail address." example:"+14155550177"`
	Scope   string `query:"scope" enum:"all,calls,messages" doc:"Empty: whatever it is."`
}

// noCalls registers the do-not-call list.
func (a *API) noCalls() {
	a.chapter(tagNoCall, "Who must not be called or written to. It goes before everything else that a request says.")
	handle(a, operation{
		ID: "list-do-not-call", Method: http.MethodGet, Path: "/do_not_call", Tag: tagNoCall, Errors: []int{http.StatusBadRequest},
		Summary: "List do-not-call contacts", Scope: roster.CallsRead, Fail: "Failed to list do-not-call contacts",
	}, a.listNoCalls)
	handle(a, operation{
		ID: "add-do-not-call", Method: http.MethodPost, Path: "/do_not_call", Tag: tagNoCall,
		Summary: "Add do-not-call contacts", Scope: roster.CallsWrite, Fail: "Failed to add do-not-call contacts",
		About: "Adds one contact, or up to 1000. When one of them is wrong, none is added. One that is there already stays as it is.",
		Body:  noCallBody{}, Example: `{"phone_number":"+14155550177","scope":"calls","note":"asked on the phone"}`,
	}, a.addNoCalls)
	handle(a, operation{
		ID: "remove-do-not-call", Method: http.MethodDelete, Path: "/do_not_call/{contact}", Tag: tagNoCall, Thing: "Contact",
		Summary: "Remove a do-not-call contact", Scope: roster.CallsWrite, Fail: "Failed to remove the do-not-call contact", Errors: []int{http.StatusBadRequest},
	}, a.removeNoCall)
}

func noCallOf(o roster.OptOut) noCallItem {
	return noCallItem{Contact: o.Contact, Scope: o.Scope, Source: o.Source, Note: o.Note, Created: instant(o.Created)}
}

func (a *API) listNoCalls(ctx context.Context, in *Page) (*reply[noCallAnswer], error) {
	all, next, err := a.Later.OptOuts.ListOptOuts(ctx, gate.Workspace(ctx), in.Cursor, in.Limit)
	if err != nil {
		return nil, cursorError(err)
	}
	out := noCallAnswer{Success: true, Items: make([]noCallItem, 0, len(all)), Count: len(all), Next: textOrNull(next)}
	for _, o := range all {
		out.Items = append(out.Items, noCallOf(o))
	}
	return &reply[noCallAnswer]{out}, nil
}

func (a *API) addNoCalls(ctx context.Context, in *struct{ Posted }) (*reply[noCallAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	all, wrong := a.optOuts(body)
	if len(wrong) > 0 {
		return nil, wrong
	}
	out := noCallAnswer{Success: true, Items: make([]noCallItem, 0, len(all)), Count: len(all), Message: "Added successfully"}
	for _, o := range all {
		o.Workspace = gate.Workspace(ctx)
		if err := a.Later.OptOuts.SetOptOut(ctx, o, gate.Actor(ctx)); err != nil {
			return nil, err
		}
		out.Items = append(out.Items, noCallOf(o))
	}
	return &reply[noCallAnswer]{out}, nil
}

// optOuts reads whom a body adds.
func (a *API) optOuts(in map[string]any) (all []roster.OptOut, wrong roster.Problems) {
	scope := optional(in, "scope", &wrong)
	switch scope {
	case "":
		scope = roster.OptOutAll
	case roster.OptOutAll, roster.OptOutCalls, roster.OptOutMessages:
	default:
		wrong.Add("scope", "must be all, calls or messages")
	}
	note := optional(in, "note", &wrong)
	if utf8.RuneCountInString(note) > maxNote {
		wrong.Add("note", "is too long (maximum is %d characters)", maxNote)
	}
	add := func(field, said string) {
		contact, ok := contactOf(said)
		if !ok {
			wrong.Add(field, "must be an E.164 phone number, such as +14155550177, or an e-mail address")
			return
		}
		all = append(all, roster.OptOut{Contact: contact, Scope: scope, Source: "api", Note: note, Created: a.Now()})
	}
	for _, name := range []string{"phone_number", "email"} {
		if said := optional(in, name, &wrong); said != "" {
			add(name, said)
		}
	}
	several, isList := in["contacts"].([]any)
	switch {
	case in["contacts"] != nil && !isList:
		wrong.Add("contacts", "must be a list")
	case len(several) > maxContacts:
		wrong.Add("contacts", "has more than %d", maxContacts)
		return nil, wrong
	}
	for _, v := range several {
		said, _ := v.(string)
		add("contacts", said)
	}
	if len(all) == 0 && len(wrong) == 0 {
		wrong.Add("phone_number", "can't be blank: or give email, or contacts")
	}
	return all, wrong
}

// contactOf is a phone number or an e-mail address as it is kept.
func contactOf(said string) (string, bool) {
	if roster.E164(said) {
		return said, true
	}
	return roster.Email(said)
}

func (a *API) removeNoCall(ctx context.Context, in *contactInput) (*reply[doneAnswer], error) {
	contact, ok := contactOf(plus(in.Contact))
	if !ok {
		return nil, roster.Problems{{Field: "contact", Messages: []string{"must be an E.164 phone number, or an e-mail address"}}}
	}
	if err := a.Later.OptOuts.RemoveOptOut(ctx, gate.Workspace(ctx), contact, in.Scope, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Removed successfully"}}, nil
}
