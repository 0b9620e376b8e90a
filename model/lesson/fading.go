package lesson

import (
	"context"
	"math"
	"slices"

	"mamba-tui/model/measure"
	"mamba-tui/model/session"
	"mamba-tui/model/task"
)

// The built-in models that the lessons measure, and what they read.
const (
	exact   = "header-exact"
	trained = "header"
	copier  = "selective-copying"

	exactPrompt   = "¶4acba17c?4¶9ca0b36fd2ea58c?"
	trainedPrompt = "¶4acb?a17c?8d¶9ca0b?36fd2ea58c?"
)

// fading is about selecting and fading: to select something thins what was
// there, h ← exp(ΔA)·h + Δ·B·u; how can anything be kept for long?
func fading() *Lesson {
	return &Lesson{
		Name: "fading", Model: exact, Prompt: exactPrompt,
		Steps: []Step{
			{"wipe", []string{"["}, wiped, cursorValues},
			{"noise", []string{"right", "right", "right"}, func(f *session.Frame) bool { return kept(f, f.Clean) > 0.99 }, cursorValues},
			{"freeze", []string{"f"}, frozen, frozenValues},
			{"back", []string{"f"}, clean, answerValues},
		},
		Claims: []Claim{
			{"thins", thins}, {"channels", perChannel}, {"keeps", keeps}, {"far", far},
			{"dilemma", dilemma}, {"ledger", ledger}, {"trained", trainedKeeps},
		},
	}
}

// frozen: Δ is held, and what that changes is there.
func frozen(f *session.Frame) bool { return changedBy(f, session.FreezeDelta) }

// frozenValues are what the token at the cursor keeps with Δ frozen, and what
// that does to the answer.
func frozenValues(f *session.Frame) []Value {
	return append(answerValues(f), keptValue(f, f.Changed)...)
}

// prompted lets one of the two header models read its prompt.
func prompted(lab *Lab, name string) (*Subject, *Run, error) {
	s, err := lab.Subject(name)
	if err != nil {
		return nil, nil, err
	}
	prompt := exactPrompt
	if name == trained {
		prompt = trainedPrompt
	}
	ids, err := s.Encode(prompt)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.Run(ids, nil, nil)
	return s, r, err
}

// secondHeader is where the token after the last ¶ stands.
func secondHeader(ids []int32) int {
	for t := len(ids) - 2; t >= 0; t-- {
		if ids[t] == task.HeaderMark {
			return t + 1
		}
	}
	return 0
}

// thins: at the token that is selected the past is multiplied by exp(ΔA) and by
// nothing else. Two runs that differ only in what the first document's header
// was differ, after the second header, by that factor.
func thins(_ context.Context, lab *Lab) (Finding, error) {
	s, r, err := prompted(lab, exact)
	if err != nil {
		return Finding{}, err
	}
	l, t := &r.Layers[0], secondHeader(r.Tokens)
	old := int(r.Tokens[1]) // channel v holds the symbol v, N is 1
	before, after := l.State(t - 1)[old*l.N], l.State(t)[old*l.N]
	left := l.Retention(old, 0, t, t+1)
	measured := float64(after) / float64(before)
	return Finding{
		Holds: math.Abs(measured-left) <= 1e-6 && left < session.WipeBelow,
		Values: []Value{
			word("token", s.Tokens.Text(r.Tokens[t])), word("old", s.Tokens.Text(r.Tokens[1])),
			number("delta", float64(l.Delta[t*l.D+old])), number("kept", left),
			number("before", float64(before)), number("after", float64(after)),
		},
	}, nil
}

// perChannel: in a trained model one token shuts out the past of some channels
// and leaves that of others alone.
func perChannel(_ context.Context, lab *Lab) (Finding, error) {
	s, r, err := prompted(lab, trained)
	if err != nil {
		return Finding{}, err
	}
	l, t := &r.Layers[0], secondHeader(r.Tokens)
	wiped, kept := 0, 0
	for d := range l.D {
		shares := make([]float64, l.N)
		for n := range shares {
			shares[n] = l.Retention(d, n, t, t+1)
		}
		if slices.Max(shares) < session.WipeBelow {
			wiped++
		}
		if slices.Min(shares) > 0.9 {
			kept++
		}
	}
	return Finding{
		Holds: wiped > 0 && kept > 0,
		Values: []Value{
			word("token", s.Tokens.Text(r.Tokens[t])), count("wiped", wiped), count("kept", kept), count("all", l.D),
			share("low", session.WipeBelow), share("high", 0.9),
		},
	}, nil
}

// keeps: over noise Δ is nearly 0 and exp(AΣΔ) nearly 1.
func keeps(_ context.Context, lab *Lab) (Finding, error) {
	_, r, err := prompted(lab, exact)
	if err != nil {
		return Finding{}, err
	}
	l := &r.Layers[0]
	from, to := 2, 2 // the noise of the first document
	for r.Tokens[to] != task.HeaderAsk {
		to++
	}
	d := int(r.Tokens[1])
	kept := l.Retention(d, 0, from, to)
	measured := float64(l.State(to - 1)[d*l.N]) / float64(l.State(from - 1)[d*l.N])
	rate := l.Span(d, from, to) / float64(to-from) * math.Abs(float64(l.A[d*l.N]))
	return Finding{
		Holds: math.Abs(measured-kept) <= 1e-6 && kept > 0.99,
		Values: []Value{
			count("tokens", to-from), number("span", l.Span(d, from, to)), keptShare("kept", kept),
			number("half", math.Ln2/rate),
		},
	}, nil
}

