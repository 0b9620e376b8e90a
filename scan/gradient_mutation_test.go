package scan_test

import (
	"runtime"
	"strings"
	"testing"

	"mamba-tui/scan"
	"mamba-tui/scan/scantest"
)

// gradMutant is a CPU backend with one thing wrong on the way back. What is nil
// is sound.
type gradMutant struct {
	*scan.CPU
	entropy func(a *scan.CrossEntropyArgs)
	embed   func(L *int)
	norm    func(a *scan.NormGrad)
	linear  func(a *scan.LinearGrad)
	conv    func(a *scan.ConvGrad)
	sel     func(m *gradMutant, a *scan.ScanGrad)
	update  func(data []float32) []float32
}

func (m *gradMutant) CrossEntropy(a scan.CrossEntropyArgs) {
	if m.entropy != nil {
		m.entropy(&a)
	}
	m.CPU.CrossEntropy(a)
}

func (m *gradMutant) EmbedBackward(dTable, dY scan.View, ids scan.Buffer, L, cols int) {
	if m.embed != nil {
		m.embed(&L)
	}
	m.CPU.EmbedBackward(dTable, dY, ids, L, cols)
}

func (m *gradMutant) RMSNormBackward(a scan.NormGrad) {
	if m.norm != nil {
		m.norm(&a)
	}
	m.CPU.RMSNormBackward(a)
}

func (m *gradMutant) LinearBackward(a scan.LinearGrad) {
	if m.linear != nil {
		m.linear(&a)
	}
	m.CPU.LinearBackward(a)
}

func (m *gradMutant) ConvBackward(a scan.ConvGrad) {
	if m.conv != nil {
		m.conv(&a)
	}
	m.CPU.ConvBackward(a)
}

func (m *gradMutant) ScanBackward(a scan.ScanGrad) {
	if m.sel != nil {
		m.sel(m, &a)
	}
	m.CPU.ScanBackward(a)
}

func (m *gradMutant) UpdateWeight(w scan.Weight, data []float32) {
	if m.update != nil {
		data = m.update(data)
	}
	m.CPU.UpdateWeight(w, data)
}

// fresh is an array of zeros on m in the place of v.
func (m *gradMutant) fresh(v scan.View) scan.View {
	b, err := m.Alloc(m.DType(), v.Buf.Len())
	if err != nil {
		panic(err)
	}
	return scan.View{Buf: b, Off: v.Off, Stride: v.Stride}
}

