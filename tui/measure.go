package tui

import (
	"runtime/metrics"
	"slices"

	"mamba-tui/model/session"
)

// maxSteps bounds the step times that are kept for the timing panel.
const maxSteps = 400

// measure keeps what a frame says of its newest work, and what the program
// takes, for the view that shows it.
func (m *Model) measure(before, f *session.Frame) {
	if f.Timing.StepMicros > 0 && f.Tokens.Len() != before.Tokens.Len() {
		m.ctx.Steps = append(m.ctx.Steps, f.Timing.StepMicros)
		if n := len(m.ctx.Steps) - maxSteps; n > 0 {
			m.ctx.Steps = slices.Delete(m.ctx.Steps, 0, n)
		}
	}
	if m.view == Instruments {
		m.ctx.Heap = m.opt.heap()
	}
}

// heapBytes is Go's heap in use.
func heapBytes() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}
