package session

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mamba-tui/model"
	"mamba-tui/model/tokenizer"
	"mamba-tui/scan"
)

// small is a configuration of odd shapes, with two layers and N > 1.
var small = model.Config{VocabSize: 11, DModel: 12, DInner: 14, DState: 3, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true}

// newModel makes an untrained model with livelier Δ than a fresh one: biases
// spread from −3 to 3, so that some channels keep and some forget.
func newModel(t testing.TB, cfg model.Config, dtype scan.DType) *model.Model {
	t.Helper()
	return newModelOn(t, cfg, scan.NewCPU(scan.Options{DType: dtype}))
}

// newModelOn is newModel on a backend.
func newModelOn(t testing.TB, cfg model.Config, b scan.Backend) *model.Model {
	t.Helper()
	w := model.RandomWeights(cfg, 7)
	for l := range w.Layers {
		lw := &w.Layers[l]
		for d := range lw.DtBias {
			lw.DtBias[d] = -3 + 6*float32(d)/float32(cfg.DInner)
		}
		for i := range lw.DtProj {
			lw.DtProj[i] *= 6
		}
		for i := range w.Embedding {
			w.Embedding[i] *= 3
		}
	}
	m, err := model.New(b, cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func newSession(t testing.TB, m *model.Model, o Options) *Session {
	t.Helper()
	s, err := New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ids makes n tokens from a fixed recurrence.
func ids(n, vocab int) []Token {
	list := make([]Token, n)
	x := uint32(1)
	for i := range list {
		x = x*1664525 + 1013904223
		list[i] = Token{ID: int32(x>>16) % int32(vocab), Flags: FromKeys}
	}
	return list
}

func mustAppend(t rapid.TB, s *Session, tokens []Token) {
	t.Helper()
	if err := s.Append(context.Background(), tokens); err != nil {
		t.Fatal(err)
	}
}

func mustFrame(t rapid.TB, s *Session, l Look) *Frame {
	t.Helper()
	f, err := s.Frame(context.Background(), l)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// bits compares float32 slices bit for bit.
func bits(t rapid.TB, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d of %d is %v (%#x), want %v (%#x)", what, i, len(got), got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

// sameState demands that two runs have the same tokens, h, windows, logits,
// statistics and summaries, bit for bit.
func sameState(t rapid.TB, got, want *Session) {
	t.Helper()
	if !slices.Equal(got.tokens.all(), want.tokens.all()) {
		t.Fatalf("tokens %v, want %v", got.tokens.all(), want.tokens.all())
	}
	sameRun(t, got.clean, want.clean)
}

func sameRun(t rapid.TB, got, want *run) {
	t.Helper()
	if got.n != want.n {
		t.Fatalf("%d tokens done, want %d", got.n, want.n)
	}
	var a, b model.Snapshot
	if err := got.state.Save(&a); err != nil {
		t.Fatal(err)
	}
	if err := want.state.Save(&b); err != nil {
		t.Fatal(err)
	}
	for l := range a.H {
		bits(t, "h", a.H[l], b.H[l])
		bits(t, "conv", a.Conv[l], b.Conv[l])
		if got.full() && want.full() {
			sameSummary(t, &got.sums[l], &want.sums[l])
		}
		if got.spread != nil && want.spread != nil {
			if !slices.Equal(got.spread[l].mean, want.spread[l].mean) || !slices.Equal(got.spread[l].m2, want.spread[l].m2) {
				t.Fatal("statistics of Δ differ")
			}
		}
	}
	if got.n > 0 {
		bits(t, "logits", got.logits, want.logits)
	}
}

func TestEmpty(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{})
	f := mustFrame(t, s, Look{T: 5, Layer: 9, From: -3, To: 50})
	if f.Look != (Look{T: -1, Layer: 1}) {
		t.Errorf("look %+v", f.Look)
	}
	if f.Tokens.Len() != 0 || f.Clean == nil || f.Clean.At != nil || len(f.Clean.Delta) != 0 || len(f.Clean.Lanes) != 2 || f.Changed != nil {
		t.Errorf("frame of an empty history: %+v", f)
	}
	if f.Branch != (Branch{ID: 1, At: -1, Count: 1}) {
		t.Errorf("branch %+v", f.Branch)
	}
	if f.Group.Name != "all 14 channels, Δ does not vary" || len(f.Group.Channels) != 14 {
		t.Errorf("group %+v", f.Group)
	}
	if _, err := s.Next(Sampler{}); err == nil {
		t.Error("a next token out of nothing")
	}
	if err := s.FreezeDelta(true); err == nil {
		t.Error("Δ frozen at the mean of nothing")
	}
	for _, n := range []int{1, -1} {
		if err := s.Truncate(n); err == nil {
			t.Errorf("rolled an empty history back to %d tokens", n)
		}
	}
}

// lettered is small with three ids that have symbols.
var lettered = func() model.Config { c := small; c.VocabSize = 3; return c }()

var letters = model.Card{Name: "x", Symbols: []string{"a", "b", "?"}, Other: "?", Aliases: []model.Alias{{Text: "\n", Symbol: "b"}}}

func TestInfo(t *testing.T) {
	s := newSession(t, newModel(t, lettered, scan.Float32), Options{Card: letters, BackendNote: "no GPU"})
	if err := s.TypeAt(context.Background(), End, "a\n!", FromKeys); err != nil {
		t.Fatal(err)
	}
	f := mustFrame(t, s, Look{Follow: true, To: 10})
	if f.Info.Parameters != lettered.Parameters() || f.Info.OtherID != 2 || !slices.Equal(f.Info.Alphabet, []string{"a", "b"}) || f.Info.BackendNote != "no GPU" || f.Info.Backend == "" {
		t.Errorf("info %+v", f.Info)
	}
	want := []Token{{ID: 0, Flags: FromKeys}, {ID: 1, Flags: FromKeys, Typed: "\n"}, {ID: 2, Flags: FromKeys | Other, Typed: "!"}}
	if !slices.Equal(f.Tokens.all(), want) {
		t.Errorf("tokens %+v, want %+v", f.Tokens, want)
	}
	if f.Others != 1 || f.TextOf(2) != "!" || f.TextOf(1) != "b" || f.TextOf(0) != "a" {
		t.Errorf("others %d, texts %q %q %q", f.Others, f.TextOf(2), f.TextOf(1), f.TextOf(0))
	}
	if err := s.Truncate(2); err != nil {
		t.Fatal(err)
	}
	if f := mustFrame(t, s, Look{}); f.Others != 0 {
		t.Errorf("%d others after the only one was rolled back", f.Others)
	}
	// The model's own "other" symbol is a symbol like any: nobody typed it.
	if err := s.Append(context.Background(), []Token{{ID: 2, Flags: Generated}}); err != nil {
		t.Fatal(err)
	}
	if f := mustFrame(t, s, Look{}); f.Others != 0 {
		t.Errorf("a generated other symbol counts as %d outside the alphabet", f.Others)
	}
	s.clean.logits[2] = 1e6
	if next, err := s.Next(Sampler{}); err != nil || next.ID != 2 || next.Flags != Generated {
		t.Errorf("the model's own other symbol is %+v, %v, want id 2, generated and nothing else", next, err)
	}
}

// Rows of the embedding beyond the tokenizer's ids stand for nothing: they are
// refused, never guessed and never generated.
func TestPadding(t *testing.T) {
	tok, err := tokenizer.NewNumbers(3)
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(t, newModel(t, small, scan.Float32), Options{Tokenizer: tok})
	if err := s.Append(context.Background(), []Token{{ID: 3}}); err == nil {
		t.Error("a padding id was accepted")
	}
	mustAppend(t, s, ids(20, 3))
	f := mustFrame(t, s, Look{Follow: true, To: 10})
	if f.Info.Texts != nil || f.Text(7) != "7" {
		t.Error("texts for a model without symbols")
	}
	if len(f.Clean.At.Top) != 3 || len(f.Clean.Top) != 10 {
		t.Errorf("%d guesses at the cursor, %d over the window, want 3 and 10", len(f.Clean.At.Top), len(f.Clean.Top))
	}
	var sum float32
	for _, g := range f.Clean.At.Top {
		sum += g.P
	}
	if math.Abs(float64(sum)-1) > 1e-6 {
		t.Errorf("probabilities of the three ids sum to %v", sum)
	}
	for seed := range uint64(200) {
		next, err := s.Next(Sampler{Temperature: 50, Seed: seed})
		if err != nil || next.ID > 2 || next.Flags != Generated {
			t.Fatalf("generated %+v, %v", next, err)
		}
	}
}

func TestRefusesAnotherModelsParts(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	big, err := tokenizer.NewNumbers(12)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(m, Options{Tokenizer: big}); err == nil {
		t.Error("a tokenizer with more ids than the embedding has rows")
	}
	if _, err := New(m, Options{Oracle: newModel(t, lettered, scan.Float64)}); err == nil {
		t.Error("an oracle of other dimensions")
	}
}

func TestStrict(t *testing.T) {
	s := newSession(t, newModel(t, lettered, scan.Float32), Options{Card: letters, Strict: true})
	mustAppend(t, s, ids(4, 3))
	if err := s.TypeAt(context.Background(), 1, "a!", 0); err == nil {
		t.Fatal("a character outside the alphabet was accepted")
	}
	if s.Len() != 4 || len(s.branches) != 1 {
		t.Errorf("%d tokens, %d branches after a refused text, want 4 and 1", s.Len(), len(s.branches))
	}
}

// A chunk, single steps and a session with other keyframes are one function.
func TestSplitAnywhere(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	tokens := ids(300, 11)
	whole := newSession(t, m, Options{})
	mustAppend(t, whole, tokens)
	steps := newSession(t, m, Options{KeyframeEvery: 7})
	for i := range tokens {
		mustAppend(t, steps, tokens[i:i+1])
	}
	sameState(t, steps, whole)
	bare, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	logits := make([]float32, 11)
	for _, tok := range tokens {
		if err := m.Step(bare, tok.ID, logits); err != nil {
			t.Fatal(err)
		}
	}
	bits(t, "logits of the model alone", whole.clean.logits, logits)
}

func TestTruncate(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	tokens := ids(200, 11)
	for _, n := range []int{0, 1, 6, 7, 8, 63, 64, 199, 200} {
		s := newSession(t, m, Options{KeyframeEvery: 7})
		mustAppend(t, s, tokens)
		if err := s.Truncate(n); err != nil {
			t.Fatal(err)
		}
		want := newSession(t, m, Options{})
		mustAppend(t, want, tokens[:n])
		sameState(t, s, want)
		mustAppend(t, s, tokens[:50])
		mustAppend(t, want, tokens[:50])
		sameState(t, s, want)
	}
}

func TestCancelKeepsWhatWasDone(t *testing.T) {
	m := newModel(t, small, scan.Float32)
	s := newSession(t, m, Options{KeyframeEvery: 16})
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	s.between = func() {
		if calls++; calls == 3 {
			cancel()
		}
		if s.pending != 300-s.clean.n {
			t.Errorf("%d pending with %d of 300 done", s.pending, s.clean.n)
		}
	}
	tokens := ids(300, 11)
	if err := s.Append(ctx, tokens); err == nil {
		t.Fatal("no error")
	}
	if s.Len() != 48 || s.tokens.Len() != 48 || s.pending != 0 {
		t.Fatalf("%d tokens done, %d kept, %d pending, want 48, 48, 0", s.Len(), s.tokens.Len(), s.pending)
	}
	want := newSession(t, m, Options{})
	mustAppend(t, want, tokens[:48])
	sameState(t, s, want)
}
