package transfer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/transfer"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

var _ transfer.Desk = (*dispatch.Desk)(nil)

// desk hands one call on at a time, as often to each destination as may be.
type desk struct {
	mu     sync.Mutex
	made   []dispatch.Transfer
	wishes []dispatch.TransferWish
	err    error
}

func (d *desk) Transfer(_ context.Context, w dispatch.TransferWish) (dispatch.Transfer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return dispatch.Transfer{}, d.err
	}
	tried := 0
	for _, t := range d.made {
		switch {
		case t.Key == w.Key:
			return t, nil
		case !t.Over():
			return dispatch.Transfer{}, fmt.Errorf("dispatch: %w", dispatch.ErrTransferring)
		case t.To == w.To:
			tried++
		}
	}
	if tried >= max(w.Tries, 2) {
		return dispatch.Transfer{}, dispatch.ErrTries
	}
	d.wishes = append(d.wishes, w)
	d.made = append(d.made, dispatch.Transfer{ID: telephony.CallID(fmt.Sprint("xfer_", len(d.made))), Key: w.Key, Kind: w.Kind, Label: w.Label, To: w.To, Status: dispatch.TransferDialling})
	return d.made[len(d.made)-1], nil
}

// over ends the newest transfer.
func (d *desk) over(outcome string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := &d.made[len(d.made)-1]
	t.Status, t.Outcome = dispatch.TransferOver, outcome
}

const list = `{"transfers":[
	{"label":"Sales","condition":"They want to buy.","transfer_type":"blind","transfer_destination":{"type":"phone","phone_number":"+12125550101"},
		"post_dial_digits":"ww1","caller_id":"caller","ring_timeout_secs":15,"max_attempts":3},
	{"label":"Support","condition":"Something is broken.","transfer_type":"warm","transfer_destination":{"type":"phone","phone_number":"+12125550102"},"caller_id":"+12125550100"},
	{"condition":"They ask for the front desk.","transfer_type":"conference","phone_number":"+12125550103"},
	{"label":"Bank","condition":"Money.","transfer_type":"conference","accept":"key","transfer_destination":{"type":"sip_uri","sip_uri":"sip:bank@pbx.example.com"}},
	{"label":"Branch","condition":"Their branch.","transfer_destination":{"type":"phone_dynamic_variable","phone_number":"branch"}},
	{"label":"Room","condition":"Their room.","transfer_destination":{"type":"sip_uri_dynamic_variable","sip_uri":"room"}}]}`

func config(d transfer.Desk) transfer.Config {
	return transfer.Config{
		Desk: d, Call: "call_1", Caller: "+12125550199",
		Settings:  roster.SystemTool{Active: true, Parameters: json.RawMessage(list)},
		Variables: vars.Set{"branch": "+12125550104", "room": "sip:12@pbx.example.com"},
		Owns:      func(_ context.Context, n telephony.Number) (bool, error) { return n == "+12125550100", nil },
	}
}

