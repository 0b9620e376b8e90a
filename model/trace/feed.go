package trace

import (
	"context"
	"slices"

	"mamba-tui/model"
	"mamba-tui/model/session"
)

// Feed computes tokens with m, from state s on, and records them: a recording
// without a session. s has seen the first from tokens of the branch, whose Len is
// ignored. The blocks, unlike a session's, do not depend on how fast m is.
func (r *Recorder) Feed(ctx context.Context, m *model.Model, s *model.State, branch session.BranchInfo, from int, tokens []session.Token) error {
	c := m.Config()
	size := max(1, min(readSteps, (1<<22)/(c.NLayer*c.DInner*c.DState), (1<<22)/c.VocabSize))
	for chunk := range slices.Chunk(tokens, size) {
		if err := ctx.Err(); err != nil {
			return err
		}
		ids := make([]int32, len(chunk))
		for i, t := range chunk {
			ids[i] = t.ID
		}
		logits := make([]float32, len(ids)*c.VocabSize)
		steps := &session.Steps{
			Branch: branch, From: from, Tokens: chunk,
			Records: make([]*model.Record, c.NLayer),
			State:   func(dst *model.Snapshot) error { return s.Save(dst) },
		}
		err := m.Forward(s, ids, model.Options{Logits: logits, Tap: &model.Tap{
			What: model.TapDrive | model.TapH,
			Func: func(rec *model.Record) { steps.Records[rec.Layer] = Keep(rec) },
		}})
		if err != nil {
			return err
		}
		if err := r.Computed(steps, logits, c.VocabSize); err != nil {
			return err
		}
		from += len(chunk)
	}
	return nil
}

// Computed records steps whose guesses are those of logits, rows of width vocab:
// everything of steps but Top and Branch.Len is filled in.
func (r *Recorder) Computed(steps *session.Steps, logits []float32, vocab int) error {
	steps.Branch.Len = steps.From + len(steps.Tokens)
	steps.Top = make([][]session.Guess, len(steps.Tokens))
	for i := range steps.Top {
		for _, g := range model.Top(logits[i*vocab:][:r.vocab], r.meta.Top) {
			steps.Top[i] = append(steps.Top[i], session.Guess{ID: g.ID, P: float32(g.P)})
		}
	}
	return r.Steps(steps)
}

// Keep copies what a recorder needs of a Record, whose arrays live no longer
// than the call that gets it.
func Keep(rec *model.Record) *model.Record {
	c := *rec
	for _, a := range []*[]float32{&c.Delta, &c.U, &c.B, &c.C, &c.H, &c.H0} {
		*a = slices.Clone(*a)
	}
	return &c
}
