package session

import "strings"

// Find looks for text in what the tokens stand for (TextOf), from token from on
// in direction dir: forwards if it is positive, else backwards, from itself
// among them. It gives the first token of the place. A match may begin and end
// within a token's text and go over several tokens; where tokens are numbers,
// text is numbers with spaces between, each a whole token. The empty text is
// nowhere.
func (f *Frame) Find(text string, from, dir int) (t int, ok bool) {
	step := 1
	if dir <= 0 {
		step = -1
	}
	match, begins := f.matcher(text)
	if match == nil {
		return 0, false
	}
	if step > 0 {
		from = max(from, 0)
	} else {
		from = min(from, f.Tokens.Len()-1)
	}
	for t := from; t >= 0 && t < f.Tokens.Len(); t += step {
		// Most tokens cannot begin a match, and that depends on the id alone.
		b, k := f.Tokens.blocks[t/blockTokens], t%blockTokens
		if id := int(b.ids[k]); begins != nil && b.flags[k]&Other == 0 && (id >= len(begins) || !begins[id]) {
			continue
		}
		if match(t) {
			return t, true
		}
	}
	return 0, false
}

// matcher says whether text begins in token t, and for each id whether it can in
// a token that was typed as its symbol; nil if text is nowhere.
func (f *Frame) matcher(text string) (match func(t int) bool, begins []bool) {
	if f.Info.Texts == nil {
		words := strings.Fields(text)
		if len(words) == 0 {
			return nil, nil
		}
		return func(t int) bool {
			for i, w := range words {
				if t+i >= f.Tokens.Len() || f.TextOf(t+i) != w {
					return false
				}
			}
			return true
		}, nil
	}
	if text == "" {
		return nil, nil
	}
	begins = make([]bool, len(f.Info.Texts))
	for id, s := range f.Info.Texts {
		begins[id] = len(beginnings(s, text)) > 0
	}
	return func(t int) bool {
		s := f.TextOf(t)
		for _, rest := range beginnings(s, text) {
			i := t + 1
			for ; rest != "" && i < f.Tokens.Len(); i++ {
				next := f.TextOf(i)
				if strings.HasPrefix(next, rest) {
					rest = ""
				} else if next != "" && strings.HasPrefix(rest, next) {
					rest = rest[len(next):]
				} else {
					break
				}
			}
			if rest == "" {
				return true
			}
		}
		return false
	}, begins
}

// beginnings lists what is left of text after each way it can begin within s:
// "" where s holds all of it.
func beginnings(s, text string) (rests []string) {
	for i := range len(s) {
		if strings.HasPrefix(s[i:], text) {
			rests = append(rests, "")
		} else if strings.HasPrefix(text, s[i:]) {
			rests = append(rests, text[len(s)-i:])
		}
	}
	return rests
}
