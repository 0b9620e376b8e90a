package session

import "math"

// The pyramid's finest nodes are baseTokens wide, each level's nodes
// fanOut times as wide as those below.
const (
	baseTokens = 64
	fanOut     = 8
)

// overviewColumns are what a timeline shows, in the order of a node.
var overviewColumns = [...]int{colKept, colDeltaMean, colNorm}

// extent is the least, greatest and sum of the numbers of a column that are
// not NaN, and how many they are.
type extent struct {
	least, most float32
	sum         float64
	count       int
}

var nothing = extent{least: float32(math.Inf(1)), most: float32(math.Inf(-1))}

func (e *extent) take(v float32) {
	if v != v {
		return
	}
	e.least, e.most = min(e.least, v), max(e.most, v)
	e.sum += float64(v)
	e.count++
}

func (e *extent) join(f extent) {
	e.least, e.most = min(e.least, f.least), max(e.most, f.most)
	e.sum += f.sum
	e.count += f.count
}

// node is what a stretch of tokens comes to.
type node struct {
	extents       [len(overviewColumns)]extent
	wipes, halves int // reset ticks
}

func emptyNode() (n node) {
	for i := range n.extents {
		n.extents[i] = nothing
	}
	return n
}

func (n *node) join(m *node) {
	for i := range n.extents {
		n.extents[i].join(m.extents[i])
	}
	n.wipes += m.wipes
	n.halves += m.halves
}

// pyramid sums a summary up at several widths: level k has a node for every
// whole stretch of baseTokens·fanOut^k tokens. Any stretch of the history is
// then a few nodes and, at its ends, fewer than 2·baseTokens tokens.
type pyramid struct{ levels [][]node }

// width is the number of tokens of a node of a level.
func width(level int) int {
	w := baseTokens
	for range level {
		w *= fanOut
	}
	return w
}

// grow adds the nodes that s now has all tokens of.
func (p *pyramid) grow(s *summary) {
	for level := 0; s.n/width(level) > 0; level++ {
		if level == len(p.levels) {
			p.levels = append(p.levels, nil)
		}
		for i := len(p.levels[level]); i < s.n/width(level); i++ {
			n := emptyNode()
			if level == 0 {
				n.tokens(s, i*baseTokens, (i+1)*baseTokens)
			} else {
				for j := range fanOut {
					n.join(&p.levels[level-1][i*fanOut+j])
				}
			}
			p.levels[level] = append(p.levels[level], n)
		}
	}
}

// tokens takes the numbers of tokens [i, j), counted from the summary's start.
func (n *node) tokens(s *summary, i, j int) {
	for ; i < j; i++ {
		st, k := s.stretches[i/stretchTokens], i%stretchTokens
		for x, c := range overviewColumns {
			n.extents[x].take(st[c][k])
		}
		switch TickOf(st[colKept][k]) {
		case TickWipe:
			n.wipes++
		case TickHalf:
			n.halves++
		}
	}
}

// truncate forgets the nodes beyond the first n tokens.
func (p *pyramid) truncate(n int) {
	for level := range p.levels {
		if k := n / width(level); k < len(p.levels[level]) {
			p.levels[level] = p.levels[level][:k]
		}
	}
}

// extent is what tokens [i, j), counted from the summary's start, come to. The
// sums of nodes are added in the order of the tokens.
func (p *pyramid) extent(s *summary, i, j int) node {
	n := emptyNode()
	for i < j {
		level := -1
		for level+1 < len(p.levels) {
			w := width(level + 1)
			if i%w != 0 || i+w > j || i/w >= len(p.levels[level+1]) {
				break
			}
			level++
		}
		if level < 0 {
			end := min(j, (i/baseTokens+1)*baseTokens)
			n.tokens(s, i, end)
			i = end
			continue
		}
		n.join(&p.levels[level][i/width(level)])
		i += width(level)
	}
	return n
}