// gradFaults are what the suite of backward operations must notice, and where.
var gradFaults = []struct {
	fault, noticed string
	m              gradMutant
}{
	{"the loss's gradient is not scaled", "crossentropy", gradMutant{entropy: func(a *scan.CrossEntropyArgs) { a.Scale = 1 }}},
	{"the last row of logits is left out", "crossentropy", gradMutant{entropy: func(a *scan.CrossEntropyArgs) { a.L-- }}},
	{"the last token of Embed is left out", "embed", gradMutant{embed: func(L *int) { *L-- }}},
	{"RMSNorm's gradient is always written", "rmsnorm", gradMutant{norm: func(a *scan.NormGrad) { a.Accumulate = false }}},
	{"RMSNorm forgets eps", "rmsnorm", gradMutant{norm: func(a *scan.NormGrad) { a.Eps = 0 }}},
	{"Linear's dX is always written", "linear", gradMutant{linear: func(a *scan.LinearGrad) { a.Accumulate = false }}},
	{"Linear has no bias", "linear", gradMutant{linear: func(a *scan.LinearGrad) { a.DBias = scan.View{} }}},
	{"Linear leaves the last row out of dW", "linear", gradMutant{linear: func(a *scan.LinearGrad) {
		if a.DX.Absent() {
			a.L--
		}
	}}},
	{"UpdateWeight takes half", "update", gradMutant{update: func(data []float32) []float32 {
		half := append([]float32(nil), data...)
		half[len(half)-1] = 0
		return half
	}}},
	{"Conv's resets are ignored", "conv", gradMutant{conv: func(a *scan.ConvGrad) { a.Resets = nil }}},
	{"Conv's window is ignored", "conv", gradMutant{conv: func(a *scan.ConvGrad) { a.Window = scan.View{} }}},
	{"Conv's SiLU is ignored", "conv", gradMutant{conv: func(a *scan.ConvGrad) { a.SiLU = false }}},
	{"Conv's bias is not part of the sum", "conv", gradMutant{conv: func(a *scan.ConvGrad) { a.Bias = nil }}},
	{"the scan's resets are ignored", "scan/rules", gradMutant{sel: func(_ *gradMutant, a *scan.ScanGrad) { a.Resets = nil }}},
	{"the scan's initial state is ignored", "scan/rules", gradMutant{sel: func(_ *gradMutant, a *scan.ScanGrad) { a.H0 = scan.View{} }}},
	{"the scan's bias is ignored", "scan/rules", gradMutant{sel: func(_ *gradMutant, a *scan.ScanGrad) { a.Bias = nil }}},
	{"the scan's skip is ignored", "scan/parts", gradMutant{sel: func(_ *gradMutant, a *scan.ScanGrad) { a.Skip = nil }}},
	{"ZOH is taken for released", "scan/parts", gradMutant{sel: func(_ *gradMutant, a *scan.ScanGrad) { a.Rule = scan.Released }}},
	{"softplus is taken for nothing", "scan/large", gradMutant{sel: func(_ *gradMutant, a *scan.ScanGrad) { a.Softplus, a.Bias = false, nil }}},
	{"states between chunks are zero", "scan/rules", gradMutant{sel: func(m *gradMutant, a *scan.ScanGrad) {
		a.States = m.fresh(scan.View{Buf: a.States}).Buf
	}}},
	{"the final state's gradient is ignored", "scan/rules", gradMutant{sel: func(m *gradMutant, a *scan.ScanGrad) { a.DH = m.fresh(a.DH) }}},
	{"B and C change places", "scan/table", gradMutant{sel: func(_ *gradMutant, a *scan.ScanGrad) { a.DB, a.DC = a.DC, a.DB }}},
}

// TestGradientSuiteNoticesFaults: each fault is noticed by the case that is
// there for it, whether the oracle has it (by finite differences) or the other
// backend (by the oracle); the same case passes without it.
func TestGradientSuiteNoticesFaults(t *testing.T) {
	cases := map[string]scantest.GradientCase{}
	for _, c := range scantest.GradientCases() {
		cases[c.Name] = c
	}
	for _, f := range gradFaults {
		t.Run(strings.ReplaceAll(f.fault, " ", "-"), func(t *testing.T) {
			c, ok := cases[f.noticed]
			if !ok {
				t.Fatalf("the suite has no case %q", f.noticed)
			}
			sound := func(dtype scan.DType) *gradMutant {
				return &gradMutant{CPU: scan.NewCPU(scan.Options{DType: dtype, Threads: 1})}
			}
			broken := func(dtype scan.DType) *gradMutant {
				m := f.m
				m.CPU = scan.NewCPU(scan.Options{DType: dtype, Threads: 1})
				return &m
			}
			if failed, said := failsGradient(c, sound(scan.Float64), broken(scan.Float32)); !failed {
				t.Errorf("case %s does not notice: %s", f.noticed, f.fault)
			} else {
				t.Logf("%s: %s", f.noticed, said)
			}
			if usesOracle := !strings.HasSuffix(f.noticed, "table") && f.noticed != "update"; usesOracle {
				if failed, _ := failsGradient(c, broken(scan.Float64), broken(scan.Float32)); !failed {
					t.Errorf("case %s does not notice in the oracle: %s", f.noticed, f.fault)
				}
			}
		})
	}
}

// failsGradient is fails for a case of backward operations.
func failsGradient(c scantest.GradientCase, oracle, b scan.Differentiable) (failed bool, said string) {
	p := &probe{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				p.failed, p.said = true, "panic"
				if s, ok := v.(string); ok {
					p.said = s
				}
				if e, ok := v.(runtime.Error); ok {
					p.said = e.Error()
				}
			}
		}()
		c.Run(p, oracle, b)
	}()
	<-done
	return p.failed, p.said
}
