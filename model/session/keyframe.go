package session

import (
	"slices"

	"mamba-tui/model"
)

// keyframe is the state of a run after its first at tokens.
type keyframe struct {
	at     int
	snap   model.Snapshot
	spread []spread // statistics of Δ over those tokens; nil if the run keeps none
}

// copyFrom makes f a copy of g with arrays of its own.
func (f *keyframe) copyFrom(g *keyframe) {
	f.at = g.at
	f.snap.H, f.snap.Conv = clone2(g.snap.H), clone2(g.snap.Conv)
	f.spread = make([]spread, len(g.spread))
	for l := range f.spread {
		f.spread[l].copyFrom(g.spread[l])
	}
}

func clone2(a [][]float32) [][]float32 {
	if a == nil {
		return nil
	}
	b := make([][]float32, len(a))
	for i := range a {
		b[i] = slices.Clone(a[i])
	}
	return b
}

// keyframes are states of a run, dense near its end and thinner with age.
//
// The newest stand every `every` tokens: max/2 of them, or what is enough for a
// screen and some where max is large. Older ones stand every every·2^shift
// tokens; when there are more of those than max leaves, shift grows by one and
// half of them go. So there are never more than max, and the longest way from a
// keyframe to a token of an L-token history is about max(every, 4·L/max) tokens,
// near 2.3·L/max where max is large.
//
// Position 0 needs no keyframe: it is the zero state.
type keyframes struct {
	every       int
	max         int
	shift       uint
	old, recent []keyframe // ascending, all of old before all of recent
	free        []keyframe // buffers to use again
}

// newKeyframes chooses the spacing for states of size bytes within budget
// bytes; every > 0 overrides the choice.
func newKeyframes(size, budget, every int) *keyframes {
	k := &keyframes{every: every, max: max(budget/max(size, 1), minKeyframes)}
	if k.every <= 0 {
		// Near the end a step back should cost few tokens, but the dense half
		// should also reach further back than a screen is wide.
		for k.every = 16; k.every < 128 && k.reach() < 1024; {
			k.every *= 2
		}
	}
	return k
}

const minKeyframes = 16

// reach is the number of tokens before the end where keyframes are dense.
func (k *keyframes) reach() int { return k.every * k.dense() }

// dense is how many keyframes stand densely.
func (k *keyframes) dense() int { return min(k.max/2, max(k.max/8, 64)) }

// last is the position of the newest keyframe.
func (k *keyframes) last() int {
	if n := len(k.recent); n > 0 {
		return k.recent[n-1].at
	}
	if n := len(k.old); n > 0 {
		return k.old[n-1].at
	}
	return 0
}

// next is the first position after at where a run that goes on to end should
// leave a keyframe. What would be thinned out before end is not asked for.
func (k *keyframes) next(at, end int) int {
	at = max(at, k.last())
	dense := end - k.reach()
	coarse := k.every << k.shift
	if p := (at/coarse + 1) * coarse; p < dense {
		return p
	}
	// The first multiple of every that is after at and in the dense part.
	return (max(at, dense-1)/k.every + 1) * k.every
}

// add keeps a keyframe at position at, later than all others. fill writes the
// state into buffers that may have been used before.
func (k *keyframes) add(at int, fill func(*keyframe) error) error {
	var f keyframe
	if n := len(k.free); n > 0 {
		f, k.free = k.free[n-1], k.free[:n-1]
	}
	f.at = at
	if err := fill(&f); err != nil {
		return err
	}
	k.push(f)
	return nil
}

// push keeps a keyframe later than all others.
func (k *keyframes) push(f keyframe) {
	k.recent = append(k.recent, f)
	for len(k.recent) > k.dense() {
		f := k.recent[0]
		k.recent = slices.Delete(k.recent, 0, 1)
		if f.at%(k.every<<k.shift) == 0 {
			k.old = append(k.old, f)
		} else {
			k.free = append(k.free, f)
		}
	}
	for len(k.old) > k.max-k.dense() {
		k.shift++
		k.drop(&k.old, func(f keyframe) bool { return f.at%(k.every<<k.shift) != 0 })
	}
}

// drop moves the keyframes that match from list to the free ones.
func (k *keyframes) drop(list *[]keyframe, match func(keyframe) bool) {
	for _, f := range *list {
		if match(f) {
			k.free = append(k.free, f)
		}
	}
	*list = slices.DeleteFunc(*list, match)
}

// nearest is the newest keyframe at or before position at, or nil for the zero
// state at 0.
func (k *keyframes) nearest(at int) *keyframe {
	for _, list := range [][]keyframe{k.recent, k.old} {
		i, found := slices.BinarySearchFunc(list, at, func(f keyframe, at int) int { return f.at - at })
		if found {
			return &list[i]
		}
		if i > 0 {
			return &list[i-1]
		}
	}
	return nil
}

// truncate forgets the keyframes after position n.
func (k *keyframes) truncate(n int) {
	after := func(f keyframe) bool { return f.at > n }
	k.drop(&k.recent, after)
	k.drop(&k.old, after)
}

// count is the number of keyframes kept.
func (k *keyframes) count() int { return len(k.old) + len(k.recent) }