// far: one header, then noise for as long as it takes, then the question.
func far(ctx context.Context, lab *Lab) (Finding, error) {
	s, err := lab.Subject(exact)
	if err != nil {
		return Finding{}, err
	}
	const length = 1 << 14
	o := measure.Options{Length: length, Sequences: 4}
	tally, err := s.Measured().Accuracy(ctx, task.Header{Documents: 1}, o)
	if err != nil {
		return Finding{}, err
	}
	return Finding{
		Holds:  tally.Right == tally.Asked,
		Values: []Value{count("tokens", length), count("right", tally.Right), count("asked", tally.Asked)},
	}, nil
}

// dilemma: with one Δ for all tokens, its mean, the same noise thins what is
// held as much as the header that brought it.
func dilemma(ctx context.Context, lab *Lab) (Finding, error) {
	s, r, err := prompted(lab, exact)
	if err != nil {
		return Finding{}, err
	}
	l := &r.Layers[0]
	d := int(r.Tokens[1])
	one := r.frozen()
	delta := float64(one.Layers[0].FreezeDelta[d])
	const noise = 8
	kept := math.Exp(float64(l.A[d*l.N]) * delta * noise)
	o := measure.Options{Length: 128, Sequences: 64}
	clean, err := s.Measured().Accuracy(ctx, task.Header{Documents: 1}, o)
	if err != nil {
		return Finding{}, err
	}
	o.Tweaks = one
	constant, err := s.Measured().Accuracy(ctx, task.Header{Documents: 1}, o)
	if err != nil {
		return Finding{}, err
	}
	return Finding{
		Holds: kept < 0.01 && clean.Right == clean.Asked && 4*constant.Right < constant.Asked,
		Values: []Value{
			number("delta", delta), count("noise", noise), share("kept", kept), count("tokens", o.Length),
			share("clean", clean.Accuracy()), share("constant", constant.Accuracy()), count("asked", constant.Asked),
		},
	}, nil
}

// ledger: every token's write, times what the tokens after it kept of it, adds
// up to h, in every cell.
func ledger(_ context.Context, lab *Lab) (Finding, error) {
	f := Finding{Holds: true}
	for _, name := range []string{exact, trained} {
		_, r, err := prompted(lab, name)
		if err != nil {
			return Finding{}, err
		}
		worst, cells := 0.0, 0
		T := len(r.Tokens)
		shares := make([]float64, T)
		for i := range r.Layers {
			l := &r.Layers[i]
			h := l.State(T - 1)
			var off, size float64
			for d := range l.D {
				c := l.channel(d)
				for n := range l.N {
					c.Provenance(T-1, n, shares)
					var sum float64
					for _, x := range shares {
						sum += x
					}
					off = max(off, math.Abs(sum-float64(h[d*l.N+n])))
					size = max(size, math.Abs(float64(h[d*l.N+n])))
				}
			}
			cells += l.D * l.N
			worst = max(worst, off/size)
		}
		f.Holds = f.Holds && worst <= 1e-5
		key := map[string]string{exact: "exact", trained: "trained"}[name]
		f.Values = append(f.Values, count(key+"Cells", cells), number(key, worst))
		if name == trained {
			f.Values = append(f.Values, count("tokens", T))
		}
	}
	f.Values = append(f.Values, number("bound", 1e-5))
	return f, nil
}

// trainedKeeps: a trained model has cells that keep and cells that leak, and
// with them an end: what it keeps over a document of its training length it has
// lost over a long one.
func trainedKeeps(ctx context.Context, lab *Lab) (Finding, error) {
	s, r, err := prompted(lab, trained)
	if err != nil {
		return Finding{}, err
	}
	l := &r.Layers[0]
	from := secondHeader(r.Tokens) + 1
	to := len(r.Tokens) - 1
	var kept []float64
	for d := range l.D {
		for n := range l.N {
			kept = append(kept, l.Retention(d, n, from, to))
		}
	}
	slices.Sort(kept)
	const near, away = 128, 4096
	var right [2]float64
	for i, length := range []int{near, away} {
		tally, err := s.Measured().Accuracy(ctx, task.Header{Documents: 1}, measure.Options{Length: length, Sequences: 6})
		if err != nil {
			return Finding{}, err
		}
		right[i] = tally.Accuracy()
	}
	return Finding{
		Holds: kept[len(kept)-1] > 0.9 && kept[0] < 0.5 && right[0] > 0.9,
		Values: []Value{
			count("tokens", to-from), keptShare("best", kept[len(kept)-1]), share("median", kept[len(kept)/2]), share("worst", kept[0]),
			count("near", near), share("nearRight", right[0]), count("away", away), share("awayRight", right[1]),
		},
	}, nil
}