func tool(t *testing.T, c transfer.Config) tools.Tool {
	t.Helper()
	made, err := transfer.Tool(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// use is a use of the tool, and what the model is told.
func use(t *testing.T, tool tools.Tool, key, args string) (tools.Result, error) {
	t.Helper()
	return tool.Call(t.Context(), tools.Invocation{Key: key, Arguments: json.RawMessage(args)})
}

func TestEachDestinationIsAskedForAsItIsListed(t *testing.T) {
	for _, tt := range []struct {
		name, args string
		want       dispatch.TransferWish
		leaves     bool
	}{
		{"blind", `{"destination":"Sales","summary":"Not told to anybody."}`, dispatch.TransferWish{Kind: dispatch.Blind, Label: "Sales", To: "+12125550101",
			CallerID: "+12125550199", PostDial: "ww1", Ring: 15 * time.Second, Tries: 3}, true},
		{"warm", `{"destination":"Support","reason":"broken","summary":" Ann's printer is on fire. "}`, dispatch.TransferWish{Kind: dispatch.Warm, Label: "Support", To: "+12125550102",
			CallerID: "+12125550100", Summary: "Ann's printer is on fire."}, false},
		{"warm with a reason only", `{"destination":"Support","reason":"broken"}`, dispatch.TransferWish{Kind: dispatch.Warm, Label: "Support", To: "+12125550102",
			CallerID: "+12125550100", Summary: "broken"}, false},
		{"the older shape, without a label", `{"destination":"destination 3"}`, dispatch.TransferWish{Kind: dispatch.Conference, Label: "They ask for the front desk.", To: "+12125550103"}, false},
		{"accepted with a key", `{"destination":"Bank","summary":"x"}`, dispatch.TransferWish{Kind: dispatch.Warm, Label: "Bank", To: "sip:bank@pbx.example.com"}, false},
		{"a variable", `{"destination":"Branch"}`, dispatch.TransferWish{Kind: dispatch.Blind, Label: "Branch", To: "+12125550104"}, true},
		{"a variable with a SIP URI", `{"destination":"Room"}`, dispatch.TransferWish{Kind: dispatch.Blind, Label: "Room", To: "sip:12@pbx.example.com"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &desk{}
			got, err := use(t, tool(t, config(d)), "call_1/1/1", tt.args)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Call, tt.want.Key = "call_1", "call_1/1/1"
			if len(d.wishes) != 1 || d.wishes[0] != tt.want {
				t.Errorf("asked for %+v, want %+v", d.wishes, tt.want)
			}
			if handed := (tools.Handed{ID: "xfer_0", To: tt.want.Label, Kind: tt.want.Kind}); got.Handed != handed || got.Leave != tt.leaves || got.End || got.Text == "" {
				t.Errorf("Call() = %+v, want %+v, leaving %v", got, handed, tt.leaves)
			}
			if strings.Contains(got.Text, "555") {
				t.Errorf("the model is told a number: %q", got.Text)
			}
		})
	}
}

func TestTheModelIsShownNamesAndConditionsAndNoNumber(t *testing.T) {
	spec := tool(t, config(&desk{})).Spec()
	var schema struct {
		Properties map[string]struct {
			Enum        []string
			Description string
		}
	}
	if err := json.Unmarshal(spec.Parameters, &schema); err != nil {
		t.Fatal(err)
	}
	to := schema.Properties["destination"]
	if want := []string{"Sales", "Support", "destination 3", "Bank", "Branch", "Room"}; !slices.Equal(to.Enum, want) {
		t.Errorf("offers %q, want %q", to.Enum, want)
	}
	for _, line := range []string{"\n- Sales: They want to buy.", "\n- Support: Something is broken. (they are told your summary before they take the call)", "\n- Bank: Money.\n"} {
		if !strings.Contains(to.Description, line) {
			t.Errorf("%q is not in %q", line, to.Description)
		}
	}
	if text := spec.Description + string(spec.Parameters); strings.Contains(text, "555") || strings.Contains(text, "example.com") {
		t.Errorf("the model is shown where it leads: %s", text)
	}
}

// A model that was talked over, or that read it in a tool's answer, gets nowhere
// that is not in the list.
func TestNoArgumentLeadsOutOfTheList(t *testing.T) {
	for name, args := range map[string]string{
		"an unknown label":              `{"destination":"Head office"}`,
		"a number":                      `{"destination":"+19005550100"}`,
		"a number of the list":          `{"destination":"+12125550101"}`,
		"a SIP URI":                     `{"destination":"sip:a@evil.example"}`,
		"a placeholder":                 `{"destination":"{{branch}}"}`,
		"a variable's name":             `{"destination":"branch"}`,
		"a label in other letters":      `{"destination":"sales"}`,
		"a label and more":              `{"destination":"Sales +19005550100"}`,
		"a label out of a tool's text":  `{"destination":"Premium desk (from the order system)"}`,
		"none":                          `{}`,
		"null":                          `{"destination":null}`,
		"a list":                        `{"destination":["Sales","Support"]}`,
		"an object":                     `{"destination":{"phone_number":"+19005550100"}}`,
		"a number beside it":            `{"destination":"Sales","phone_number":"+19005550100"}`,
		"its own keys":                  `{"destination":"Sales","post_dial_digits":",,9011"}`,
		"its own number shown":          `{"destination":"Sales","caller_id":"+12125550177"}`,
		"its own tries":                 `{"destination":"Sales","max_attempts":99}`,
		"its own list":                  `{"destination":"Sales","transfers":[{"phone_number":"+19005550100"}]}`,
		"a long summary":                `{"destination":"Support","summary":"` + strings.Repeat("a", 1_001) + `"}`,
		"no JSON":                       `Sales`,
		"two objects":                   `{"destination":"Sales"}{"destination":"Support"}`,
		"a megabyte":                    `{"destination":"` + strings.Repeat("S", 1<<20) + `"}`,
		"nothing at all":                ``,
		"a label with a zero byte":      `{"destination":"Sales\u0000"}`,
		"a label of full-width letters": `{"destination":"Ｓａｌｅｓ"}`,
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			got, err := use(t, tool(t, config(d)), "k", args)
			var bad *tools.ArgumentsError
			if !errors.As(err, &bad) || got.Leave || got.Handed != (tools.Handed{}) {
				t.Errorf("Call() = %+v, %v, want bad arguments", got, err)
			}
			if len(d.wishes) != 0 {
				t.Errorf("asked for %+v", d.wishes)
			}
			if err != nil && (strings.Contains(err.Error(), "9005550100") || strings.Contains(err.Error(), "12125550101")) {
				t.Errorf("%q repeats a number", err)
			}
		})
	}
}

