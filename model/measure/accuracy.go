package measure

import (
	"context"
	"math"
	"sync"

	"mamba-tui/model"
	"mamba-tui/model/task"
)

// Accuracy lets the model answer the questions of fresh sequences. When ctx
// ends, its error is returned together with the tally of the sequences that
// were finished before the first one that was not.
func (s Subject) Accuracy(ctx context.Context, t task.Task, o Options) (Tally, error) {
	if err := s.check(t, o); err != nil {
		return Tally{}, err
	}
	var (
		mu       sync.Mutex
		computed int64
	)
	done := func(tokens int) {
		if o.Progress == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		computed += int64(tokens)
		o.Progress(computed)
	}
	each := make([]Tally, o.Sequences)
	err := s.each(ctx, o.Sequences, o, func(ctx context.Context, r *runner, i int) (err error) {
		each[i], err = r.answers(ctx, nth(t, o.Seed, i, o.Length), o.Tweaks, done)
		return err
	})
	var total Tally
	for _, one := range each {
		if one.Sequences == 0 {
			break
		}
		total.Add(one)
	}
	return total, err
}

// answers streams one sequence, a chunk at a time with the state carried over.
func (r *runner) answers(ctx context.Context, sample task.Sample, tweaks *model.Tweaks, done func(int)) (Tally, error) {
	V := r.m.Config().VocabSize
	r.s.Reset()
	asks, right, loss := sample.Asks, 0, 0.0
	for a := 0; a < len(sample.Tokens); a += chunk {
		if err := ctx.Err(); err != nil {
			return Tally{}, context.Cause(ctx)
		}
		b := min(a+chunk, len(sample.Tokens))
		n := 0
		for n < len(asks) && asks[n].At < b {
			n++
		}
		// Logits cost as much as a block: only chunks with a question have them.
		var logits []float32
		if n > 0 {
			if r.logits == nil {
				r.logits = make([]float32, chunk*V)
			}
			logits = r.logits[:(b-a)*V]
		}
		if err := r.m.Forward(r.s, sample.Tokens[a:b], model.Options{Logits: logits, Tweaks: tweaks}); err != nil {
			return Tally{}, err
		}
		for _, q := range asks[:n] {
			ok, l := grade(logits[(q.At-a)*V:][:V], q.Answer)
			loss += l
			if ok {
				right++
			}
		}
		asks = asks[n:]
		done(b - a)
	}
	var t Tally
	t.sequence(right, len(sample.Asks), loss)
	return t, nil
}

// grade says whether answer has the greatest logit, alone, and gives −ln of
// its probability.
func grade(logits []float32, answer int32) (right bool, loss float64) {
	top, sum := math.Inf(-1), 0.0
	right = true
	for i, x := range logits {
		top = math.Max(top, float64(x))
		if int32(i) != answer && !(x < logits[answer]) {
			right = false
		}
	}
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	return right, math.Log(sum) + top - float64(logits[answer])
}
