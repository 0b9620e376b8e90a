package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/scan"
)

// noCUDA says why there is no CUDA backend.
const noCUDA = "CUDA is not built into this version"

// cpuFlag is the flag --cpu: the kernel set of the CPU backend.
type cpuFlag struct{ id string }

func (f *cpuFlag) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.id, "cpu", "best", "kernels of the CPU: best, generic, avx2 or avx512")
	cmd.RegisterFlagCompletionFunc("cpu", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var have []string
		for _, k := range scan.KernelSets() {
			have = append(have, k.String())
		}
		return have, cobra.ShellCompDirectiveNoFileComp
	})
}

// kernels is the set that the flag names. One that nobody knows is a usage
// error, one that this machine lacks is not.
func (f cpuFlag) kernels() (scan.KernelSet, error) {
	set, err := scan.ParseKernelSet(f.id)
	if err != nil {
		return 0, usagef("unknown kernels %s: want best, generic, avx2 or avx512", quote(f.id))
	}
	return set, set.Check()
}

// openBackend opens the backend that a flag names. auto takes the best there
// is, and note says why it is not a better one; a backend named explicitly
// that is not available is an error.
func openBackend(name string, cpu cpuFlag) (b scan.Backend, note string, err error) {
	set, err := cpu.kernels()
	if err != nil {
		return nil, "", err
	}
	switch {
	case name == "auto":
		return scan.NewCPU(scan.Options{Kernels: set}), noCUDA, nil
	case name == "cpu":
		return scan.NewCPU(scan.Options{Kernels: set}), "", nil
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
	detail := cpu.Name()
	for _, set := range []scan.KernelSet{scan.Generic, scan.AVX2, scan.AVX512} {
		switch err := set.Check(); {
		case err != nil:
			detail += "; " + strings.TrimPrefix(err.Error(), "scan: ")
		case !strings.Contains(cpu.Name(), set.String()):
			detail += "; --cpu " + set.String() + " can be had too"
		}
	}
	return []backendStatus{
		{Name: "cuda", Detail: noCUDA},
		{Name: "cpu", Available: true, Auto: true, Detail: detail},
	}
}
