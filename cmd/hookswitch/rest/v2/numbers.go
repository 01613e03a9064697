package v2

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// numberItem is a phone number in an answer: the seed's object, key for key.
type numberItem struct {
	ID       int64  `json:"id"`
	Number   string `json:"phone_number" doc:"E.164."`
	Label    string `json:"label"`
	Inbound  bool   `json:"supports_inbound"`
	Outbound bool   `json:"supports_outbound"`
	Provider string `json:"provider" enum:"twilio,sip_trunk"`
	OutTrunk object `json:"outbound_trunk"`
	InTrunk  object `json:"inbound_trunk"`
	Created  stamp  `json:"created_at"`
	Updated  stamp  `json:"updated_at"`
	*NumberMore
}

// NumberMore is what advanced=true adds.
type NumberMore struct {
	Status string  `json:"status" required:"false" enum:"active,deleting,corrupted" doc:"With advanced. corrupted: its clean-up failed."`
	Agent  *string `json:"agent_uuid" required:"false" doc:"With advanced: who answers it."`
	Name   *string `json:"agent_name" required:"false" doc:"With advanced: the name of who answers it."`
}

func numberOf(n roster.Number, advanced bool) numberItem {
	item := numberItem{ID: n.ID, Number: n.Number, Label: n.Label, Inbound: n.Inbound, Outbound: n.Outbound, Provider: n.Provider,
		OutTrunk: objectOf(n.OutTrunk), InTrunk: objectOf(n.InTrunk), Created: stamp(n.Created), Updated: stamp(n.Updated)}
	if advanced {
		item.NumberMore = &NumberMore{Status: n.Status}
		if n.AgentUUID != "" {
			item.Agent, item.Name = &n.AgentUUID, &n.AgentName
		}
	}
	return item
}

type NumberPath struct {
	Number string `path:"number" doc:"Integer id of the phone number."`
}

type NumberAdvanced struct {
	Advanced bool `query:"advanced" doc:"Show status, agent_uuid and agent_name, too."`
}

type numberAnswer struct {
	Success bool       `json:"success"`
	Item    numberItem `json:"item"`
	Message string     `json:"message,omitempty"`
}

type numbersAnswer struct {
	Success bool         `json:"success"`
	Items   []numberItem `json:"items"`
}

type forcedAnswer struct {
	Success bool   `json:"success"`
	Forced  bool   `json:"force_deleted"`
	Message string `json:"message"`
}

// numberBody is what the document says of a new number.
type numberBody struct {
	Number   string  `json:"phone_number" doc:"E.164." example:"+14155551234"`
	Label    string  `json:"label" maxLength:"255"`
	Inbound  *bool   `json:"supports_inbound" required:"false" doc:"Default false."`
	Outbound *bool   `json:"supports_outbound" required:"false" doc:"Default false."`
	Provider string  `json:"provider,omitempty" enum:"twilio,sip_trunk" doc:"Default twilio."`
	Account  *string `json:"twilio_account_sid" required:"false" doc:"Required for twilio: AC and 32 hexadecimal digits."`
	Token    *string `json:"twilio_auth_token" required:"false" writeOnly:"true" doc:"Required for twilio. Kept encrypted, never shown."`
	OutTrunk object  `json:"outbound_trunk,omitempty" doc:"{address, transport, media_encryption, has_auth_credentials, username, headers}"`
	InTrunk  object  `json:"inbound_trunk,omitempty" doc:"{allowed_addresses, allowed_numbers, media_encryption, has_auth_credentials, username}"`
}

type numberPatch struct {
	Agent *string `json:"agent_uuid" required:"false" doc:"Who answers it; null: nobody."`
}

