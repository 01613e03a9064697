package dispatch_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// The carrier's word on who answered reaches the conversation, whichever node was
// told, once; or it is in the record that the conversation begins with.
func TestCarriersWordReachesTheConversation(t *testing.T) {
	const by, later = "machine_start", "human"
	detects := func(c *dispatch.Config) { c.Node, c.Detects = "a", true }
	tell := func(o *office, to *dispatch.Desk, call telephony.Call, by string) {
		o.t.Helper()
		if err := to.Report(o.t.Context(), telephony.Progress{Carrier: call.Carrier, Call: call.ID, AnsweredBy: by}); err != nil {
			o.t.Errorf("Report(answered by %q) = %v", by, err)
		}
	}
	for claim, test := range map[string]struct {
		change func(*dispatch.Config)
		do     func(o *office, call telephony.Call, talk func() *stream)
		want   []string // what the conversation is told
	}{
		"told while they talk, twice": {nil, func(o *office, call telephony.Call, talk func() *stream) {
			talk()
			tell(o, o.Desk, call, by)
			tell(o, o.Desk, call, later)
		}, []string{by}},
		"told before: it is in the record": {nil, func(o *office, call telephony.Call, talk func() *stream) {
			tell(o, o.Desk, call, by)
			talk()
		}, nil},
		"told before, and again while they talk: what was told first": {nil, func(o *office, call telephony.Call, talk func() *stream) {
			tell(o, o.Desk, call, by)
			talk()
			tell(o, o.Desk, call, later)
		}, []string{by}},
		"too long a word": {nil, func(o *office, call telephony.Call, talk func() *stream) {
			talk()
			tell(o, o.Desk, call, string(make([]byte, 65)))
		}, nil},
		"another node is told": {detects, func(o *office, call telephony.Call, talk func() *stream) {
			talk()
			b := o.neighbour("b")
			tell(o, b, call, by)
			time.Sleep(2100 * time.Millisecond)
			tell(o, o.Desk, call, later)
			if err := b.Close(o.t.Context()); err != nil {
				o.t.Error(err)
			}
		}, []string{by}},
		"another node is told after the carrier should have given up": {detects, func(o *office, call telephony.Call, talk func() *stream) {
			talk()
			time.Sleep(61 * time.Second)
			b := o.neighbour("b")
			tell(o, b, call, by)
			time.Sleep(time.Minute)
			if err := b.Close(o.t.Context()); err != nil {
				o.t.Error(err)
			}
		}, nil},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, test.change, func(t *testing.T, o *office) {
				call := o.dial()
				var s *stream
				talk := func() *stream {
					s = o.connect(o.answer(call).Token, call.Carrier)
					return s
				}
				test.do(o, call, talk)
				var got []string
				news := o.News(call.ID)
				for len(news) > 0 {
					got = append(got, (<-news).Answerer)
				}
				if len(got) != len(test.want) || len(got) > 0 && got[0] != test.want[0] {
					t.Errorf("the conversation is told %q, want %q", got, test.want)
				}
				o.goodbye <- struct{}{}
				<-s.done
				o.ended(call.Carrier, telephony.AgentHangup)
			})
		})
	}
}

// Who answered is told beside what becomes of a transfer: neither takes the
// other's place.
func TestCarriersWordIsNoTransfersNews(t *testing.T) {
	inOffice(t, handsOn, func(t *testing.T, o *office) {
		call := o.dial()
		s := o.connect(o.answer(call).Token, call.Carrier)
		news := o.News(call.ID)
		x, err := o.Transfer(t.Context(), dispatch.TransferWish{Call: call.ID, Key: "k", Kind: dispatch.Conference, To: "+15550112"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := o.Report(t.Context(), telephony.Progress{Carrier: call.Carrier, AnsweredBy: "human"}); err != nil {
			t.Fatal(err)
		}
		if err := o.Report(t.Context(), telephony.Progress{Carrier: "CAout2", Call: x.ID, State: telephony.StateBusy, Sequence: 3}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		var got []agentcore.News
		for len(news) > 0 {
			got = append(got, <-news)
		}
		if len(got) != 2 || got[0].Answerer != "human" || got[1].Over == nil || got[1].Answerer != "" {
			t.Errorf("the conversation is told %+v, want who answered, then that the line was busy", got)
		}
		o.goodbye <- struct{}{}
		<-s.done
	})
}
