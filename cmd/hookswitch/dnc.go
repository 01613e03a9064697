package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// dncCmd looks after the do-not-call list.
type dncCmd struct {
	Add    dncAddCmd    `cmd:"" help:"Put people on the list."`
	List   dncListCmd   `cmd:"" help:"List who is on it."`
	Remove dncRemoveCmd `cmd:"" help:"Take somebody off it."`
}

// dncView is what commands read of the list of the API.
type dncView struct {
	Contact string    `json:"contact"`
	Scope   string    `json:"scope"`
	Source  string    `json:"source"`
	Note    string    `json:"note"`
	Created time.Time `json:"created_at"`
}

// contactOf is a phone number or an e-mail address as the API takes it.
func contactOf(s, where string) (string, error) {
	if strings.Contains(s, "@") {
		return strings.ToLower(strings.TrimSpace(s)), nil
	}
	return e164Of(s, where)
}

// atOnce is how many contacts one request adds.
const atOnce = 1000

type dncAddCmd struct {
	Contacts []string `arg:"" name:"contact" help:"Numbers with + and their country, or e-mail addresses."`
	Scope    string   `enum:"all,calls,messages" default:"all" help:"What they don't want: all, calls or messages. Default ${default}."`
	Note     string   `placeholder:"TEXT" help:"Why."`
	reach
	careful
}

// Run adds them.
func (c *dncAddCmd) Run(ctx context.Context, s streams) error {
	var all []string
	for i, said := range c.Contacts {
		contact, err := contactOf(said, fmt.Sprintf("argument %d", i+1))
		if err != nil {
			return err
		}
		all = append(all, contact)
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would add %s for %s\n", plural(len(all), "contact"), c.Scope)
		return err
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	for from := 0; from < len(all); from += atOnce {
		body := map[string]any{"contacts": all[from:min(from+atOnce, len(all))], "scope": c.Scope, "note": c.Note}
		if err := ask.Send(ctx, http.MethodPost, "/do_not_call", body, nil); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(s.out, "added %s for %s\n", plural(len(all), "contact"), c.Scope)
	return err
}

type dncListCmd struct {
	Limit int `short:"n" default:"0" help:"At most so many; 0 means all. Default ${default}."`
	reach
	output
	hushed
}

// Run lists them.
func (c *dncListCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "CONTACT"}, {Name: "SCOPE"}, {Name: "SOURCE"}, {Name: "SINCE"}, {Name: "NOTE", Gives: true}}}
	table := c.table(s)
	for raw, err := range ask.List(ctx, "/do_not_call", nil, c.Limit) {
		if err != nil {
			return err
		}
		var v dncView
		if json.Unmarshal(raw, &v) != nil {
			return unreadable("a contact")
		}
		contact := v.Contact
		if table {
			contact = show.Number(contact)
		}
		out.Add(v.Contact, raw, contact, v.Scope, v.Source, when(v.Created), cmp.Or(v.Note, "-"))
	}
	if out.Len() == 0 && table {
		c.note(s, "nobody is on the list")
		return nil
	}
	return out.Write(s.out, c.mode(s))
}

type dncRemoveCmd struct {
	Contact string `arg:"" help:"The number, or the e-mail address."`
	Scope   string `enum:"all,calls,messages," default:"" help:"Only what was added for this. Default whatever it was."`
	reach
	dangerous
}

// Run takes somebody off the list: they may be called again.
func (c *dncRemoveCmd) Run(ctx context.Context, s streams) error {
	contact, err := contactOf(c.Contact, "the first argument")
	if err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintln(s.out, "would remove 1 contact")
		return err
	}
	if err := c.sure(s, "remove "+show.Number(contact)+" from the do-not-call list"); err != nil {
		return err
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	path := client.Path("do_not_call", contact)
	if c.Scope != "" {
		path += "?" + url.Values{"scope": {c.Scope}}.Encode()
	}
	if err := ask.Send(ctx, http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, "removed 1 contact")
	return err
}