// numbers registers what is done with phone numbers.
func (a *API) numbers() {
	handle(a, operation{ID: "list-phone-numbers", Method: http.MethodGet, Path: "/phone_numbers", Tag: tagNumbers,
		Summary: "List phone numbers", Scope: roster.NumbersRead, Fail: "Failed to list phone numbers", Errors: []int{http.StatusBadRequest}}, a.listNumbers)
	handle(a, operation{ID: "create-phone-number", Method: http.MethodPost, Path: "/phone_numbers", Tag: tagNumbers,
		Summary: "Create a phone number", Scope: roster.NumbersWrite, Fail: "Failed to create phone number",
		About: "Tells the gateway of a number, and of the carrier's account that has it.",
		Body:  numberBody{}, Example: exampleNumber}, a.createNumber)
	handle(a, operation{ID: "get-phone-number", Method: http.MethodGet, Path: "/phone_numbers/{number}", Tag: tagNumbers, Thing: "Phone number",
		Summary: "Get a phone number", Scope: roster.NumbersRead, Fail: "Failed to get phone number", Errors: []int{http.StatusBadRequest}}, a.getNumber)
	handle(a, operation{ID: "update-phone-number", Method: http.MethodPatch, Path: "/phone_numbers/{number}", Tag: tagNumbers, Thing: "Phone number",
		Summary: "Link a phone number", Scope: roster.NumbersWrite, Fail: "Failed to update phone number",
		About: "Says which agent answers the number, and sets it up at its carrier so that calls lead here; null sets it as it was before.", Errors: []int{http.StatusBadGateway},
		Body: numberPatch{}, Example: `{"agent_uuid":null}`}, a.updateNumber)
	handle(a, operation{ID: "delete-phone-number", Method: http.MethodDelete, Path: "/phone_numbers/{number}", Tag: tagNumbers, Thing: "Phone number",
		Summary: "Delete a phone number", Scope: roster.NumbersWrite, Fail: "Failed to delete phone number", Errors: []int{http.StatusBadGateway},
		About:  "Gives back what was set up at the carrier, and forgets the number. If that fails, the number is kept as corrupted.",
		Answer: `{"success":true,"message":"Phone number deleted successfully"}`}, a.deleteNumber)
	handle(a, operation{ID: "force-delete-phone-number", Method: http.MethodDelete, Path: "/phone_numbers/{number}/force", Tag: tagNumbers, Thing: "Phone number",
		Summary: "Force-delete a phone number", Scope: roster.NumbersWrite, Fail: "Failed to delete phone number", Errors: []int{http.StatusConflict},
		About:  "Forgets a corrupted number. What it has at the carrier stays there.",
		Answer: `{"success":true,"force_deleted":true,"message":"Phone number force deleted successfully"}`}, a.forceNumber)
}

func (a *API) listNumbers(ctx context.Context, in *NumberAdvanced) (*reply[numbersAnswer], error) {
	all, err := a.Roster.ListNumbers(ctx, gate.Workspace(ctx))
	if err != nil {
		return nil, err
	}
	items := make([]numberItem, 0, len(all))
	for _, n := range all {
		items = append(items, numberOf(n, in.Advanced))
	}
	return &reply[numbersAnswer]{numbersAnswer{Success: true, Items: items}}, nil
}

