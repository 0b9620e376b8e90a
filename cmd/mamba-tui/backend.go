package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/cuda"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/scan"
)

// autoParameters is the size of a model, in parameters, from which auto takes a
// GPU. A token of a smaller one is mostly launches of kernels there.
const autoParameters = 20_000_000

// autoSmall is auto's note on a smaller model.
var autoSmall = fmt.Sprintf("auto takes a GPU from %d million parameters on", autoParameters/1_000_000)

// cpuFlag is the flag --cpu, the kernel set of the CPU backend, and the flag
// --weights, how it keeps the matrices of a model in memory.
type cpuFlag struct{ id, format string }

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

// addWeightsTo adds --weights to a command that runs a model and trains none.
func (f *cpuFlag) addWeightsTo(cmd *cobra.Command) {
	var ids []string
	for _, w := range scan.WeightFormats() {
		ids = append(ids, w.String())
	}
	cmd.Flags().StringVar(&f.format, "weights", ids[0], "matrices in the CPU's memory: f32, or bf16 or f16 at half the size, rounded")
	cmd.RegisterFlagCompletionFunc("weights", cobra.FixedCompletions(ids, cobra.ShellCompDirectiveNoFileComp))
}

// weights is the format that the flag names.
func (f cpuFlag) weights() (scan.WeightFormat, error) {
	w, err := scan.ParseWeightFormat(f.format)
	if err != nil {
		return 0, usagef("unknown weights %s: want f32, bf16 or f16", quote(f.format))
	}
	return w, nil
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

// openBackend opens the backend that a flag names, for a model of so many
// parameters. auto takes the best there is, and note says why it is not a better
// one; a backend named explicitly that is not available is an error.
func openBackend(name string, cpu cpuFlag, parameters int) (b scan.Backend, note string, err error) {
	set, err := cpu.kernels()
	if err != nil {
		return nil, "", err
	}
	weights, err := cpu.weights()
	if err != nil {
		return nil, "", err
	}
	host := func() scan.Backend { return scan.NewCPU(scan.Options{Kernels: set, Weights: weights}) }
	switch {
	case name == "auto" && weights != scan.WeightsF32:
		return host(), "weights as " + weights.String() + " are the CPU's", nil
	case name == "auto" && parameters < autoParameters:
		return host(), autoSmall, nil
	case name == "auto":
		gpu, err := cuda.Open(cuda.Options{})
		if err != nil {
			return host(), "no GPU: " + cuda.Reason(err), nil
		}
		return gpu, "", nil
	case name == "cpu":
		return host(), "", nil
	}
	device, ok := deviceOf(name)
	if !ok {
		return nil, "", usagef("unknown backend %s: want auto, cpu, cuda or cuda:0", quote(name))
	}
	if weights != scan.WeightsF32 {
		return nil, "", usagef("--weights %s is for the CPU, and --backend is %s: use --backend cpu", weights, name)
	}
	gpu, err := cuda.Open(cuda.Options{Device: device})
	if err != nil {
		return nil, "", fmt.Errorf("backend %s is not available: %s; use --backend cpu or auto", name, cuda.Reason(err))
	}
	return gpu, "", nil
}

// openModel opens a backend and loads weights to it. Where auto has taken a GPU
// whose memory is too small for them, it takes the CPU after all.
func openModel(name string, cpu cpuFlag, f *checkpoint.File) (b scan.Backend, m *model.Model, note string, err error) {
	if b, note, err = openBackend(name, cpu, f.Parameters); err != nil {
		return nil, nil, "", err
	}
	m, err = model.New(b, f.Config, f.Weights)
	if _, gpu := b.(*cuda.Backend); err != nil && gpu && name == "auto" {
		note = "no GPU: " + cuda.Reason(err)
		b.Close()
		if b, _, err = openBackend("cpu", cpu, 0); err != nil {
			return nil, nil, "", err
		}
		m, err = model.New(b, f.Config, f.Weights)
	}
	if err != nil {
		return nil, nil, "", errors.Join(err, b.Close())
	}
	return b, m, note, nil
}

// deviceOf is the device of cuda, or of cuda:i for a device number i.
func deviceOf(name string) (device int, ok bool) {
	if name == "cuda" {
		return 0, true
	}
	index, ok := strings.CutPrefix(name, "cuda:")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(index, 10, 16)
	return int(n), err == nil
}

// backendFlag is the flag --backend of commands that compute many sequences
// side by side, each on a backend of its own.
type backendFlag struct {
	name string
	cpu  cpuFlag
}

func (f *backendFlag) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.name, "backend", "b", "cpu", "where to compute: cpu, cuda or cuda:INDEX")
	cmd.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions([]string{"cpu", "cuda"}, cobra.ShellCompDirectiveNoFileComp))
	f.cpu.addTo(cmd)
}

