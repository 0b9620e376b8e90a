package session

// blockTokens is how many tokens a block of a History holds.
const blockTokens = 4096

// History is a list of tokens that only grows and never changes: rolling back
// and branching give another History, which shares what the two have in common.
// A million tokens are 5 MB, and one token more costs the same wherever it comes.
// The zero value is empty.
type History struct {
	blocks []*block // of blockTokens each; the last may be in part another History's
	n      int
}

// block holds the tokens of a stretch as columns. What is written stays; only
// the places from used on are free, for the History that ends exactly there.
type block struct {
	used  int // belongs to the goroutine that adds, unlike the rest
	ids   [blockTokens]int32
	flags [blockTokens]Flags
	typed []string // nil while every token was typed as its symbol
}

// NewHistory makes a History of tokens.
func NewHistory(tokens ...Token) History { return History{}.add(tokens) }

// Len is the number of tokens.
func (h History) Len() int { return h.n }

// At is token i, which must be in [0, Len()).
func (h History) At(i int) Token {
	if uint(i) >= uint(h.n) {
		panic("session: token outside the history")
	}
	b, k := h.blocks[i/blockTokens], i%blockTokens
	t := Token{ID: b.ids[k], Flags: b.flags[k]}
	if b.typed != nil {
		t.Typed = b.typed[k]
	}
	return t
}

// add is h followed by tokens. h itself stays what it is.
func (h History) add(tokens []Token) History {
	for len(tokens) > 0 {
		k := h.n % blockTokens
		rest := tokens[:min(blockTokens-k, len(tokens))]
		typed := false
		for _, t := range rest {
			typed = typed || t.Typed != ""
		}
		b := h.last(k, typed)
		for i, t := range rest {
			b.ids[k+i], b.flags[k+i] = t.ID, t.Flags
			if t.Typed != "" {
				b.typed[k+i] = t.Typed
			}
		}
		h.n += len(rest)
		b.used = k + len(rest)
		tokens = tokens[len(rest):]
	}
	return h
}

// last is the block that place k of is to be written to, made the last of
// h.blocks: a fresh one, or a copy where another History has the place or a
// reader could be looking at what changes.
func (h *History) last(k int, typed bool) *block {
	if k == 0 {
		b := &block{}
		if typed {
			b.typed = make([]string, blockTokens)
		}
		i := len(h.blocks)
		if i < cap(h.blocks) && h.blocks[:i+1][i] != nil {
			h.blocks = h.blocks[:i:i] // the next place of the list is another History's
		}
		h.blocks = append(h.blocks, b)
		return b
	}
	i := len(h.blocks) - 1
	b := h.blocks[i]
	if b.used == k && (!typed || b.typed != nil) {
		return b
	}
	own := &block{used: k}
	copy(own.ids[:k], b.ids[:k])
	copy(own.flags[:k], b.flags[:k])
	if typed || b.typed != nil {
		own.typed = make([]string, blockTokens)
		copy(own.typed[:k], b.typed)
	}
	h.blocks = append(h.blocks[:i:i], own) // the old list is someone's
	return own
}

// cut is the first n tokens of h, at most all.
func (h History) cut(n int) History {
	if n >= h.n {
		return h
	}
	k := (n + blockTokens - 1) / blockTokens
	return History{blocks: h.blocks[:k:k], n: n}
}

// ids appends the ids of tokens [from, to) to dst.
func (h History) ids(dst []int32, from, to int) []int32 {
	for from < to {
		k := from % blockTokens
		n := min(to-from, blockTokens-k)
		dst = append(dst, h.blocks[from/blockTokens].ids[k:k+n]...)
		from += n
	}
	return dst
}

// others counts the tokens of [from, to) that were typed outside the alphabet.
func (h History) others(from, to int) (n int) {
	for i := from; i < to; i++ {
		if h.blocks[i/blockTokens].flags[i%blockTokens]&Other != 0 {
			n++
		}
	}
	return n
}

// common is the number of tokens that h and g begin with alike.
func (h History) common(g History) int {
	n := min(h.n, g.n)
	for i := 0; i < n; {
		k := i % blockTokens
		a, b := h.blocks[i/blockTokens], g.blocks[i/blockTokens]
		if end := min(n, i-k+blockTokens); a == b {
			i = end
			continue
		}
		if a.ids[k] != b.ids[k] {
			return i
		}
		i++
	}
	return n
}