func (a *API) createNumber(ctx context.Context, in *struct {
	NumberAdvanced
	Posted
}) (*reply[numberAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	n, err := roster.Terms{Seal: a.Sealer.Seal}.CreateNumber(body)
	if err != nil {
		return nil, err
	}
	n.Workspace = gate.Workspace(ctx)
	wanted := n
	n, err = a.Roster.CreateNumber(ctx, wanted, gate.Actor(ctx), a.Now())
	if errors.Is(err, roster.ErrTaken) && a.reclaimed(ctx, wanted) {
		n, err = a.Roster.CreateNumber(ctx, wanted, gate.Actor(ctx), a.Now())
	}
	if errors.Is(err, roster.ErrTaken) {
		return nil, roster.Problems{{Field: "phone_number", Messages: []string{"has already been taken"}}}
	}
	if err != nil {
		return nil, err
	}
	return &reply[numberAnswer]{numberAnswer{true, numberOf(n, in.Advanced), "Phone number created successfully"}}, nil
}

// number finds one by its id.
func (a *API) number(ctx context.Context, id string) (roster.Number, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 1 {
		return roster.Number{}, roster.ErrNotFound
	}
	return a.Roster.Number(ctx, gate.Workspace(ctx), n)
}

func (a *API) getNumber(ctx context.Context, in *struct {
	NumberPath
	NumberAdvanced
}) (*reply[numberAnswer], error) {
	n, err := a.number(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	return &reply[numberAnswer]{numberAnswer{Success: true, Item: numberOf(n, in.Advanced)}}, nil
}

func (a *API) updateNumber(ctx context.Context, in *struct {
	NumberPath
	NumberAdvanced
	Posted
}) (*reply[numberAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	n, err := a.number(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	if v, there := body["agent_uuid"]; there {
		agent, is := v.(string)
		if v != nil && !is {
			return nil, roster.Problems{{Field: "agent_uuid", Messages: []string{"must be a string"}}}
		}
		if agent != "" {
			_, err := a.Roster.Agent(ctx, n.Workspace, agent)
			if errors.Is(err, roster.ErrNotFound) {
				return nil, roster.Problems{{Field: "agent_uuid", Messages: []string{"Agent not found"}}}
			}
			if err != nil {
				return nil, err
			}
			if n.AgentUUID == "" || n.AgentUUID == agent { // else the store refuses it
				if err := a.leadHere(ctx, n); err != nil {
					return nil, err
				}
			}
		} else if err := a.letGo(ctx, n); err != nil {
			return nil, err
		}
		n, err = a.Roster.LinkNumber(ctx, n.Workspace, n.ID, agent, gate.Actor(ctx), a.Now())
		if errors.Is(err, roster.ErrTaken) {
			now, err := a.number(ctx, in.Number)
			if err != nil {
				return nil, err
			}
			return nil, roster.Problems{{Field: "agent_uuid", Messages: []string{linkedTo(now.AgentName)}}}
		}
		if err != nil {
			return nil, err
		}
	}
	return &reply[numberAnswer]{numberAnswer{true, numberOf(n, in.Advanced), "Phone number updated successfully"}}, nil
}

func (a *API) deleteNumber(ctx context.Context, in *NumberPath) (*reply[doneAnswer], error) {
	n, err := a.number(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	who := gate.Actor(ctx)
	// A client that goes away leaves no number half deleted.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), trunkTime)
	defer stop()
	if err := a.Roster.SetNumberStatus(ctx, n.Workspace, n.ID, roster.NumberDeleting, who, a.Now()); err != nil {
		return nil, err
	}
	if a.Trunk != nil {
		if err := a.Trunk.Release(ctx, n, who); err != nil {
			a.Log.WarnContext(ctx, "a number's clean-up at its carrier failed", "number_id", n.ID, "err", err)
			if err := a.Roster.SetNumberStatus(context.WithoutCancel(ctx), n.Workspace, n.ID, roster.NumberCorrupted, who, a.Now()); err != nil {
				return nil, err
			}
			return nil, Fail(http.StatusBadGateway, "Failed to cleanup external resources. Phone number marked as corrupted. Use force delete to remove it.")
		}
	}
	if err := a.Roster.DeleteNumber(ctx, n.Workspace, n.ID, who, a.Now()); err != nil {
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Phone number deleted successfully"}}, nil
}

func (a *API) forceNumber(ctx context.Context, in *NumberPath) (*reply[forcedAnswer], error) {
	n, err := a.number(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	if n.Status != roster.NumberCorrupted {
		return nil, Fail(http.StatusConflict, "Phone number is not corrupted. Delete it without force.")
	}
	if err := a.Roster.DeleteNumber(ctx, n.Workspace, n.ID, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	return &reply[forcedAnswer]{forcedAnswer{true, true, "Phone number force deleted successfully"}}, nil
}
