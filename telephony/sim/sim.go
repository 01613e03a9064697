// Package sim is a carrier on loopback that behaves like Twilio: a REST API to
// place and steer calls, TwiML, signed webhooks, paced media over websockets,
// and somebody at the far end of every call. It shares no code with the
// gateway's own trunk, so that each proves the other.
//
// What nobody knows of the real carrier is a [Knobs] field.
package sim

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// Config describes a carrier.
type Config struct {
	AccountSID string // AC and 32 hex digits. Required
	AuthToken  string // REST password and signing key. Required
	APIKey     string // SK…: a second REST user. Empty means none
	APISecret  string // its password

	Accounts     []Account              // further accounts
	Numbers      []Number               // the numbers that they own
	Applications map[string]Application // by SID: AP and 32 hex digits

	TLS *tls.Config // for https and wss; roots of a test CA go here. Nil means the system's

	Voice     handset.Voice // speaks Say. Nil plays silence of about the right length
	Recognize Recognize     // hears what is said to a Gather. Nil hears nothing, and warns
	Base      string        // where Handler is served, in addresses of recordings. Empty means https://api.twilio.com
	Log       *slog.Logger  // nil discards

	// Texted is told of every text that reaches a phone, in a goroutine of that
	// text: it may have the phone write back. Nil: nobody is.
	Texted func(*Message)

	Forget bool // keep no recordings: an hour of a call is 115 MB
	Knobs  Knobs
}

// Carrier is a simulated carrier. Its methods may be called from any goroutine.
type Carrier struct {
	cfg    Config
	knobs  Knobs
	log    *slog.Logger
	web    *http.Transport
	police police.Police

	main     *account
	accounts map[string]*account // by SID

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	work   sync.WaitGroup // every goroutine of every call

	mu      sync.Mutex
	closed  bool
	calls   []*Call // in order of creation
	placed  uint64  // how many there ever were
	bySID   map[string]*Call
	phones  map[string]Phone
	numbers []Number // of all accounts; only ever added to or replaced
	faults  []RESTFault

	schedule []Fault // of calls that begin from now on
	struck   struck

	pages      pages
	rooms      rooms
	texts      texts
	recordings recordings
}

// struck counts the faults that bit.
type struck struct {
	sync.Mutex
	n map[What]int
}

// Phone is what rings when a number is called. Make is called once per call,
// when the phone is picked up.
type Phone struct {
	Answer handset.Answer
	Make   func() handset.Handset // nil makes silent ones
}

// Errors of a [Carrier].
var (
	ErrClosed        = errors.New("sim: the carrier is closed")
	ErrUnknownNumber = errors.New("sim: no such number")
)

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
	e164       = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
)

// New returns a carrier. Serve its Handler, and Close it in the end.
func New(cfg Config) (*Carrier, error) {
	main, accounts, err := newAccounts(cfg)
	errs := []error{err}
	for i, n := range cfg.Numbers {
		if err := n.check(accounts); err != nil {
			errs = append(errs, fmt.Errorf("sim: number %d %w", i+1, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c := &Carrier{
		cfg:  cfg,
		main: main, accounts: accounts,
		knobs:  cfg.Knobs.withDefaults(),
		log:    cfg.Log,
		web:    &http.Transport{TLSClientConfig: cfg.TLS, MaxIdleConnsPerHost: 16},
		bySID:  map[string]*Call{},
		phones: map[string]Phone{},
	}
	for _, n := range cfg.Numbers {
		c.buy(n)
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c, nil
}

// Register connects a phone to number, which calls to it then ring. A later
// phone replaces an earlier one.
func (c *Carrier) Register(number string, p Phone) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phones[number] = p
}

// Call dials one of the account's numbers, to, from a phone at from with h at
// it, as a caller would. It returns at once; the call's Wait tells its end. The
// caller gives up when ctx ends.
func (c *Carrier) Call(ctx context.Context, from, to string, h handset.Handset) (*Call, error) {
	n, ok := c.number(to)
	if !ok {
		return nil, ErrUnknownNumber
	}
	call, err := c.newCall(callSpec{from: from, to: to, direction: inbound, phone: h, owner: c.ownerOf(n)})
	if err != nil {
		return nil, err
	}
	first, told := c.handling(n)
	call.first, call.callback = first, told
	stop := context.AfterFunc(ctx, func() { call.end(errFarEnd) })
	call.start(func() {
		defer stop()
		if call.first.url != "" {
			call.run(call.first)
		}
	})
	return call, nil
}

func (c *Carrier) phone(number string) (Phone, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.phones[number]
	return p, ok
}

// Calls returns every call there ever was, the oldest first.
func (c *Carrier) Calls() []*Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*Call(nil), c.calls...)
}

// Lookup finds a call by its CallSid.
func (c *Carrier) Lookup(sid string) (*Call, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call, ok := c.bySID[sid]
	return call, ok
}

// Police returns who watches the gateway.
func (c *Carrier) Police() *police.Police { return &c.police }

// Wait waits until every call is over, every text is where it goes, and the
// callbacks about both are delivered.
func (c *Carrier) Wait(ctx context.Context) error {
	for _, call := range c.Calls() {
		if err := call.Wait(ctx); err != nil {
			return err
		}
	}
	return c.waitTexts(ctx)
}

// Close ends every call at once, without a callback, and returns when all
// goroutines are gone.
func (c *Carrier) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel(ErrClosed)
	c.work.Wait()
	c.web.CloseIdleConnections()
	return nil
}

// report notes a violation by the gateway, and logs the first of its kind.
func (c *Carrier) report(v police.Violation) {
	if c.police.Report(v) {
		c.log.Warn("the gateway broke the protocol", "call", v.Call, "kind", string(v.Kind), "code", v.Code, "detail", v.Detail)
	}
}

// newSID makes an id as the carrier's are: two letters and 32 hex digits.
func newSID(prefix string) string {
	var b [16]byte
	rand.Read(b[:])
	return prefix + hex.EncodeToString(b[:])
}
