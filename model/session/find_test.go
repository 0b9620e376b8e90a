package session

import (
	"strings"
	"testing"

	"mamba-tui/model"
)

func TestFind(t *testing.T) {
	words := model.Card{Symbols: []string{"the", " head", "er", "?", "e"}, Other: "?"}
	texts := words.Symbols
	frame := func(ids ...int32) *Frame {
		f := &Frame{Info: Info{Texts: texts}}
		for _, id := range ids {
			f.Tokens = f.Tokens.add([]Token{{ID: id}})
		}
		return f
	}
	f := frame(0, 1, 2, 0, 1, 4, 2)
	f.Tokens = f.Tokens.add([]Token{{ID: 3, Flags: Other, Typed: "漢"}, {ID: 3}})
	for _, c := range []struct {
		text      string
		from, dir int
		t         int
		ok        bool
	}{
		{"the", 0, 1, 0, true},
		{"the", 1, 1, 3, true},
		{"the", 4, 1, 0, false},
		{"the", 8, -1, 3, true},
		{"the", 2, -1, 0, true},
		{"the", End, -1, 3, true},
		{"header", 0, 1, 1, true}, // begins within a token, goes over two
		{"headeer", 0, 1, 4, true},
		{"heade", 1, 1, 1, true}, // ends within a token
		{"heade", 2, 1, 4, true},
		{"e head", 0, 1, 0, true},
		{"er漢?", -5, 1, 6, true},
		{"漢", 0, 1, 7, true},
		{"?", 0, 1, 8, true}, // token 7 is not what it was mapped to
		{"er漢?!", 0, 1, 0, false},
		{"", 0, 1, 0, false},
		{"x", 0, 1, 0, false},
	} {
		if at, ok := f.Find(c.text, c.from, c.dir); ok != c.ok || ok && at != c.t {
			t.Errorf("%q from %d by %d: %d, %v, want %d, %v", c.text, c.from, c.dir, at, ok, c.t, c.ok)
		}
	}
	texts = nil
	f = frame(12, 7, 12, 71)
	for text, want := range map[string]int{"7": 1, " 12  71 ": 2, "12 7": 0, "71": 3, "1": -1, "12 7 13": -1, " ": -1} {
		if at, ok := f.Find(text, 0, 1); ok != (want >= 0) || ok && at != want {
			t.Errorf("%q among numbers: %d, %v, want %d", text, at, ok, want)
		}
	}
}

// The last of a million tokens.
func BenchmarkFind(b *testing.B) {
	f := &Frame{Info: Info{Texts: strings.Split("abcdefghijklmnop", "")}, Tokens: NewHistory(ids(1<<20, 15)...)}
	f.Tokens = f.Tokens.add([]Token{{ID: 15}})
	for b.Loop() {
		if at, ok := f.Find("p", 0, 1); !ok || at != 1<<20 {
			b.Fatal(at, ok)
		}
	}
}
