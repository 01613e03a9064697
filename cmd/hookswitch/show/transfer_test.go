package show_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

func TestTransferIsShownAsItGoes(t *testing.T) {
	var out bytes.Buffer
	call := show.New(&out, &out, show.Mode{Width: 100}).Call(show.Heading{Number: 1})
	for _, e := range []agentcore.Entry{
		at(2000, agentcore.TransferBegan{Transfer: "x1", To: "Sales", How: "warm"}),
		at(9000, agentcore.TransferOver{Transfer: "x1", To: "Sales", Outcome: "no_answer", TookMS: 7000}),
	} {
		call.Entry(e)
	}
	for _, want := range []string{
		"0:02.0         transfer   the agent calls Sales and stays with the caller\n",
		"0:09.0         transfer   nobody answered at Sales, after 7s\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
