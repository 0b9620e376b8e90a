package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"mamba-tui/scan"
)

// The layer of the sweep: 256 channels (four heads of attention), 16 states.
const (
	sweepD, sweepN = 256, 16
	sweepHead      = 64
	sweepFrom      = 256
	sweepTo        = 1 << 16
)

// sweepMemory is the most that an array of the sweep may take, in bytes.
const sweepMemory = 1 << 30

// Names of the ways to look back that are compared.
const (
	NameFused     = "fused scan"
	NameWritten   = "scan, every h written out"
	NamePlain     = "fused scan, plain Go"
	NameFFT       = "convolution by FFT (LTI)"
	NameAttention = "attention, causal"
)

// way is one curve of the sweep.
type way struct {
	name string
	work func(L int) Work
	// need is the largest array, in bytes, that one length takes.
	need func(L int) float64
	// open prepares length L and returns what one repetition is.
	open func(be scan.Backend, L int) (run func() error, free func(), err error)
}

// Sweep measures how the time of a layer grows with the length of its
// sequence, from 2^8 to 2^16 steps: the paper's Figure 8, on this machine. fast
// is the backend of the vector kernels, plain that of plain Go; both on one
// thread.
func Sweep(ctx context.Context, o *Options, fast, plain *Backend) error {
	type curve struct {
		way
		b *Backend
	}
	curves := []curve{{fusedWay(NameFused, false), fast}, {fusedWay(NameWritten, true), fast}}
	if plain != nil && plain != fast {
		curves = append(curves, curve{fusedWay(NamePlain, false), plain})
	}
	curves = append(curves, curve{fftWay(), fast}, curve{attentionWay(), fast})
	for _, c := range curves {
		if err := o.sweep(ctx, c.way, c.b); err != nil {
			return err
		}
	}
	return nil
}

// sweep is one curve.
func (o *Options) sweep(ctx context.Context, w way, b *Backend) error {
	return b.run(scan.WeightsF32, func(be scan.Backend) error {
		last := 0.0
		most := o.MaxLength
		if most == 0 {
			most = sweepTo
		}
		for L := sweepFrom; L <= most; L *= 2 {
			row := Row{Suite: "sweep", Name: w.name, Shape: fmt.Sprintf("L=%d D=%d N=%d", L, sweepD, sweepN), Length: L}
			// The formula says how much longer twice the length takes.
			expected := last * w.work(L).FLOP / w.work(L/2).FLOP
			switch need := w.need(L); {
			case need > sweepMemory:
				o.Leave(row, b, fmt.Sprintf("needs %s, more than %s", sizeText(need), sizeText(sweepMemory)))
				continue
			case expected > float64(o.perPoint().Nanoseconds()):
				o.Leave(row, b, fmt.Sprintf("would take about %s, more than %v",
					time.Duration(expected).Round(100*time.Millisecond), o.perPoint()))
				last = expected
				continue
			}
			run, free, err := w.open(be, L)
			if err != nil {
				return err
			}
			emit := o.Row
			point := *o
			point.Row = func(r Row) {
				last = r.NS
				if emit != nil {
					emit(r)
				}
			}
			err = point.Measure(ctx, row, b, w.work(L), run)
			free()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// fusedWay is the selective scan, with or without writing every state.
func fusedWay(name string, states bool) way {
	return way{name: name,
		work: func(L int) Work { return ScanWork(L, sweepD, sweepN, states) },
		need: func(L int) float64 {
			if states {
				return 4 * float64(L) * sweepD * sweepN
			}
			return 4 * float64(L) * sweepD
		},
		open: func(be scan.Backend, L int) (func() error, func(), error) {
			f := newFixture(be)
			args := f.scan(L, sweepD, sweepN)
			if states {
				args.Tap = f.everyState(L, sweepD, sweepN)
			}
			return func() error {
				be.Scan(args)
				return be.Sync()
			}, f.free, f.err
		},
	}
}

// fftSize is the length of the transforms of ConvolveFFT.
func fftSize(L int) float64 {
	n := 1
	for n < 2*L-1 {
		n *= 2
	}
	return float64(n)
}

// fftWay is the convolution that a layer without selection is (S4), channel by
// channel in float64 with package gonum; its kernel is given.
func fftWay() way {
	return way{name: NameFFT,
		work: func(L int) Work {
			n, l := fftSize(L), float64(L)
			return Work{Elements: l * sweepD * sweepN, Element: "state", Limit: "",
				FLOP:  sweepD * (3*2.5*n*math.Log2(n) + 3*n),
				Bytes: 8 * sweepD * (3*l + 3*n)}
		},
		need: func(L int) float64 { return 8 * fftSize(L) },
		open: func(_ scan.Backend, L int) (func() error, func(), error) {
			lti := scan.LTI{Delta: 0.01, A: make([]float64, sweepN), B: make([]float64, sweepN), C: make([]float64, sweepN)}
			for n := range lti.A {
				lti.A[n], lti.B[n], lti.C[n] = -float64(n+1), 1, 1/float64(n+1)
			}
			kernel, u := lti.Kernel(L), make([]float64, L)
			for t := range u {
				u[t] = math.Sin(float64(t))
			}
			return func() error {
				for range sweepD {
					u[0] = scan.ConvolveFFT(kernel, u)[0] // read, so that it is made
				}
				return nil
			}, func() {}, nil
		},
	}
}
