package task

import "mamba-tui/model"

// Channels of InductionExact beside the symbols' 0 … 15.
const (
	inductionAfterKey = Symbols     // the previous token was S
	inductionAny      = Symbols + 1 // there is a token
)

// InductionExact is a one-layer Mamba that solves the induction task at any
// length, every weight written by hand: d_model 32, D 64, N 1, R 2, K 4, tied
// head.
//
//   - Channels 0 … 15 carry the symbol. They are open to the state only on
//     the token after S: Δ = 20 there wipes what h held (exp(−20) = 2e-9) and
//     writes the symbol; Δ = 2e-9 on every other token keeps it.
//   - Channel 16 sees S through tap 2 of the convolution, one token late: it
//     says "the PREVIOUS token was S" and drives Δ. Without the tap nothing
//     is ever written.
//   - Channel 17 sees every token and holds B and C at 1: what is in h is
//     read at every token, and the head shows it as the next token.
//
// The weights and the same card come out at every call.
func InductionExact() (model.Config, *model.Weights, model.Card) {
	const vocab = Symbols + 2
	b := build(vocab, 32)
	b.input(inductionAfterKey, InductionKey, seesKey, previous)
	for v := range int32(vocab) {
		b.input(inductionAny, v, seesAny, current)
	}
	b.writes(inductionAny, seesAny)
	b.reads(inductionAny, seesAny)
	for c := range Symbols {
		b.input(c, int32(c), seesSym, current)
		for v := range int32(vocab) {
			b.gate(c, v)
		}
		b.opens(c, inductionAfterKey)
		b.output(c, c)
	}
	return b.cfg, b.w, inductionCard()
}

// inductionCard says what the model is and how its tokens are typed.
func inductionCard() model.Card {
	symbols := make([]string, 0, Symbols+2)
	for i := range Symbols {
		symbols = append(symbols, string(rune('a'+i)))
	}
	return model.Card{
		Name:     "induction-exact",
		Kind:     model.HandWritten,
		Task:     "… S M … S → M: after the special key S comes what followed it last time",
		TaskName: "induction",
		Note:     "measured: 100 % right at 2^6 to 2^20 tokens; 0 % with the convolution's earlier taps off; chance (1 in 16) with Δ constant",
		Command:  "go generate ./assets",
		Symbols:  append(symbols, "S", "·"),
		Other:    "·",
		Prompts: []model.Example{
			{Title: "one symbol kept over noise, then replaced by another", Text: "cabSkdeafghbmSkfcpSobnadhglejS"},
			{Title: "four symbols, each kept until the next", Text: "fSbghaccelpSndnmoafkejhgSaiobmcdpSpklfgedbnmhcojiaS"},
		},
	}
}
