package session

import (
	"context"
	"errors"
	"fmt"

	"mamba-tui/model"
)

// frozen is Δ held constant: the mean over the clean run's history when the key
// was pressed, per layer and channel. The vector is kept; later tokens do not
// change it.
type frozen struct {
	delta  [][]float32 // a layer, (D)
	tokens int         // it is the mean of so many
	branch int
}

// tweaks names what is in force for the screen.
func (f *frozen) tweaks() []Tweak {
	return []Tweak{{ID: 1, Kind: FreezeDelta, Layer: -1, Channel: -1, State: -1, To: End, Vector: f.delta, MeanTokens: f.tokens, MeanBranch: f.branch}}
}

// count is n with a noun in the right number.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// FreezeDelta starts, or drops, a second run over the same tokens in which Δ
// never varies: the LTI model that selection is measured against. The clean run
// goes on beside it. Turning on what is on changes nothing.
func (s *Session) FreezeDelta(on bool) error {
	return s.freeze(context.Background(), on)
}

func (s *Session) freeze(ctx context.Context, on bool) error {
	if err := s.usable(); err != nil {
		return err
	}
	switch {
	case !on && s.changed != nil:
		s.changed.free()
		s.changed, s.frozen = nil, nil
		return nil
	case on == (s.changed != nil):
		return nil
	case s.clean.n == 0:
		return errors.New("session: Δ has no mean to be frozen at: the history is empty, type something first")
	}
	f := &frozen{tokens: s.clean.n, branch: s.branches[s.current].id}
	for _, v := range s.clean.spread {
		row := make([]float32, len(v.mean))
		for d, x := range v.mean {
			row[d] = float32(x)
		}
		f.delta = append(f.delta, row)
	}
	tweaks := &model.Tweaks{}
	for _, row := range f.delta {
		tweaks.Layers = append(tweaks.Layers, model.LayerTweaks{FreezeDelta: row})
	}
	if err := s.surely(func() error { return s.change(ctx, tweaks) }); err != nil {
		return err
	}
	s.frozen = f
	return nil
}

// change computes the second run, with tweaks t, from the first token to the
// newest. It takes effect as a whole or not at all.
func (s *Session) change(ctx context.Context, t *model.Tweaks) error {
	r, err := newRun(s, course{branch: s.branches[s.current].id, tokens: s.tokens, tweaks: t})
	if err != nil {
		return err
	}
	end := s.clean.n
	extra := s.pending
	for r.n < end && err == nil {
		s.pending = extra + end - r.n
		if r.n > 0 && s.between != nil {
			s.between()
		}
		if err = ctx.Err(); err != nil {
			err = fmt.Errorf("session: the changed run was stopped after %d of %d tokens: %w", r.n, end, err)
			break
		}
		_, _, err = r.advance(end, end, nil)
	}
	s.pending = extra
	if err != nil {
		r.free()
		return err
	}
	s.changed = r
	return nil
}

// catchUp brings the run to position to; end is where the history leads. It
// cannot be cancelled in the middle: to is a chunk away.
func (r *run) catchUp(to, end int) error {
	for r.n < to {
		if _, _, err := r.advance(to, end, nil); err != nil {
			return err
		}
	}
	return nil
}
