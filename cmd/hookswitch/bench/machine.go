package bench

import "runtime"

// Machine is where it was measured. Others may be at work on it, too: see Load.
type Machine struct {
	Cores int     `json:"cores"`
	Model string  `json:"model"`
	OS    string  `json:"os"`
	Arch  string  `json:"arch"`
	Go    string  `json:"go"`
	Load  float64 `json:"load"` // tasks that ran or wanted to, over the last minute, before we began
}

func machine() Machine {
	return Machine{Cores: runtime.NumCPU(), Model: cpuModel(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), Load: loadAverage()}
}
