//go:build !noasm

package bench

import (
	"slices"
	"strings"

	"mamba-tui/scan"
	"mamba-tui/scan/internal/asm"
)

// peakRounds is about two milliseconds.
const peakRounds = 1_000_000

// ratesOf is the loops of a kernel set.
func ratesOf(set scan.KernelSet) rates {
	vector := func(peak func(int), lanes int, read func(*float32, int)) rates {
		return rates{
			peak: func() float64 {
				peak(peakRounds)
				return float64(2 * 12 * lanes * peakRounds)
			},
			read: func(p []float32) {
				if n := len(p) / 128 * 128; n > 0 {
					read(&p[0], n)
				}
			},
		}
	}
	switch set {
	case scan.AVX512:
		return vector(asm.PeakFMA512, 16, asm.Read512)
	case scan.AVX2:
		return vector(asm.PeakFMA256, 8, asm.Read256)
	}
	return plainRates()
}

// softmaxOf is the softmax in the instructions of a backend's kernel set, by
// the name that the set has in the backend's.
func softmaxOf(be scan.Backend) softmax {
	switch words := strings.Fields(be.Name()); {
	case slices.Contains(words, scan.AVX512.String()):
		return vectorSoftmax(16, asm.RowMax512, asm.ExpRow512)
	case slices.Contains(words, scan.AVX2.String()):
		return vectorSoftmax(8, asm.RowMax256, asm.ExpRow256)
	}
	return plainSoftmax()
}

// vectorSoftmax is made of kernels over whole registers; what is left of a row
// is done in plain Go.
func vectorSoftmax(lanes int, rowMax func(x, lanes *float32, n int), exp func(x, shift, lanes *float32, n int)) softmax {
	plain := plainSoftmax()
	return softmax{
		most: func(row []float32) float32 {
			n := len(row) / lanes * lanes
			if n == 0 {
				return plain.most(row)
			}
			var m [16]float32
			rowMax(&row[0], &m[0], n)
			most := plain.most(m[:lanes])
			if n < len(row) {
				most = max(most, plain.most(row[n:]))
			}
			return most
		},
		exp: func(row []float32, most float32) float32 {
			n := len(row) / lanes * lanes
			sum := plain.exp(row[n:], most)
			if n == 0 {
				return sum
			}
			var s [16]float32
			exp(&row[0], &most, &s[0], n)
			for _, v := range s[:lanes] {
				sum += v
			}
			return sum
		},
	}
}
