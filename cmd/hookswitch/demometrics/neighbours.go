package demometrics

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// neighbours are whom a gateway asks and tells, on loopback: a model that thinks
// quickly, another that is always unavailable, a shop's tool, and webhooks of
// which one takes everything, one fails and one has gone for good.
type neighbours struct {
	url    string
	server *http.Server
	wg     sync.WaitGroup
}

// Texts of a conversation by which the model knows what to do.
const (
	wantsOrder = "order"
	wantsHuman = "[1]" // the key
)

func meetNeighbours() (*neighbours, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("demometrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", think)
	mux.HandleFunc("POST /v1/messages", unavailable)
	mux.HandleFunc("POST /hook/fails", unavailable)
	mux.HandleFunc("POST /hook/gone", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", http.StatusGone) })
	mux.HandleFunc("POST /hook/takes", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"customer":{"name":"Ada"}}`) })
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"on its way"}`) })
	n := &neighbours{url: "http://" + ln.Addr().String(), server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}}
	n.wg.Go(func() { n.server.Serve(ln) })
	return n, nil
}

func (n *neighbours) close() error {
	err := n.server.Close()
	n.wg.Wait()
	return err
}

// think is a model behind OpenAI's protocol: it uses the tool when it hears of an
// order, hands the caller on at a key, and chats otherwise.
func think(w http.ResponseWriter, r *http.Request) {
	var c struct {
		Messages []struct{ Role, Content string }
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&c) != nil || len(c.Messages) == 0 {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	delta, finish := says("Of course. Is there anything else that I can do for you today?"), "stop"
	switch last := c.Messages[len(c.Messages)-1]; {
	case last.Role == "tool":
		delta = says("It is on its way. It should be with you tomorrow morning, before noon.")
	case strings.Contains(last.Content, wantsHuman):
		delta, finish = uses(roster.TransferToNumber, `{"destination":"Sales","summary":"They ask about an order.","reason":"they want a person"}`), "tool_calls"
	case strings.Contains(strings.ToLower(last.Content), wantsOrder):
		delta, finish = uses("look_up_order", `{"order":"42"}`), "tool_calls"
	}
	w.Header().Set("Content-Type", "text/event-stream")
	const chunk = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}` + "\n\n"
	fmt.Fprintf(w, chunk+chunk, delta, "null", "{}", `"`+finish+`"`)
	fmt.Fprint(w, `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":310,"completion_tokens":24,"total_tokens":334}}`+"\n\ndata: [DONE]\n\n")
}

func says(text string) string { return fmt.Sprintf(`{"content":%q}`, text) }

func uses(tool, arguments string) string {
	return fmt.Sprintf(`{"tool_calls":[{"index":0,"id":"use","type":"function","function":{"name":%q,"arguments":%q}}]}`, tool, arguments)
}

func unavailable(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, http.StatusServiceUnavailable)
}
