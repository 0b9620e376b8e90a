package session

import (
	"errors"
	"fmt"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// Fallback opens the session's weights on another backend when the one in use
// is lost (cause wraps scan.ErrLost) or has too little memory to go on
// (scan.ErrNoMemory). The note says so for the status bar. The model stays the
// caller's.
type Fallback func(cause error) (m *model.Model, note string, err error)

// surely does f, and does it again on the other backend when the one in use
// could not go on: f must leave every run at the number of tokens that it says
// it has done, so that nothing is lost and nothing done twice.
func (s *Session) surely(f func() error) error {
	err := f()
	if s.opt.Fallback == nil || !errors.Is(err, scan.ErrLost) && !errors.Is(err, scan.ErrNoMemory) {
		return err
	}
	if moved := s.move(err); moved != nil {
		s.broken = fmt.Errorf("%w; going on elsewhere: %w", err, moved)
		return s.broken
	}
	s.say("%v; going on from the last keyframe on %s", err, s.info.Backend)
	return f()
}

// move takes the session to the other backend. The tokens and the keyframes are
// in host memory: every run starts from its newest keyframe and computes the
// rest again.
func (s *Session) move(cause error) error {
	open := s.opt.Fallback
	s.opt.Fallback = nil // there is one other place to go
	m, note, err := open(cause)
	if err != nil {
		return err
	}
	if m.Config() != s.cfg {
		return fmt.Errorf("session: the other model's configuration %+v is not the model's %+v", m.Config(), s.cfg)
	}
	s.m = Live(m)
	s.info.Backend, s.info.BackendNote, s.info.Missing = s.m.Backend(), note, Missing{}
	for _, r := range s.runs() {
		r.free()
		if err := r.open(s.m); err != nil {
			return err
		}
		// What it has summaries of is what it has done; a roll-back under way has
		// cut the tokens already.
		if err := r.restore(min(r.done(), r.tokens.Len())); err != nil {
			return err
		}
	}
	return nil
}
