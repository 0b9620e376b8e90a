package main

import (
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/tui"
)

// The commands that pictures name are ones that this program understands.
func TestRemake(t *testing.T) {
	s := tui.Scene{Text: "¶4 'x'?", Branch: 2, T: 3, W: 100, H: 30, Keys: "2 > left left", Dark: true}
	o := explorer{input: &input{file: &checkpoint.File{Card: model.Card{Name: "header"}}}}
	if got, want := o.remake(s), `mamba-tui snapshot --model header --prompt '¶4 '\''x'\''?' --size 100x30 --keys '2 > left left' --out picture.png`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	o.name, s.Keys, s.Dark = "./my model", "", false
	if got, want := o.remake(s), `mamba-tui snapshot --model './my model' --prompt '¶4 '\''x'\''?' --size 100x30 --light --out picture.png`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p := &replayed{place: place{file: "run.npz"}}
	s.Keys = "2 > left left"
	if got, want := p.remake(s), `mamba-tui trace export run.npz@2:3 --size 100x30 --keys '2 >' --light --out picture.png`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
