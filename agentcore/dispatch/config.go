package dispatch

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// Talk holds a conversation on leg. past is the journal so far, empty at the
// first epoch. Only a Summary with an End says that the call is over. When ctx
// is cancelled with a [telephony.OverError], the call is over for that reason
// and Talk writes its Ended entry; cancelled otherwise, the leg is all that is
// lost.
type Talk func(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, journal agentcore.Journal) (agentcore.Summary, error)

// Consultation is what came of a talk with whoever answered a transfer's leg.
type Consultation struct {
	Accepted bool
	Outcome  string // when not accepted: OutcomeDeclined, OutcomeVoicemail or OutcomeSilent
	Reason   string // for people
}

// Cost is a call that somebody wants to place, and pays.
type Cost struct {
	Workspace string
	From, To  telephony.Number // To may be a SIP URI
	Transfer  bool             // a live call is handed there

	BypassQuietHours bool   // as in [Wish]
	Hours            string // as in [Wish]
	Consent          string // as in [Wish]
}

// Config is what a [Desk] needs.
type Config struct {
	Calls  Calls  // the records. Required.
	Talk   Talk   // the conversation. Required.
	Secret []byte // key of the tokens, at least 16 bytes, the same on all nodes. Required.

	// Route says who answers a call that comes in. It fails when it can't tell:
	// the carrier then asks again. Required.
	Route func(ctx context.Context, in telephony.Incoming) (Route, error)

	// Prepare does what must be done before the agent speaks to r, whose route
	// or dispatch names a PreCall, and keeps what came of it by
	// [Calls.SetPrepared]. It runs while the call rings, once a call; again only
	// when another process takes the call over before it was done. Its context
	// ends with the call, and after a minute or so. Whatever it returns, the
	// call goes on. Nil: there is nothing to do.
	Prepare func(ctx context.Context, r Record) error

	// Transfers keeps the transfers; nil: calls are never handed to anybody else.
	Transfers Transfers
	// Consult talks to whoever answered the other leg of t: it finds out whether
	// somebody is there, tells them what it is about if t is warm, and returns
	// whether they take the call. An error is a leg that was lost. Required with
	// Transfers.
	Consult func(ctx context.Context, t Transfer, leg telephony.Leg) (Consultation, error)
	// Overhears reports whether anybody wants to go on listening to a call while its
	// caller is with somebody else. Nil: never.
	Overhears func(call telephony.CallID) bool
	// Listen gives what is heard meanwhile to whoever listens, until ears end or ctx
	// does; ears are closed then. Required with Overhears.
	Listen func(ctx context.Context, call telephony.Call, ears telephony.Ears) error
	// Enter says where a call of anybody's account goes that came to a door with
	// what door is, and spends it for the carrier's call; [telephony.ErrToken] when
	// it opens nothing. Nil: there is no door.
	Enter func(ctx context.Context, door, carrier string) (Entry, error)

	// Permit says no, with why, to a number that must not be called: by a wish, or
	// by a transfer. proof is what was checked, for [Record.Proof]. Nil permits
	// all.
	Permit func(ctx context.Context, c Cost) (proof string, err error)
	// Release takes back what Permit permitted: nothing was placed, and nothing
	// is on record. It must not block. Nil: nobody counts.
	Release func(c Cost)

	Node        string                  // names this process among those that share the records. Empty: it is the only one, and does not beat
	Carrier     telephony.Carrier       // nil: nobody can be asked or dialled until SetCarrier
	Detects     bool                    // the carrier is asked who answers the calls that are placed: its word may reach another node than the conversation's
	MaxCalls    int                     // live at once. Zero means no limit
	ConnectWait time.Duration           // from a token told to its stream. Zero means 30 s
	PrepareWait time.Duration           // that a caller whom we have not answered waits for Prepare. Zero means 8 s: a carrier waits 15 s
	TurnWait    time.Duration           // that a call may wait for its turn at the carrier. Zero means 10 m
	SessionWait time.Duration           // from a dispatch without number to the call that attaches. Zero means 1 h
	LostWait    time.Duration           // from a stream lost to asking the carrier. Zero means 20 s
	MaxAge      time.Duration           // of a call, whatever it does: then it is ended. Zero means 12 h
	AskFor      time.Duration           // a carrier that does not answer, before the call is given up. Zero means 5 m
	Resumes     int                     // times that a lost call is taken up again. Zero means 3; negative none
	Apology     string                  // the carrier's voice says it when no resume is left. Empty has a default
	NewID       func() telephony.CallID // names a new call, without a dot. Nil draws 128 random bits

	// Watch is told every entry of every call once it is committed. It must not
	// block. Entries of one call come in order, save that the last, written by
	// another than the conversation, may overtake: the numbers tell.
	Watch func(call telephony.CallID, e agentcore.Entry)

	// Room says why this node has no room for one more call, "" if it has: then the
	// call may be counted, as it is asked once for each. back: a call comes back whose
	// line or process was lost. MaxCalls is asked besides. It must not block, nor
	// ask the desk. Nil: there always is.
	Room func(back bool) (why string)
	// Overflow is connected to callers for whom there is no room. Empty: they hear
	// busy.
	Overflow telephony.Number

	Counter Counter      // nil counts nothing
	Log     *slog.Logger // nil discards
}

