package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage/jobs"
)

// scheduling makes the clerk, who does what is due.
func (s *Server) scheduling() (err error) {
	s.clerk, err = agenda.New(agenda.Config{
		Store: s.store.Agenda(), Placer: placer{s}, Calls: s.store, Node: s.node, Retry: s.retry,
		Zone: zoneOf, InFlight: s.placeable, Counter: s.set, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("server: what is due: %w", err)
	}
	return nil
}

// lineAhead is how many seconds of a trunk's pace may stand in line before it:
// what waits longer waits in the database, where every workspace has its turn.
// It is less than a dispatch waits for its own.
const lineAhead = 8

// placeable is how many errands may be placed at once.
func (s *Server) placeable() int {
	rate := s.c.Twilio.CPS
	if s.sim != nil {
		rate = simCPS
	}
	most := min(lineAhead*rate, 128)
	if s.turns.Waiting() >= 2*most { // others fill the line
		return 0
	}
	return most
}

// workers are what the jobs do, by their kind.
func (s *Server) workers() map[string]jobs.Do {
	return map[string]jobs.Do{
		webhook.JobKind:    s.deliverer.Work,
		agenda.JobErrand:   s.clerk.Due,
		agenda.JobBatch:    s.clerk.BatchDue,
		agenda.JobFollowUp: s.followUp,
		chat.JobTurn:       s.chats.Turn,
		chat.JobSend:       s.chats.Send,
		jobTell:            s.tell,
	}
}

// tidy closes chats in which nothing happens any more, until ctx ends.
func (s *Server) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := s.chats.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "idle chats are not closed, they are tried again", "error", err)
		}
	}
}

const tidyEvery = 5 * time.Minute

// post sends body to an address that a client left. A client that refuses it has
// had it.
func (s *Server) post(ctx context.Context, url, message string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("server: tell a client: %w", err)
	}
	_, err = s.client.Do(ctx, webhook.Outgoing{
		Method: http.MethodPost, URL: url, Body: bytes.TrimSpace(text),
		Header: http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {message}},
	})
	var said *webhook.Error
	if errors.As(err, &said) && said.Status >= 400 && said.Status < 500 && said.Status != http.StatusTooManyRequests && said.Status != http.StatusRequestTimeout {
		return nil
	}
	if err != nil {
		return fmt.Errorf("server: tell a client: %w", err)
	}
	return nil
}

// zoneOf is where a number most likely is; nil: nobody knows.
func zoneOf(number string) *time.Location {
	for _, name := range dialplan.Zones(number) {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	return nil
}
