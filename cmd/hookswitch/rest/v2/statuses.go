package v2

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// whyFailed is what the OpenAPI document says of each failure.
var whyFailed = map[int]struct {
	description string
	example     string
	headers     []string
}{
	http.StatusBadRequest: {description: "The request is wrong: errors says where.",
		example: `{"success":false,"errors":{"name":["can't be blank"]},"message":"Failed to create agent"}`},
	http.StatusUnauthorized: {description: "No API key, or one that is not valid.", headers: []string{"WWW-Authenticate"},
		example: `{"success":false,"errors":{"base":["The API key is not valid."]},"message":"Unauthorized"}`},
	http.StatusForbidden: {description: "The API key lacks the scope that is needed.",
		example: `{"success":false,"errors":{"base":["The API key lacks the scope agents:write."]},"message":"Failed to create agent"}`},
	http.StatusNotFound: {description: "There is no such thing in the key's workspace.",
		example: `{"success":false,"errors":{"base":["Agent not found"]},"message":"Failed to get agent"}`},
	http.StatusConflict: {description: "It is in a state in which this cannot be done, or somebody else changed it meanwhile.",
		example: `{"success":false,"errors":{"base":["Agent was changed by somebody else meanwhile. Read it again, and try again."]},"message":"Failed to update agent"}`},
	http.StatusGone: {description: "It was there, and is not kept any more."},
	http.StatusRequestEntityTooLarge: {description: "The request body is too large.",
		example: `{"success":false,"errors":{"base":["The request body is larger than 1048576 bytes."]},"message":"Request Entity Too Large"}`},
	http.StatusRequestedRangeNotSatisfiable: {description: "There are no such bytes."},
	http.StatusUnprocessableEntity: {description: "The request is right, but cannot be carried out as things are.",
		example: `{"success":false,"errors":{"agent":["Agent ASR configuration is missing"]},"message":"Failed to dispatch agent"}`},
	http.StatusTooManyRequests: {description: "Too many requests with this key.", headers: []string{"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"},
		example: `{"success":false,"errors":{"base":["Too many requests with this API key. Try again in 1 s."]},"message":"Too Many Requests"}`},
	http.StatusInternalServerError: {description: "A fault of the gateway. Its log says more under the request's id.",
		example: `{"success":false,"errors":{"base":["Something went wrong in the gateway. Its log says more under request req_7q2f."]},"message":"Failed to create agent"}`},
	http.StatusBadGateway: {description: "The carrier, or the orchestrator, did not do it.",
		example: `{"success":false,"errors":{"dispatch":["Failed to dispatch agent: Connection timeout"]},"message":"Failed to dispatch agent"}`},
	http.StatusServiceUnavailable: {description: "The gateway is going down, or is full. Try again later.", headers: []string{"Retry-After"}},
}

// headers are the headers of answers, for the OpenAPI document.
var headers = map[string]string{
	"X-Request-Id":        "The request's id: the client's own, or one that was made.",
	"WWW-Authenticate":    "How to authenticate.",
	"Retry-After":         "Seconds to wait before another try.",
	"RateLimit-Limit":     "Requests that a rested key may send at once.",
	"RateLimit-Remaining": "Requests that this key may still send at once.",
	"RateLimit-Reset":     "Seconds until it may send all of them again.",
}

// numbered are the headers of every answer.
func numbered() map[string]*huma.Param {
	return map[string]*huma.Param{
		"X-Request-Id": {Schema: &huma.Schema{Type: "string"}, Description: headers["X-Request-Id"]},
	}
}

func statusText(status int) string { return strconv.Itoa(status) }
