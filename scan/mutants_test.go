package scan_test

import (
	"math"

	"mamba-tui/scan"
)

// mutants are faults that a backend could have, each with a case that must
// notice it.
var mutants = []struct {
	fault, noticed string
	m              mutant
}{
	{"Copy drops the last row", "copy", mutant{copies: func(m *mutant, dst, src scan.View, rows, cols int) {
		m.CPU.Copy(dst, src, max(rows-1, 0), cols)
	}}},
	{"Copy moves one column too many", "copy", mutant{copies: func(m *mutant, dst, src scan.View, rows, cols int) {
		m.CPU.Copy(dst, src, rows, cols+1)
	}}},
	{"Broadcast fills the first row only", "broadcast", mutant{
		broadcast: func(m *mutant, dst scan.View, row scan.Buffer, rows, cols int) {
			m.CPU.Broadcast(dst, row, min(rows, 1), cols)
		}}},
	{"Embed reads the next row", "embed", mutant{
		embed: func(m *mutant, dst, table scan.View, ids scan.Buffer, L, cols int) {
			marks := m.marks(ids, L)
			for i := range marks {
				marks[i] = max(marks[i]-1, 0)
			}
			m.withMarks(marks, func(b scan.Buffer) { m.CPU.Embed(dst, table, b, L, cols) })
		}}},
	{"RMSNorm without eps", "rmsnorm", mutant{
		norm: func(m *mutant, dst, x scan.View, w scan.Buffer, L, cols int, eps float64) {
			m.CPU.RMSNorm(dst, x, w, L, cols, 0)
		}}},
	{"RMSNorm over all rows at once", "rmsnorm", mutant{
		norm: func(m *mutant, dst, x scan.View, w scan.Buffer, L, cols int, eps float64) {
			m.CPU.RMSNorm(dst, x, w, L, cols, eps*float64(max(L, 1)))
		}}},
	{"Linear forgets the bias", "linear/table", mutant{linear: func(m *mutant, a scan.LinearArgs) {
		a.Bias = nil
		m.CPU.Linear(a)
	}}},
	{"Linear overwrites instead of adding", "linear/table", mutant{linear: func(m *mutant, a scan.LinearArgs) {
		a.Accumulate = false
		m.CPU.Linear(a)
	}}},
	{"Linear sums from the back", "linear/order", mutant{load: keep,
		linear: func(m *mutant, a scan.LinearArgs) {
			m.slowLinear(a, func(sum, x, w float32) float32 { return sum + x*w }, true)
		}}},
	{"Linear skips zeros of the input", "linear/nan", mutant{load: keep,
		linear: func(m *mutant, a scan.LinearArgs) {
			m.slowLinear(a, func(sum, x, w float32) float32 {
				if x == 0 {
					return sum
				}
				return sum + x*w
			}, false)
		}}},
	{"Linear skips the last row", "linear/random", mutant{linear: func(m *mutant, a scan.LinearArgs) {
		a.L = max(a.L-1, 0)
		m.CPU.Linear(a)
	}}},
	{"Conv forgets SiLU", "conv/table", mutant{conv: func(m *mutant, a scan.ConvArgs) {
		a.SiLU = false
		m.CPU.Conv(a)
	}}},
	{"Conv forgets the reset", "conv/reset", mutant{conv: func(m *mutant, a scan.ConvArgs) {
		a.Resets = nil
		m.CPU.Conv(a)
	}}},
	{"Conv resets at ResetState", "conv/reset", mutant{conv: func(m *mutant, a scan.ConvArgs) {
		if a.Resets == nil {
			m.CPU.Conv(a)
			return
		}
		marks := m.marks(a.Resets, a.L)
		for i := range marks {
			marks[i] |= marks[i] << 1
		}
		m.withMarks(marks, func(b scan.Buffer) { a.Resets = b; m.CPU.Conv(a) })
	}}},
	{"Conv leaves the window one step behind", "conv/split", mutant{conv: func(m *mutant, a scan.ConvArgs) {
		if a.L == 0 || a.K < 3 {
			m.CPU.Conv(a)
			return
		}
		m.CPU.Conv(a)
		m.CPU.Copy(a.Window.Row(1), a.Window, 1, a.D)
	}}},
	{"Conv starts each call from nothing", "conv/split", mutant{conv: func(m *mutant, a scan.ConvArgs) {
		for k := range a.K - 1 {
			m.Write(a.Window.Buf, a.Window.Off+k*a.Window.Stride, make([]float32, a.D))
		}
		m.CPU.Conv(a)
	}}},
	{"Softplus is linear above 5", "softplus", mutant{
		softplus: func(m *mutant, dst, x scan.View, bias scan.Buffer, L, D int) {
			m.CPU.Softplus(dst, x, bias, L, D)
			if bias != nil {
				return
			}
			for t := range L {
				for d, v := range m.values(x.Row(t), D) {
					if v > 5 {
						m.Write(dst.Buf, dst.Off+t*dst.Stride+d, []float32{v})
					}
				}
			}
		}}},
	{"Softplus forgets the bias", "softplus", mutant{
		softplus: func(m *mutant, dst, x scan.View, bias scan.Buffer, L, D int) {
			m.CPU.Softplus(dst, x, nil, L, D)
		}}},
	{"Scan without softplus", "scan/softplus", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		a.Softplus, a.Bias = false, nil
		m.CPU.Scan(a)
	}}},
	{"Scan forgets the bias of Δ", "scan/random", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		a.Bias = nil
		m.CPU.Scan(a)
	}}},
	{"Scan forgets the skip", "scan/table", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		a.Skip = nil
		m.CPU.Scan(a)
	}}},
	{"Scan forgets the gate", "scan/table", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		a.Z = scan.View{}
		m.CPU.Scan(a)
	}}},
	{"Scan takes ZOH for released", "scan/rules", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		if a.Rule == scan.Released {
			a.Rule = scan.ZOH
		}
		m.CPU.Scan(a)
	}}},
	{"Scan takes backward Euler for bilinear", "scan/rules", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		if a.Rule == scan.Bilinear {
			a.Rule = scan.BackwardEuler
		}
		m.CPU.Scan(a)
	}}},
	{"Scan forgets the resets", "scan/table", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		a.Resets = nil
		m.CPU.Scan(a)
	}}},
	{"Scan resets one step late", "scan/reset", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		if a.Resets == nil || a.L == 0 {
			m.CPU.Scan(a)
			return
		}
		marks := append([]int32{0}, m.marks(a.Resets, a.L)...)
		m.withMarks(marks, func(b scan.Buffer) { a.Resets = b; m.CPU.Scan(a) })
	}}},
	{"Scan resets at ResetConv", "scan/reset", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		if a.Resets == nil {
			m.CPU.Scan(a)
			return
		}
		marks := m.marks(a.Resets, a.L)
		for i := range marks {
			marks[i] |= marks[i] >> 1
		}
		m.withMarks(marks, func(b scan.Buffer) { a.Resets = b; m.CPU.Scan(a) })
	}}},
	{"Scan resets by multiplying with 0", "scan/reset", mutant{scan: multiplyingReset}},
	{"Scan does not write the final state", "scan/split", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		h, err := m.Alloc(m.DType(), a.D*a.N)
		if err != nil {
			panic(err)
		}
		defer h.Free()
		m.CPU.Copy(scan.Dense(h, a.N), a.H, a.D, a.N)
		a.H = scan.Dense(h, a.N)
		m.CPU.Scan(a)
	}}},
	{"Scan starts each call from zero", "scan/split", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		for d := range a.D {
			if a.L > 0 {
				m.Write(a.H.Buf, a.H.Off+d*a.H.Stride, make([]float32, a.N))
			}
		}
		m.CPU.Scan(a)
	}}},
	{"Scan taps one step early", "scan/taps", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		if a.Tap != nil && len(a.Tap.Steps) > 1 && a.Tap.Steps[1]-a.Tap.Steps[0] > 1 {
			steps := append([]int{}, a.Tap.Steps...)
			steps[1]--
			a.Tap = &scan.ScanTap{Steps: steps, H: a.Tap.H}
		}
		m.CPU.Scan(a)
	}}},
	{"Scan leaves the last channel out", "scan/large", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		if a.D > 64 {
			a.D, a.Tap = a.D-1, nil
		}
		m.CPU.Scan(a)
	}}},
	{"Scan writes one element too far", "scan/random", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		m.CPU.Scan(a)
		m.Write(a.Y.Buf, a.Y.Off+(a.L-1)*a.Y.Stride+a.D, []float32{0})
	}}},
	{"Scan scribbles on Δ", "scan/split", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		m.CPU.Scan(a)
		if a.L > 0 {
			m.Write(a.Delta.Buf, a.Delta.Off, []float32{0.25})
		}
	}}},
	{"Scan clamps Inf", "scan/nan", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		m.CPU.Scan(a)
		for t := range a.L {
			for d, v := range m.values(a.Y.Row(t), a.D) {
				if math.IsInf(float64(v), 0) {
					m.Write(a.Y.Buf, a.Y.Off+t*a.Y.Stride+d, []float32{math.MaxFloat32})
				}
			}
		}
	}}},
	{"Scan writes before it checks", "shapes", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		if a.Y.Buf != nil && a.Y.Off >= 0 && a.Y.Off < a.Y.Buf.Len() {
			m.Write(a.Y.Buf, a.Y.Off, []float32{1})
		}
		m.CPU.Scan(a)
	}}},
	{"Scan forgives an unknown rule", "shapes", mutant{scan: func(m *mutant, a scan.ScanArgs) {
		if !a.Rule.Valid() {
			a.Rule = scan.Released
		}
		m.CPU.Scan(a)
	}}},
}

