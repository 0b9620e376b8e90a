package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
)

var update = flag.Bool("update", false, "write goldens and generated documents anew")

// golden compares text with a file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if text != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s differs (run the test with -update after looking at it); now it is\n%s", name, text)
	}
}

// rounded writes numbers with a point with three digits: the golden shows
// fields and values, not the last bits of float32. The version is the build's,
// the backend the machine's, and sum and note are tested with the model's bytes.
func rounded(text string) string {
	text = regexp.MustCompile(`"(version|sha256|backend)":"[^"]*"`).ReplaceAllString(text, `"$1":"…"`)
	text = regexp.MustCompile(`(?m)^(Backend|Note:) .*`).ReplaceAllString(text, "$1 ….")
	return regexp.MustCompile(`:-?[0-9]+\.[0-9e+-]+|:-?[0-9]+e-[0-9]+`).ReplaceAllStringFunc(text, func(s string) string {
		v, err := strconv.ParseFloat(s[1:], 64)
		if err != nil {
			return s
		}
		return fmt.Sprintf(":%.3g", v)
	})
}

func TestRunJSONGolden(t *testing.T) {
	golden(t, "testdata/run.jsonl", rounded(ok(t, "", "run", "--cpu", "generic", "--json", "--prompt", "¶4a\n9?", "--steps", "1", "--top", "2")))
}

func TestRunPlainGolden(t *testing.T) {
	golden(t, "testdata/run.txt", rounded(ok(t, "", "run", "--cpu", "generic", "--plain", "--prompt", "¶4a\n9z?", "--steps", "1", "--top", "2")))
}

// jsonStep is a step as a reader of --json sees it.
type jsonStep struct {
	Type   string
	Step   int
	Source string
	ID     int32
	Text   string
	Typed  *string
	Other  bool
	Layers []struct {
		Layer                                         int
		Delta_mean, Delta_max, Retention, Kept, Write *float64
		Reset                                         bool
	}
	Top []struct {
		ID   int32
		Text string
		P    *float64
	}
}

// steps parses the output of run --json; every line must be valid and safe.
func steps(t *testing.T, out string) (header map[string]any, list []jsonStep) {
	t.Helper()
	assertSafe(t, out)
	for i, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
		if i == 0 {
			if err := json.Unmarshal([]byte(line), &header); err != nil {
				t.Fatalf("line 0: %v", err)
			}
			continue
		}
		var s jsonStep
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("line %d: %v\n%s", i, err, line)
		}
		list = append(list, s)
	}
	return header, list
}

// The story: two documents, the wipe between them, the right answers.
func TestRunTellsTheStory(t *testing.T) {
	header, list := steps(t, ok(t, "", "run", "--json"))
	if header["schema"] != 1.0 || header["type"] != "run" || header["prompt_tokens"] != float64(len(list)) {
		t.Errorf("header %v with %d steps", header, len(list))
	}
	var text, answers string
	var resets []int
	for i, s := range list {
		if s.Type != "step" || s.Step != i || s.Source != "prompt" || len(s.Layers) != 1 || len(s.Top) != defaultTop {
			t.Fatalf("step %d is %+v", i, s)
		}
		text += s.Text
		if s.Layers[0].Reset {
			resets = append(resets, i)
		}
		if s.Text == "?" {
			answers += s.Top[0].Text
			if *s.Top[0].P < 0.9 {
				t.Errorf("step %d: the answer has probability %v", i, *s.Top[0].P)
			}
		}
	}
	// ¶4 … ? → 4, ¶9 … ? → 9: one reset, at the second header.
	second := strings.Index(strings.TrimPrefix(text, "¶"), "¶") + 2
	if answers != "49" || len(resets) != 1 || resets[0] != second {
		t.Errorf("%s: answers %q, resets at %v, want 49 and %d", text, answers, resets, second)
	}
}

