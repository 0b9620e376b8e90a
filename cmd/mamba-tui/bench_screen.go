package main

import (
	"context"
	"fmt"

	"mamba-tui/assets"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
	"mamba-tui/scan/bench"
	"mamba-tui/tui"
)

// screenSizes are those of a small, a usual and a large terminal.
var screenSizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

// benchScreen times the explorer's screen with the model that it starts with:
// no terminal is written to.
func (a *app) benchScreen(ctx context.Context, options *bench.Options, o benchOptions) error {
	sizes := o.sizes
	if sizes == nil {
		sizes = screenSizes
	}
	for _, size := range sizes {
		if err := rehearse(ctx, options, size[0], size[1]); err != nil {
			return err
		}
	}
	return nil
}

// rehearse is one size.
func rehearse(ctx context.Context, options *bench.Options, w, h int) (err error) {
	in := &input{}
	if in.file, _, err = loadModel(assets.Default); err != nil {
		return err
	}
	if in.tokenizer, err = tokenizer.For(in.file.Card, in.file.Config.VocabSize); err != nil {
		return err
	}
	if in.backend, in.model, in.note, err = openModel("auto", cpuFlag{}, in.file); err != nil {
		return err
	}
	defer in.close()
	s, free, err := newSession(in, false)
	if err != nil {
		return err
	}
	defer free()
	r, err := tui.NewRehearsal(session.Start(s), tui.Options{Version: version()}, w, h)
	if err != nil {
		return err
	}
	defer r.Close()
	b := &bench.Backend{Name: assets.Default, Threads: 1}
	for _, c := range []struct {
		name string
		do   func() (int, error)
	}{{"redraw of every panel", r.Redraw}, {"step of the cursor", r.Walk}, {"typed token", r.Type}} {
		bytes := 0
		row := bench.Row{Suite: "screen", Name: c.name, Shape: fmt.Sprintf("%dx%d cells", w, h)}
		// The engine works in a goroutine of its own: only a clock on the wall
		// sees what somebody waits for.
		err := options.MeasureWall(ctx, row, b, bench.Work{Elements: 1, Element: "frame"}, func() (err error) {
			bytes, err = c.do()
			return err
		}, func(r *bench.Row) { r.Note = fmt.Sprintf("%.1f KB of text", float64(bytes)/1000) })
		if err != nil {
			return err
		}
	}
	return nil
}
