package sim

// queue is what an account's calls wait in before they are placed.
type queue struct{}
