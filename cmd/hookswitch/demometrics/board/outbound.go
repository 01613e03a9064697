package board

func outbound() Dashboard {
	return Dashboard{
		UID: "hookswitch-outbound", Title: "Outbound and webhooks", About: "Are the calls placed that were wished for, who answers them, and are others told?",
		Rows: []Row{
			{"Calls that are placed", 8, []Panel{
				{Title: "Wishes for calls, a minute", About: "placed: at the carrier. repeated: the same wish again, answered from memory. Others say why not.", Kind: Stack, Unit: "cpm", Asks: one(perMinute("dispatches_total", "outcome"), "{{outcome}}")},
				{Title: "Wait for a turn at the carrier", About: "The carrier lets us place so many calls a second (twilio.cps). p95 of the wait, and how many wait now.", Kind: Lines, Unit: "s", Help: "hookswitchdialswait", Asks: one(quantile("0.95", "dial_wait_seconds", ""), "p95")},
				{Title: "Calls that wait", About: "For their turn at the carrier.", Kind: Lines, Unit: "short", Help: "hookswitchdialswait", Asks: one("sum("+gauge("dials_waiting")+")", "calls")},
				{Title: "Not permitted, a minute", About: "Numbers that were not called because a rule forbids it.", Kind: Stack, Unit: "cpm", Asks: one(perMinute("calls_not_permitted_total", "rule"), "{{rule}}")},
			}},
			{"Who answers, and who takes the caller", 8, []Panel{
				{Title: "Who answered, a minute", About: "As we found out. One that changed is counted again.", Kind: Stack, Unit: "cpm", Asks: one(perMinute("who_answered_total", "class"), "{{class}}")},
				{Title: "Until we know who answered", About: "From the call's answer.", Kind: Lines, Unit: "s", Asks: quantiles("who_answered_seconds")},
				{Title: "Transfers, a minute", About: "By what came of them.", Kind: Stack, Unit: "cpm", Asks: one(perMinute("transfers_total", "kind, outcome"), "{{kind}}, {{outcome}}")},
				{Title: "Wait in a transfer, p95", About: "Until somebody had taken the caller, or nobody would.", Kind: Lines, Unit: "s", Asks: one(quantile("0.95", "transfer_wait_seconds", ""), "p95")},
			}},
			{"Webhooks", 8, []Panel{
				{Title: "Oldest that is not delivered", About: "How long the oldest message to a webhook has waited. A receiver that is down makes this grow; it is tried for days.", Kind: Stat, Unit: "s", Width: 4, Limits: over(300, 1800), Help: "hookswitchwebhookold", Asks: one("max("+gauge("webhook_oldest_undelivered_seconds")+")", "age")},
				{Title: "Attempts, a minute", About: "failed is tried again; dead is not.", Kind: Stack, Unit: "cpm", Help: "hookswitchwebhookslost", Asks: one(perMinute("webhooks_sent_total", "kind, outcome"), "{{kind}}, {{outcome}}")},
				{Title: "An attempt takes", About: "To the last byte of the answer. A pre_call that is slow is heard as ringing.", Kind: Lines, Unit: "s", Limits: over(2, 8), Help: "hookswitchwebhookslost", Asks: quantiles("webhook_delay_seconds")},
			}},
			{"What is due", 8, []Panel{
				{Title: "Begun and over, a minute", About: "Calls and chats that were due.", Kind: Lines, Unit: "cpm", Asks: []Ask{
					{perMinute("errands_begun_total", "kind"), "{{kind}} begun"}, {perMinute("errands_ended_total", "kind, status"), "{{kind}} {{status}}"},
				}},
				{Title: "Put off, a minute", About: "What was due and had to wait. node_full and workspace_full: there is no room.", Kind: Stack, Unit: "cpm", Help: "hookswitchrefusingcalls", Asks: one(perMinute("errands_put_off_total", "reason"), "{{reason}}")},
				{Title: "Late, p95", About: "From when something was due until it was begun.", Kind: Lines, Unit: "s", Asks: one(quantile("0.95", "errand_delay_seconds", ""), "p95")},
				{Title: "Messages of chats, a minute", About: "What happened to them.", Kind: Stack, Unit: "cpm", Asks: one(perMinute("messages_total", "what"), "{{what}}")},
			}},
		},
	}
}