// gpuSequences is how many sequences a GPU computes side by side where nobody
// says: enough that one's launches fill the gaps of another's.
const gpuSequences = 4

// opener opens one of several backends, each with one thread; sequences is how
// many there should be, 0 leaving it to the processors. It fails when the first
// cannot be had.
func (f backendFlag) opener() (open func() (scan.Backend, error), sequences int, err error) {
	set, err := f.cpu.kernels()
	if err != nil {
		return nil, 0, err
	}
	weights, err := f.cpu.weights()
	if err != nil {
		return nil, 0, err
	}
	if f.name == "cpu" {
		return func() (scan.Backend, error) {
			return scan.NewCPU(scan.Options{Threads: 1, Kernels: set, Weights: weights}), nil
		}, 0, nil
	}
	if _, ok := deviceOf(f.name); !ok {
		return nil, 0, usagef("unknown backend %s: want cpu, cuda or cuda:0", quote(f.name))
	}
	open = func() (scan.Backend, error) {
		b, _, err := openBackend(f.name, f.cpu, 0)
		return b, err
	}
	b, err := open()
	if err != nil {
		return nil, 0, err
	}
	return open, gpuSequences, b.Close()
}

// backendStatus is a backend as doctor and models show it.
type backendStatus struct {
	Name      string       `json:"name"`
	Available bool         `json:"available"`
	Auto      bool         `json:"auto"` // what --backend auto takes
	Detail    string       `json:"detail"`
	Devices   []deviceInfo `json:"devices,omitempty"`
}

// deviceInfo is a GPU as doctor shows it.
type deviceInfo struct {
	Name       string       `json:"name"`
	UUID       string       `json:"uuid"`
	Capability string       `json:"compute_capability"`
	Memory     uint64       `json:"memory"`
	Driver     string       `json:"driver_cuda"` // the newest CUDA the driver knows
	Problem    string       `json:"problem,omitempty"`
	Kernels    []kernelInfo `json:"kernels,omitempty"`
}

// kernelInfo is what the driver's compiler made of a kernel.
type kernelInfo struct {
	Name      string `json:"name"`
	Registers int    `json:"registers"`
	Local     int    `json:"local_bytes"` // 0 unless it spills
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
		cudaStatus(),
		{Name: "cpu", Available: true, Auto: true, Detail: detail},
	}
}

// cudaStatus opens every device, which compiles the kernels for it.
func cudaStatus() backendStatus {
	s := backendStatus{Name: "cuda"}
	devices, err := cuda.Devices()
	if err != nil {
		s.Detail = cuda.Reason(err)
		return s
	}
	for _, i := range devices {
		d := deviceInfo{Name: i.Name, UUID: i.UUID, Capability: i.Capability, Memory: i.Memory, Driver: i.Driver}
		if b, err := cuda.Open(cuda.Options{Device: i.Ordinal}); err != nil {
			d.Problem = cuda.Reason(err)
		} else {
			s.Available = true
			for _, k := range b.Info().Kernels {
				d.Kernels = append(d.Kernels, kernelInfo{k.Name, k.Registers, k.Local})
			}
			if spills := b.Info().Spills(); len(spills) > 0 {
				d.Problem = "kernels with local memory: " + strings.Join(spills, ", ")
			}
			b.Close()
		}
		s.Devices = append(s.Devices, d)
	}
	s.Detail = plural(len(s.Devices), "device") + "; " + autoSmall
	return s
}

// lines are what doctor prints of a device.
func (d deviceInfo) lines() []string {
	l := []string{fmt.Sprintf("%s, %s, compute capability %s, %.1f GiB, driver for CUDA %s",
		sentence(d.Name), d.UUID, d.Capability, float64(d.Memory)/(1<<30), d.Driver)}
	if d.Problem != "" {
		l = append(l, "problem: "+oneLine(errors.New(d.Problem)))
	}
	if n := len(d.Kernels); n > 0 {
		most, local := 0, 0
		for _, k := range d.Kernels {
			most, local = max(most, k.Registers), max(local, k.Local)
		}
		l = append(l, fmt.Sprintf("%s loaded: at most %d registers and %d bytes of local memory a thread", plural(n, "kernel"), most, local))
	}
	return l
}
