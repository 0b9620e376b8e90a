package session

import (
	"context"
	"fmt"
	"math"
	"time"

	"mamba-tui/model"
)

// Parity is measured over paritySpan tokens, or fewer, but at least parityLeast,
// if the model is so slow that they would take longer than parityTime. The
// oracle is taken to be twice as slow.
const (
	paritySpan  = 256
	parityLeast = 16
	parityTime  = 2 * time.Second
)

// CheckParity measures the distance of the clean run to the float64 oracle over
// the newest tokens, up to 256 of them (fewer for a slow model); without an oracle it does nothing. When
// ctx ends first it returns ctx's error and the last measure stays.
//
// Both models start from one state, the run's own before those tokens (the zero
// state if the history is that short), and read the same tokens. After every
// token h of every layer and the logits are compared. A tensor is h of one layer,
// or the logits, over all tokens compared; its distance is
//
//	max|a − b| / max|b|
//
// with b the oracle's, and Rel is the worst tensor's. So Rel is what the
// arithmetic of these tokens adds, at the scale of each tensor's largest value:
// rounding from before them is not in it, and neither is the relative error of a
// cell far below the largest. The oracle's values are rounded to float32 before
// they are compared (6e-8). A tensor that is zero in the oracle and not in the
// run gives +Inf; a NaN in one and not in the other does too.
func (s *Session) CheckParity(ctx context.Context) error {
	if err := s.usable(); err != nil {
		return err
	}
	n := s.clean.n
	if s.opt.Oracle == nil || n == 0 || s.parity.Known && s.parity.To == n {
		return nil
	}
	return s.surely(func() error { return s.measureParity(ctx, n) })
}

// measureParity is CheckParity at n > 0 tokens.
func (s *Session) measureParity(ctx context.Context, n int) error {
	r := s.clean
	span := paritySpan
	if r.micros > 0 {
		span = min(span, max(int(float64(parityTime.Microseconds())/(3*r.micros)), parityLeast))
	}
	from := max(n-span, 0)
	if _, err := r.seek(ctx, from); err != nil {
		return err
	}
	oracle, err := s.opt.Oracle.NewState()
	if err != nil {
		return fmt.Errorf("session: the oracle's state: %w", err)
	}
	defer oracle.Free()
	if from > 0 {
		var snap model.Snapshot
		if err := r.view.Save(&snap); err != nil {
			return fmt.Errorf("session: the state at token %d: %w", from, err)
		}
		if err := oracle.Load(&snap); err != nil {
			return fmt.Errorf("session: the oracle's state at token %d: %w", from, err)
		}
	}
	L, V := s.cfg.NLayer, s.cfg.VocabSize
	worst := make([]distance, L+1)
	limit := max(min(tapFloats/(s.cfg.DInner*s.cfg.DState*L), logitsMax/V), 1)
	ours := make([][]float32, L) // h of the chunk
	for r.viewAt < n {
		at := r.viewAt
		k := r.chunk(at, n-at, limit)
		logits, exact := make([]float32, k*V), make([]float32, k*V)
		err := r.look(ctx, k, logits, &model.Tap{What: model.TapH, Func: func(rec *model.Record) {
			ours[rec.Layer] = append(ours[rec.Layer][:0], rec.H...)
		}})
		if err != nil {
			return err
		}
		err = s.opt.Oracle.Forward(oracle, r.history(at, at+k), model.Options{
			Logits: exact,
			Tap: &model.Tap{What: model.TapH, Func: func(rec *model.Record) {
				worst[rec.Layer].add(ours[rec.Layer], rec.H)
			}},
		})
		if err != nil {
			return fmt.Errorf("session: the oracle at tokens %d to %d: %w", at, at+k-1, err)
		}
		worst[L].add(logits, exact)
	}
	s.parity = Parity{Known: true, From: from, To: n}
	for _, w := range worst {
		s.parity.Rel = math.Max(s.parity.Rel, w.rel())
	}
	return nil
}

// distance collects max|a−b| and max|b| of one tensor.
type distance struct{ diff, size float64 }

func (d *distance) add(a, b []float32) {
	for i, x := range b {
		x, y := float64(x), float64(a[i])
		if x == y || x != x && y != y {
			if !math.IsInf(x, 0) && x == x {
				d.size = max(d.size, math.Abs(x))
			}
			continue
		}
		diff := math.Abs(x - y)
		if diff != diff || math.IsInf(diff, 0) {
			d.diff = math.Inf(1)
			continue
		}
		d.diff = max(d.diff, diff)
		d.size = max(d.size, math.Abs(x))
	}
}

func (d *distance) rel() float64 {
	if d.diff == 0 {
		return 0
	}
	return d.diff / d.size
}