// Counter is told numbers as they arise, without names. It must not block.
type Counter interface {
	CallTaken(direction string)
	CallRefused(why string) // "draining", "full", what Config.Room says, or the reason of a route that leads nowhere
	// CallSetUp tells how long it was from the carrier's question, or from its being
	// asked to place the call, to the stream that was let in.
	CallSetUp(direction string, took time.Duration)
	// CallResumed tells of a call that was to be taken up again: why ("line", its
	// stream was lost; "process", whoever had it died or went), what came of it
	// ("talking", "given_up", "gone": the caller had left) and how long nobody was
	// there; 0 unless it talks again.
	CallResumed(cause, outcome string, gap time.Duration)
	Dispatched(outcome string)                 // a wish for a call: "placed", "session", "repeated", or why it was refused
	Committed(took time.Duration, entries int) // entries of a journal are on record, or a commit failed: then entries is 0
	Fenced()                                   // a write was refused because another has the pen
	StreamRefused(why string)                  // "token", "still_talking"
	// CallOver tells of a call that is over, and how long it was since its answer, or
	// since it began when nobody answered. agent is the name of who had it, maybe "".
	CallOver(call, agent, direction, reason string, lasted time.Duration)
	CallReaped() // it was older than Config.MaxAge
	// TransferOver tells how long it was until somebody had taken the caller, or
	// until it was clear that nobody would, and how long they talked.
	TransferOver(kind, outcome string, waited, talked time.Duration)
}

// stillTalking is how fresh a stream's newest frame must be to prove that the
// stream is alive. Frames come every 20 ms.
const stillTalking = 200 * time.Millisecond

// epilogue is how long a conversation that was told that its call is over may
// take to write so. Then the desk does.
const epilogue = 5 * time.Second

// ringTimeout is how long an outbound call rings when nobody said.
const ringTimeout = 30 * time.Second

// placeWait is how long who dispatches waits for the carrier's word.
const placeWait = 15 * time.Second

// prepareTimeout bounds Config.Prepare: a webhook may take 60 s.
const prepareTimeout = 65 * time.Second

// A node tells every beatEvery that it is alive; one that has not for deadAfter
// is dead, and what it left is taken up by others.
const (
	beatEvery = time.Second
	deadAfter = 5 * time.Second
)

// A talking call is looked at every lookEvery. When it has been mute for
// muteFor, and in any case every askEvery, the carrier is asked about it.
const (
	lookEvery = time.Minute
	muteFor   = 30 * time.Second
	askEvery  = 15 * time.Minute
)

// effortTimeout bounds one request to the carrier or the store that no caller
// waits for.
const effortTimeout = 10 * time.Second

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Calls == nil:
		return c, errors.New("dispatch: Config.Calls is required")
	case c.Talk == nil:
		return c, errors.New("dispatch: Config.Talk is required")
	case c.Route == nil:
		return c, errors.New("dispatch: Config.Route is required")
	case c.Transfers != nil && c.Consult == nil:
		return c, errors.New("dispatch: Config.Consult is required with Transfers")
	case c.Overhears != nil && c.Listen == nil:
		return c, errors.New("dispatch: Config.Listen is required with Overhears")
	case len(c.Secret) < 16:
		return c, errors.New("dispatch: Config.Secret needs at least 16 bytes")
	}
	c.ConnectWait = cmp.Or(c.ConnectWait, 30*time.Second)
	c.PrepareWait = cmp.Or(c.PrepareWait, 8*time.Second)
	c.SessionWait = cmp.Or(c.SessionWait, time.Hour)
	c.TurnWait = cmp.Or(c.TurnWait, 10*time.Minute)
	c.LostWait = cmp.Or(c.LostWait, 20*time.Second)
	c.MaxAge = cmp.Or(c.MaxAge, 12*time.Hour)
	c.AskFor = cmp.Or(c.AskFor, 5*time.Minute)
	c.Resumes = max(0, cmp.Or(c.Resumes, 3))
	c.Apology = cmp.Or(c.Apology, "We are sorry, the connection was lost. Please call again. Goodbye.")
	if c.NewID == nil {
		c.NewID = func() telephony.CallID { return telephony.CallID("call_" + strings.ToLower(rand.Text())) }
	}
	if c.Permit == nil {
		c.Permit = func(context.Context, Cost) (string, error) { return "", nil }
	}
	if c.Overhears == nil {
		c.Overhears = func(telephony.CallID) bool { return false }
	}
	if c.Enter == nil {
		c.Enter = func(context.Context, string, string) (Entry, error) { return Entry{}, telephony.ErrToken }
	}
	if c.Release == nil {
		c.Release = func(Cost) {}
	}
	if c.Room == nil {
		c.Room = func(bool) string { return "" }
	}
	if c.Watch == nil {
		c.Watch = func(telephony.CallID, agentcore.Entry) {}
	}
	if c.Counter == nil {
		c.Counter = uncounted{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

type uncounted struct{}

func (uncounted) CallTaken(string)                            {}
func (uncounted) CallRefused(string)                          {}
func (uncounted) CallSetUp(string, time.Duration)             {}
func (uncounted) CallResumed(_, _ string, _ time.Duration)    {}
func (uncounted) Dispatched(string)                           {}
func (uncounted) Committed(time.Duration, int)                {}
func (uncounted) Fenced()                                     {}
func (uncounted) StreamRefused(string)                        {}
func (uncounted) CallOver(_, _, _, _ string, _ time.Duration) {}
func (uncounted) CallReaped()                                 {}

func (uncounted) TransferOver(string, string, time.Duration, time.Duration) {}
