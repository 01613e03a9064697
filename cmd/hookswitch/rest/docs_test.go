package rest_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/contract"
)

func TestTheDocumentSaysEverythingOfEveryOperation(t *testing.T) {
	o, _ := mailroom(t)
	doc := contract.Document(t, o.h)
	if doc.OpenAPI != "3.1.0" || doc.Components.SecuritySchemes["key"].Value.Scheme != "bearer" {
		t.Errorf("OpenAPI %s, security %v", doc.OpenAPI, doc.Components.SecuritySchemes)
	}
	tags := map[string]bool{}
	for _, tag := range doc.Tags {
		tags[tag.Name] = tag.Description != ""
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			if op.Summary == "" || op.Description == "" || op.OperationID == "" || len(op.Tags) != 1 || !tags[op.Tags[0]] || op.Security == nil {
				t.Errorf("%s: summary %q, description %q, id %q, tags %v", at, op.Summary, op.Description, op.OperationID, op.Tags)
			}
			for _, p := range op.Parameters {
				if p.Value.Description == "" && p.Value.Schema.Value.Description == "" {
					t.Errorf("%s: nothing is said of %s", at, p.Value.Name)
				}
			}
			wants := []int{401, 429, 500}
			if strings.Contains(path, "{") {
				wants = append(wants, 404)
			}
			if op.RequestBody != nil {
				wants = append(wants, 400, 413)
				if media := op.RequestBody.Value.Content.Get("application/json"); media == nil || media.Example == nil {
					t.Errorf("%s: its body has no example", at)
				}
			}
			for _, status := range wants {
				if !refuses(op, status) {
					t.Errorf("%s: %d is not in its answers, or has no schema", at, status)
				}
			}
		}
	}
}

func refuses(op *openapi3.Operation, status int) bool {
	res := op.Responses.Status(status)
	return res != nil && res.Value.Content.Get("application/json") != nil && res.Value.Content.Get("application/json").Schema.Ref != ""
}

func TestThePageShowsEveryOperationAndLoadsNothing(t *testing.T) {
	o, _ := mailroom(t)
	page := o.as("", "GET", "/docs", "")
	if page.status != 200 || page.header.Get("Content-Security-Policy") != "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" {
		t.Fatalf("%d %v", page.status, page.header)
	}
	if m := regexp.MustCompile(`<[^>]* on[a-z]+=`).FindString(page.text); m != "" {
		t.Errorf("the page runs %s", m)
	}
	for _, banned := range []string{"<script", "<link", "<img", "@import", "url(", "http-equiv"} {
		if strings.Contains(page.text, banned) {
			t.Errorf("the page has %s", banned)
		}
	}
	for path, item := range contract.Document(t, o.h).Paths.Map() {
		for method, op := range item.Operations() {
			if !strings.Contains(page.text, `<article id="`+op.OperationID+`">`) {
				t.Errorf("%s %s is not on the page", method, path)
			}
		}
	}
	for _, want := range []string{"curl -X POST &#34;$HOOKSWITCH_SERVER/api/v2/agents&#34;", "width=device-width", "llm.temperature", "webhooks[].webhook_config.api_schema.url"} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if yaml := o.as("", "GET", "/openapi.yaml", ""); yaml.status != 200 || !strings.Contains(yaml.text, "openapi: 3.1.0") {
		t.Errorf("/openapi.yaml: %d", yaml.status)
	}
}
