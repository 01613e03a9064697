package twilio

import (
	"context"
	"errors"
	"regexp"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
)

// Numbers looks after the phone numbers of accounts at Twilio: it makes calls to
// them lead here, and gives them back. Wherever an Account is asked for, the zero
// one is the trunk's own. Its errors are [*Error].
type Numbers struct{ k *Carrier }

// Numbers returns the numbers of the accounts that k knows, or is told.
func (k *Carrier) Numbers() Numbers { return Numbers{k} }

// Owned is a number that an account has.
type Owned struct {
	ID       string // Twilio's, "PN" and 32 hex digits
	Number   telephony.Number
	Voice    bool // it can take calls
	Texts    bool // it can take texts
	Settings Settings
}

var (
	e164     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	numberID = regexp.MustCompile(`^PN[0-9a-fA-F]{32}$`)
)

// Linked is a number that leads here.
type Linked struct {
	ID  string   // Twilio's
	Was Settings // what it did before it was first linked: keep it for Unlink
}

// Find looks for a number among those that a has, else it fails with
// [ErrNoNumber]. Nobody else's numbers can be found with a's credentials, so what
// is found is a's.
func (n Numbers) Find(ctx context.Context, a Account, number telephony.Number) (Owned, error) {
	return n.find(ctx, "find", a, number)
}

func (n Numbers) find(ctx context.Context, op string, a Account, number telephony.Number) (Owned, error) {
	a, err := n.k.orOwn(op, a)
	if err != nil {
		return Owned{}, err
	}
	// Twilio takes stars and parts of numbers. It also has to be free of dots,
	// for twilio-go cuts ".1" out of every query.
	if !e164.MatchString(string(number)) {
		return Owned{}, &Error{Op: op, Help: "write + and the country code first", Err: ErrNoNumber}
	}
	p := &api.ListIncomingPhoneNumberParams{}
	p.SetPhoneNumber(string(number))
	p.SetPageSize(50) // it is one, or a few that hold it as a part
	var page *api.ListIncomingPhoneNumberResponse
	err = n.k.do(ctx, op, a, func(s *api.ApiService) (err error) {
		page, err = s.PageIncomingPhoneNumber(p, "", "")
		return err
	})
	if err != nil {
		return Owned{}, err
	}
	for i := range page.IncomingPhoneNumbers {
		if found := &page.IncomingPhoneNumbers[i]; text(found.PhoneNumber) == string(number) {
			return owned(op, found)
		}
	}
	return Owned{}, &Error{Op: op, Err: ErrNoNumber}
}

// fetch asks for a number by its id.
func (n Numbers) fetch(ctx context.Context, op string, a Account, id string) (Owned, error) {
	a, err := n.k.orOwn(op, a)
	if err != nil {
		return Owned{}, err
	}
	if !numberID.MatchString(id) {
		return Owned{}, &Error{Op: op, Help: "that is no number's id at Twilio", Err: ErrNoNumber}
	}
	var is *api.ApiV2010IncomingPhoneNumber
	err = n.k.do(ctx, op, a, func(s *api.ApiService) (err error) {
		is, err = s.FetchIncomingPhoneNumber(id, &api.FetchIncomingPhoneNumberParams{})
		return err
	})
	if err != nil {
		return Owned{}, err
	}
	return owned(op, is)
}

