package scan

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The shape of mamba-130m's layers: D = 1536, N = 16, and 2048 tokens.
const benchL, benchD, benchN = 2048, 1536, 16

// streams is what a fused scan must read and write at least, in bytes: u, Δ, z
// and y (L, D), B and C (L, N), A and twice h (D, N).
func streams(L, D, N, size int) int64 {
	return int64(size) * int64(4*L*D+2*L*N+3*D*N)
}

// processNow starts the measurement of CPU time; the function it returns
// reports it divided by per, under the given unit.
func processNow(b *testing.B, per int, unit string) (report func()) {
	start := processTime()
	return func() {
		if ns := processTime() - start; ns > 0 {
			b.ReportMetric(float64(ns)/float64(b.N)/float64(per), unit)
		}
	}
}

// perState is the unit of a scan: one state of one channel over one step.
const perState = "cpu-ns/state"

// singles are a CPU backend of one thread for each kernel set of the machine.
func singles() []Options {
	var list []Options
	for _, set := range KernelSets() {
		list = append(list, Options{Kernels: set, Threads: 1})
	}
	return list
}

// BenchmarkScan: the fused scan of one layer over 2048 tokens, with softplus and
// bias, skip and gate. "resets" has a mark at one step in eight. In "decay" no
// input enters and h, small to begin with, fades below the normal numbers
// within the first tokens.
func BenchmarkScan(b *testing.B) {
	for _, o := range append(singles(), Options{DType: Float64, Threads: 1}) {
		for _, kind := range []string{"plain", "resets", "decay"} {
			b.Run(fmt.Sprintf("%v/%v/%s", o.DType, o.Kernels, kind), func(b *testing.B) {
				k := newKit(b, o)
				args := k.scanArgs(benchL, benchD, benchN)
				if kind != "resets" {
					args.Resets = nil
				}
				if kind == "decay" {
					args.U, args.A = Dense(k.buffer(benchL*benchD, 0, 0), benchD), Dense(k.buffer(benchD*benchN, -0.001, -0.0005), benchN)
				}
				h := k.buffer(benchD*benchN, 1e-40, 1e-39)
				b.SetBytes(streams(benchL, benchD, benchN, o.DType.Size()))
				report := processNow(b, benchL*benchD*benchN, perState)
				for b.Loop() {
					if kind == "decay" {
						k.c.Copy(args.H, Dense(h, benchN), benchD, benchN)
					}
					k.c.Scan(args)
				}
				report()
			})
		}
	}
}

// BenchmarkReference: the same work in the words of the paper.
func BenchmarkReference(b *testing.B) {
	s := sequence(rand.New(rand.NewPCG(9, 9)), Released, benchL, benchD, benchN)
	b.SetBytes(streams(benchL, benchD, benchN, 8))
	report := processNow(b, benchL*benchD*benchN, perState)
	for b.Loop() {
		Reference(s)
	}
	report()
}

// BenchmarkRules: the rules side by side, 256 tokens of 256 channels.
func BenchmarkRules(b *testing.B) {
	const L, D, N = 256, 256, 16
	for _, o := range singles() {
		for _, rule := range Rules() {
			b.Run(fmt.Sprintf("%v/%v", o.Kernels, rule), func(b *testing.B) {
				k := newKit(b, o)
				args := k.scanArgs(L, D, N)
				args.Resets = nil
				args.Rule, args.A = rule, Dense(k.buffer(D*N, -0.2, -0.01), N)
				b.SetBytes(streams(L, D, N, 4))
				report := processNow(b, L*D*N, perState)
				for b.Loop() {
					k.c.Scan(args)
				}
				report()
			})
		}
	}
}