// The caller says a number, a tool assigns it to the variable that the list
// names: it is not called.
func TestAVariableIsReadAsTheCallBegan(t *testing.T) {
	d := &desk{}
	tool := tool(t, config(d))
	spoken := vars.Set{"branch": "+19005550100", "room": "sip:a@evil.example"}
	if _, err := tool.Call(t.Context(), tools.Invocation{Key: "k", Arguments: json.RawMessage(`{"destination":"Branch"}`), Variables: spoken}); err != nil {
		t.Fatal(err)
	}
	if d.wishes[0].To != "+12125550104" {
		t.Errorf("called %q, want what the variable held at the start", string(d.wishes[0].To))
	}
}

func TestAVariableThatLeadsNowhereIsNotOffered(t *testing.T) {
	for name, value := range map[string]any{
		"nothing": nil, "empty": "", "its own placeholder": "{{branch}}", "a name": "the branch", "no plus sign": "12125550104", "a number": 12125550104,
		"a SIP URI for a number": "sip:a@pbx.example.com", "keys behind it": "+12125550104,,9011", "full-width digits": "+１２１２５５５０１０４", "two": "+12125550104 +12125550105", "true": true,
	} {
		t.Run(name, func(t *testing.T) {
			c := config(&desk{})
			c.Variables = vars.Set{"branch": value}
			if spec := tool(t, c).Spec(); strings.Contains(string(spec.Parameters), "Branch") || strings.Contains(string(spec.Parameters), "Room") {
				t.Errorf("offers %s", spec.Parameters)
			}
			c.Settings.Parameters = json.RawMessage(`{"transfers":[{"condition":"c","transfer_destination":{"type":"phone_dynamic_variable","phone_number":"branch"}}]}`)
			if _, err := transfer.Tool(c); !errors.Is(err, transfer.ErrNowhere) {
				t.Errorf("Tool() = %v, want ErrNowhere", err)
			}
		})
	}
}

// refusal is what a dial plan says.
type refusal struct{}

func (refusal) Error() string             { return "refused: +19005550100" }
func (refusal) Refused() (string, string) { return "region", "The number's region is not allowed." }

func TestTheModelIsToldWhyAndNoNumber(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"somebody is being called", fmt.Errorf("x: %w", dispatch.ErrTransferring), "somebody is being called already"},
		{"tried twice", dispatch.ErrTries, "tried as often as it may be"},
		{"over", dispatch.ErrEnded, "the call is over"},
		{"of an account that is not ours", dispatch.ErrForeign, "can't be handed to anybody"},
		{"refused", fmt.Errorf("dispatch: %w", refusal{}), "may not be called, and trying again won't help: offer the caller something else. The number's region is not allowed."},
		{"anything else", errors.New("dial +12125550101: no route"), "could not be begun"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := use(t, tool(t, config(&desk{err: tt.err})), "k", `{"destination":"Sales"}`)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "555") || got.Leave {
				t.Errorf("Call() = %+v, %v, want %q", got, err, tt.want)
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("%v hides its cause", err)
			}
		})
	}
}