// Link makes calls to a number of a's lead here: its voice address, the second
// chance when that fails, and where the end of a call is told. An application or
// a trunk of Twilio's that the number had is taken off, for it would win.
//
// With texts, what is written to it leads here in the same way, if the number can
// take texts and there is an Inbox. Without, texts that lead here are given back,
// and others are left alone.
//
// was is what an earlier Link of the same number returned, and nil the first time:
// linking again keeps it, however the number looks by now. A number that leads
// here although nobody kept what it was is given back empty.
func (n Numbers) Link(ctx context.Context, a Account, number telephony.Number, was *Settings, texts bool) (Linked, error) {
	found, err := n.find(ctx, "link", a, number)
	if err != nil {
		return Linked{}, err
	}
	if !found.Voice {
		return Linked{}, &Error{Op: "link", Err: ErrNoVoice}
	}
	linked := Linked{ID: found.ID, Was: n.without(found.Settings)}
	if was != nil {
		linked.Was = *was
	}
	linked.Was.TextSettings = n.textsWere(was, found.Settings.TextSettings)
	want, change := n.linkedTexts(found, linked.Was.TextSettings, texts)
	ask := func() (Owned, error) {
		p := n.wanted().link()
		if change {
			want.set(p)
		}
		return n.update(ctx, "link", a, found.ID, p)
	}
	now, err := ask()
	if gone(err) && !texts && want.SMSApplicationSID != "" { // it can't be given back
		want.SMSApplicationSID = ""
		now, err = ask()
	}
	if err != nil {
		return Linked{}, err
	}
	if !n.leadsHere(now.Settings) || change && texts != n.textsLeadHere(now.Settings.TextSettings) {
		return Linked{}, &Error{Op: "link", Help: "Twilio took the number's new settings and has others: link it again"}
	}
	return linked, nil
}

// Unlink gives a number of a's back as it was before [Numbers.Link]. A number
// that somebody made lead elsewhere in the meantime is left alone, and the error
// is [ErrElsewhere]; one that is as it was already is no error. Texts that lead
// elsewhere by now do so without an error. An application or
// a trunk that is gone by now can't be given back; the rest is. When the public
// URL was changed, link again before: a number that leads to the old one leads
// elsewhere.
func (n Numbers) Unlink(ctx context.Context, a Account, id string, was Settings) error {
	is, err := n.fetch(ctx, "unlink", a, id)
	if err != nil {
		return err
	}
	calls, texts := n.leadsHere(is.Settings), n.textsLeadHere(is.Settings.TextSettings)
	if calls || texts {
		err = n.restore(ctx, a, id, was, calls, texts)
	}
	if err == nil && !calls && is.Settings.calls() != was.calls() {
		return &Error{Op: "unlink", Err: ErrElsewhere}
	}
	return err
}

// restore sets a number as it was, for calls, for texts or for both.
func (n Numbers) restore(ctx context.Context, a Account, id string, was Settings, calls, texts bool) error {
	ask := func() error {
		p := &api.UpdateIncomingPhoneNumberParams{}
		if calls {
			p = was.restore()
		}
		if texts {
			was.TextSettings.set(p)
		}
		_, err := n.update(ctx, "unlink", a, id, p)
		return err
	}
	err := ask()
	if gone(err) && (was.VoiceApplicationSID != "" || was.TrunkSID != "" || was.SMSApplicationSID != "") {
		was.VoiceApplicationSID, was.TrunkSID, was.SMSApplicationSID = "", "", ""
		err = ask()
	}
	return err
}

// gone reports whether Twilio says by err that the application or the trunk of a
// number is not there any more. The number itself was there a moment ago.
func gone(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == codeNotFound || e.Code == codeApplication)
}

// update changes a number's settings and returns how it is now.
func (n Numbers) update(ctx context.Context, op string, a Account, id string, p *api.UpdateIncomingPhoneNumberParams) (Owned, error) {
	a, err := n.k.orOwn(op, a)
	if err != nil {
		return Owned{}, err
	}
	var now *api.ApiV2010IncomingPhoneNumber
	err = n.k.do(ctx, op, a, func(s *api.ApiService) (err error) {
		now, err = s.UpdateIncomingPhoneNumber(id, p)
		return err
	})
	if err != nil {
		return Owned{}, err
	}
	return owned(op, now)
}

// owned reads Twilio's answer about a number.
func owned(op string, is *api.ApiV2010IncomingPhoneNumber) (Owned, error) {
	id := text(is.Sid)
	if !numberID.MatchString(id) {
		return Owned{}, &Error{Op: op, Help: "the answer names no number"}
	}
	return Owned{
		ID:       id,
		Number:   telephony.Number(text(is.PhoneNumber)),
		Voice:    is.Capabilities == nil || is.Capabilities.Voice,
		Texts:    is.Capabilities != nil && is.Capabilities.Sms,
		Settings: settings(is),
	}, nil
}
