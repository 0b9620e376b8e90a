package task_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"mamba-tui/model/task"
)

// chi2 compares counts with equal chances by Pearson's χ², as a standard
// normal score (Wilson and Hilferty 1931). Below −5 the counts are too even,
// above 5 too uneven to be by chance: 3e-7 each.
func chi2(counts []int) float64 {
	n := 0
	for _, k := range counts {
		n += k
	}
	expected, sum := float64(n)/float64(len(counts)), 0.0
	for _, k := range counts {
		sum += (float64(k) - expected) * (float64(k) - expected) / expected
	}
	free := float64(len(counts) - 1)
	v := 2 / (9 * free)
	return (math.Cbrt(sum/free) - (1 - v)) / math.Sqrt(v)
}

// even fails the test if the counts are not those of equal chances.
func even(t *testing.T, what string, counts []int) {
	t.Helper()
	if z := chi2(counts); !(z > -5 && z < 5) {
		t.Errorf("%s: %v are not equally likely: score %.1f", what, counts, z)
	}
}

func TestChi2(t *testing.T) {
	// 20 degrees of freedom: 19.3374 is the median, 45.3147 the 99.9 % point.
	// One cell of 21 that is x higher, one that is x lower, 100 expected in
	// each: χ² = 2x²/100.
	for _, c := range []struct {
		x    int
		want float64
	}{{31, 0}, {48, 3.09}} {
		counts := slices.Repeat([]int{100}, 21)
		counts[3] += c.x
		counts[7] -= c.x
		if z := chi2(counts); math.Abs(z-c.want) > 0.08 {
			t.Errorf("off by %d: score %.3f, want %.2f", c.x, z, c.want)
		}
	}
	if z := chi2([]int{1000, 1000, 1200, 1000}); z < 4 {
		t.Errorf("20 %% too many in one of four: score %.1f", z)
	}
	if z := chi2(slices.Repeat([]int{50}, 40)); z > -5 {
		t.Errorf("no scatter at all: score %.1f", z)
	}
}

// TestNth: a sequence depends on its seed, its index and its length, not on
// which were drawn before.
func TestNth(t *testing.T) {
	for _, tk := range everyTask(t) {
		length := tk.Lengths()[0]
		drawn := map[string]string{}
		for _, order := range [][]uint64{{0, 1, 2, 3}, {3, 1, 0, 2}} {
			for _, seed := range []uint64{1, 2} {
				for _, i := range order {
					key := fmt.Sprint(seed, i)
					s := fmt.Sprint(task.Nth(tk, seed, i, length))
					if before, ok := drawn[key]; ok && before != s {
						t.Errorf("%s: sequence %d of seed %d came out in two ways", tk.Name(), i, seed)
					}
					drawn[key] = s
				}
			}
		}
		seen := map[string]string{}
		for key, s := range drawn {
			if other, ok := seen[s]; ok {
				t.Errorf("%s: seed and index %s give the sequence of %s", tk.Name(), key, other)
			}
			seen[s] = key
		}
	}
}

// TestNthIsPinned: the sequences of a seed stay the same from one version of
// the program to the next.
func TestNthIsPinned(t *testing.T) {
	for name, want := range map[string][]int32{
		"selective-copying": {6, 7, 3, 0, 12, 12, 13, 13, 7, 0, 15, 15, 15, 15, 15, 15, 15, 15},
		"copying":           {9, 6, 11, 7, 9, 3, 11, 9, 0, 0, 15, 15, 15, 15, 15, 15, 15, 15},
		"majority":          {5, 4, 3, 4, 4, 4, 2, 3, 4, 4, 4, 0, 4, 4, 3, 4, 3, 4},
		"recall":            {12, 13, 4, 14, 13, 3, 14, 13, 4, 14, 5, 6, 4, 10, 5, 6, 13, 4},
	} {
		tk, err := task.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if s := task.Nth(tk, 1, 0, len(want)); !slices.Equal(s.Tokens, want) {
			t.Errorf("%s: sequence 0 of seed 1 is %v, want %v", name, s.Tokens, want)
		}
	}
}

