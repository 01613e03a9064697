package failover

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/whisper"
)

// A recogniser that takes a refused frame for a lost one is not played more than
// it has room for.
func TestALongUtteranceIsReplayedWithoutALoss(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"text":"yes"}`))
	}))
	defer s.Close()
	next, err := whisper.New(whisper.Config{BaseURL: s.URL, Model: "whisper-1"})
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	r := Recognizer(Config[asr.Recognizer]{Candidates: []Candidate[asr.Recognizer]{
		{Port: &ear{name: "a", fates: []fate{broken}}}, {Port: next},
	}})
	for range 3 {
		stream, err := r.Open(t.Context(), asr.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 27 {
			for _, f := range word(n+1, 50) {
				stream.Write(&f)
			}
			if n == 0 {
				stream.Signal(asr.Began)
			}
		}
		stream.Signal(asr.Ended)
		if got := final(t, stream); got != "yes" {
			t.Errorf("heard %q", got)
		}
		stream.Close()
	}
}
