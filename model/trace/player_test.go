package trace

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

func newPlayer(t *testing.T, b []byte) *Player {
	t.Helper()
	p, err := NewPlayer(openBytes(t, b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// tapped is what a machine shows of tokens [0, n) of a branch.
func tapped(t *testing.T, m session.Machine, branch int, tokens []int32, tw *model.Tweaks) []model.Record {
	t.Helper()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	var recs []model.Record
	for at := 0; at < len(tokens); at += 7 { // any split
		part := tokens[at:min(at+7, len(tokens))]
		err := m.Forward(s, session.Place{ID: branch, T: at}, part, model.Options{Tweaks: tw, Tap: &model.Tap{
			What: model.DrivenTaps,
			Func: func(rec *model.Record) {
				c := *rec
				for _, a := range []*[]float32{&c.Delta, &c.U, &c.B, &c.C, &c.Y, &c.H, &c.H0} {
					*a = append([]float32(nil), *a...)
				}
				recs = append(recs, c)
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return recs
}

// Without the weights, h, y and the drive are bit for bit what the model
// computed, on every branch; and of tweaks the layer that is tweaked.
func TestPlayer(t *testing.T) {
	r, b := recordedStory(t, nil)
	p := newPlayer(t, b)
	if p.Config() != rigConfig || p.Backend() != "replay of "+r.m.Backend().Name() || !reflect.DeepEqual(p.A(1), r.m.A(1)) || !reflect.DeepEqual(p.Skip(0), r.m.Skip(0)) {
		t.Error("the player is not of this model")
	}
	if m := p.Missing(); !m.Gate || !m.Conv || !m.Residual || !m.Logits || !m.Later || m.Why == "" {
		t.Errorf("%+v", m)
	}
	for _, branch := range p.t.Branches() {
		rows, err := p.t.Rows(branch.ID, 0, branch.Len, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := tapped(t, session.Live(r.m), branch.ID, rows.Token, nil)
		if got := tapped(t, p, branch.ID, rows.Token, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("branch %d is not played as it was", branch.ID)
		}
		gain := make([]float32, rigConfig.DInner)
		for d := range gain {
			gain[d] = 2
		}
		tw := &model.Tweaks{Layers: []model.LayerTweaks{{DeltaGain: gain, Rule: scan.ZOH}}}
		want = tapped(t, session.Live(r.m), branch.ID, rows.Token, tw)
		got := tapped(t, p, branch.ID, rows.Token, tw)
		for i := range want {
			if same := reflect.DeepEqual(got[i], want[i]); same != (want[i].Layer == 0) {
				t.Fatalf("layer %d with a tweak of layer 0: the same is %v", want[i].Layer, same)
			}
		}
	}
	g, err := p.Guesses(session.Place{ID: 2, T: 3}, 4, 2)
	if err != nil || len(g) != 4 || len(g[0]) != 2 || g[0][0].P < g[0][1].P {
		t.Errorf("%v %v", g, err)
	}
}

func TestPlayerRefuses(t *testing.T) {
	_, b := recordedStory(t, nil)
	p := newPlayer(t, b)
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at     session.Place
		tokens []int32
		tw     *model.Tweaks
		want   string
	}{
		{session.Place{ID: 1, T: 0}, []int32{3}, nil, "step 0 read token 0"},
		{session.Place{ID: 2, T: 25}, []int32{3}, nil, "has 25 steps of branch 2"},
		{session.Place{ID: 7, T: 0}, []int32{0}, nil, "no branch 7"},
		{session.Place{ID: 1, T: 0}, []int32{0}, &model.Tweaks{Layers: []model.LayerTweaks{{GateOff: true}}}, "need the weights"},
	} {
		if err := p.Forward(s, c.at, c.tokens, model.Options{Tweaks: c.tw}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	_, b = recordedStory(t, func(o *Options) { o.Level = Script })
	if _, err := NewPlayer(openBytes(t, b)); !errors.Is(err, ErrNoDrive) {
		t.Error(err)
	}
}

// Recorded reset marks are played, those asked for are added.
func TestRowsResets(t *testing.T) {
	r := &Rows{From: 5, T: 3, Reset: [][]byte{{0, 1, 0}, {0, 1, 0}}, Rule: [][]byte{{0, 0, 0}, {0, 0, 0}}}
	asked := []int32{0, 0, 3}
	got, err := r.resets(asked)
	if err != nil || !reflect.DeepEqual(got, []int32{0, 1, 3}) || asked[1] != 0 {
		t.Error(got, asked, err)
	}
	if got, err = r.resets(nil); err != nil || !reflect.DeepEqual(got, []int32{0, 1, 0}) {
		t.Error(got, err)
	}
	r.Reset[1][1] = 0
	if _, err := r.resets(nil); err == nil || !strings.Contains(err.Error(), "step 6") {
		t.Error(err)
	}
	r.Reset[0][1] = 0
	r.Rule[1][2] = byte(scan.ZOH)
	if _, err := r.resets(nil); err == nil || !strings.Contains(err.Error(), "zoh") {
		t.Error(err)
	}
}
