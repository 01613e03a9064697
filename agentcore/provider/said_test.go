package provider_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestAnErrorInAStreamHasAClass(t *testing.T) {
	for _, tt := range []struct {
		message string
		want    provider.Class
		text    string
	}{
		{`{"type":"error","error":{"type":"overloaded_error","message":"secret"}}`, provider.Unavailable, "the server broke off: overloaded_error"},
		{`{"error":{"type":"server_error","code":null}}`, provider.Unavailable, "the server broke off: server_error"},
		{`{"error":{"type":"invalid_request_error","code":"rate_limit_exceeded"}}`, provider.RateLimited, "the server broke off: rate_limit_exceeded"},
		{`{"error":{"type":"insufficient_quota","code":"project_spend_limit_exceeded"}}`, provider.Quota, "the server broke off: project_spend_limit_exceeded"},
		{`{"error":{"status":"RESOURCE_EXHAUSTED","code":429}}`, provider.RateLimited, "the server broke off: RESOURCE_EXHAUSTED"},
		{`{"error":{"code":"invalid_api_key"}}`, provider.Auth, "the server broke off: invalid_api_key"},
		{`{"error":{"type":"invalid_request_error"}}`, provider.Refused, "the server broke off: invalid_request_error"},
		{`{"error":{"message":"a secret"}}`, provider.Unavailable, "the server broke off"},
		{`secret`, provider.Unavailable, "the server broke off"},
	} {
		e := provider.Said("x", "stream", []byte(tt.message))
		if e.Class != tt.want || e.Retry != tt.want.Retryable() || !strings.HasSuffix(e.Error(), tt.text) {
			t.Errorf("%s: %+v (%v), want %s, %q", tt.message, e, e, tt.want, tt.text)
		}
	}
}

func TestMoneyIsToldApartFromHaste(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   provider.Class
	}{
		{429, `{"error":{"type":"requests","code":"rate_limit_exceeded"}}`, provider.RateLimited},
		{429, `{"error":{"type":"insufficient_quota","code":"credit_balance_exhausted"}}`, provider.Quota},
		{429, `{"error":{"type":"insufficient_quota","code":"x_y_z"}}`, provider.Quota},
		{429, `{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}`, provider.Quota},
		{403, `{"error":{"type":"billing_error"}}`, provider.Quota},
		{402, ``, provider.Quota},
	} {
		if e := provider.Status("x", "chat", tt.status, nil, []byte(tt.body)); e.Class != tt.want || e.Retry != tt.want.Retryable() {
			t.Errorf("%d %s: %+v, want %s", tt.status, tt.body, e, tt.want)
		}
	}
}
