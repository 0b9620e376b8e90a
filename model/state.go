package model

import (
	"errors"
	"fmt"

	"mamba-tui/scan"
)

// State is what a model remembers between tokens: per layer h and the last
// K−1 inputs of the short convolution. Its size does not depend on how many
// tokens came before. It lives on the backend of the model that made it, and
// only that model can step it.
type State struct {
	m    *Model
	h    []scan.Buffer // per layer (D, N)
	conv []scan.Buffer // per layer (K-1, D), oldest first
	// One token without and with its logits, on a backend that records.
	steps, logitSteps recording
}

// Snapshot is a State in host memory. h and conv of a float64 backend are
// rounded to float32.
type Snapshot struct {
	H    [][]float32 // per layer (D, N)
	Conv [][]float32 // per layer (K-1, D), oldest first
}

// NewState makes a state of zeros: nothing was seen.
func (m *Model) NewState() (*State, error) {
	if m.closed {
		return nil, errClosed
	}
	c := m.cfg
	s := &State{m: m, h: make([]scan.Buffer, c.NLayer), conv: make([]scan.Buffer, c.NLayer)}
	for i := range s.h {
		var err error
		if s.h[i], err = m.b.Alloc(m.b.DType(), c.DInner*c.DState); err == nil {
			s.conv[i], err = m.b.Alloc(m.b.DType(), (c.DConv-1)*c.DInner)
		}
		if err != nil {
			s.Free()
			return nil, fmt.Errorf("model: no room for a state (%d elements a layer) on %s: %w",
				c.DInner*(c.DState+c.DConv-1), m.b.Name(), err)
		}
	}
	return s, nil
}

var (
	errClosed = errors.New("model: the model is closed")
	errFreed  = errors.New("model: the state was freed: make a new one with NewState")
)

// Reset makes the state zero again.
func (s *State) Reset() {
	if s.m == nil {
		panic("model: Reset of a freed state")
	}
	c := s.m.cfg
	zeros := s.m.sc.zeros
	if s.m.closed {
		panic("model: Reset of a state of a closed model")
	}
	for i := range s.h {
		s.m.b.Write(s.h[i], 0, zeros[:c.DInner*c.DState])
		s.m.b.Write(s.conv[i], 0, zeros[:(c.DConv-1)*c.DInner])
	}
}

// Save waits for what was enqueued and copies the state to dst. dst's slices
// are reused when they fit.
func (s *State) Save(dst *Snapshot) error {
	if s.m == nil {
		return errFreed
	}
	c := s.m.cfg
	dst.H = fit(dst.H, c.NLayer)
	dst.Conv = fit(dst.Conv, c.NLayer)
	for i := range s.h {
		dst.H[i] = fit(dst.H[i], c.DInner*c.DState)
		if err := s.m.b.Read(dst.H[i], s.h[i], 0); err != nil {
			return fmt.Errorf("model: reading h of layer %d: %w", i, err)
		}
		dst.Conv[i] = fit(dst.Conv[i], (c.DConv-1)*c.DInner)
		if err := s.m.b.Read(dst.Conv[i], s.conv[i], 0); err != nil {
			return fmt.Errorf("model: reading the convolution window of layer %d: %w", i, err)
		}
	}
	return nil
}

// Load makes the state what src holds. A src of other shapes is an error, and
// nothing changes.
func (s *State) Load(src *Snapshot) error {
	if s.m == nil {
		return errFreed
	}
	c := s.m.cfg
	if len(src.H) != c.NLayer || len(src.Conv) != c.NLayer {
		return fmt.Errorf("model: snapshot has %d layers of h and %d of windows, want %d", len(src.H), len(src.Conv), c.NLayer)
	}
	for i := range src.H {
		if have, want := len(src.H[i]), c.DInner*c.DState; have != want {
			return fmt.Errorf("model: snapshot's h of layer %d has %d elements, want %d (%d × %d)", i, have, want, c.DInner, c.DState)
		}
		if have, want := len(src.Conv[i]), (c.DConv-1)*c.DInner; have != want {
			return fmt.Errorf("model: snapshot's window of layer %d has %d elements, want %d (%d × %d)", i, have, want, c.DConv-1, c.DInner)
		}
	}
	for i := range src.H {
		s.m.b.Write(s.h[i], 0, src.H[i])
		s.m.b.Write(s.conv[i], 0, src.Conv[i])
	}
	return nil
}

// Free gives the state's memory back. A freed state gives errors.
func (s *State) Free() {
	s.steps.free()
	s.logitSteps.free()
	freeBuffers(s.h...)
	freeBuffers(s.conv...)
	*s = State{}
}

// fit is s with n elements, reused if its capacity allows.
func fit[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
