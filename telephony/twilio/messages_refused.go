package twilio

import (
	"errors"
	"strconv"

	"github.com/hookswitch/hookswitch/telephony"
)

// Codes of https://www.twilio.com/docs/api/errors that say more of a text than
// that it was not sent.
const (
	codeOptedOut     = 21610
	codeQueueFull    = 21611
	codeTooFast      = 14107
	codeWhatsAppFast = 63018
)

// textHelp says what to do about a code of a text. It stands before help.
var textHelp = map[int]string{
	codeTooFast:      "too many texts at once from this number: try again in a moment",
	21211:            "the number to write to is not valid: write + and the country code first",
	21212:            "the number to write from is not valid: use one that the account owns, with + and the country code",
	21266:            "the text is from the number that it is for",
	21408:            "the account may not write to this country: allow it under Messaging geographic permissions in the Twilio console",
	21602:            "the text has no words",
	21603:            "there is no number to write from: give one that the account owns",
	21604:            "there is no number to write to",
	21606:            "the number to write from is not the account's, or can't send texts: it needs one with SMS",
	21608:            "a trial account may only write to verified numbers: verify this one, or upgrade the account",
	codeOptedOut:     "whom it is for has answered STOP: only they can undo it, with START",
	codeQueueFull:    "more texts wait at Twilio than this number sends: try again later, or write from more numbers",
	21612:            "texts don't go from this number to that one: write from another",
	21614:            "the number to write to is no mobile number",
	21617:            "the text has more than 1600 characters",
	63003:            "WhatsApp does not know the number to write to",
	63007:            "the number to write from is no WhatsApp sender of the account: register it in the Twilio console",
	63016:            "more than 24 hours have gone by since they wrote: WhatsApp now takes approved templates alone",
	codeWhatsAppFast: "too many WhatsApp messages at once from this number: try again in a moment",
}

// refused is an *[Error] about a text that surely was not sent.
func refused(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	why := &telephony.TextError{Why: e.Help, OptOut: e.Code == codeOptedOut, Passes: e.Retry}
	if e.Code != 0 {
		why.Code = strconv.Itoa(e.Code)
	}
	if e.Err != nil && why.Why != "" {
		why.Why += ": " + e.Err.Error()
	} else if e.Err != nil {
		why.Why = e.Err.Error()
	}
	switch e.Code {
	case codeQueueFull, codeTooFast, codeWhatsAppFast:
		why.Passes = true
	}
	return why
}
