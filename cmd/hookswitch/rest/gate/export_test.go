package gate

// Buckets is how many addresses are remembered.
func (g *Gate) Buckets() int {
	g.failures.mu.Lock()
	defer g.failures.mu.Unlock()
	return len(g.failures.named)
}
