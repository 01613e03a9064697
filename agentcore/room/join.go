package room

import (
	"encoding/json"
	"errors"
	"strings"
)

// ErrJoin means that a dispatch's metadata asks for a way to join that there is
// not.
var ErrJoin = errors.New(`room: metadata: hookswitch.join must be "replace", "wait" or "listen"`)

// JoinOf returns how a dispatch with that metadata is to come into its room;
// empty: it does not say. It says so when the metadata is a JSON object with
//
//	"hookswitch": {"join": "replace" | "wait" | "listen"}
//
// Everything else in it, and any other metadata, is between the client and the
// agent. A way to join that there is not is [ErrJoin].
func JoinOf(metadata string) (Join, error) {
	if !strings.Contains(metadata, `"hookswitch"`) { // most: half a megabyte need not be read
		return "", nil
	}
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(metadata), &all) != nil || all["hookswitch"] == nil {
		return "", nil
	}
	var ours struct {
		Join *Join `json:"join"`
	}
	if json.Unmarshal(all["hookswitch"], &ours) != nil {
		return "", ErrJoin
	}
	if ours.Join == nil {
		return "", nil
	}
	switch *ours.Join {
	case Replace, Wait, Listen:
		return *ours.Join, nil
	}
	return "", ErrJoin
}
