//go:build unix

package scan

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"
)

// TestLinearFenced: products and their gradients with every operand, the packed
// weights included, at the border of a page behind which there is nothing: one
// element read or written too far is a fault. The results are those of ordinary
// memory.
func TestLinearFenced(t *testing.T) {
	shapes := []struct{ L, out, in int }{{1, 1, 1}, {1, 100, 7}, {2, 97, 5}, {5, 17, 3}, {9, 49, 13}, {17, 145, 4}, {12, 8, 66}, {1, 57, 6}, {2, 70, 5}, {2, 31, 3}, {1, 38, 9}}
	for _, set := range KernelSets() {
		for _, format := range WeightFormats() {
			for _, s := range shapes {
				for _, atEnd := range []bool{true, false} {
					name := fmt.Sprintf("%v/%v/%dx%dx%d/%v", set, format, s.L, s.out, s.in, atEnd)
					k := newKit(t, Options{Kernels: set, Weights: format, Threads: 1})
					a := k.linearArgs(s.L, s.out, s.in)
					b := a
					b.X, b.Y, b.Bias = k.fence(t, a.X, s.L, s.in, atEnd), k.fence(t, a.Y, s.L, s.out, atEnd), k.fenceRow(t, a.Bias, atEnd)
					b.W = fencedWeight(t, a.W.(*packed[float32]), atEnd)
					k.c.Linear(a)
					k.c.Linear(b)
					if !slices.Equal(k.elements(a.Y, s.L, s.out), k.elements(b.Y, s.L, s.out)) {
						t.Fatalf("%s: y differs at a fence", name)
					}
					g := LinearGrad{L: s.L, X: a.X, W: a.W, DY: a.Y, DX: Dense(k.buffer(s.L*s.in, -1, 1), s.in),
						DW: Dense(k.buffer(s.out*s.in, -1, 1), s.in), DBias: Dense(k.buffer(s.out, -1, 1), s.out), Accumulate: true}
					h := g
					h.X, h.DY, h.W = b.X, b.Y, b.W
					h.DX, h.DW = k.fence(t, g.DX, s.L, s.in, atEnd), k.fence(t, g.DW, s.out, s.in, atEnd)
					h.DBias = k.fence(t, g.DBias, 1, s.out, atEnd)
					k.c.LinearBackward(g)
					k.c.LinearBackward(h)
					if !slices.Equal(k.elements(g.DX, s.L, s.in), k.elements(h.DX, s.L, s.in)) ||
						!slices.Equal(k.elements(g.DW, s.out, s.in), k.elements(h.DW, s.out, s.in)) {
						t.Fatalf("%s: a gradient differs at a fence", name)
					}
				}
			}
		}
	}
}

// fencedWeight is w with its panels at the border of a page.
func fencedWeight(t *testing.T, w *packed[float32], atEnd bool) *packed[float32] {
	t.Helper()
	p := *w.panels
	if p.format == WeightsF32 {
		p.full = fenced(t, len(w.full), atEnd)
		copy(p.full, w.full)
	} else {
		words := fenced(t, (len(w.half)+1)/2, atEnd)
		all := unsafe.Slice((*uint16)(unsafe.Pointer(&words[0])), 2*len(words))
		p.half = all[len(all)-len(w.half):]
		if !atEnd {
			p.half = all[:len(w.half)]
		}
		copy(p.half, w.half)
	}
	return &packed[float32]{out: w.out, in: w.in, panels: &p}
}

// elements are those of a view, as they lie in its rows.
func (k *kit) elements(v View, rows, cols int) []float64 {
	k.t.Helper()
	all := k.read(v.Buf)
	var x []float64
	for r := range rows {
		x = append(x, all[v.Off+r*v.Stride:v.Off+r*v.Stride+cols]...)
	}
	return x
}
