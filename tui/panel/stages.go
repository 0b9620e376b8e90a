package panel

import (
	"fmt"

	"mamba-tui/model/session"
)

// stage is one row: a vector and what it is.
type stage struct {
	arrow  string // what leads here
	name   string
	shape  string
	v      []float32
	what   kindOf
	signed bool
	keep   int    // rows of low keep go first when there is no room
	scale  string // stages of one scale share a range of colours
}

// kindOf says what an element of a stage's vector is.
type kindOf uint8

const (
	ofModel   kindOf = iota // a dimension of the residual stream
	ofChannel               // a channel
	ofStateN                // a state
	ofCell                  // (D, N)
)

// stages lists the block's rows for a moment.
func stages(w *session.Window, m *session.Moment) []stage {
	D, N, K := w.D, w.N, 0
	if D > 0 {
		K = len(m.Window) / D
	}
	M := len(m.In)
	sh := func(n int, l string) string { return fmt.Sprintf("%s %d", l, n) }
	s := []stage{
		{"", "in", sh(M, "M"), m.In, ofModel, true, 9, "residual"},
		{"RMSNorm", "norm", sh(M, "M"), m.Norm, ofModel, true, 4, "norm"},
		{"in_proj", "x", sh(D, "D"), m.X, ofChannel, true, 6, "x"},
	}
	for k := range K {
		name, keep, arrow := fmt.Sprintf("x[t−%d]", K-1-k), 2, ""
		if k == K-1 {
			name, keep = "x[t]", 3
		}
		if k == 0 {
			arrow = "conv"
		}
		s = append(s, stage{arrow, name, fmt.Sprintf("K %d/%d", k+1, K), m.Window[k*D : (k+1)*D], ofChannel, true, keep, "x"})
	}
	return append(s,
		stage{"SiLU", "u", sh(D, "D"), m.U, ofChannel, true, 9, "u"},
		stage{"x_proj", "Δ", sh(D, "D"), m.Delta, ofChannel, false, 10, "Δ"},
		stage{"", "B", sh(N, "N"), m.B, ofStateN, true, 7, "B"},
		stage{"", "C", sh(N, "N"), m.C, ofStateN, true, 7, "C"},
		stage{"scan", "h[t−1]", fmt.Sprintf("%d×%d", D, N), m.HPrev, ofCell, true, 8, "h"},
		stage{"Āh+ΔBu", "h[t]", fmt.Sprintf("%d×%d", D, N), m.H, ofCell, true, 10, "h"},
		stage{"C·h+D·u", "y", sh(D, "D"), m.Y, ofChannel, true, 8, "y"},
		stage{"in_proj", "z", sh(D, "D"), m.Z, ofChannel, true, 5, "z"},
		stage{"·SiLU(z)", "gated", sh(D, "D"), m.Gated, ofChannel, true, 7, "gated"},
		stage{"out_proj", "out", sh(M, "M"), m.Out, ofModel, true, 9, "residual"},
	)
}

// over is the same value over the whole window, where the frame holds it.
func (g *stage) over(w *session.Window) []float32 {
	switch g.scale {
	case "u":
		return w.U
	case "Δ":
		return w.Delta
	case "B":
		return w.B
	case "C":
		return w.C
	case "z":
		return w.Z
	case "h":
		return w.H
	}
	return nil
}
