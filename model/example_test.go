package model_test

import (
	"fmt"
	"slices"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// tiny is a model of random weights: the smallest that shows every call.
func tiny() (*model.Model, *model.State) {
	cfg := model.Config{
		VocabSize: 5, DModel: 4, DInner: 8, DState: 2, DConv: 4, DtRank: 1, NLayer: 1, Eps: 1e-5, ConvBias: true,
	}
	m, err := model.New(scan.NewCPU(scan.Options{}), cfg, model.RandomWeights(cfg, 1))
	if err != nil {
		panic(err)
	}
	s, err := m.NewState()
	if err != nil {
		panic(err)
	}
	return m, s
}

// Tokens go in one by one; the state is all that is kept of them.
func ExampleModel_Step() {
	m, s := tiny()
	logits := make([]float32, m.Config().VocabSize)
	for _, token := range []int32{3, 1, 4, 1} {
		if err := m.Step(s, token, logits); err != nil {
			panic(err)
		}
	}
	best := model.Top(logits, 1)[0]
	fmt.Printf("after 4 tokens: %d with %.2f\n", best.ID, best.P)
	// Output:
	// after 4 tokens: 1 with 0.22
}

// Many tokens at once give the same bits as one at a time.
func ExampleModel_Forward() {
	m, s := tiny()
	whole := make([]float32, m.Config().VocabSize)
	if err := m.Forward(s, []int32{3, 1, 4, 1}, model.Options{Logits: whole}); err != nil {
		panic(err)
	}
	s.Reset()
	one := make([]float32, m.Config().VocabSize)
	for _, token := range []int32{3, 1, 4, 1} {
		if err := m.Step(s, token, one); err != nil {
			panic(err)
		}
	}
	same := true
	for i := range one {
		same = same && one[i] == whole[i]
	}
	fmt.Println("the same bits:", same)
	// Output:
	// the same bits: true
}

// A Tap sees what selection does: the step size Δ of every channel at every
// token, and the state h after it.
func ExampleTap() {
	m, s := tiny()
	err := m.Forward(s, []int32{3, 1, 4, 1}, model.Options{Tap: &model.Tap{
		From: 2, To: 4,
		What: model.TapDelta | model.TapH,
		Func: func(r *model.Record) {
			D := m.Config().DInner
			fmt.Printf("layer %d, tokens %d to %d: %d of Δ, %d of h\n", r.Layer, r.From, r.To, len(r.Delta), len(r.H))
			fmt.Printf("Δ of channel 0 at token 3: %.2f\n", r.Delta[(3-r.From)*D])
		},
	}})
	if err != nil {
		panic(err)
	}
	// Output:
	// layer 0, tokens 2 to 4: 16 of Δ, 32 of h
	// Δ of channel 0 at token 3: 0.04
}

// A tweak changes a pass: here Δ is the same for every token, which makes the
// model time-invariant.
func ExampleTweaks() {
	m, s := tiny()
	constant := make([]float32, m.Config().DInner)
	for d := range constant {
		constant[d] = 0.1
	}
	o := model.Options{
		Tweaks: &model.Tweaks{Layers: []model.LayerTweaks{{FreezeDelta: constant}}},
		Tap: &model.Tap{What: model.TapDelta, Func: func(r *model.Record) {
			fmt.Println(r.Delta[:3])
		}},
	}
	if err := m.Forward(s, []int32{3, 1}, o); err != nil {
		panic(err)
	}
	// Output:
	// [0.1 0.1 0.1]
}

// The same tweaks in every layer: a token is ignored when its Δ is 0, and h
// keeps every bit.
func ExampleEverywhere() {
	m, s := tiny()
	if err := m.Forward(s, []int32{3, 1}, model.Options{}); err != nil {
		panic(err)
	}
	var before, after model.Snapshot
	if err := s.Save(&before); err != nil {
		panic(err)
	}
	ignored := model.LayerTweaks{FreezeDelta: make([]float32, m.Config().DInner)}
	if err := m.Forward(s, []int32{4}, model.Options{Tweaks: model.Everywhere(m.Config(), ignored)}); err != nil {
		panic(err)
	}
	if err := s.Save(&after); err != nil {
		panic(err)
	}
	fmt.Println(slices.Equal(before.H[0], after.H[0]), slices.Equal(before.Conv[0], after.Conv[0]))
	// Output:
	// true false
}

// A reset mark before a token forgets everything that came before it.
func ExampleOptions_resets() {
	m, s := tiny()
	var stitched, alone model.Snapshot
	marks := []int32{0, 0, scan.ResetState | scan.ResetConv, 0}
	if err := m.Forward(s, []int32{3, 1, 4, 1}, model.Options{Resets: marks}); err != nil {
		panic(err)
	}
	if err := s.Save(&stitched); err != nil {
		panic(err)
	}
	s.Reset()
	if err := m.Forward(s, []int32{4, 1}, model.Options{}); err != nil {
		panic(err)
	}
	if err := s.Save(&alone); err != nil {
		panic(err)
	}
	fmt.Println(stitched.H[0][0] == alone.H[0][0])
	// Output:
	// true
}

func ExampleTop() {
	for _, g := range model.Top([]float32{0, 2, 1}, 2) {
		fmt.Printf("token %d: %.3f\n", g.ID, g.P)
	}
	// Output:
	// token 1: 0.665
	// token 2: 0.245
}
