package model

import "mamba-tui/scan"

// recording is the run of operations that one token is, on a backend that can
// record it: the same buffers at every token, only what they hold differs. It
// belongs to a State, whose h and windows are among the buffers.
type recording struct {
	graph  scan.Graph
	steps  int  // tokens that were run one operation after another
	failed bool // the backend does not record this
}

// recorded is the recording of a step, made at the second token: at the first,
// a backend sizes its scratch. It is nil where operations must be enqueued one
// by one: for chunks, for anything that a Tap, Tweaks or reset marks change, and
// on a backend that does not record.
func (m *Model) recorded(s *State, T int, o *Options) scan.Graph {
	c, ok := m.b.(scan.Capturer)
	if !ok || T != 1 || o.Resets != nil || o.Tweaks != nil || m.rec.on {
		return nil
	}
	r := &s.steps
	if len(o.Logits) > 0 {
		r = &s.logitSteps
	}
	if r.graph != nil || r.failed {
		return r.graph
	}
	if r.steps++; r.steps == 1 {
		return nil
	}
	logits := len(o.Logits) > 0
	plain := Options{}
	g, err := c.Capture(func() {
		// Without a tap nothing is read, and only reading fails.
		_ = m.blocks(s, 0, 1, &plain)
		if logits {
			m.answer(m.sc.last, 0, 1)
		}
	})
	// What made it fail will make the operations fail as well, or was none of
	// their doing.
	r.graph, r.failed = g, err != nil || g == nil
	return r.graph
}

// free forgets the recording.
func (r *recording) free() {
	if r.graph != nil {
		r.graph.Free()
	}
	*r = recording{}
}
