package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
)

// TestMain lets the test binary stand in for the program: tests that need a
// process of their own start it with this variable set.
func TestMain(m *testing.M) {
	if os.Getenv("MAMBA_TUI_TEST_MAIN") == "1" {
		main()
	}
	os.Exit(m.Run())
}

// result is what one command line did.
type result struct {
	code     int
	out, err string
}

// testApp is an app without a terminal, on buffers.
func testApp(stdin string, env ...string) (*app, *bytes.Buffer, *bytes.Buffer) {
	var out, err bytes.Buffer
	return &app{
		in: strings.NewReader(stdin), out: &out, err: &err,
		environ:    append([]string{"TERM=xterm-256color"}, env...),
		size:       func() (int, int) { return 0, 0 },
		explore:    func(context.Context, *app, explorer) error { panic("the screen was started") },
		showReplay: func(context.Context, *app, *replayed) error { panic("the screen was started") },
	}, &out, &err
}

// execute runs one command line without a terminal.
func execute(stdin string, args ...string) result {
	a, out, err := testApp(stdin)
	code := a.execute(context.Background(), args)
	return result{code, out.String(), err.String()}
}

// ok runs a command line that must succeed without a message.
func ok(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	r := execute(stdin, args...)
	if r.code != 0 || r.err != "" {
		t.Fatalf("%q: exit code %d, stderr %q", args, r.code, r.err)
	}
	return r.out
}

// assertSafe demands that text can be printed on a terminal.
func assertSafe(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for _, r := range text {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e {
			t.Errorf("%q holds %U", text, r)
		}
	}
}

// odd is a model of several layers without a card.
var odd = model.Config{
	VocabSize: 11, DModel: 6, DInner: 14, DState: 3, DConv: 4, DtRank: 5, NLayer: 3, Eps: 1e-5, ConvBias: true,
}

