package webhook

// NewClientOver is [NewClient] with a dialer of the test's own.
var NewClientOver = newClient

// WaitsAfter are the pauses of the schedule.
var WaitsAfter = waits

// PerHost is how many deliveries go to one receiver at once.
const PerHost = perHost
