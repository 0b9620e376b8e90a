package session

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mamba-tui/scan"
)

// Every cell of every overview is what a pass over its tokens gives, also after
// rolling back and going on.
func TestOverviewIsAPassOverTheTokens(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{})
	rapid.Check(t, func(rt *rapid.T) {
		if err := s.Truncate(rapid.IntRange(0, s.Len()).Draw(rt, "keep")); err != nil {
			rt.Fatal(err)
		}
		mustAppend(rt, s, ids(rapid.SampledFrom([]int{1, 63, 64, 600, 2500}).Draw(rt, "n"), 11))
		if s.Len() > 9_000 {
			if err := s.Truncate(4_000); err != nil {
				rt.Fatal(err)
			}
		}
		l := Look{Layer: rapid.IntRange(0, 1).Draw(rt, "layer"), T: -1}
		l.Overview = Span{From: rapid.IntRange(0, s.Len()-1).Draw(rt, "from"), Cells: rapid.IntRange(1, 300).Draw(rt, "cells"), To: End}
		if rapid.Bool().Draw(rt, "to") {
			l.Overview.To = rapid.IntRange(l.Overview.From+1, s.Len()).Draw(rt, "to")
		}
		o := mustFrame(rt, s, l).Overview
		if to := min(l.Overview.To, s.Len()); o.From != l.Overview.From || o.To != to || o.Cells() != min(l.Overview.Cells, to-o.From) || o.Start(0) != o.From || o.Start(o.Cells()) != to || o.Layer != l.Layer {
			rt.Fatalf("%d cells over [%d, %d) of layer %d for %+v", o.Cells(), o.From, o.To, o.Layer, l.Overview)
		}
		sum := &s.clean.sums[l.Layer]
		for i := range o.Cells() {
			a, b := o.Start(i), o.Start(i+1)
			if a >= b || o.CellOf(a) != i || o.CellOf(b-1) != i {
				rt.Fatalf("cell %d is [%d, %d); its ends are in cells %d and %d", i, a, b, o.CellOf(a), o.CellOf(b-1))
			}
			for _, c := range []struct {
				column int
				got    Extent
			}{{colKept, o.Kept[i]}, {colDeltaMean, o.Delta[i]}, {colNorm, o.HNorm[i]}} {
				x := sum.column(nil, c.column, a, b)
				x = slices.DeleteFunc(x, func(v float32) bool { return v != v })
				if len(x) == 0 {
					if c.got.Min == c.got.Min || c.got.Mean == c.got.Mean || c.got.Max == c.got.Max {
						rt.Fatalf("cell %d is %+v, want NaN", i, c.got)
					}
					continue
				}
				mean := 0.0
				for _, v := range x {
					mean += float64(v) / float64(len(x))
				}
				if c.got.Min != slices.Min(x) || c.got.Max != slices.Max(x) || math.Abs(float64(c.got.Mean)-mean) > 1e-6*math.Abs(mean) {
					rt.Fatalf("column %d of cell %d is %+v, want %v, %v and %v", c.column, i, c.got, slices.Min(x), mean, slices.Max(x))
				}
			}
			wipes, halves := 0, 0
			for _, k := range sum.column(nil, colKept, a, b) {
				switch TickOf(k) {
				case TickWipe:
					wipes++
				case TickHalf:
					halves++
				}
			}
			if o.Wipes[i] != wipes || o.Halves[i] != halves {
				rt.Fatalf("cell %d has %d wipes and %d halves, want %d and %d", i, o.Wipes[i], o.Halves[i], wipes, halves)
			}
		}
		if o.CellOf(o.From-1) != -1 || o.CellOf(o.To) != -1 {
			rt.Fatal("a token outside is in a cell")
		}
	})
	if o := mustFrame(t, s, Look{T: -1}).Overview; o != nil {
		t.Error("an overview nobody asked for")
	}
}
