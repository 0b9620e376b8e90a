package task

import "mamba-tui/model"

// Channels of HeaderExact beside the symbols' 0 … 15.
const (
	headerAfterMark = Symbols     // the previous token was ¶
	headerAsked     = Symbols + 1 // the token is ?
)

// HeaderExact is a one-layer Mamba that solves the header task at any length,
// every weight written by hand: d_model 40, D 64, N 1, R 2, K 4, a head of its
// own. Here all three of Δ, B and C select:
//
//   - Channel 16 sees ¶ through tap 2 of the convolution: it says "the
//     PREVIOUS token was ¶", so this token is the header. It drives Δ to 20 in
//     channels 0 … 15 (2e-9 elsewhere), which wipes the last document's header,
//     and B to 1 (0 elsewhere), which writes this one's.
//   - Channel 17 sees ? and drives C to 1 (0 elsewhere): h is read only when
//     it is asked for.
//   - The residual stream has the token itself in dimensions 0 … 18 and what
//     was read from h in 19 … 34. The head makes a symbol of the latter; where
//     there is none it answers ·, nothing.
//
// The weights and the same card come out at every call.
func HeaderExact() (model.Config, *model.Weights, model.Card) {
	const (
		vocab = Symbols + 3
		width = 40
		found = vocab // the first dimension of what was read
	)
	b := build(vocab, width)
	b.input(headerAfterMark, HeaderMark, seesKey, previous)
	b.writes(headerAfterMark, seesKey)
	b.input(headerAsked, HeaderAsk, seesAny, current)
	b.reads(headerAsked, seesAny)
	b.w.Head = make([]float32, vocab*width)
	for c := range Symbols {
		b.input(c, int32(c), seesSym, current)
		for v := range int32(vocab) {
			b.gate(c, v)
		}
		b.opens(c, headerAfterMark)
		b.output(found+c, c)
		b.w.Head[c*width+found+c] = 1
	}
	for v := range vocab {
		b.w.Head[int(HeaderOther)*width+v] = 1
	}
	return b.cfg, b.w, headerCard()
}

// headerCard says what the model is and how its tokens are typed.
func headerCard() model.Card {
	symbols := make([]string, 0, Symbols+3)
	for _, s := range "0123456789abcdef" {
		symbols = append(symbols, string(s))
	}
	return model.Card{
		Name:     "header-exact",
		Kind:     model.HandWritten,
		Task:     "¶ h noise … ? → h: the header of the current document, its first token; · where nothing is asked",
		TaskName: "header",
		Note:     "measured: 100 % right at 2^6 to 2^20 tokens; 0 % with the convolution's earlier taps off, or with Δ constant over 256 tokens",
		Command:  "go generate ./assets",
		Symbols:  append(symbols, "¶", "?", "·"),
		Other:    "·",
		Aliases:  []model.Alias{{Text: "\n", Symbol: "¶"}, {Text: "|", Symbol: "¶"}},
		Prompts: []model.Example{
			{Title: "two documents: the second header wipes the first", Text: "¶4acba17c?4¶9ca0b36fd2ea58c?"},
			{Title: "four documents, one asked twice", Text: "¶7b2e4?7¶c019fa3d?c6e1?c¶5ae86b2?5¶093dfc4e1a7b82d?"},
		},
	}
}