// The numbers of a run are those of the screen: the lanes of session.Frame,
// bit for bit, for every token and layer.
func TestRunAgreesWithSession(t *testing.T) {
	dir := folder(t, odd, model.RandomWeights(odd, 3), model.Card{})
	prompt := strings.Repeat("1 5 9 10 0 7 7 2 ", 80) // more than one chunk
	_, list := steps(t, ok(t, "", "run", "--json", "--model", dir, "--prompt", prompt, "--top", "11"))
	in := openFolder(t, dir)
	defer in.close()
	s, err := session.New(in.model, session.Options{Card: in.file.Card, Tokenizer: in.tokenizer})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tokens, err := s.Encode(prompt, session.FromPrompt)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(context.Background(), tokens); err != nil {
		t.Fatal(err)
	}
	if len(tokens) != len(list) {
		t.Fatalf("%d tokens, %d steps", len(tokens), len(list))
	}
	same := func(got *float64, want float32) bool {
		if got == nil || want != want {
			return got == nil && want != want
		}
		return float32(*got) == want
	}
	for _, at := range []int{len(tokens) - 1, 0, 255, 256, 300} {
		f, err := s.Frame(context.Background(), session.Look{T: at, From: max(0, at-9), To: at + 1})
		if err != nil {
			t.Fatal(err)
		}
		for l, lane := range f.Clean.Lanes {
			for i := range lane.Kept {
				g := list[f.Clean.From+i].Layers[l]
				if !same(g.Kept, lane.Kept[i]) || !same(g.Retention, lane.Retention[i]) || !same(g.Delta_max, lane.DeltaMax[i]) ||
					!same(g.Write, lane.Write[i]) || g.Reset != (session.TickOf(lane.Kept[i]) == session.TickWipe) {
					t.Errorf("token %d layer %d: run says %+v, the session kept %v retention %v Δ max %v write %v",
						f.Clean.From+i, l, g, lane.Kept[i], lane.Retention[i], lane.DeltaMax[i], lane.Write[i])
				}
			}
		}
		var sum float64
		D := odd.DInner
		for _, dt := range f.Clean.Delta[(at-f.Clean.From)*D:][:D] {
			sum += float64(dt)
		}
		if got := *list[at].Layers[0].Delta_mean; float32(got) != float32(sum/float64(D)) {
			t.Errorf("token %d: mean Δ %v, the frame's rows give %v", at, got, sum/float64(D))
		}
		for k, g := range f.Clean.At.Top {
			if list[at].Top[k].ID != g.ID || math.Abs(*list[at].Top[k].P-float64(g.P)) > 1e-6 {
				t.Errorf("token %d: guess %d is %+v, the frame says %+v", at, k, list[at].Top[k], g)
			}
		}
	}
}

// Generated tokens are those that the explorer would generate.
func TestRunGeneratesLikeTheSession(t *testing.T) {
	dir := folder(t, odd, model.RandomWeights(odd, 4), model.Card{})
	for _, c := range []struct {
		args    []string
		sampler session.Sampler
	}{
		{nil, session.Sampler{}},
		{[]string{"--temperature", "1.5", "--seed", "7"}, session.Sampler{Temperature: 1.5, Seed: 7}},
		{[]string{"--temperature", "3", "--top-k", "4", "--seed", "18446744073709551615"}, session.Sampler{Temperature: 3, TopK: 4, Seed: math.MaxUint64}},
	} {
		args := append([]string{"run", "--json", "--model", dir, "--prompt", "1 2 3", "--steps", "30"}, c.args...)
		out := ok(t, "", args...)
		if again := ok(t, "", args...); again != out {
			t.Errorf("%v: a second run differs", c.args)
		}
		_, list := steps(t, out)
		var got []int32
		for _, s := range list[3:] {
			if s.Source != "generated" {
				t.Fatalf("%+v is not generated", s)
			}
			got = append(got, s.ID)
		}
		in := openFolder(t, dir)
		s, err := session.New(in.model, session.Options{Tokenizer: in.tokenizer})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Append(context.Background(), []session.Token{{ID: 1}, {ID: 2}, {ID: 3}}); err != nil {
			t.Fatal(err)
		}
		var want []int32
		for range 30 {
			tok, err := s.Next(c.sampler)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, tok.ID)
			if err := s.Append(context.Background(), []session.Token{tok}); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		in.close()
		if !slices.Equal(got, want) {
			t.Errorf("%v: generated %v, the session %v", c.args, got, want)
		}
	}
}

// A prompt is text that nobody checked.
func TestRunHostilePrompt(t *testing.T) {
	hostile := "¶4\x1b[2J\x00\u009b31m\xff\u202e\U000e0001\n9\r\x7f?"
	name := file(t, hostile)
	for _, args := range [][]string{{"run", "--prompt-file", name}, {"--prompt-file", name}, {"run", "--json", "--prompt-file", name}} {
		out := ok(t, "", args...)
		assertSafe(t, out)
		if !slices.Contains(args, "--json") {
			for _, want := range []string{`for \x1b,`, `for \xff,`, `for \u202e,`, `for \U000e0001,`, "typed as ⏎"} {
				if !strings.Contains(out, want) {
					t.Errorf("%v does not show %s", args, want)
				}
			}
			continue
		}
		header, list := steps(t, out)
		var typed string
		others := 0
		for _, s := range list {
			if s.Typed != nil {
				typed += *s.Typed
			} else {
				typed += s.Text
			}
			if s.Other {
				others++
				if s.Text != "·" {
					t.Errorf("other token %+v", s)
				}
			}
		}
		if want := strings.ToValidUTF8(hostile, "\ufffd"); typed != want || header["other_tokens"] != float64(others) {
			t.Errorf("read back %q, want %q; %d others of %v", typed, want, others, header["other_tokens"])
		}
	}
}

