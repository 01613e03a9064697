package roster

import "context"

// UnfitToWrite is [Unfit] for a conversation in writing, which needs neither ears
// nor a voice.
func UnfitToWrite(ctx context.Context, c Catalog, a Agent) []string {
	all := a.LLM.Choices()
	if all == nil {
		return []string{"Agent LLM configuration is missing"}
	}
	if keyed, ok := c.(KeyedCatalog); ok && len(a.Keys) > 0 {
		c = keyed.With(a.Keys)
	}
	return unusable("LLM", c.LLM(ctx, a.Workspace), all)
}
