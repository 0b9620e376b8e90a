package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"mamba-tui/assets"
	"mamba-tui/model"
)

func TestModels(t *testing.T) {
	out := ok(t, "", "models")
	for _, want := range []string{"header-exact (the default)\n", "\ninduction-exact\n", "hand-written, 10176 parameters in 1 layer", "task: ¶ h noise … ? → h"} {
		if !strings.Contains(out, want) {
			t.Errorf("models does not say %q:\n%s", want, out)
		}
	}
	lines := strings.Split(strings.TrimSuffix(ok(t, "", "models", "--json"), "\n"), "\n")
	if len(lines) != 1+len(assets.Models()) || lines[0] != `{"schema":1,"type":"models","default":"header-exact"}` {
		t.Fatalf("models --json: %q", lines)
	}
	for i, line := range lines[1:] {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		kind := "trained"
		if strings.HasSuffix(assets.Models()[i], "-exact") {
			kind = "hand-written"
		}
		if m["name"] != assets.Models()[i] || m["provenance"] != kind || m["builtin"] != true || m["default"] != (i == 0) ||
			m["parameters"].(float64) < 5000 || len(m["sha256"].(string)) != 64 || m["task"] == "" {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
}

func TestModelsInfo(t *testing.T) {
	out := ok(t, "", "models", "info", "header-exact")
	for _, want := range []string{"provenance  hand-written", "d_inner 64, d_state 1", "any other character is read as ·", "example "} {
		if !strings.Contains(out, want) {
			t.Errorf("models info does not say %q:\n%s", want, out)
		}
	}
	card := model.Card{
		Name: "a\x1b[31mb", Kind: model.Trained, Task: "x\u202ey\nz", Note: "n\x00",
		Symbols: []string{"\x1b", "¶", "c", "d", "e", "f", "g", "h", "i", "j", "\u200b"}, Other: "\u200b",
		Prompts: []model.Example{{Title: "\x9b", Text: strings.Repeat("¶\x1b", 500)}},
	}
	card.Prompts[0].Title = "t\u009b"
	dir := folder(t, odd, model.RandomWeights(odd, 6), card)
	for _, args := range [][]string{{"models", "info", dir}, {"models", "info", dir, "--json"}, {"run", "--model", dir}, {"run", "--model", dir, "--json"}} {
		assertSafe(t, ok(t, "", args...))
	}
	var m struct {
		Schema   int
		Type     string
		Name     string
		Alphabet []string
		Prompts  []model.Example
		NLayer   int  `json:"n_layer"`
		Builtin  bool `json:"builtin"`
	}
	if err := json.Unmarshal([]byte(ok(t, "", "models", "info", "--json", dir)), &m); err != nil {
		t.Fatal(err)
	}
	if m.Schema != 1 || m.Type != "model" || m.Name != card.Name || !slices.Equal(m.Alphabet, card.Symbols[:10]) || m.NLayer != 3 || m.Builtin ||
		len(m.Prompts) != 1 || m.Prompts[0] != card.Prompts[0] {
		t.Errorf("models info --json reads back as %+v", m)
	}
	if out := ok(t, "", "models", "info", folder(t, odd, model.RandomWeights(odd, 6), model.Card{})); !strings.Contains(out, "model       the-model\n") ||
		!strings.Contains(out, "of unknown origin") || !strings.Contains(out, "token ids from 0 to 10 with spaces between them") {
		t.Errorf("a model without a card:\n%s", out)
	}
}

// A folder may be called like a built-in model.
func TestFolderCalledLikeBuiltin(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Rename(folder(t, odd, model.RandomWeights(odd, 1), model.Card{}), "header-exact"); err != nil {
		t.Fatal(err)
	}
	if out := ok(t, "", "models", "info", "header-exact"); !strings.Contains(out, "hand-written") {
		t.Errorf("the name alone does not mean the built-in:\n%s", out)
	}
	if out := ok(t, "", "models", "info", "./header-exact"); !strings.Contains(out, "of unknown origin") {
		t.Errorf("a path does not mean the folder:\n%s", out)
	}
}

func TestDoctor(t *testing.T) {
	out := ok(t, "", "doctor")
	for _, want := range []string{"backend   cuda ", "cpu available: cpu ", "--backend auto takes it",
		"header-exact works: ", "it answers 9 with 96.9 percent", "induction-exact works: ", "standard output is not a terminal", "GOMAXPROCS"} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor does not say %q:\n%s", want, out)
		}
	}
	assertSafe(t, out)
	a, stdout, stderr := testApp("", "TERM=\x1b[2J", "NO_COLOR=yes")
	if code := a.execute(context.Background(), []string{"doctor", "--json"}); code != 0 || stderr.Len() != 0 {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	assertSafe(t, stdout.String())
	var d diagnosis
	if err := json.Unmarshal(stdout.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Schema != 1 || d.Type != "doctor" || d.Terminal.Term != "\x1b[2J" || !d.Terminal.NoColor || d.Terminal.Colours != "none" ||
		d.Terminal.Why != "NO_COLOR is set" || len(d.Backends) != 2 || !d.Backends[1].Auto || len(d.Models) != len(assets.Models()) || !d.Models[0].OK {
		t.Errorf("doctor --json: %+v", d)
	}
}

func TestColours(t *testing.T) {
	for _, c := range []struct {
		env  []string
		want colorprofile.Profile
		why  string
	}{
		{[]string{"TERM=xterm-256color", "COLORTERM=truecolor"}, colorprofile.TrueColor, "COLORTERM"},
		{[]string{"TERM=xterm-256color"}, colorprofile.ANSI256, `TERM is "xterm-256color"`},
		{[]string{"TERM=linux"}, colorprofile.ANSI, "TERM"},
		{[]string{"TERM=xterm-kitty"}, colorprofile.TrueColor, "TERM"},
		// Any value of NO_COLOR that is not empty.
		{[]string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=yes"}, colorprofile.ASCII, "NO_COLOR is set"},
		{[]string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=0"}, colorprofile.ASCII, "NO_COLOR is set"},
		{[]string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR="}, colorprofile.TrueColor, "COLORTERM"},
		{[]string{"TERM=dumb", "COLORTERM=truecolor"}, colorprofile.NoTTY, "dumb"},
	} {
		a, _, _ := testApp("", c.env...)
		got, why := a.colours()
		if got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%q: %v because %s, want %v", c.env, got, why, c.want)
		}
	}
}

// The root shows the screen on a terminal and the plain report elsewhere.
func TestRoot(t *testing.T) {
	plain := ok(t, "", "run", "--plain")
	for _, args := range [][]string{{}, {"--plain"}, {"--model", "header-exact"}} {
		if out := ok(t, "", args...); out != plain {
			t.Errorf("%q without a terminal prints\n%s", args, out)
		}
	}
	for _, c := range []struct {
		name   string
		in     bool
		out    bool
		env    string
		args   []string
		screen bool
	}{
		{"terminal", true, true, "", nil, true},
		{"output piped", true, false, "", nil, false},
		{"input piped", false, true, "", nil, false},
		{"dumb", true, true, "TERM=dumb", nil, false},
		{"unknown", true, true, "TERM=", nil, runtime.GOOS == "windows"},
		{"--plain", true, true, "", []string{"--plain"}, false},
		{"no colour", true, true, "NO_COLOR=1", []string{"--strict", "--prompt", "¶4"}, true},
	} {
		a, stdout, stderr := testApp("", c.env)
		a.inTerm, a.outTerm = c.in, c.out
		var shown *explorer
		a.explore = func(_ context.Context, _ *app, o explorer) error {
			shown = &o
			if o.model == nil || o.prompt == "" || len(o.tokens) == 0 || o.note == "" {
				t.Errorf("%s: the screen gets %+v", c.name, o)
			}
			return nil
		}
		if code := a.execute(context.Background(), c.args); code != 0 || stderr.Len() != 0 {
			t.Errorf("%s: exit code %d, stderr %q", c.name, code, stderr)
		}
		if (shown != nil) != c.screen || (stdout.Len() == 0) != c.screen {
			t.Errorf("%s: the screen is shown: %v, stdout %.60q", c.name, shown != nil, stdout)
		}
		if shown != nil && (shown.strict != slices.Contains(c.args, "--strict") || shown.ownPrompt != slices.Contains(c.args, "--prompt")) {
			t.Errorf("%s: strict %v, own prompt %v", c.name, shown.strict, shown.ownPrompt)
		}
	}
}

func TestFirstStart(t *testing.T) {
	home := t.TempDir()
	a, _, _ := testApp("", "HOME="+home, "LOCALAPPDATA="+home)
	if !a.firstStart() || a.firstStart() || a.firstStart() {
		t.Error("the introduction is not shown exactly once")
	}
	state := t.TempDir()
	b, _, _ := testApp("", "HOME="+home, "LOCALAPPDATA="+home, "XDG_STATE_HOME="+state)
	if !b.firstStart() || b.firstStart() {
		t.Error("another state folder is not another start")
	}
	if _, err := os.Stat(filepath.Join(state, "mamba-tui", "introduced")); err != nil {
		t.Error(err)
	}
	none, _, _ := testApp("", "XDG_STATE_HOME=relative")
	if none.firstStart() {
		t.Error("an introduction that could not be remembered is shown")
	}
	blocked, _, _ := testApp("", "XDG_STATE_HOME="+file(t, "not a folder"))
	if blocked.firstStart() {
		t.Error("an introduction that could not be remembered is shown")
	}
}

func TestVersion(t *testing.T) {
	if out := ok(t, "", "--version"); !strings.HasPrefix(out, "mamba-tui version ") || strings.Count(out, "\n") != 1 {
		t.Errorf("--version prints %q", out)
	}
	setting := func(s ...string) (list []debug.BuildSetting) {
		for i := 0; i < len(s); i += 2 {
			list = append(list, debug.BuildSetting{Key: s[i], Value: s[i+1]})
		}
		return list
	}
	for want, info := range map[string]debug.BuildInfo{
		"devel":  {},
		"v0.2.0": {Main: debug.Module{Version: "v0.2.0"}},
		"devel 0123456789ab 2026-01-02T03:04:05Z with changes": {Main: debug.Module{Version: "(devel)"},
			Settings: setting("vcs.revision", "0123456789abcdef", "vcs.time", "2026-01-02T03:04:05Z", "vcs.modified", "true")},
		"devel abc": {Settings: setting("vcs.revision", "abc", "vcs.modified", "false")},
	} {
		if got := versionOf(&info); got != want {
			t.Errorf("version %q, want %q", got, want)
		}
	}
}

func TestHelpManAndCompletion(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"run", "--help"}, {"help", "run"}, {"models", "info", "-h"}, {"doctor", "--help"}, {"completion", "--help"}} {
		out := ok(t, "", args...)
		assertSafe(t, out)
		if !strings.Contains(out, "USAGE") || !strings.Contains(out, "mamba-tui") {
			t.Errorf("%q prints %q", args, out)
		}
	}
	if out := ok(t, "", "run", "--help"); !strings.Contains(out, "--temperature") || !strings.Contains(out, `"schema": 1`) {
		t.Errorf("run --help prints %s", out)
	}
	man := ok(t, "", "man")
	if !strings.HasPrefix(man, ".\\\"") && !strings.HasPrefix(man, ".nh") && !strings.HasPrefix(man, ".TH") || !strings.Contains(man, "doctor") {
		t.Errorf("man begins %.200q", man)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := ok(t, "", "completion", shell); !strings.Contains(out, "mamba-tui") {
			t.Errorf("completion %s prints %.100q", shell, out)
		}
	}
	if out := execute("", "__complete", "--model", "").out; !strings.Contains(out, "header-exact\n") || !strings.Contains(out, "induction-exact\n") {
		t.Errorf("--model completes to %q", out)
	}
	if out := execute("", "__complete", "models", "info", "").out; !strings.Contains(out, "header-exact\n") {
		t.Errorf("models info completes to %q", out)
	}
}
