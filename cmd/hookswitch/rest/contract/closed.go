package contract

import "github.com/getkin/kin-openapi/openapi3"

// closeAnswers forbids, in the schemas of answers, what they don't name. The
// document itself leaves them open, so that more may come one day and break
// nobody; a test wants to see everything named.
func closeAnswers(doc *openapi3.T) {
	c := closer{seen: map[*openapi3.Schema]bool{}}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, res := range op.Responses.Map() {
				for _, media := range res.Value.Content {
					c.close(media.Schema)
				}
			}
		}
	}
}

type closer struct{ seen map[*openapi3.Schema]bool }

func (c closer) close(ref *openapi3.SchemaRef) {
	if ref == nil || ref.Value == nil || c.seen[ref.Value] {
		return
	}
	s := ref.Value
	c.seen[s] = true
	more := s.AdditionalProperties
	if len(s.Properties) > 0 && more.Schema == nil && (more.Has == nil || *more.Has) {
		no := false
		s.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
	}
	for _, p := range s.Properties {
		c.close(p)
	}
	c.close(s.Items)
	c.close(more.Schema)
	for _, all := range []openapi3.SchemaRefs{s.AnyOf, s.OneOf, s.AllOf} {
		for _, one := range all {
			c.close(one)
		}
	}
}