// BenchmarkScanBackward: 256 tokens of 256 channels, with 16 states and with 8.
func BenchmarkScanBackward(b *testing.B) {
	const L, D = 256, 256
	for _, o := range singles() {
		for _, N := range []int{16, 8} {
			b.Run(fmt.Sprintf("%v/N=%d", o.Kernels, N), func(b *testing.B) {
				k := newKit(b, o)
				g := k.gradTrial(L, D, N)
				for g.Z.Absent() || g.Bias == nil || g.H0.Absent() { // with every option
					g = k.gradTrial(L, D, N)
				}
				g.Resets = nil
				report := processNow(b, L*D*N, perState)
				for b.Loop() {
					k.c.ScanBackward(g)
				}
				report()
			})
		}
	}
}

// BenchmarkRows: the operations between the matrices, 256 tokens of a width of
// 256.
func BenchmarkRows(b *testing.B) {
	const L, D, K = 256, 256, 4
	for _, o := range singles() {
		k := newKit(b, o)
		x, w := Dense(k.buffer(L*D, -1, 1), D), k.buffer(D, 1, 1)
		conv := k.convArgs(L, D, K)
		conv.Resets = nil
		for _, op := range []struct {
			name string
			run  func()
		}{
			{"Conv", func() { k.c.Conv(conv) }},
			{"RMSNorm", func() { k.c.RMSNorm(x, x, w, L, D, 1e-5) }},
			{"Softplus", func() { k.c.Softplus(conv.Y, x, w, L, D) }},
		} {
			b.Run(fmt.Sprintf("%v/%s", o.Kernels, op.name), func(b *testing.B) {
				report := processNow(b, L*D, "cpu-ns/element")
				for b.Loop() {
					op.run()
				}
				report()
			})
		}
	}
}

// BenchmarkLinear: 768 → 3072, the in_proj of mamba-130m, for one token and for
// sixty-four.
func BenchmarkLinear(b *testing.B) {
	const in, out = 768, 3072
	for _, L := range []int{1, 64} {
		b.Run(fmt.Sprintf("tokens=%d", L), func(b *testing.B) {
			k := newKit(b, Options{Threads: 1})
			args := k.linearArgs(L, out, in)
			args.Accumulate = false
			b.SetBytes(4 * int64(in*out+L*(in+out)))
			report := processNow(b, L*in*out, "cpu-ns/mac")
			for b.Loop() {
				k.c.Linear(args)
			}
			report()
		})
	}
}

// BenchmarkStep: one token through the operations of one block as small as the
// built-in models': d_model 32, d_inner 64, dt_rank 2, N states.
func BenchmarkStep(b *testing.B) {
	const M, D, K, R = 32, 64, 4, 2
	for _, o := range singles() {
		benchmarkStep(b, o, M, D, K, R)
	}
}

func benchmarkStep(b *testing.B, o Options, M, D, K, R int) {
	for _, N := range []int{1, 16} {
		b.Run(fmt.Sprintf("%v/N=%d", o.Kernels, N), func(b *testing.B) {
			k := newKit(b, o)
			x, w := Dense(k.buffer(M, -1, 1), M), k.buffer(M, 1, 1)
			in, proj := k.linearArgs(1, 2*D, M), k.linearArgs(1, R+2*N, D)
			dt, out := k.linearArgs(1, D, R), k.linearArgs(1, M, D)
			for _, l := range []*LinearArgs{&in, &proj, &dt, &out} {
				l.Accumulate, l.Bias = false, nil
			}
			conv, sel := k.convArgs(1, D, K), k.scanArgs(1, D, N)
			in.X, conv.X = x, in.Y
			proj.X, dt.X = conv.Y, proj.Y
			sel.U, sel.Delta, sel.Z = conv.Y, dt.Y, in.Y.Col(D)
			sel.B, sel.C = proj.Y.Col(R), proj.Y.Col(R+N)
			out.X, conv.Resets, sel.Resets = sel.Y, nil, nil
			b.ReportAllocs()
			report := processNow(b, 1, "cpu-ns/step")
			for b.Loop() {
				k.c.RMSNorm(x, x, w, 1, M, 1e-5)
				k.c.Linear(in)
				k.c.Conv(conv)
				k.c.Linear(proj)
				k.c.Linear(dt)
				k.c.Scan(sel)
				k.c.Linear(out)
			}
			report()
		})
	}
}