// The process died between the transfer and its result: the same key finds it.
func TestTheSameKeyIsTheSameTransfer(t *testing.T) {
	d := &desk{}
	tool := tool(t, config(d))
	if !tool.Traits().Safe {
		t.Error("it is not said to be safe to repeat")
	}
	first, err := use(t, tool, "k", `{"destination":"Support"}`)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := use(t, tool, "k", `{"destination":"Support"}`); err != nil || again.Handed != first.Handed || len(d.made) != 1 {
		t.Errorf("Call(again) = %+v, %v, %d transfers", again, err, len(d.made))
	}
	for outcome, want := range map[string]string{dispatch.OutcomeBusy: "busy", dispatch.OutcomeVoicemail: "machine", dispatch.OutcomeCompleted: "already", "new": "could not be called"} {
		d.over(outcome)
		if got, err := use(t, tool, "k", `{"destination":"Support"}`); err == nil || !strings.Contains(err.Error(), want) || got.Handed != (tools.Handed{}) {
			t.Errorf("Call(%s) = %+v, %v", outcome, got, err)
		}
	}
}

// A model gone wild uses it 200 times in one turn: one transfer, and when that
// came to nothing as many more as the list allows.
func TestTwoHundredUsesMakeOneTransfer(t *testing.T) {
	d := &desk{}
	tool := tool(t, config(d))
	for i := range 200 {
		to := []string{"Sales", "Support", "Bank"}[i%3]
		got, err := use(t, tool, fmt.Sprint("call_1/1/", i), fmt.Sprintf(`{"destination":%q}`, to))
		if (err == nil) != (i == 0) || got.Leave != (i == 0) {
			t.Fatalf("use %d: %+v, %v", i, got, err)
		}
	}
	for i := range 200 {
		d.over(dispatch.OutcomeBusy)
		_, _ = use(t, tool, fmt.Sprint("call_1/2/", i), `{"destination":"Sales"}`)
	}
	if len(d.made) != 3 {
		t.Errorf("%d transfers, want 3: Sales may be tried three times", len(d.made))
	}
}

func TestTheCallerIsNotHandedToThemselves(t *testing.T) {
	d := &desk{}
	c := config(d)
	c.Variables["branch"] = string(c.Caller)
	if got, err := use(t, tool(t, c), "k", `{"destination":"Branch"}`); err == nil || len(d.wishes) != 0 || strings.Contains(err.Error(), "555") {
		t.Errorf("Call() = %+v, %v", got, err)
	}
}

func TestOnlyNumbersOfOursAreShown(t *testing.T) {
	for name, owns := range map[string]func(context.Context, telephony.Number) (bool, error){
		"not ours":   func(context.Context, telephony.Number) (bool, error) { return false, nil },
		"nobody's":   nil,
		"not to say": func(context.Context, telephony.Number) (bool, error) { return true, errors.New("no database") },
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			c := config(d)
			c.Owns = owns
			if got, err := use(t, tool(t, c), "k", `{"destination":"Support"}`); err == nil || len(d.wishes) != 0 {
				t.Errorf("Call() = %+v, %v", got, err)
			}
		})
	}
	d := &desk{}
	c := config(d)
	c.Caller = telephony.Withheld
	if _, err := use(t, tool(t, c), "k", `{"destination":"Sales"}`); err != nil || d.wishes[0].CallerID != "" {
		t.Errorf("who hides their number is shown as %q, %v", string(d.wishes[0].CallerID), err)
	}
}

