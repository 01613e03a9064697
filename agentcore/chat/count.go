package chat

// What is counted, see [Config.Count]: labels of a metric, so that there are few.
const (
	CountReceived  = "received"   // a message came in, to be answered
	CountAgain     = "repeated"   // it had come in before
	CountKeyword   = "keyword"    // STOP, START, HELP
	CountAutomatic = "automatic"  // a machine wrote it
	CountOptedOut  = "opted_out"  // its sender wants no messages
	CountTooMany   = "too_many"   // more than may wait
	CountEmpty     = "empty"      // it held nothing
	CountNoChannel = "no_channel" // nobody has the address
	CountNobody    = "nobody"     // the channel has no agent
	CountAnswered  = "answered"   // a turn was taken
	CountApology   = "apology"    // no answer could be had
	CountModel     = "model"      // the model failed
	CountSent      = "sent"
	CountFailed    = "failed" // a message will not be sent
	CountLater     = "later"  // it is tried again
	CountFound     = "found"  // it was sent although nobody had heard
)
