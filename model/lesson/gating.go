package lesson

import (
	"context"
	"math"

	"mamba-tui/model"
	"mamba-tui/model/measure"
	"mamba-tui/model/session"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// gating is about gating and selection (appendix A and B.2): a gate masks a
// token; selection lets it pass as if no time had gone by.
func gating() *Lesson {
	return &Lesson{
		Name: "gating", Model: exact, Prompt: exactPrompt,
		Steps: []Step{
			{"freeze", []string{"f"}, frozen, answerValues},
			{"thaw", []string{"f"}, clean, answerValues},
			{"gate", []string{"ctrl+p", "g", "a", "t", "e", "space", "o", "f", "f", "enter", "right", "esc"}, func(f *session.Frame) bool { return changedBy(f, session.GateOff) }, gateValues},
			{"undo", []string{"u", "u"}, clean, answerValues},
		},
		Claims: []Claim{
			{"mask", mask}, {"select", selects}, {"gate", gateOff}, {"constant", constantDelta},
			{"spacing", spacing}, {"learned", learned},
		},
	}
}

// gateValues are answerValues with the largest change of h at any token in
// sight.
func gateValues(f *session.Frame) []Value {
	values := answerValues(f)
	for i, v := range values {
		if v.Name != "change" {
			continue
		}
		n, most := f.Clean.D*f.Clean.N, 0.0
		for t := 0; t < len(f.Clean.H); t += n {
			most = max(most, relative(f.Changed.H[t:t+n], f.Clean.H[t:t+n]))
		}
		values[i] = share("change", most)
	}
	return values
}

// gaps are the numbers of noise tokens between two data tokens.
var gaps = []int{0, 1, 4, 16, 64}

// spaced is one channel that reads two data tokens with a gap between them: u
// is 1, then noise, then ½. delta is Δ on noise.
func spaced(gap int, noise, delta float64) *scan.Sequence {
	const N, step = 16, 0.1
	L := gap + 2
	s := &scan.Sequence{
		L: L, D: 1, N: N, Rule: scan.ZOH, U: make([]float64, L), Delta: make([]float64, L),
		A: make([]float64, N), B: make([]float64, L*N), C: make([]float64, L*N), Taps: []int{L - 1},
	}
	for n := range N {
		s.A[n] = -float64(n + 1) // S4D-Real (§3.6)
	}
	for t := range L {
		s.U[t], s.Delta[t] = noise, delta
		for n := range N {
			s.B[t*N+n], s.C[t*N+n] = 1, 1/float64(N)
		}
	}
	s.U[0], s.U[L-1] = 1, 0.5
	s.Delta[0], s.Delta[L-1] = step, step
	return s
}

// mask: the noise is masked to exactly 0, as a gate before the state or an
// embedding of 0 does it, and Δ is the same for all tokens. The output at the
// second data token depends on how far away the first is.
func mask(context.Context, *Lab) (Finding, error) {
	f := Finding{Values: []Value{number("step", 0.1)}}
	var y []float64
	for i, k := range gaps {
		out := scan.Reference(spaced(k, 0, 0.1))
		y = append(y, out.Y[k+1])
		f.Values = append(f.Values, count("gap"+string(rune('A'+i)), k), number("y"+string(rune('A'+i)), y[i]))
	}
	f.Holds = math.Abs(y[0]-y[1]) > 1e-3 && math.Abs(y[0]-y[len(y)-1]) > 1e-2
	return f, nil
}

// selects: with Δ = 0 on noise, whatever the noise is, state and output are the
// same bits for every gap.
func selects(context.Context, *Lab) (Finding, error) {
	f := Finding{Holds: true}
	first := scan.Reference(spaced(0, 0, 0))
	for _, k := range gaps {
		out := scan.Reference(spaced(k, 7, 0))
		for n, h := range out.Taps {
			f.Holds = f.Holds && math.Float64bits(h) == math.Float64bits(first.Taps[n])
		}
		f.Holds = f.Holds && out.Y[k+1] == first.Y[1]
	}
	f.Values = []Value{number("y", first.Y[1]), count("most", gaps[len(gaps)-1]), number("noise", 7)}
	return f, nil
}

// gateOff: the gate stands behind the state. Without it h keeps every bit, and
// the hand-written model, which uses the gate for nothing, every answer.
func gateOff(ctx context.Context, lab *Lab) (Finding, error) {
	f := Finding{Holds: true}
	for _, name := range []string{exact, trained} {
		s, r, err := prompted(lab, name)
		if err != nil {
			return Finding{}, err
		}
		off := model.Everywhere(s.File.Config, model.LayerTweaks{GateOff: true})
		without, err := s.Run(r.Tokens, off, nil)
		if err != nil {
			return Finding{}, err
		}
		f.Holds = f.Holds && sameBits(without.Layers[0].H, r.Layers[0].H)
		right, asked, err := headerRight(ctx, s, off)
		if err != nil {
			return Finding{}, err
		}
		if name == exact {
			f.Holds = f.Holds && right == 1
			f.Values = append(f.Values, count("numbers", len(r.Layers[0].H)), share("exact", right), count("asked", asked))
		} else {
			f.Values = append(f.Values, share("trained", right))
		}
	}
	return f, nil
}

// headerRight is the share of header questions answered right: one document of
// 128 tokens, fresh sequences.
func headerRight(ctx context.Context, s *Subject, tweaks *model.Tweaks) (right float64, asked int, err error) {
	t, err := s.Measured().Accuracy(ctx, task.Header{Documents: 1}, measure.Options{Length: 128, Sequences: 64, Tweaks: tweaks})
	return t.Accuracy(), t.Asked, err
}

// constantDelta: with Δ at its mean the gate is still there, and the answers
// are gone; h is another at every token.
func constantDelta(ctx context.Context, lab *Lab) (Finding, error) {
	f := Finding{Holds: true}
	for _, name := range []string{exact, trained} {
		s, r, err := prompted(lab, name)
		if err != nil {
			return Finding{}, err
		}
		constant := r.frozen()
		without, err := s.Run(r.Tokens, constant, nil)
		if err != nil {
			return Finding{}, err
		}
		T := len(r.Tokens)
		change := relative(without.Layers[0].State(T-1), r.Layers[0].State(T-1))
		right, asked, err := headerRight(ctx, s, constant)
		if err != nil {
			return Finding{}, err
		}
		f.Holds = f.Holds && change > 0.1 && right < 0.25
		key := map[string]string{exact: "exact", trained: "trained"}[name]
		f.Values = append(f.Values, share(key, right), share(key+"Change", change))
		if name == exact {
			f.Values = append(f.Values, count("asked", asked))
		}
	}
	return f, nil
}

// spacing: the probability of the right answer over the number of noise tokens
// between header and question, selected and with Δ constant.
func spacing(_ context.Context, lab *Lab) (Finding, error) {
	s, r, err := prompted(lab, exact)
	if err != nil {
		return Finding{}, err
	}
	constant := r.frozen()
	header := r.Tokens[1]
	f := Finding{Holds: true, Values: []Value{word("header", s.Tokens.Text(header))}}
	for i, k := range gaps {
		ids := []int32{task.HeaderMark, header}
		for j := range k {
			ids = append(ids, (header+1+int32(j%(task.Symbols-1)))%task.Symbols) // any symbol but the header
		}
		ids = append(ids, task.HeaderAsk)
		var p [2]float64
		for v, tweaks := range []*model.Tweaks{nil, constant} {
			out, err := s.Run(ids, tweaks, nil)
			if err != nil {
				return Finding{}, err
			}
			V := s.File.Config.VocabSize
			p[v] = model.Softmax(nil, out.Logits[(len(ids)-1)*V:])[header]
		}
		f.Holds = f.Holds && p[0] > 0.9 && (k < 16 || p[1] < 0.5)
		letter := string(rune('A' + i))
		f.Values = append(f.Values, count("gap"+letter, k), share("selected"+letter, p[0]), share("constant"+letter, p[1]))
	}
	return f, nil
}

// learned: the trained copier reads the same letters out of noise of any
// length; with Δ constant it cannot even at the length it was trained at.
func learned(ctx context.Context, lab *Lab) (Finding, error) {
	s, err := lab.Subject(copier)
	if err != nil {
		return Finding{}, err
	}
	t, err := task.ByName(s.File.Card.TaskName)
	if err != nil {
		return Finding{}, err
	}
	o := measure.Options{Length: 264, Sequences: 16}
	clean, err := s.Measured().Accuracy(ctx, t, o)
	if err != nil {
		return Finding{}, err
	}
	far := o
	far.Length, far.Sequences = 4*o.Length, 6
	long, err := s.Measured().Accuracy(ctx, t, far)
	if err != nil {
		return Finding{}, err
	}
	r, err := s.Run(task.Nth(t, 1, 0, o.Length).Tokens, nil, nil)
	if err != nil {
		return Finding{}, err
	}
	o.Tweaks = r.frozen()
	constant, err := s.Measured().Accuracy(ctx, t, o)
	if err != nil {
		return Finding{}, err
	}
	return Finding{
		Holds: clean.Accuracy() > 0.95 && long.Accuracy() > 0.9 && constant.Accuracy() < 0.25,
		Values: []Value{
			count("tokens", o.Length), share("clean", clean.Accuracy()), count("asked", clean.Asked),
			count("farTokens", far.Length), share("far", long.Accuracy()), share("constant", constant.Accuracy()),
			share("chance", 1/float64(t.Vocab()-2)), // noise and marker are no answers
		},
	}, nil
}
