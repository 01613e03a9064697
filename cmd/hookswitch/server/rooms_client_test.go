package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// roomClient is a client of LiveKit's API, without its SDK: a request as curl
// sends it, and a token as its documents describe it.
type roomClient struct {
	t           *testing.T
	url         string
	key, secret string
}

// newRoomClient makes a key pair over the API of the gateway at url.
func newRoomClient(t *testing.T, url, apiKey string) *roomClient {
	t.Helper()
	a := send(t, "POST", url+"/api/v2/livekit/keys", `{"name":"rooms"}`, "Authorization", "Bearer "+apiKey)
	c := &roomClient{t: t, url: url, key: a.str("item.api_key"), secret: a.str("item.api_secret")}
	if a.status/100 != 2 || c.key == "" || c.secret == "" {
		t.Fatalf("a key pair: %d %s", a.status, a.text)
	}
	return c
}

// claims are those of who may do what they like in a room.
func (c *roomClient) claims(room string) jwt.MapClaims {
	return jwt.MapClaims{
		"iss": c.key, "sub": "curl", "nbf": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"video": map[string]any{"roomAdmin": true, "room": room},
	}
}

// token signs claims; with changes some of them are others, or none when nil.
func (c *roomClient) token(claims jwt.MapClaims, changes ...jwt.MapClaims) string {
	c.t.Helper()
	claims = maps.Clone(claims)
	for _, change := range changes {
		for name, v := range change {
			if claims[name] = v; v == nil {
				delete(claims, name)
			}
		}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(c.secret))
	if err != nil {
		c.t.Fatal(err)
	}
	return token
}

// twirp sends a request to a method, as "Service/Method".
func (c *roomClient) twirp(method, token, body string) answered {
	c.t.Helper()
	return send(c.t, "POST", c.url+"/twirp/livekit."+method, body, "Authorization", "Bearer "+token)
}

// create sends an agent to a room.
func (c *roomClient) create(room, agent, metadata string) answered {
	c.t.Helper()
	body, err := json.Marshal(map[string]string{"room": room, "agent_name": agent, "metadata": metadata})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.twirp("AgentDispatchService/CreateDispatch", c.token(c.claims(room)), string(body))
}

// sends is create, and the id of the dispatch.
func (c *roomClient) sends(room, agent, metadata string) (id string) {
	c.t.Helper()
	a := c.create(room, agent, metadata)
	if id = a.str("id"); a.status != http.StatusOK || id == "" {
		c.t.Fatalf("%s is not sent: %d %s", agent, a.status, a.text)
	}
	return id
}

func (c *roomClient) delete(room, id string) answered {
	c.t.Helper()
	return c.twirp("AgentDispatchService/DeleteDispatch", c.token(c.claims(room)), fmt.Sprintf(`{"room":%q,"dispatch_id":%q}`, room, id))
}

func (c *roomClient) list(room string) answered {
	c.t.Helper()
	return c.twirp("AgentDispatchService/ListDispatch", c.token(c.claims(room)), fmt.Sprintf(`{"room":%q}`, room))
}

// sent is a dispatch as LiveKit's API shows it.
type sent struct {
	ID, Agent, Room, Trigger string
	Created, Deleted         time.Time
	Jobs                     []sentJob
}

type sentJob struct {
	ID, Status, Reason, Error             string
	Attempts                              float64
	Created, FirstStarted, Started, Ended time.Time
}

// dispatches are what a list, or one dispatch, shows.
func (a answered) dispatches() (all []sent) {
	items, _ := a.at("agent_dispatches").([]any)
	if a.at("id") != nil {
		items = []any{a.body}
	}
	for _, item := range items {
		a := answered{body: item}
		s := sent{
			ID: a.str("id"), Agent: a.str("agent_name"), Room: a.str("room"), Trigger: a.str("state.trigger"),
			Created: instant(a.str("state.created_at")), Deleted: instant(a.str("state.deleted_at")),
		}
		jobs, _ := a.at("state.jobs").([]any)
		for _, job := range jobs {
			j := answered{body: job}
			attempts, _ := j.at("state.attempts").(float64)
			s.Jobs = append(s.Jobs, sentJob{
				ID: j.str("id"), Status: j.str("state.status"), Reason: j.str("state.reason"), Error: j.str("state.error"), Attempts: attempts,
				Created: instant(j.str("created_at")), FirstStarted: instant(j.str("state.first_started_at")),
				Started: instant(j.str("state.started_at")), Ended: instant(j.str("state.ended_at")),
			})
		}
		all = append(all, s)
	}
	return all
}

// instant is a time as LiveKit's JSON has it: nanoseconds, as text; "0" is never.
func instant(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// job is the newest job of the dispatch of that id in a room; the zero job when
// there is none.
func (c *roomClient) job(room, id string) sentJob {
	c.t.Helper()
	for _, d := range c.list(room).dispatches() {
		if d.ID == id && len(d.Jobs) > 0 {
			return d.Jobs[len(d.Jobs)-1]
		}
	}
	return sentJob{}
}

// awaits waits until the newest job of a dispatch has a status, and returns it.
func (c *roomClient) awaits(room, id, status string) (j sentJob) {
	c.t.Helper()
	within(c.t, 15*time.Second, "a job that is "+status, func() bool { j = c.job(room, id); return j.Status == status })
	return j
}
