package session_test

import (
	"context"
	"fmt"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// Two documents in one text: the header of the second wipes what the first
// left in the state.
func Example() {
	cfg, weights, card := task.HeaderExact()
	m, err := model.New(scan.NewCPU(scan.Options{}), cfg, weights)
	if err != nil {
		panic(err)
	}
	defer m.Close()
	s, err := session.New(m, session.Options{Card: card})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	ctx := context.Background()
	if err := s.TypeAt(ctx, session.End, "¶4ab?¶9c?", session.FromPrompt); err != nil {
		panic(err)
	}
	f, err := s.Frame(ctx, session.Look{To: 64, Follow: true})
	if err != nil {
		panic(err)
	}
	lane := f.Clean.Lanes[0]
	for t := range f.Tokens.Len() {
		fmt.Printf("%s  kept %4.2f  Δ %4.1f  next %s\n", f.TextOf(t), lane.Kept[t], lane.DeltaMean[t], f.Text(f.Clean.Top[t].ID))
	}
	fmt.Println(f.Group.Name)
	fmt.Println(f.Events)
	// Output:
	// ¶  kept  NaN  Δ  0.0  next ·
	// 4  kept  NaN  Δ 20.0  next ·
	// a  kept 1.00  Δ  0.0  next ·
	// b  kept 1.00  Δ  0.0  next ·
	// ?  kept 1.00  Δ  0.0  next 4
	// ¶  kept 1.00  Δ  0.0  next ·
	// 9  kept 0.00  Δ 20.0  next ·
	// c  kept 1.00  Δ  0.0  next ·
	// ?  kept 1.00  Δ  0.0  next 9
	// 16 of 64 channels, Δ varies most
	// [{6 2}]
}

// The screen's side: operations go in, frames come out.
func ExampleEngine() {
	cfg, weights, card := task.HeaderExact()
	m, err := model.New(scan.NewCPU(scan.Options{}), cfg, weights)
	if err != nil {
		panic(err)
	}
	defer m.Close()
	s, err := session.New(m, session.Options{Card: card})
	if err != nil {
		panic(err)
	}
	e := session.Start(s)
	defer e.Close()
	e.Do(session.Type{At: session.End, Text: "¶4ab?¶9c?", Flags: session.FromKeys})
	e.Do(session.Freeze{On: true})
	for e.Frame().Changed == nil {
		<-e.Changed()
	}
	f := e.Frame()
	fmt.Println("clean  ", f.Text(f.Clean.At.Top[0].ID))
	fmt.Println("changed", f.Text(f.Changed.At.Top[0].ID))
	fmt.Println(f.Tweaks[0].Name(), "·", f.Tweaks[0].Scope())
	// Output:
	// clean   9
	// changed ·
	// freeze Δ at its clean mean · all layers · all channels · from t=0 · mean of 9 tokens of branch 1
}

// What would have been, had the header gone unseen: Δ = 0 at one token, and the
// clean run beside it.
func ExampleAddTweak() {
	cfg, weights, card := task.HeaderExact()
	m, err := model.New(scan.NewCPU(scan.Options{}), cfg, weights)
	if err != nil {
		panic(err)
	}
	defer m.Close()
	s, err := session.New(m, session.Options{Card: card})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	ctx := context.Background()
	for _, op := range []session.Op{
		session.Type{At: session.End, Text: "¶4ab?¶9c?", Flags: session.FromKeys},
		session.AddTweak{Tweak: session.Tweak{Kind: session.Ignore, Layer: -1, Channel: -1, From: 6}},
	} {
		if err := s.Do(ctx, op); err != nil {
			panic(err)
		}
	}
	f, err := s.Frame(ctx, session.Look{To: 64, Follow: true})
	if err != nil {
		panic(err)
	}
	fmt.Println(f.Tweaks[0].Name(), "·", f.Tweaks[0].Scope())
	fmt.Println("clean  ", f.Text(f.Clean.At.Top[0].ID))
	fmt.Println("changed", f.Text(f.Changed.At.Top[0].ID))
	fmt.Println("undo   ", f.CanUndo)
	for t, apart := range f.Divergence.H[0] {
		if apart > 0 {
			fmt.Printf("h differs from token %d on, by %.1f\n", t, apart)
			break
		}
	}
	// Output:
	// ignored: Δ = 0 · all layers · all channels · at t=6
	// clean   9
	// changed 4
	// undo    ignored: Δ = 0
	// h differs from token 6 on, by 1.4
}
