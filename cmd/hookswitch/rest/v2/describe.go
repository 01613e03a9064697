package v2

import (
	"github.com/danielgtaylor/huma/v2"
)

// Tags of the operations: chapters of the documentation.
const (
	tagAgents    = "Agents"
	tagVersions  = "Versions"
	tagTools     = "Tools"
	tagWebhooks  = "Webhooks"
	tagCatalog   = "Catalog"
	tagNumbers   = "Phone numbers"
	tagKeys      = "Keys"
	tagProviders = "Providers"
)

// describe fills in what the document says of the API as a whole.
func (a *API) describe() {
	doc := a.huma.OpenAPI()
	describeFailures(doc.Components.Schemas)
	doc.Tags = append(doc.Tags,
		&huma.Tag{Name: tagAgents, Description: "Who answers: how an agent hears, thinks, speaks and takes turns."},
		&huma.Tag{Name: tagVersions, Description: "Every change of an agent makes a version, which never changes. A call keeps the version that it began with."},
		&huma.Tag{Name: tagTools, Description: "What an agent's model can call during a call."},
		&huma.Tag{Name: tagWebhooks, Description: "Who is told before and after a call."},
		&huma.Tag{Name: tagCatalog, Description: "The models and voices that agents may be set to."},
		&huma.Tag{Name: tagNumbers, Description: "The numbers that lead here, the carrier's account behind each, and whom the workspace may call."},
		&huma.Tag{Name: tagKeys, Description: "API keys, and who changed what."},
	)
	if doc.Components.SecuritySchemes == nil {
		doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{}
	}
	doc.Components.SecuritySchemes["key"] = &huma.SecurityScheme{
		Type: "http", Scheme: "bearer",
		Description: "An API key: `Authorization: Bearer hsk_...`. Make the first one with `hookswitch key create`.",
	}
}