// slowLinear is a Linear of kept weights, without bias, that adds its terms
// with add, from the last input to the first if backwards is set.
func (m *mutant) slowLinear(a scan.LinearArgs, add func(sum, x, w float32) float32, backwards bool) {
	w := a.W.(*kept)
	out, in := w.Shape()
	for t := range a.L {
		x := m.values(a.X.Row(t), in)
		for o := range out {
			var sum float32
			for i := range in {
				if backwards {
					i = in - 1 - i
				}
				sum = add(sum, x[i], w.w[o*in+i])
			}
			m.Write(a.Y.Buf, a.Y.Off+t*a.Y.Stride+o, []float32{sum})
		}
	}
}

// multiplyingReset cuts the scan at each mark and multiplies h by 0 there.
func multiplyingReset(m *mutant, a scan.ScanArgs) {
	if a.Resets == nil || a.Tap != nil {
		m.CPU.Scan(a)
		return
	}
	marks := m.marks(a.Resets, a.L)
	rest := a
	rest.Resets = nil
	for t, mark := range marks {
		if mark&scan.ResetState != 0 {
			for d := range a.D {
				h := m.values(a.H.Row(d), a.N)
				for n := range h {
					h[n] *= 0
				}
				m.Write(a.H.Buf, a.H.Off+d*a.H.Stride, h)
			}
		}
		rest.L, rest.U, rest.Delta, rest.Y = 1, a.U.Row(t), a.Delta.Row(t), a.Y.Row(t)
		rest.B, rest.C = a.B.Row(t), a.C.Row(t)
		if !a.Z.Absent() {
			rest.Z = a.Z.Row(t)
		}
		m.CPU.Scan(rest)
	}
}
