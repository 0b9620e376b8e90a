package trace

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
)

// A window of any array is bit for bit what the model computed, from whatever
// keyframe it begins.
func TestWindow(t *testing.T) {
	r, b := recordedStory(t, nil)
	tr := openBytes(t, b)
	rows, err := tr.Rows(2, 0, 25, 0)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]func(*model.Record) []float32{
		"delta": func(r *model.Record) []float32 { return r.Delta }, "u": func(r *model.Record) []float32 { return r.U },
		"B": func(r *model.Record) []float32 { return r.B }, "C": func(r *model.Record) []float32 { return r.C },
		"h": func(r *model.Record) []float32 { return r.H }, "y": func(r *model.Record) []float32 { return r.Y },
	}
	want := map[string][][]float32{} // a layer: all steps
	for _, rec := range tapped(t, session.Live(r.m), 2, rows.Token, nil) {
		for _, name := range Tensors() {
			if want[name] == nil {
				want[name] = make([][]float32, 2)
			}
			want[name][rec.Layer] = append(want[name][rec.Layer], of[name](&rec)...)
		}
	}
	for _, name := range Tensors() {
		cols := len(want[name][0]) / 25
		for _, c := range [][2]int{{0, 25}, {3, 4}, {19, 25}, {7, 7}} {
			from, to := c[0], c[1]
			for layer := -1; layer < 2; layer++ {
				got, shape, err := tr.Window(context.Background(), name, 2, from, to, layer)
				if err != nil {
					t.Fatal(err)
				}
				expect := []float32{}
				for i := from; i < to; i++ {
					for l := range 2 {
						if layer < 0 || layer == l {
							expect = append(expect, want[name][l][i*cols:(i+1)*cols]...)
						}
					}
				}
				if !reflect.DeepEqual(got, expect) || shape[0] != to-from || (len(shape) > 1 && layer < 0 && shape[1] != 2) {
					t.Errorf("%s of steps %d to %d, layer %d: shape %v, or other numbers", name, from, to, layer, shape)
				}
			}
		}
	}
	for _, c := range []struct {
		name            string
		from, to, layer int
		want            string
	}{{"z", 0, 1, 0, "no array"}, {"h", 0, 26, 0, "which has 25"}, {"h", 0, 1, 2, "layer 2"}, {"h", -1, 1, 0, "steps -1"}} {
		if _, _, err := tr.Window(context.Background(), c.name, 2, c.from, c.to, c.layer); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
