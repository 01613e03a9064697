package provider

import (
	"errors"
	"testing"
)

func TestTooLongARequestHasOneCode(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   string
	}{
		{400, `{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9001.","type":"BadRequestError","code":400}}`, TooLong},
		{400, `{"message":"This model's maximum context length is 8192 tokens.","type":"BadRequestError"}`, TooLong},
		{400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 205000 tokens > 200000 maximum"}}`, TooLong},
		{400, `{"error":{"code":400,"message":"The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`, TooLong},
		{400, `{"error":"the request exceeds the available context size, try increasing it"}`, TooLong},
		{400, `{"error":{"message":"too long","code":"context_length_exceeded"}}`, TooLong},
		{400, `{"error":{"message":"the voice is too long","type":"invalid_request_error"}}`, "invalid_request_error"},
		{503, `{"error":{"message":"maximum context length","type":"server_error"}}`, "server_error"},
		{400, `<html>prompt is too long</html>`, ""},
		{400, `{"error":7,"message":[]}`, ""},
	} {
		e := Status("x", "chat", tt.status, nil, []byte(tt.body))
		var s *StatusError
		if !errors.As(e, &s) || s.Code != tt.want {
			t.Errorf("%s: %v, want code %q", tt.body, e, tt.want)
		}
	}
}