// folder saves a model and returns its folder.
func folder(t *testing.T, c model.Config, w *model.Weights, card model.Card) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "the-model")
	if err := checkpoint.Save(dir, c, w, card, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// file writes a file and returns its name.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "prompt.txt")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Each kind of wrong command line is one clear sentence on stderr, nothing on
// stdout, and exit code 2; a backend that is not there is exit code 1.
func TestErrors(t *testing.T) {
	empty := t.TempDir()
	text := file(t, "abc")
	mamba2 := t.TempDir()
	if err := os.WriteFile(filepath.Join(mamba2, "config.json"), []byte(`{"model_type":"mamba2","hidden_size":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	large := file(t, strings.Repeat("a", maxPrompt+1))
	for _, c := range []struct {
		args  []string
		stdin string
		code  int
		want  string
	}{
		{[]string{"--bogus"}, "", 2, "mamba-tui: unknown flag: --bogus (see mamba-tui --help)"},
		{[]string{"run", "--bogus"}, "", 2, "mamba-tui: unknown flag: --bogus (see mamba-tui --help)"},
		{[]string{"rum"}, "", 2, `mamba-tui: unknown command "rum" for "mamba-tui"`},
		{[]string{"run", "extra"}, "", 2, `mamba-tui: unknown command "extra" for "mamba-tui run"`},
		{[]string{"models", "info"}, "", 2, "mamba-tui: accepts 1 arg(s), received 0"},
		{[]string{"models", "info", "a", "b"}, "", 2, "mamba-tui: accepts 1 arg(s), received 2"},
		{[]string{"models", "other"}, "", 2, `mamba-tui: unknown command "other"`},
		{[]string{"run", "--steps", "x"}, "", 2, `mamba-tui: invalid argument "x" for "-n, --steps" flag`},
		{[]string{"run", "--steps", "-1"}, "", 2, "mamba-tui: --steps is -1, want 0 to 10000000"},
		{[]string{"run", "--top", "1001"}, "", 2, "mamba-tui: --top is 1001, want 0 to 1000"},
		{[]string{"run", "--top-k", "-2"}, "", 2, "mamba-tui: --top-k is -2, want 0 (all) or more"},
		{[]string{"run", "--temperature", "NaN"}, "", 2, "mamba-tui: --temperature is NaN, want a number of 0 or more"},
		{[]string{"run", "--temperature", "-0.5"}, "", 2, "mamba-tui: --temperature is -0.5, want a number of 0 or more"},
		{[]string{"run", "--temperature", "Inf"}, "", 2, "mamba-tui: --temperature is +Inf"},
		{[]string{"run", "--json", "--plain"}, "", 2, "mamba-tui: if any flags in the group [json plain] are set none of the others can be"},
		{[]string{"run", "--prompt", "a", "--prompt-file", text}, "", 2, "mamba-tui: if any flags in the group [prompt prompt-file] are set"},
		{[]string{"run", "--steps", "3", "--prompt", ""}, "", 2, "mamba-tui: nothing to continue: the prompt is empty"},
		{[]string{"run", "--backend", "tpu"}, "", 2, `mamba-tui: unknown backend "tpu": want auto, cpu, cuda or cuda:0`},
		{[]string{"run", "--cpu", "sse2"}, "", 2, `mamba-tui: unknown kernels "sse2": want best, generic, avx2 or avx512`},
		{[]string{"train", "--cpu", "sse2"}, "", 2, `mamba-tui: unknown kernels "sse2"`},
		{[]string{"eval", "header-exact", "--cpu", "sse2"}, "", 2, `mamba-tui: unknown kernels "sse2"`},
		{[]string{"run", "--backend", "cuda:x"}, "", 2, `mamba-tui: unknown backend "cuda:x"`},
		{[]string{"--backend", ""}, "", 2, `mamba-tui: unknown backend ""`},
		{[]string{"--backend", "cuda:999"}, "", 1, "mamba-tui: backend cuda:999 is not available"},
		{[]string{"train", "--backend", "cuda:999"}, "", 1, "mamba-tui: backend cuda:999 is not available"},
		{[]string{"train", "--backend", "auto"}, "", 2, `mamba-tui: unknown backend "auto": want cpu, cuda or cuda:0`},
		{[]string{"eval", "header-exact", "--backend", "cuda:999"}, "", 1, "mamba-tui: backend cuda:999 is not available"},
		{[]string{"run", "--model", "none-such"}, "", 2, `mamba-tui: no built-in model and no folder is called "none-such": the built-in models are header-exact, induction-exact, `},
		{[]string{"run", "--model", "\x1b[2J"}, "", 2, `mamba-tui: no built-in model and no folder is called "\x1b[2J"`},
		{[]string{"models", "info", "none-such"}, "", 2, "mamba-tui: no built-in model"},
		{[]string{"run", "--model", text}, "", 2, "is a file: give the folder with config.json and model.safetensors"},
		{[]string{"run", "--model", empty}, "", 2, "has no config.json: a checkpoint is a folder with config.json and model.safetensors"},
		{[]string{"run", "--model", mamba2}, "", 2, "config.json is a Mamba-2 model"},
		{[]string{"run", "--prompt-file", filepath.Join(empty, "none")}, "", 2, "mamba-tui: prompt file: open "},
		{[]string{"run", "--prompt-file", empty}, "", 2, "is a folder"},
		{[]string{"run", "--prompt-file", large}, "", 2, "has more than 8388608 bytes, which is more than is read"},
		{[]string{"run", "--prompt-file", "-"}, strings.Repeat("a", maxPrompt+1), 2, "standard input has more than 8388608 bytes"},
		{[]string{"run", "--prompt", strings.Repeat("a", maxPrompt+1)}, "", 2, "mamba-tui: the prompt has 8388609 bytes, at most 8388608 are read"},
		{[]string{"run", "--strict", "--prompt", "¶4\x1b[31m"}, "", 2,
			`mamba-tui: tokenizer: character 3, "\x1b", is not in the alphabet, and strict mode refuses it: type one of 0 1 2 3`},
		{[]string{"--strict", "--prompt", "z"}, "", 2, `mamba-tui: tokenizer: character 1, "z", is not in the alphabet`},
	} {
		r := execute(c.stdin, c.args...)
		if r.code != c.code || !strings.Contains(r.err, c.want) || !strings.HasPrefix(r.err, "mamba-tui: ") || r.out != "" {
			t.Errorf("%.60q: exit code %d, stdout %.80q, stderr\n got %s\nwant %d and %s", c.args, r.code, r.out, r.err, c.code, c.want)
		}
		if strings.Count(r.err, "\n") != 1 || !strings.HasSuffix(r.err, "\n") || len(r.err) > 500 {
			t.Errorf("%.60q: stderr is not one line: %q", c.args, r.err)
		}
		assertSafe(t, r.err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, args := range [][]string{{"run"}, {"run", "--json"}, {}, {"run", "--prompt", "", "--top", "0"}} {
		a, _, stderr := testApp("")
		code := a.execute(ctx, args)
		want := exitInterrupted
		if len(args) > 1 && args[1] == "--prompt" {
			want = exitOK // nothing was left to interrupt
		}
		if code != want || stderr.Len() != 0 {
			t.Errorf("%q: exit code %d, stderr %q, want %d and nothing", args, code, stderr, want)
		}
	}
}

// stopAt cancels after n bytes were written: what was computed until then is
// there, whole lines only.
type stopAt struct {
	bytes.Buffer
	n    int
	stop func()
}

func (s *stopAt) Write(b []byte) (int, error) {
	if s.Len() >= s.n {
		s.stop()
	}
	return s.Buffer.Write(b)
}

func TestInterruptedRunKeepsItsLines(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	out := &stopAt{n: 200_000, stop: cancel}
	a, _, stderr := testApp("")
	a.out = out
	code := a.execute(ctx, []string{"run", "--json", "--prompt", "¶4", "--steps", "1000000"})
	lines := strings.Split(out.String(), "\n")
	if code != exitInterrupted || stderr.Len() != 0 || lines[len(lines)-1] != "" || len(lines) > 100_000 {
		t.Errorf("exit code %d, stderr %q, %d lines, the last %q", code, stderr, len(lines), lines[len(lines)-1])
	}
}

// failing is a writer that fails after some bytes.
type failing struct {
	left int
	err  error
}

func (f *failing) Write(b []byte) (int, error) {
	if len(b) > f.left {
		return 0, f.err
	}
	f.left -= len(b)
	return len(b), nil
}

func TestWriteErrors(t *testing.T) {
	full := io.ErrShortWrite
	for _, args := range [][]string{
		{"run"}, {"run", "--json"}, {"run", "--steps", "9"}, {"models"}, {"models", "--json"}, {"models", "info", "header-exact"},
		{"doctor"}, {"doctor", "--json"}, {"man"}, {},
	} {
		for _, left := range []int{0, 20} {
			a, _, stderr := testApp("")
			a.out = &failing{left, pipeErrors[0]}
			if code := a.execute(context.Background(), args); code != 0 || stderr.Len() != 0 {
				t.Errorf("%q into a closed pipe: exit code %d, stderr %q", args, code, stderr)
			}
			a, _, stderr = testApp("")
			a.out = &failing{left, full}
			if code := a.execute(context.Background(), args); code != 1 || stderr.String() != "mamba-tui: short write\n" {
				t.Errorf("%q onto a full disk: exit code %d, stderr %q", args, code, stderr)
			}
		}
	}
}
