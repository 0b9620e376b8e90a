package bench

import (
	"context"
	"sync"
	"time"

	"mamba-tui/scan"
	"mamba-tui/scan/internal/memory"
)

// array is Array with its default.
func (o *Options) array() int {
	switch {
	case o.Array > 0:
		return o.Array
	case o.Quick:
		return 128 << 20
	}
	return 512 << 20
}

// rates are the loops that measure a kernel set. peak does some multiply-adds
// and says how many floating-point operations that were; read reads p.
type rates struct {
	peak func() float64
	read func(p []float32)
}

// MeasureLimits measures what threads cores do at most with the instructions of
// a kernel set: multiply-adds that need nothing but registers, and reading an
// array much larger than the caches. The best of many short stretches counts.
func MeasureLimits(ctx context.Context, set scan.KernelSet, threads int, o *Options) (Limits, error) {
	r := ratesOf(set)
	var l Limits
	flop, err := o.fastest(ctx, threads, func(int) float64 { return r.peak() })
	if err != nil {
		return l, err
	}
	l.GFLOPS = flop
	size := o.array() / 4
	numbers := memory.Aligned[float32](size)  // as weights are
	for i := 0; i < len(numbers); i += 1024 { // pages exist once they are written
		numbers[i] = 1
	}
	part := size / threads / 128 * 128
	l.GBytes, err = o.fastest(ctx, threads, func(k int) float64 {
		r.read(numbers[k*part : (k+1)*part])
		return float64(4 * part)
	})
	return l, err
}

// fastest is the best rate of do on several goroutines at once, in units a
// nanosecond. Each call returns how many units it did.
func (o *Options) fastest(ctx context.Context, threads int, do func(k int) float64) (float64, error) {
	c := clockFor(threads)
	var times []float64 // of a unit
	for end, n := time.Now().Add(o.budget()), 0; n < 3 || time.Now().Before(end); n++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		var wait sync.WaitGroup
		units := make([]float64, threads)
		start := c.now()
		for k := 1; k < threads; k++ {
			wait.Go(func() { units[k] = do(k) })
		}
		units[0] = do(0)
		wait.Wait()
		ns := float64(max(1, (c.now() - start).Nanoseconds()))
		sum := 0.0
		for _, u := range units {
			sum += u
		}
		times = append(times, ns/sum)
	}
	return 1 / fastestOf(times), nil
}

// plainRates are the loops in plain Go.
func plainRates() rates { return rates{peakPlain, readPlain} }

// peakPlain is multiply and add in eight chains, each of which waits only for
// itself.
func peakPlain() float64 {
	const rounds = 400_000
	x, y := float32(1+len(sink)), float32(0.5) // stays above what is subnormal
	a, b, c, d, e, f, g, h := x+1, x+2, x+3, x+4, x+5, x+6, x+7, x+8
	for range rounds {
		a = a*y + x
		b = b*y + x
		c = c*y + x
		d = d*y + x
		e = e*y + x
		f = f*y + x
		g = g*y + x
		h = h*y + x
	}
	keep(a + b + c + d + e + f + g + h)
	return 2 * 8 * rounds
}

// readPlain adds up p in eight sums.
func readPlain(p []float32) {
	var s [8]float32
	for ; len(p) >= 8; p = p[8:] {
		q := (*[8]float32)(p)
		s[0] += q[0]
		s[1] += q[1]
		s[2] += q[2]
		s[3] += q[3]
		s[4] += q[4]
		s[5] += q[5]
		s[6] += q[6]
		s[7] += q[7]
	}
	keep(s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7])
}

// sink has no elements, which the compiler does not know.
var sink []float32

// keep uses x, so that what made it is not left out.
//
//go:noinline
func keep(x float32) {
	if len(sink) > 0 {
		sink[0] = x
	}
}
