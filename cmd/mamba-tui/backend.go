package main

import (
	"fmt"
	"strconv"
	"strings"

	"mamba-tui/scan"
)

// noCUDA says why there is no CUDA backend.
const noCUDA = "CUDA is not built into this version"

// openBackend opens the backend that a flag names. auto takes the best there
// is, and note says why it is not a better one; a backend named explicitly
// that is not available is an error.
func openBackend(name string) (b scan.Backend, note string, err error) {
	switch {
	case name == "auto":
		return scan.NewCPU(scan.Options{}), noCUDA, nil
	case name == "cpu":
		return scan.NewCPU(scan.Options{}), "", nil
	case isCUDA(name):
		return nil, "", fmt.Errorf("backend %s is not available: %s; use --backend cpu or auto", name, noCUDA)
	}
	return nil, "", usagef("unknown backend %s: want auto, cpu, cuda or cuda:0", quote(name))
}

// isCUDA says that name is cuda, or cuda:i for a device number i.
func isCUDA(name string) bool {
	if name == "cuda" {
		return true
	}
	index, ok := strings.CutPrefix(name, "cuda:")
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(index, 10, 16)
	return err == nil
}

// backendStatus is a backend as doctor and models show it.
type backendStatus struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
	Auto      bool   `json:"auto"` // what --backend auto takes
	Detail    string `json:"detail"`
}

// backendList says of every backend whether it is used, and why.
func backendList() []backendStatus {
	cpu := scan.NewCPU(scan.Options{})
	defer cpu.Close()
	return []backendStatus{
		{Name: "cuda", Detail: noCUDA},
		{Name: "cpu", Available: true, Auto: true, Detail: cpu.Name()},
	}
}
