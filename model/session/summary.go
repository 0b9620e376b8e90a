package session

import (
	"runtime"
	"sync"

	"mamba-tui/model"
)

// The per-token numbers of a layer, in columns.
const (
	colKept      = iota // ρ
	colRetention        // mean Ā
	colHalfLife         // tokens
	colDeltaMean        // over all channels
	colDeltaMax
	colWrite // ‖B̄·u‖ over (d, n)
	colNorm  // ‖h‖ after the token
	columns
)

// stretchTokens is how many tokens a stretch of a summary holds.
const stretchTokens = 1024

// stretch holds the columns of so many tokens.
type stretch [columns][stretchTokens]float32

// summary holds a few numbers a token of one layer, its reset ticks, and the
// pyramid over them, from token start on. Frames get copies of what they show;
// events are shared: cutting them back limits their capacity, so that what is
// appended next goes into fresh memory and frames keep what they have.
type summary struct {
	start, n  int // tokens [start, start+n)
	stretches []*stretch
	events    []Event
	pyramid   pyramid
	largest   Largest
}

// end is the position after the last token summed up.
func (s *summary) end() int { return s.start + s.n }

// truncate keeps the tokens before position n.
func (s *summary) truncate(n int) {
	if n = max(n-s.start, 0); n >= s.n {
		return
	}
	s.n = n
	k := len(s.events)
	for k > 0 && s.events[k-1].T >= s.end() {
		k--
	}
	s.events = s.events[:k:k]
	s.pyramid.truncate(n)
}

// at is where the number of column c of token t stands.
func (s *summary) at(c, t int) *float32 {
	i := t - s.start
	return &s.stretches[i/stretchTokens][c][i%stretchTokens]
}

// column appends column c of tokens [from, to) to dst.
func (s *summary) column(dst []float32, c, from, to int) []float32 {
	for i := from - s.start; i < to-s.start; {
		k := i % stretchTokens
		n := min(to-s.start-i, stretchTokens-k)
		dst = append(dst, s.stretches[i/stretchTokens][c][k:k+n]...)
		i += n
	}
	return dst
}

// add appends the tokens of rec, which has Δ, u, B and h.
func (s *summary) add(rec *model.Record, in conditions) {
	taken := *rec
	taken.B = in.taken(rec.B)
	T := rec.To - rec.From
	at := s.end()
	for s.n += T; s.n > len(s.stretches)*stretchTokens; {
		s.stretches = append(s.stretches, new(stretch))
	}
	DN := len(rec.Delta) / T * (len(rec.B) / T)
	writes, states := make([]float32, T), make([]float32, T)
	one := func(t int) {
		x := MeasureToken(&taken, t, in.a, in.rule)
		for c, v := range x.columns(in.reset) {
			*s.at(c, at+t) = v
		}
		writes[t], states[t] = x.WriteMax, x.hMax
	}
	each(T, DN, one)
	s.largest.take(rec, writes, states)
	for i := at; i < s.end(); i++ {
		if k := TickOf(*s.at(colKept, i)); k != TickNone {
			s.events = append(s.events, Event{T: i, Tick: k})
		}
	}
	s.pyramid.grow(s)
}

// absorb makes s what o, which begins within it, goes on with.
func (s *summary) absorb(o *summary) {
	s.truncate(o.start)
	at := s.end()
	for s.n += o.n; s.n > len(s.stretches)*stretchTokens; {
		s.stretches = append(s.stretches, new(stretch))
	}
	for c := range columns {
		for t := at; t < o.end(); t++ {
			*s.at(c, t) = *o.at(c, t)
		}
	}
	s.events = append(s.events, o.events...)
	s.pyramid.grow(s)
	s.largest.join(o.largest)
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