// TestStreamNeighbours: the streams of neighbouring indices, and of
// neighbouring seeds, have nothing to do with one another.
func TestStreamNeighbours(t *testing.T) {
	for what, neighbour := range map[string]func(i uint64) (a, b uint32){
		"index":          func(i uint64) (a, b uint32) { return task.Stream(7, i).Uint32(), task.Stream(7, i+1).Uint32() },
		"seed":           func(i uint64) (a, b uint32) { return task.Stream(i, 7).Uint32(), task.Stream(i+1, 7).Uint32() },
		"seed for index": func(i uint64) (a, b uint32) { return task.Stream(i, i+1).Uint32(), task.Stream(i+1, i).Uint32() },
	} {
		pairs, low := make([]int, 256), make([]int, 256)
		for i := range uint64(40000) {
			a, b := neighbour(i)
			pairs[a>>28<<4|b>>28]++ // the four highest bits of each
			low[a&15<<4|b&15]++
		}
		even(t, what+", high bits", pairs)
		even(t, what+", low bits", low)
	}
}

// checked is what has to hold for a sequence of any task: its length, ids,
// classes, and asks that ascend and stay inside.
func checked(tk task.Task, s task.Sample, length int) error {
	if len(s.Tokens) != length || len(s.Classes) != length {
		return fmt.Errorf("%d tokens and %d classes, want %d", len(s.Tokens), len(s.Classes), length)
	}
	for i, id := range s.Tokens {
		if id < 0 || int(id) >= tk.Vocab() {
			return fmt.Errorf("token %d is %d, outside the vocabulary of %d", i, id, tk.Vocab())
		}
		if s.Classes[i] >= task.NumClasses {
			return fmt.Errorf("token %d is of class %d", i, s.Classes[i])
		}
	}
	if len(s.Asks) == 0 {
		return fmt.Errorf("nothing is asked")
	}
	last := -1
	for _, a := range s.Asks {
		if a.At <= last || a.At >= length || a.Answer < 0 || int(a.Answer) >= tk.Vocab() {
			return fmt.Errorf("ask %+v after one at %d in %d tokens of a vocabulary of %d", a, last, length, tk.Vocab())
		}
		last = a.At
	}
	return nil
}

// same compares the asks and classes of a sequence with what they should be.
func same(s task.Sample, asks []task.Ask, classes []task.Class) error {
	if !reflect.DeepEqual(s.Asks, asks) {
		return fmt.Errorf("asks %v, want %v in %v", s.Asks, asks, s.Tokens)
	}
	if !slices.Equal(s.Classes, classes) {
		return fmt.Errorf("classes %v, want %v in %v", s.Classes, classes, s.Tokens)
	}
	return nil
}

// noticesChanges makes sure that a check refuses a sequence with one answer,
// one class or one question wrong.
func noticesChanges(t *testing.T, name string, s task.Sample, vocab int, check func(task.Sample) error) {
	t.Helper()
	for i := range s.Asks {
		wrong := s
		wrong.Asks = slices.Clone(s.Asks)
		wrong.Asks[i].Answer = (wrong.Asks[i].Answer + 1) % int32(vocab)
		if check(wrong) == nil {
			t.Errorf("%s: the wrong answer %d is not noticed", name, i)
		}
		wrong.Asks = slices.Delete(slices.Clone(s.Asks), i, i+1)
		if check(wrong) == nil {
			t.Errorf("%s: the missing question %d is not noticed", name, i)
		}
	}
	for i := range s.Classes {
		wrong := s
		wrong.Classes = slices.Clone(s.Classes)
		wrong.Classes[i] = (wrong.Classes[i] + 1) % task.NumClasses
		if check(wrong) == nil {
			t.Errorf("%s: the wrong class of token %d is not noticed", name, i)
		}
	}
}
