package tui

import (
	"context"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/snapshot"
)

// A film has a picture after the keys and after each further one, and every
// picture says of itself what one needs to make it again.
func TestFilm(t *testing.T) {
	o := Options{
		Version: "v1", Notes: []snapshot.Note{{Name: "sha256", Text: "abc"}},
		Remake: func(s Scene) string {
			if !s.Whole || s.Branch != 2 || s.W != 100 || s.H != 30 || !s.Dark {
				t.Errorf("%+v", s)
			}
			return "again " + s.Text + " " + s.Keys
		},
	}
	film, err := Film(context.Background(), header(t)(), o, 100, 30, strings.Fields("x i ¶ 7 b ? esc f 2 left left"), []string{"right", "right"})
	if err != nil {
		t.Fatal(err)
	}
	if len(film) != 3 {
		t.Fatalf("%d pictures", len(film))
	}
	for i, token := range []string{"token 1/3", "token 2/3", "token 3/3"} {
		if !strings.Contains(ansi.Strip(film[i].Text), token) {
			t.Errorf("picture %d does not say %q:\n%s", i, token, ansi.Strip(film[i].Text))
		}
	}
	got := map[string]string{}
	for _, n := range film[0].Notes {
		got[n.Name] = n.Text
	}
	for name, want := range map[string]string{
		"Software": "mamba-tui v1", "sha256": "abc", "text": "¶7b?", "cursor": "token 1 of branch 2, layer 0", "tweaks": "freeze Δ at its clean mean · all layers",
		"scale": "colours viridis", "model": "header-exact (hand-written) on cpu ", "command": "again ¶7b? t down enter esc 2 left left",
	} {
		if !strings.HasPrefix(got[name], want) {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if !strings.Contains(got["scale"], "largest of layer 0 so far: Δ 19.99") {
		t.Errorf("scale %q", got["scale"])
	}
	if _, err := Film(context.Background(), header(t)(), Options{}, 100, 30, nil, []string{"no key"}); err == nil {
		t.Error("what is no key was pressed")
	}
	if _, err := Film(context.Background(), header(t)(), Options{}, 100, 30, []string{"q"}, []string{"left"}); err == nil {
		t.Error("a film of a program that ended")
	}
}
