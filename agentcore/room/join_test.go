package room_test

import (
	"errors"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

func TestJoinOf(t *testing.T) {
	for _, tt := range []struct {
		name, metadata string
		want           room.Join
		err            error
	}{
		{"nothing", ``, "", nil},
		{"plain text", `call about the "hookswitch" order`, "", nil},
		{"JSON that is no object", `["hookswitch"]`, "", nil},
		{"somebody else's object", `{"join":"listen"}`, "", nil},
		{"replace", `{"hookswitch":{"join":"replace"}}`, room.Replace, nil},
		{"wait, among others", `{"order":7,"hookswitch":{"join":"wait","more":1}}`, room.Wait, nil},
		{"listen", ` { "hookswitch" : { "join" : "listen" } } `, room.Listen, nil},
		{"ours says nothing", `{"hookswitch":{}}`, "", nil},
		{"null", `{"hookswitch":{"join":null}}`, "", nil},
		{"ours is null", `{"hookswitch":null}`, "", nil},
		{"a way that there is not", `{"hookswitch":{"join":"barge"}}`, "", room.ErrJoin},
		{"empty", `{"hookswitch":{"join":""}}`, "", room.ErrJoin},
		{"another case", `{"hookswitch":{"join":"Replace"}}`, "", room.ErrJoin},
		{"no text", `{"hookswitch":{"join":1}}`, "", room.ErrJoin},
		{"ours is no object", `{"hookswitch":"listen"}`, "", room.ErrJoin},
		{"deeper, it is somebody else's", `{"a":{"hookswitch":{"join":"barge"}}}`, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := room.JoinOf(tt.metadata)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("JoinOf(%q) = %q, %v; want %q, %v", tt.metadata, got, err, tt.want, tt.err)
			}
		})
	}
}

func FuzzJoinOf(f *testing.F) {
	f.Add(`{"hookswitch":{"join":"replace"}}`)
	f.Add(`{"hookswitch":[{}]}`)
	f.Fuzz(func(t *testing.T, metadata string) {
		switch join, err := room.JoinOf(metadata); join {
		case room.Replace, room.Wait, room.Listen:
			if err != nil {
				t.Errorf("JoinOf(%q) = %q and %v", metadata, join, err)
			}
		case "":
		default:
			t.Errorf("JoinOf(%q) = %q", metadata, join)
		}
	})
}
