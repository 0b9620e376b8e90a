package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/model/lesson"
)

func TestLearnLists(t *testing.T) {
	out := ok(t, "", "learn")
	for _, want := range []string{"fading    Selecting and fading\n", "\nboundary ", "\ngating ", "mamba-tui learn NAME "} {
		if !strings.Contains(out, want) {
			t.Errorf("learn does not say %q:\n%s", want, out)
		}
	}
	lines := strings.Split(strings.TrimSuffix(ok(t, "", "learn", "--json"), "\n"), "\n")
	if len(lines) != 1+len(lesson.Names()) || lines[0] != `{"schema":1,"type":"lessons","lang":"en","lessons":3}` {
		t.Fatalf("learn --json: %q", lines)
	}
	for i, line := range lines[1:] {
		var j jsonLesson
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			t.Fatal(err)
		}
		l := lesson.All()[i]
		if j.Type != "lesson" || j.Name != l.Name || j.Title == "" || j.Question == "" || j.Model != l.Model || len(j.Claims) != len(l.Claims) {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
}

// The locale says in which language, a flag wins.
func TestLearnLanguage(t *testing.T) {
	for _, c := range []struct {
		environ []string
		flag    string
		want    string
	}{
		{nil, "", "Boundary resetting"},
		{[]string{"LANG=ja_JP.UTF-8"}, "", "境界でのリセット"},
		{[]string{"LANG=ja_JP.UTF-8", "LC_ALL=C"}, "", "Boundary resetting"},
		{[]string{"LANG=C", "LC_MESSAGES=ja"}, "", "境界でのリセット"},
		{[]string{"LANG=ja_JP.UTF-8"}, "en", "Boundary resetting"},
		{[]string{"LANG=fr_FR.UTF-8"}, "", "Boundary resetting"},
		{nil, "ja", "境界でのリセット"},
	} {
		a, stdout, stderr := testApp("", c.environ...)
		args := []string{"learn"}
		if c.flag != "" {
			args = append(args, "--lang", c.flag)
		}
		if code := a.execute(context.Background(), args); code != 0 || stderr.Len() != 0 || !strings.Contains(stdout.String(), c.want) {
			t.Errorf("%v, --lang %q: exit code %d, stderr %q\n%s", c.environ, c.flag, code, stderr, stdout)
		}
	}
}

// --check measures and prints every claim; the tests of package lesson say what
// they come to.
func TestLearnCheck(t *testing.T) {
	out := ok(t, "", "learn", "--check", "boundary")
	if n := strings.Count(out, "✔ true: "); n != 6 || strings.Contains(out, "✘") || !strings.HasPrefix(out, "boundary: ") {
		t.Errorf("learn --check:\n%s", out)
	}
	lines := strings.Split(strings.TrimSuffix(ok(t, "", "learn", "--check", "boundary", "--json"), "\n"), "\n")
	if len(lines) != 8 || lines[0] != `{"schema":1,"type":"check","lang":"en","lessons":1}` || lines[7] != `{"type":"summary","claims":6,"failed":0}` {
		t.Fatalf("learn --check --json: %q", lines)
	}
	for _, line := range lines[1:7] {
		var j jsonClaim
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			t.Fatal(err)
		}
		if j.Type != "claim" || j.Lesson != "boundary" || !j.Holds || j.Text == "" || len(j.Values) == 0 || j.Error != "" {
			t.Errorf("claim %s", line)
		}
		if j.Claim == "both" && j.Values["end"] != 0.0 {
			t.Errorf("the bleed with both resets is %v, want 0", j.Values["end"])
		}
	}
}

// A claim that does not hold is said to, and the exit code is 1.
func TestLearnFails(t *testing.T) {
	a, stdout, _ := testApp("")
	words, err := lesson.WordsIn(lesson.English)
	if err != nil {
		t.Fatal(err)
	}
	p := &lessonPrinter{a: a, lang: lesson.English, words: words}
	l := lesson.All()[0]
	l.Claims = l.Claims[:1]
	l.Claims[0].Check = func(context.Context, *lesson.Lab) (lesson.Finding, error) { return lesson.Finding{}, nil }
	err = p.check(context.Background(), []*lesson.Lesson{l})
	if err == nil || exitCode(err) != exitFailed || !strings.Contains(err.Error(), "1 of 1 claim") {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(stdout.String(), "✘ false: ") {
		t.Errorf("printed:\n%s", stdout)
	}
}

func TestLearnUsage(t *testing.T) {
	for want, args := range map[string][]string{
		`there is no lesson "nothing": there are fading, boundary, gating`: {"learn", "nothing"},
		`there is no text in "de"`: {"learn", "--lang", "de"},
	} {
		a, stdout, stderr := testApp("")
		if code := a.execute(context.Background(), args); code != exitUsage || stdout.Len() != 0 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}

// On a terminal a lesson opens in the explorer, with its model and prompt; one
// about another model that is chosen there is opened next.
func TestLearnOpens(t *testing.T) {
	for _, args := range [][]string{{"learn", "fading", "--lang", "ja"}, {}} {
		a, _, stderr := testApp("", "TERM=xterm")
		a.inTerm, a.outTerm = true, true
		var opened []string
		a.explore = func(_ context.Context, _ *app, e explorer) error {
			opened = append(opened, e.lesson+" "+e.file.Card.Name+" "+e.prompt+" "+string(e.language))
			switch len(opened) {
			case 1:
				e.reopen("boundary")
			case 2:
				e.reopen("gating")
			}
			return nil
		}
		if code := a.execute(context.Background(), args); code != 0 || stderr.Len() != 0 {
			t.Fatalf("%v: exit code %d, stderr %q", args, code, stderr)
		}
		first, lang := " header-exact ¶4acba17c?4¶9ca0b36fd2ea58c? ", "en"
		if len(args) > 0 {
			first, lang = "fading"+first, "ja"
		}
		want := []string{first + lang, "boundary header ¶4acb?a17c?8d¶9ca0b?36fd2ea58c? " + lang, "gating header-exact ¶4acba17c?4¶9ca0b36fd2ea58c? " + lang}
		if !slices.Equal(opened, want) {
			t.Errorf("%v opened\n%q, want\n%q", args, opened, want)
		}
	}
}

// Without a terminal, or with --plain, a lesson is printed.
func TestLearnPlain(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		a, stdout, stderr := testApp("", "TERM=xterm")
		a.inTerm, a.outTerm = terminal, terminal
		args := []string{"learn", "boundary"}
		if terminal {
			args = append(args, "--plain")
		}
		if code := a.execute(context.Background(), args); code != 0 || stderr.Len() != 0 {
			t.Fatalf("exit code %d, stderr %q", code, stderr)
		}
		for _, want := range []string{"Boundary resetting\n", "model: mamba-tui --model header --prompt '¶", "\n1. ", "What was measured:", "✔ true: Ā = 0 and an empty convolution: 0 %"} {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("printed without %q:\n%s", want, stdout)
			}
		}
	}
}

func TestSnapshotOfLesson(t *testing.T) {
	out := t.TempDir() + "/lesson.ansi"
	ok(t, "", "snapshot", "--lesson", "boundary", "--lang", "ja", "--size", "80x24", "--keys", "N [ [", "--out", out)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if s := ansi.Strip(string(text)); !strings.Contains(s, "境界でのリセット · 1/") || !strings.Contains(s, "✔ 6 / 6") || !strings.Contains(s, "header · trained") {
		t.Errorf("the picture is\n%s", s)
	}
}
