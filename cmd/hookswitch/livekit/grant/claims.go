// Package grant reads and makes LiveKit's access tokens: JWTs that are signed
// with the secret of an API key, HS256, and say what their bearer may do.
package grant

import (
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// Claims is what a token says. Names on the wire are camelCase, as all of
// LiveKit's SDKs write them. Claims that are not here are skipped.
type Claims struct {
	Identity   string // of the participant; in the token its sub
	Name       string // of the participant, for people
	Kind       string // empty, "standard", "agent", "sip", "connector", ...
	Video      Video
	Metadata   string
	Attributes map[string]string
	RoomConfig *pb.RoomConfiguration // nil: none
	RoomPreset string
}

// Video is the grant that every service of LiveKit's asks for.
type Video struct {
	RoomCreate bool `json:"roomCreate,omitempty"`
	RoomList   bool `json:"roomList,omitempty"`
	RoomRecord bool `json:"roomRecord,omitempty"`

	RoomAdmin bool   `json:"roomAdmin,omitempty"`
	RoomJoin  bool   `json:"roomJoin,omitempty"`
	Room      string `json:"room,omitempty"`

	CanPublish           *bool    `json:"canPublish,omitempty"` // nil: yes
	CanSubscribe         *bool    `json:"canSubscribe,omitempty"`
	CanPublishData       *bool    `json:"canPublishData,omitempty"`
	CanPublishSources    []string `json:"canPublishSources,omitempty"`
	CanUpdateOwnMetadata *bool    `json:"canUpdateOwnMetadata,omitempty"` // nil: no

	IngressAdmin    bool   `json:"ingressAdmin,omitempty"`
	Hidden          bool   `json:"hidden,omitempty"`
	Recorder        bool   `json:"recorder,omitempty"`
	Agent           bool   `json:"agent,omitempty"` // may register as a worker
	DestinationRoom string `json:"destinationRoom,omitempty"`
}

// Admin reports whether v may do what it likes in the room of that name. The
// name is compared exactly: a grant for "" is good for "" only.
func (v Video) Admin(room string) bool { return v.RoomAdmin && v.Room == room }

// Grant is a token that was found good.
type Grant struct {
	Key       string // that signed it
	Workspace string // of the key
	Expires   time.Time
	Claims
}

// wire is a token's payload.
type wire struct {
	Issuer    string   `json:"iss,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	ID        string   `json:"jti,omitempty"`
	Expires   *instant `json:"exp,omitempty"`
	NotBefore *instant `json:"nbf,omitempty"`
	IssuedAt  *instant `json:"iat,omitempty"`

	Name       string            `json:"name,omitempty"`
	Kind       string            `json:"kind,omitempty"`
	Video      *Video            `json:"video,omitempty"`
	Metadata   string            `json:"metadata,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	RoomConfig *roomConfig       `json:"roomConfig,omitempty"`
	RoomPreset string            `json:"roomPreset,omitempty"`
}

// roomConfig is protobuf's JSON: camelCase when we write, either when we read.
type roomConfig struct{ *pb.RoomConfiguration }

// MarshalJSON implements [json.Marshaler].
func (c roomConfig) MarshalJSON() ([]byte, error) { return protojson.Marshal(c.RoomConfiguration) }

// UnmarshalJSON implements [json.Unmarshaler]. Its error never quotes what it
// read.
func (c *roomConfig) UnmarshalJSON(data []byte) error {
	c.RoomConfiguration = new(pb.RoomConfiguration)
	if (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, c.RoomConfiguration) != nil {
		return errors.New("grant: roomConfig is not a RoomConfiguration")
	}
	return nil
}

// claims is what w says, but for who signed it and when it is good.
func (w *wire) claims() Claims {
	c := Claims{
		Identity: w.Subject, Name: w.Name, Kind: w.Kind, Metadata: w.Metadata,
		Attributes: w.Attributes, RoomPreset: w.RoomPreset,
	}
	if c.Identity == "" {
		c.Identity = w.ID // as LiveKit reads it
	}
	if w.Video != nil {
		c.Video = *w.Video
	}
	if w.RoomConfig != nil {
		c.RoomConfig = w.RoomConfig.RoomConfiguration
	}
	return c
}

var _ json.Marshaler = roomConfig{}
