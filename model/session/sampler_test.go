package session

import (
	"math"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

func TestSamplerGreedy(t *testing.T) {
	for _, s := range []Sampler{{}, {Seed: 9}, {TopK: 3}, {Temperature: 5, TopK: 1}, {Temperature: 1e-300}} {
		for position := range 50 {
			id, err := s.Choose([]float32{1, 7, 2, 7}, position)
			// A temperature of almost 0 still chooses among equals.
			if err != nil || id != 1 && !(s.Temperature == 1e-300 && id == 3) {
				t.Fatalf("%+v chose %d, %v, want 1", s, id, err)
			}
		}
	}
}

// The frequencies of many draws are the probabilities of softmax(x/T), over all
// tokens or over the k best.
func TestSamplerFrequencies(t *testing.T) {
	x := []float32{0.5, -1, 2, 1, 0}
	const draws = 40000
	for _, s := range []Sampler{{Temperature: 1}, {Temperature: 0.5}, {Temperature: 3, TopK: 3}, {Temperature: 1, TopK: 9}} {
		want := make([]float64, len(x))
		var sum float64
		for i, v := range x {
			if s.TopK == 3 && i != 0 && i != 2 && i != 3 {
				continue
			}
			want[i] = math.Exp(float64(v) / s.Temperature)
			sum += want[i]
		}
		n := make([]float64, len(x))
		for position := range draws {
			id, err := s.Choose(x, position)
			if err != nil {
				t.Fatal(err)
			}
			n[id]++
		}
		for i := range x {
			p := want[i] / sum
			if dev := math.Abs(n[i]/draws - p); dev > 4*math.Sqrt(p*(1-p)/draws) {
				t.Errorf("%+v: token %d came %.4f of the time, want %.4f", s, i, n[i]/draws, p)
			}
		}
	}
}

// Seed and position decide, and both matter.
func TestSamplerIsDeterministic(t *testing.T) {
	x := make([]float32, 50)
	var a, b, c int
	for position := range 200 {
		one, _ := Sampler{Temperature: 1, Seed: 1}.Choose(x, position)
		again, _ := Sampler{Temperature: 1, Seed: 1}.Choose(x, position)
		next, _ := Sampler{Temperature: 1, Seed: 1}.Choose(x, position+1)
		other, _ := Sampler{Temperature: 1, Seed: 2}.Choose(x, position)
		if one != again {
			t.Fatal("the same seed and position gave two tokens")
		}
		if one == next {
			a++
		}
		if one == other {
			b++
		}
		if one == int32(position%50) {
			c++
		}
	}
	for p := range uint64(100) { // positions of one seed are not those of another, shuffled
		if uniform(1, p) == uniform(2, p^3) {
			t.Fatal("seed and position are interchangeable")
		}
	}
	for _, n := range []int{a, b, c} { // 4 expected of 200
		if n > 16 {
			t.Errorf("%d of 200 draws agree where one in 50 should", n)
		}
	}
}

func TestSamplerRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		s Sampler
		x []float32
	}{
		{Sampler{Temperature: -1}, []float32{1, 2}},
		{Sampler{Temperature: math.NaN()}, []float32{1, 2}},
		{Sampler{Temperature: math.Inf(1)}, []float32{1, 2}},
		{Sampler{TopK: -1}, []float32{1, 2}},
		{Sampler{}, []float32{1, nan}},
		{Sampler{Temperature: 1}, []float32{nan, 1}},
	} {
		if id, err := c.s.Choose(c.x, 0); err == nil {
			t.Errorf("%+v chose %d from %v", c.s, id, c.x)
		}
	}
	inf := float32(math.Inf(1))
	if id, err := (Sampler{Temperature: 2}).Choose([]float32{1, inf, 3}, 0); id != 1 || err != nil {
		t.Errorf("chose %d, %v beside an infinite logit", id, err)
	}
	var chosen [4]int
	for position := range 100 {
		id, err := (Sampler{Temperature: 2}).Choose([]float32{1, inf, 3, inf}, position)
		if err != nil {
			t.Fatal(err)
		}
		chosen[id]++
	}
	if chosen[0] != 0 || chosen[2] != 0 || chosen[1] < 25 || chosen[3] < 25 {
		t.Errorf("two infinite logits among four: chosen %v times", chosen)
	}
}

// Next is what the model, run alone, would say; a rolled-back session says the
// same again.
func TestNext(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 8})
	mustAppend(t, s, ids(30, 11))
	var first []Token
	for range 20 {
		next, err := s.Next(Sampler{Temperature: 1, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		first = append(first, next)
		mustAppend(t, s, []Token{next})
	}
	if err := s.Truncate(30); err != nil {
		t.Fatal(err)
	}
	for i := range first {
		next, err := s.Next(Sampler{Temperature: 1, Seed: 3})
		if err != nil || next != first[i] {
			t.Fatalf("token %d is %v after rolling back, %v before", i, next, first[i])
		}
		mustAppend(t, s, []Token{next})
	}
	st, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	logits := make([]float32, 11)
	for _, x := range s.tokens.all() {
		if err := m.Step(st, x.ID, logits); err != nil {
			t.Fatal(err)
		}
	}
	greedy, err := s.Next(Sampler{})
	if err != nil || greedy.ID != model.Top(logits, 1)[0].ID {
		t.Errorf("greedy token %v, want %d", greedy, model.Top(logits, 1)[0].ID)
	}
}
