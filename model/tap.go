package model

import (
	"errors"
	"fmt"
)

// Tap asks for what happens in a range of tokens of one Forward call.
type Tap struct {
	Layers   []int // ascending; nil = every layer
	From, To int   // tokens of this call; To = 0 means all
	What     What  // which arrays
	// Func is called once a layer, in order. The Record and its slices are
	// valid only during the call.
	Func func(r *Record)
}

// What is a set of arrays of a Record.
type What uint32

// The arrays a Tap can ask for.
const (
	TapIn     What = 1 << iota // residual stream into the block (T, M)
	TapNorm                    // after RMSNorm (T, M)
	TapX                       // in_proj's x half: the convolution's input (T, D)
	TapU                       // after convolution and SiLU (T, D)
	TapDelta                   // Δ after softplus and tweaks (T, D)
	TapB                       // (T, N)
	TapC                       // (T, N)
	TapZ                       // in_proj's z half (T, D)
	TapY                       // Σ_n C·h + D·u, before the gate (T, D)
	TapGated                   // after the gate: y·SiLU(z) (T, D)
	TapOut                     // residual stream after the block (T, M)
	TapH                       // h after each step (T, D, N)
	TapWindow                  // the convolution's window (T, K, D), last row current
	TapDrive  = TapU | TapDelta | TapB | TapC
	TapAll    = TapWindow<<1 - 1
)

// Record is what a Tap receives for one layer: T = To−From rows of each array
// asked for, nil otherwise.
type Record struct {
	Layer, From, To                int
	In, Norm, X, U, Delta, B, C, Z []float32
	Y, Gated, Out, H, Window       []float32
	H0                             []float32 // (D, N): h before token From (with TapH)
}

// recorder gathers the Records of one Forward call over its chunks. Its
// arrays are kept for the next call.
type recorder struct {
	on       bool
	from, to int
	what     What
	layers   []int // layer → index in recs, or −1
	recs     []Record
	none     Record // asks for nothing
	fn       func(*Record)
}

// setup checks t against a call of L tokens and makes room. Records of all
// layers are filled side by side, because Forward goes through all layers of a
// chunk before the next chunk: that is what keeps its scratch bounded.
func (r *recorder) setup(t *Tap, c Config, L int) error {
	r.on = false
	if t == nil {
		return nil
	}
	to := t.To
	if to == 0 {
		to = L
	}
	if t.From < 0 || t.From > to || to > L {
		return fmt.Errorf("model: tap of tokens %d to %d, but the call has %d", t.From, to, L)
	}
	if t.Func == nil {
		return errors.New("model: tap without a Func to receive it")
	}
	r.layers = fit(r.layers, c.NLayer)
	n, before := 0, -1
	for i := range r.layers {
		r.layers[i] = -1
		if t.Layers == nil {
			r.layers[i] = i
			n++
		}
	}
	for _, l := range t.Layers {
		if l <= before || l >= c.NLayer {
			return fmt.Errorf("model: tap of layer %d after layer %d, want ascending layers below %d", l, before, c.NLayer)
		}
		r.layers[l] = n
		before = l
		n++
	}
	for len(r.recs) < n {
		r.recs = append(r.recs, Record{})
	}
	r.recs = r.recs[:n]
	r.from, r.to, r.what, r.fn = t.From, to, t.What, t.Func
	for l, i := range r.layers {
		if i >= 0 {
			r.recs[i].fit(c, l, r.from, r.to, r.what)
		}
	}
	r.on = true
	return nil
}

// fit sizes every array of the record, nil where it was not asked for.
func (r *Record) fit(c Config, layer, from, to int, what What) {
	r.Layer, r.From, r.To = layer, from, to
	T, M, D, N := to-from, c.DModel, c.DInner, c.DState
	for _, a := range []struct {
		bit  What
		dst  *[]float32
		cols int
	}{
		{TapIn, &r.In, M}, {TapNorm, &r.Norm, M}, {TapX, &r.X, D}, {TapU, &r.U, D},
		{TapDelta, &r.Delta, D}, {TapB, &r.B, N}, {TapC, &r.C, N}, {TapZ, &r.Z, D},
		{TapY, &r.Y, D}, {TapGated, &r.Gated, D}, {TapOut, &r.Out, M},
		{TapH, &r.H, D * N}, {TapWindow, &r.Window, c.DConv * D},
	} {
		if what&a.bit == 0 {
			*a.dst = nil
			continue
		}
		*a.dst = fit(*a.dst, T*a.cols)
		if *a.dst == nil { // asked for, and empty
			*a.dst = []float32{}
		}
	}
	if what&TapH == 0 {
		r.H0 = nil
		return
	}
	r.H0 = fit(r.H0, D*N)
}

// deliver hands out the finished records, in order of the layers.
func (r *recorder) deliver() {
	if !r.on {
		return
	}
	r.on = false
	for i := range r.recs {
		r.fn(&r.recs[i])
	}
	r.fn = nil
}

// orNone is rec, or one that asks for nothing where there is none.
func (r *recorder) orNone(rec *Record) *Record {
	if rec == nil {
		return &r.none
	}
	return rec
}

// of is layer's record, or nil if the tap does not ask for it.
func (r *recorder) of(layer int) *Record {
	if !r.on || r.layers[layer] < 0 {
		return nil
	}
	return &r.recs[r.layers[layer]]
}