func TestPromptSources(t *testing.T) {
	text := func(out string) string {
		_, list := steps(t, out)
		var b strings.Builder
		for _, s := range list {
			b.WriteString(s.Text)
		}
		return b.String()
	}
	for _, c := range []struct{ file, want string }{
		{"¶4?", "¶4?"}, {"¶4?\n", "¶4?"}, {"¶4?\r\n", "¶4?"}, {"¶4?\n\n", "¶4?¶"}, {"\n4", "¶4"}, {"¶4?\r", "¶4?·"}, {"", ""}, {"\n", ""},
	} {
		if got := text(ok(t, "", "run", "--json", "--prompt-file", file(t, c.file))); got != c.want {
			t.Errorf("file %q reads as %q, want %q", c.file, got, c.want)
		}
		if got := text(ok(t, c.file, "run", "--json", "--prompt-file", "-")); got != c.want {
			t.Errorf("standard input %q reads as %q, want %q", c.file, got, c.want)
		}
	}
	if got := text(ok(t, "ignored", "run", "--json", "--prompt", "4\n")); got != "4¶" {
		t.Errorf("--prompt reads as %q, want 4¶", got)
	}
	if got := text(ok(t, "", "run", "--json", "--prompt", "")); got != "" {
		t.Errorf("an empty prompt reads as %q", got)
	}
	if out := ok(t, "", "run", "--prompt", ""); !strings.Contains(out, "the prompt is empty") {
		t.Errorf("an empty prompt reports %q", out)
	}
}

// Weights that are not numbers give null, never a wrong number, and no token
// can be drawn from them.
func TestRunNaN(t *testing.T) {
	w := model.RandomWeights(odd, 5)
	w.NormF[0] = float32(math.NaN())
	w.Layers[1].DtBias[0] = float32(math.Inf(1))
	dir := folder(t, odd, w, model.Card{})
	_, list := steps(t, ok(t, "", "run", "--json", "--model", dir, "--prompt", "1 2"))
	if s := list[1]; s.Top[0].P != nil || s.Layers[1].Delta_max != nil || s.Layers[0].Delta_max == nil {
		t.Errorf("step %+v", s)
	}
	if out := ok(t, "", "run", "--model", dir, "--prompt", "1 2"); !strings.Contains(out, "not a number") {
		t.Errorf("the plain report does not say so: %s", out)
	}
	for _, temperature := range []string{"0", "1"} {
		r := execute("", "run", "--model", dir, "--prompt", "1", "--steps", "2", "--temperature", temperature)
		if r.code != 1 || !strings.Contains(r.err, "NaN: no next token can be chosen") {
			t.Errorf("generating: exit code %d, stderr %q", r.code, r.err)
		}
	}
	if out := ok(t, "", "models", "info", dir); !strings.Contains(out, "2 weights not finite") {
		t.Errorf("models info: %s", out)
	}
}

// The walk's memory does not grow with the text, and a chunk is never empty,
// whatever the dimensions.
func TestWalkChunks(t *testing.T) {
	for _, c := range []model.Config{
		odd,
		{VocabSize: 300_000, DModel: 1, DInner: 1, DState: 1, DConv: 1, DtRank: 1, NLayer: 1, Eps: 1e-5},
		{VocabSize: 2, DModel: 1, DInner: 4096, DState: 64, DConv: 1, DtRank: 1, NLayer: 3, Eps: 1e-5},
	} {
		in := openFolder(t, folder(t, c, model.RandomWeights(c, 1), model.Card{}))
		w, err := newWalk(in, 1)
		if err != nil {
			t.Fatal(err)
		}
		if h := w.chunk * c.NLayer * c.DInner * c.DState; w.chunk < 1 || w.chunk > 1 && h > maxTapFloats || len(w.logits) > max(maxLogits, c.VocabSize) {
			t.Errorf("%+v: chunk of %d tokens, %d floats of h, %d of logits", c, w.chunk, h, len(w.logits))
		}
		n := 0
		r := jsonReport{out: bufio.NewWriter(io.Discard)}
		err = w.forward(make([]tokenizer.Token, w.chunk), sourcePrompt, func(s *step) error { n++; return r.step(s) })
		if err != nil || n != w.chunk || w.done != n {
			t.Errorf("%+v: %d steps of %d, %v", c, n, w.chunk, err)
		}
		w.free()
		in.close()
	}
}

// openFolder is the input that --model dir gives.
func openFolder(t *testing.T, dir string) *input {
	t.Helper()
	a, _, _ := testApp("")
	var flags inputFlags
	flags.addTo(a.manCommand())
	flags.model = dir
	in, err := a.open(flags)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// BenchmarkRun is the whole of "run --json" over the default model's example.
func BenchmarkRun(b *testing.B) {
	prompt := strings.Repeat("¶4acba17c?4", 1000)
	name := filepath.Join(b.TempDir(), "prompt")
	if err := os.WriteFile(name, []byte(prompt), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		a, _, _ := testApp("")
		a.out = io.Discard
		if code := a.execute(context.Background(), []string{"run", "--json", "--prompt-file", name}); code != 0 {
			b.Fatal(code)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/11000, "µs/token")
}
