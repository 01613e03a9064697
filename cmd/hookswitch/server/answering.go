package server

import (
	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/telephony"
)

// answering is what the agent of d does about who answers the call of r. nil for
// a call that came in: nobody need find out who called.
func answering(d roster.Definition, r dispatch.Record, language string) *agentcore.Answering {
	if r.Direction != telephony.Outbound {
		return nil
	}
	v, active := roster.VoicemailOf(d)
	return &agentcore.Answering{
		Act: active, Message: v.Message, Screener: v.Screener, OnMenu: v.OnMenu, MenuKeys: v.MenuKeys, OnHold: v.OnHold,
		Language: language, Carrier: r.Answerer,
	}
}

// detecting is the tool with which the model of d says that it talks to a
// voicemail; nil on a call for which nothing is done about one.
func detecting(d roster.Definition, about *agentcore.Answering) tools.Tool {
	if about == nil || !about.Act {
		return nil
	}
	set := d.SystemTools[roster.VoicemailDetection]
	return tools.VoicemailDetection(about.Message, set.DisableInterruptions, set.ForcePreToolSpeech)
}

// answering is the same of the settings' own agent.
func (m mind) answering(r dispatch.Record) *agentcore.Answering {
	if r.Direction != telephony.Outbound {
		return nil
	}
	a := m.answers
	a.Language, a.Carrier = m.wish.language, r.Answerer
	return &a
}
