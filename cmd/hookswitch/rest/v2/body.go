package v2

import (
	"errors"
	"net/http"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
)

// parse reads a JSON object as [body.Object] does. What is wrong is a [Failure]
// that says where.
func parse(raw []byte) (map[string]any, error) {
	object, err := body.Object(raw)
	var wrong body.Mistake
	if errors.As(err, &wrong) {
		return nil, Fail(http.StatusBadRequest, string(wrong))
	}
	return object, err
}
