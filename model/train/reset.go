package train

import (
	"math"
	"math/rand/v2"

	"mamba-tui/model"
	"mamba-tui/model/task"
)

// resets swaps the tokens before a separator for those of another sequence and
// compares h after it.
func (r *runner) resets(rng *rand.Rand, length int) ([]Reset, error) {
	cfg := r.m.Config()
	most := resetOffsets[len(resetOffsets)-1]
	out := make([]Reset, len(resetOffsets))
	for i := range out {
		out[i] = Reset{Offset: resetOffsets[i], Change: make([]float64, cfg.NLayer)}
	}
	trials := 0
	for try := 0; trials < resetTrials && try < 20*resetTrials; try++ {
		a, b := r.task.Draw(rng, length), r.task.Draw(rng, length)
		at := separator(a, length/4, length-1-most)
		if at < 0 {
			continue
		}
		swapped := append(append([]int32(nil), b.Tokens[:at]...), a.Tokens[at:]...)
		ha, err := r.states(a.Tokens, at)
		if err != nil {
			return nil, err
		}
		hb, err := r.states(swapped, at)
		if err != nil {
			return nil, err
		}
		for k := range out {
			for l := range cfg.NLayer {
				out[k].Change[l] += distance(ha[l][k], hb[l][k])
			}
		}
		trials++
	}
	if trials == 0 {
		return nil, nil
	}
	for k := range out {
		for l := range out[k].Change {
			out[k].Change[l] /= float64(trials)
		}
	}
	return out, nil
}

// separator is the first Event in [from, to] before which h holds another
// document, or −1.
func separator(s task.Sample, from, to int) int {
	for t := max(1, from); t <= to; t++ {
		if s.Classes[t] == task.Event {
			return t
		}
	}
	return -1
}

// states are h of each layer at the offsets from token at.
func (r *runner) states(tokens []int32, at int) ([][][]float32, error) {
	cfg := r.m.Config()
	size := cfg.DInner * cfg.DState
	first, last := resetOffsets[0], resetOffsets[len(resetOffsets)-1]
	out := make([][][]float32, cfg.NLayer)
	err := r.forward(tokens[:at+last+1], model.Options{Tap: &model.Tap{
		From: at + first, To: at + last + 1, What: model.TapH,
		Func: func(rec *model.Record) {
			for _, o := range resetOffsets {
				h := rec.H[(o-first)*size : (o-first+1)*size]
				out[rec.Layer] = append(out[rec.Layer], append([]float32(nil), h...))
			}
		},
	}})
	return out, err
}

// distance is ‖a−b‖ / ½(‖a‖+‖b‖), and 0 where both are 0.
func distance(a, b []float32) float64 {
	var d, na, nb float64
	for i, x := range a {
		y := float64(b[i])
		d += (float64(x) - y) * (float64(x) - y)
		na += float64(x) * float64(x)
		nb += y * y
	}
	if na+nb == 0 {
		return 0
	}
	return math.Sqrt(d) / ((math.Sqrt(na) + math.Sqrt(nb)) / 2)
}

// logOf is log(p), finite for p = 0.
func logOf(p float64) float64 { return math.Log(max(p, math.SmallestNonzeroFloat64)) }