func TestListsThatCantBeDialledAreTold(t *testing.T) {
	for name, parameters := range map[string]string{
		"another way":    `{"transfers":[{"condition":"c","transfer_type":"rocket","phone_number":"+12125550101"}]}`,
		"nowhere":        `{"transfers":[{"condition":"c"}]}`,
		"another kind":   `{"transfers":[{"condition":"c","transfer_destination":{"type":"pigeon"}}]}`,
		"two alike":      `{"transfers":[{"label":"A","phone_number":"+12125550101"},{"label":"a","phone_number":"+12125550102"}]}`,
		"too many":       `{"transfers":[` + strings.TrimSuffix(strings.Repeat(`{"phone_number":"+12125550101"},`, 17), ",") + `]}`,
		"another shape":  `{"transfers":{}}`,
		"no object":      `[]`,
		"number for SIP": `{"transfers":[{"transfer_destination":{"type":"sip_uri","sip_uri":"+12125550101"}}]}`,
	} {
		c := config(&desk{})
		c.Settings.Parameters = json.RawMessage(parameters)
		if _, err := transfer.Tool(c); err == nil || errors.Is(err, transfer.ErrNowhere) || strings.Contains(err.Error(), "555") {
			t.Errorf("%s: Tool() = %v", name, err)
		}
	}
	for _, parameters := range []string{"", "{}", `{"transfers":[]}`, `{"transfers":null}`} {
		c := config(&desk{})
		c.Settings.Parameters = json.RawMessage(parameters)
		if _, err := transfer.Tool(c); !errors.Is(err, transfer.ErrNowhere) {
			t.Errorf("%q: Tool() = %v, want ErrNowhere", parameters, err)
		}
	}
}

// A REFER that was kept before it was refused takes nothing from the others.
func TestAReferIsToldWhenItIsUsed(t *testing.T) {
	d := &desk{}
	c := config(d)
	c.Settings.Parameters = json.RawMessage(`{"transfers":[{"label":"A","condition":"c","transfer_type":"sip_refer","phone_number":"+12125550101"},{"label":"B","condition":"c","phone_number":"+12125550102"}]}`)
	tool := tool(t, c)
	if got, err := use(t, tool, "k1", `{"destination":"A"}`); err == nil || !strings.Contains(err.Error(), "can't hand calls") || len(d.wishes) != 0 {
		t.Errorf("Call(A) = %+v, %v", got, err)
	}
	if _, err := use(t, tool, "k2", `{"destination":"B"}`); err != nil {
		t.Errorf("Call(B) = %v", err)
	}
}

func TestNamesAreUnique(t *testing.T) {
	all, err := transfer.Parse(json.RawMessage(`{"transfers":[{"phone_number":"+12125550101"},{"label":"Destination 1","phone_number":"+12125550102"},{"phone_number":"+12125550103"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range all {
		names = append(names, d.Name)
	}
	if want := []string{"destination 2", "Destination 1", "destination 3"}; !slices.Equal(names, want) {
		t.Errorf("named %q, want %q", names, want)
	}
}

// A condition that holds a number is no name for people and records.
func TestARecordNamesNoNumber(t *testing.T) {
	d := &desk{}
	c := config(d)
	c.Settings.Parameters = json.RawMessage(`{"transfers":[{"condition":"If they say call 212 555 0101.","phone_number":"+12125550101"}]}`)
	got, err := use(t, tool(t, c), "k", `{"destination":"destination 1"}`)
	if err != nil || got.Handed.To != "destination 1" || d.wishes[0].Label != "destination 1" {
		t.Errorf("Call() = %+v, %v", got, err)
	}
}

// FuzzParse: whatever is kept, it is a list of what can be dialled or an error.
func FuzzParse(f *testing.F) {
	f.Add(list)
	f.Add(`{"transfers":[{"ring_timeout_secs":1e300,"max_attempts":-4,"phone_number":"+12125550101","label":"destination 1"}]}`)
	f.Fuzz(func(t *testing.T, parameters string) {
		all, err := transfer.Parse(json.RawMessage(parameters))
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, d := range all {
			if d.Name == "" || names[d.Name] || d.Ring < 0 || d.Ring > time.Minute || d.Tries < 0 || d.Tries > 5 || (d.To == "") == (d.Variable == "") {
				t.Errorf("%+v", d)
			}
			names[d.Name] = true
		}
	})
}
