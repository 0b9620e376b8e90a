package session

import (
	"runtime"
	"sync"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// summary holds a few numbers a token of one layer, and its reset ticks. The
// slices only grow; frames share them without copying. Cutting one back limits
// its capacity, so that what is appended next goes into fresh memory and frames
// keep what they have.
type summary struct {
	kept      []float32 // ρ
	retention []float32 // mean Ā
	halfLife  []float32 // tokens
	deltaMax  []float32
	write     []float32 // ‖B̄·u‖ over (d, n)
	norm      []float32 // ‖h‖ after the token
	events    []Event
	largest   Largest
}

// columns lists the per-token slices.
func (s *summary) columns() [6]*[]float32 {
	return [...]*[]float32{&s.kept, &s.retention, &s.halfLife, &s.deltaMax, &s.write, &s.norm}
}

func (s *summary) len() int { return len(s.kept) }

// truncate keeps the first n tokens.
func (s *summary) truncate(n int) {
	if n >= s.len() {
		return
	}
	for _, c := range s.columns() {
		*c = (*c)[:n:n]
	}
	k := len(s.events)
	for k > 0 && s.events[k-1].T >= n {
		k--
	}
	s.events = s.events[:k:k]
}

// reserve makes room for n more tokens at once.
func (s *summary) reserve(n int) {
	for _, c := range s.columns() {
		if cap(*c)-len(*c) < n {
			grown := make([]float32, len(*c), len(*c)+n)
			copy(grown, *c)
			*c = grown
		}
	}
}

// lane is what a window of [from, to) shows; deltaMean is the caller's.
func (s *summary) lane(from, to int) Lane {
	return Lane{
		Kept:      s.kept[from:to:to],
		Retention: s.retention[from:to:to],
		HalfLife:  s.halfLife[from:to:to],
		DeltaMax:  s.deltaMax[from:to:to],
		Write:     s.write[from:to:to],
		HNorm:     s.norm[from:to:to],
	}
}

// add appends the tokens of rec, which has Δ, u, B and h. a is A, (D, N).
func (s *summary) add(rec *model.Record, a []float32, rule scan.Rule) {
	T := rec.To - rec.From
	at := s.len()
	for _, c := range s.columns() {
		for range T {
			*c = append(*c, 0)
		}
	}
	DN := len(rec.Delta) / T * (len(rec.B) / T)
	peaks := make([]float32, T)
	one := func(t int) {
		x := MeasureToken(rec, t, a, rule)
		i := at + t
		s.kept[i], s.retention[i], s.halfLife[i] = x.Kept, x.Retention, x.HalfLife
		s.deltaMax[i], s.write[i], s.norm[i] = x.DeltaMax, x.Write, x.HNorm
		peaks[t] = x.WriteMax
	}
	each(T, DN, one)
	s.largest.take(rec, peaks)
	for i := at; i < s.len(); i++ {
		if k := TickOf(s.kept[i]); k != TickNone {
			s.events = append(s.events, Event{T: i, Tick: k})
		}
	}
}

// each calls f(0) … f(n−1), on several goroutines if there is enough to do.
// The calls must not depend on one another.
func each(n, cost int, f func(int)) {
	const worth = 1 << 16 // cells; below it a goroutine costs more than it saves
	workers := min(runtime.GOMAXPROCS(0), n, n*cost/worth)
	if workers < 2 {
		for i := range n {
			f(i)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}
