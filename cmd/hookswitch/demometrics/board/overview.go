package board

// How good we are, as the alerts count it: see deploy/prometheus/rules.yml.
const (
	// ours are the reasons for which a call ended because of us.
	ours = `reason=~"gateway_failed|provider_failed|not_connected|line_lost|agent_incomplete|shutdown"`
	// unsettled are the reasons for which a call was turned down because of us.
	unsettled = `reason!~"number_unknown|agent_disabled"`
)

func overview() Dashboard {
	refused := orNone(rate("calls_refused_total", unsettled))
	lost := "(" + refused + " + " + orNone(rate("calls_ended_total", ours)) + ")"
	tried := "(" + refused + " + sum(" + rate("calls_begun_total") + "))"
	return Dashboard{
		UID: "hookswitch-overview", Title: "Overview", About: "Are callers served, now? If one of the numbers at the top is red, open its runbook link.",
		Rows: []Row{
			{"Now", 4, []Panel{
				{Title: "Calls now", About: "Calls that go on, on all nodes.", Kind: Stat, Unit: "short", Asks: one("sum("+gauge("calls_live")+")", "calls")},
				{Title: "Nodes that take calls", About: "Of the nodes that are scraped. One that drains or is full is not among them.", Kind: Stat, Unit: "short", Limits: under(1, 1), Help: "hookswitchnodenotready", Asks: one("sum("+gauge("ready")+")", "nodes")},
				{Title: "Calls lost by us", About: "Share of the calls that we turned down or that ended because of us: a provider, the line's stream, a bug. A callee who is busy is not among them. The objective is under 1 %.", Kind: Stat, Unit: "percentunit", Limits: over(.005, .01), Help: "hookswitchcallslost", Asks: one(lost+" / "+tried, "lost")},
				{Title: "Turns within 2 s", About: "Share of the turns whose answer was heard within 2 s of the caller's last word. The objective is 99 %.", Kind: Stat, Unit: "percentunit", Limits: under(.995, .99), Help: "hookswitchslowturns", Asks: one("sum("+rate("e2e_latency_seconds_bucket", `le=~"2(\\.0)?"`)+") / sum("+rate("e2e_latency_seconds_count")+")", "within 2 s")},
				{Title: "Webhooks delivered", About: "Share of the post_call messages that are over and arrived. One that is still tried again is not over. The objective is 99.9 %.", Kind: Stat, Unit: "percentunit", Limits: under(.9995, .999), Help: "hookswitchwebhookslost", Asks: one("sum("+rate("webhooks_sent_total", `kind="post_call"`, `outcome="delivered"`)+") / sum("+rate("webhooks_sent_total", `kind="post_call"`, `outcome=~"delivered|dead"`)+")", "delivered")},
				{Title: "Sound late, p99", About: "How late sound leaves us. From 20 ms on callers hear holes; new calls are turned down before that.", Kind: Stat, Unit: "s", Limits: over(.01, .02), Help: "hookswitchsoundlate", Asks: one(quantile("0.99", "frame_lateness_seconds", ""), "p99")},
			}},
			{"Calls", 8, []Panel{
				{Title: "Calls that begin, a minute", About: "Is there the traffic that there usually is at this hour?", Kind: Lines, Unit: "cpm", Help: "hookswitchnocalls", Asks: one(perMinute("calls_begun_total", "direction"), "{{direction}}")},
				{Title: "Why calls end, a minute", About: "caller_hangup, agent_hangup, voicemail and transferred are as they should be.", Kind: Stack, Unit: "cpm", Help: "hookswitchcallslost", Asks: one(perMinute("calls_ended_total", "reason"), "{{reason}}")},
				{Title: "Calls turned down, a minute", About: "Why: full, cpu, lateness, recogniser and memory are no room, number_unknown is a number that leads nowhere.", Kind: Stack, Unit: "cpm", Help: "hookswitchrefusingcalls", Asks: one(perMinute("calls_refused_total", "reason"), "{{reason}}")},
			}},
			{"What callers feel", 8, []Panel{
				{Title: "Gap before an answer", About: "From the caller's last word to the agent's first sample that was played. Which part of it grows: Latency waterfall.", Kind: Lines, Unit: "s", Limits: over(1.2, 2), Help: "hookswitchslowturns", Asks: quantiles("e2e_latency_seconds")},
				{Title: "Calls taken up again, a minute", About: "After the line's stream broke, or a process died. given_up: the caller was left alone.", Kind: Lines, Unit: "cpm", Help: "hookswitchresumesgivenup", Asks: one(perMinute("calls_resumed_total", "cause, outcome"), "{{cause}}, {{outcome}}")},
				{Title: "Failures of providers, a minute", About: "Whoever takes over hides these from callers, while there is somebody.", Kind: Stack, Unit: "cpm", Help: "hookswitchproviderleftalone", Asks: one(perMinute("provider_failures_total", "stage, provider, class"), "{{stage}} {{provider}}: {{class}}")},
			}},
		},
	}
}
