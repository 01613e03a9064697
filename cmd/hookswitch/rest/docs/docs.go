// Package docs makes the page that shows the API to people, out of the OpenAPI
// document and nothing else: no script, no font, nothing from elsewhere.
package docs

// Policy is the page's Content-Security-Policy.
const Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Page renders the page of an OpenAPI document.
func Page(document []byte) ([]byte, error) {
	d, err := read(document)
	if err != nil {
		return nil, err
	}
	return d.render()
}
