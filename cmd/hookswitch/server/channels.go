package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// desks are the records as the APIs have them: an agent that begins to write from
// a number, or ends it, changes where the number's texts lead.
type desks struct {
	*storage.DB
	s *Server
}

// CreateChannel implements [roster.Channels].
func (d desks) CreateChannel(ctx context.Context, c roster.Channel, who roster.Actor) (roster.Channel, error) {
	if c.Kind == telephony.Email && !d.s.mayMail(c.Workspace, c.Address) {
		var wrong roster.Problems
		wrong.Add("address", "is of a domain that this workspace may not write from: the operator says who may, in mail.domains")
		return roster.Channel{}, wrong
	}
	made, err := d.DB.CreateChannel(ctx, c, who)
	if errors.Is(err, roster.ErrTaken) {
		free, no := d.unseat(ctx, c, who)
		if no != nil {
			return made, no
		}
		if free {
			made, err = d.DB.CreateChannel(ctx, c, who)
		}
	}
	if err == nil {
		d.s.leadTexts(ctx, made, who)
	}
	return made, err
}

// mayMail reports whether a workspace may write from an e-mail address. Nothing
// proves whose an address is, so the operator says.
func (s *Server) mayMail(workspace, address string) bool {
	_, of, _ := strings.Cut(address, "@")
	for _, pair := range config.Pairs(s.c.Mail.Domains) {
		if pair[0] == workspace && (pair[1] == "*" || strings.EqualFold(pair[1], of)) {
			return true
		}
	}
	return false
}

// DeleteChannel implements [roster.Channels].
func (d desks) DeleteChannel(ctx context.Context, workspace, id string, who roster.Actor, now time.Time) error {
	c, err := d.Channel(ctx, workspace, id)
	if err != nil {
		return err
	}
	if err := d.DB.DeleteChannel(ctx, workspace, id, who, now); err != nil {
		return err
	}
	d.s.leadTexts(ctx, c, who)
	return nil
}

// unseat makes room for a channel of a number whose address another workspace's
// has, and reports whether there is: the number is known to be c's workspace's, and
// is not known to be the other's. Else whoever is first would keep its owner from
// writing. Of e-mail addresses nobody knows whose they are.
func (d desks) unseat(ctx context.Context, c roster.Channel, who roster.Actor) (free bool, err error) {
	if c.Kind == telephony.Email {
		return false, nil
	}
	holder, err := d.ChannelAt(ctx, c.Kind, c.Address)
	switch {
	case errors.Is(err, roster.ErrNotFound): // it was deleted a moment ago
		return true, nil
	case err != nil || holder.Workspace == c.Workspace:
		return false, err
	}
	if _, err := d.s.accountOf(ctx, holder); !errors.Is(err, errNotOwned) {
		return false, err
	}
	switch _, err := d.s.accountOf(ctx, c); {
	case errors.Is(err, errNotOwned):
		return false, nil
	case err != nil:
		return false, err
	}
	err = d.DB.DeleteChannel(ctx, holder.Workspace, holder.ID, who, time.Now())
	if err != nil && !errors.Is(err, roster.ErrNotFound) {
		return false, err
	}
	d.s.log.WarnContext(ctx, "a channel of a number that was not its workspace's went to the number's owner", "channel", holder.ID, "from_workspace", holder.Workspace, "to_workspace", c.Workspace)
	return true, nil
}

// leadTime is how long a carrier may take to set up a channel's number.
const leadTime = 15 * time.Second

// leadTexts makes texts to a channel's number lead here, or gives them back when
// the channel is gone. A number that is not set up waits until it is; what the
// carrier does not do now is told by the number's check. A client that goes away
// leaves nothing half done.
func (s *Server) leadTexts(ctx context.Context, c roster.Channel, who roster.Actor) {
	if c.Kind == telephony.Email {
		return
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), leadTime)
	defer stop()
	n, _, err := s.store.NumberOf(ctx, c.Address)
	switch {
	case errors.Is(err, roster.ErrNotFound), err == nil && (n.Workspace != c.Workspace || n.CarrierID == ""):
		err = s.stockTexts(c.Address)
	case err == nil:
		err = lines{s}.Link(ctx, n, who)
	}
	if err != nil {
		s.log.WarnContext(ctx, "texts to a channel's number lead where they did: link the number again", "channel", c.ID, "error", err)
	}
}

// stockTexts gives the simulated carrier's account a number that nobody set up,
// with its texts leading here. A real carrier is left alone.
func (s *Server) stockTexts(number string) error {
	if s.sim == nil {
		return nil
	}
	n, has := s.sim.Owned(number)
	if !has {
		return s.Buy(telephony.Number(number))
	}
	n.SMSURL = s.public + textsPath
	return s.sim.Own(n)
}

// textsPath is where the simulated carrier takes texts to.
const textsPath = "/twilio/message"

// takesTexts reports whether texts to a number are to lead here: an agent of the
// workspace writes from it. On WhatsApp a real carrier looks at the sender's own
// settings and not at the number's; the simulated one has but these.
func (s *Server) takesTexts(ctx context.Context, workspace, number string) (bool, error) {
	kinds := []string{telephony.Phone}
	if s.sim != nil {
		kinds = append(kinds, telephony.WhatsApp)
	}
	for _, kind := range kinds {
		c, err := s.store.ChannelAt(ctx, kind, number)
		switch {
		case errors.Is(err, roster.ErrNotFound):
		case err != nil:
			return false, fmt.Errorf("server: the channel of a number: %w", err)
		case c.Workspace == workspace:
			return true, nil
		}
	}
	return false, nil
}
