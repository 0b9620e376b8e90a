package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mamba-tui/assets"
	"mamba-tui/model/session"
	"mamba-tui/model/trace"
	"mamba-tui/scan"
)

// recordedFile is a recording made by the program, and what it printed.
func recordedFile(t *testing.T, args ...string) (name string, r result) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "run.npz")
	r = execute("", append([]string{"run", "--record", name}, args...)...)
	if r.code != 0 || !strings.HasPrefix(r.err, "mamba-tui: recorded ") {
		t.Fatalf("exit code %d, %s", r.code, r.err)
	}
	return name, r
}

func TestTraceInfo(t *testing.T) {
	out := ok(t, "", "trace", "info", "demo")
	for _, want := range []string{
		"state      closed\n", "header-exact, hand-written, 10176 parameters", "weights    inside, sha256 8edf14630d39…", "cpu generic f32, linux on amd64",
		"drive: delta, u, B, C; without h, z,", "45, on 2 branches; 3 keyframes, 6 events", "branch 2: 27 steps, 11 of them shared with branch 1\n", "branch 1: 29 steps, the newest\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("trace info does not say %q:\n%s", want, out)
		}
	}
	var i map[string]any
	if err := json.Unmarshal([]byte(ok(t, "", "trace", "info", "--json", "demo")), &i); err != nil {
		t.Fatal(err)
	}
	if i["schema"] != 1.0 || i["type"] != "trace" || i["closed"] != true || i["steps"] != 45.0 || i["trace"].(map[string]any)["format"] != "mamba-trace" {
		t.Errorf("%v", i)
	}
}

// What run records is what it computes, and what the trace says of itself; a
// text from the command line cannot harm a terminal.
func TestRunRecord(t *testing.T) {
	plain := ok(t, "", "run", "--prompt", "¶4ax\x1b?", "--steps", "3", "--json")
	name, r := recordedFile(t, "--prompt", "¶4ax\x1b?", "--steps", "3", "--json")
	if r.out != plain {
		t.Error("a recorded run reports something else")
	}
	if r.err != "mamba-tui: recorded 9 steps, "+strings.SplitN(r.err, ", ", 3)[1]+", in \""+name+"\"\n" {
		t.Errorf("%q", r.err)
	}
	out := ok(t, "", "trace", "info", name)
	assertSafe(t, out)
	tr, err := trace.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	tokens, err := tr.Tokens(1, 0, 9)
	if err != nil {
		t.Fatal(err)
	}
	if tokens[3].Typed != "x" || tokens[3].Flags != session.FromPrompt|session.Other || tokens[8].Flags != session.Generated {
		t.Errorf("%+v", tokens)
	}
	if out := ok(t, "", "trace", "verify", name); !strings.Contains(out, "9 steps and 0 keyframes compared") || !strings.HasSuffix(out, "\nbit-exact\n") {
		t.Error(out)
	}
	if r := execute("", "run", "--prompt", "¶", "--record", name); r.code != 2 || !strings.Contains(r.err, "is there already") {
		t.Errorf("%d %s", r.code, r.err)
	}
	if r := execute("", "run", "--prompt", "¶", "--record", name+"2", "--record-level", "all"); r.code != 2 || !strings.Contains(r.err, "script, drive or full") {
		t.Errorf("%d %s", r.code, r.err)
	}
	half := filepath.Join(t.TempDir(), "h.npz")
	if r := execute("", "run", "--prompt", "¶4", "--weights", "bf16", "--record", half); r.code != 0 {
		t.Errorf("%d %s", r.code, r.err)
	}
	if out := ok(t, "", "trace", "verify", half); !strings.Contains(out, "bf16 weights") || !strings.HasSuffix(out, "\nbit-exact\n") {
		t.Error(out)
	}
	// The default command without a terminal records as well.
	other := filepath.Join(t.TempDir(), "o.npz")
	if r := execute("", "--prompt", "¶4", "--record", other, "--record-level", "script"); r.code != 0 || !strings.Contains(r.err, "recorded 2 steps") {
		t.Errorf("%d %s", r.code, r.err)
	}
	if out := ok(t, "", "trace", "verify", other); !strings.HasSuffix(out, "\nbit-exact\n") {
		t.Error(out)
	}
}

// verify says that another backend differs, by how much, and whether that is
// allowed; a difference that is not gives exit code 1.
func TestTraceVerify(t *testing.T) {
	name, _ := recordedFile(t, "--cpu", "generic", "--model", "majority", "--prompt", strings.Repeat("ab", 40))
	ok(t, "", "trace", "verify", name)
	if out := ok(t, "", "trace", "verify", name, "--tolerance", "0"); !strings.Contains(out, "bit-exact") {
		t.Error(out)
	}
	var v verdict
	if err := json.Unmarshal([]byte(ok(t, "", "trace", "verify", "--json", name)), &v); err != nil || !v.Exact || v.Steps != 80 || v.First != nil {
		t.Errorf("%v %+v", err, v)
	}
	if scan.AVX2.Check() == nil {
		out := ok(t, "", "trace", "verify", name, "--cpu", "avx2")
		if !strings.Contains(out, "First difference: step ") || !strings.Contains(out, "within the tolerance of 0.0001\n") || strings.Contains(out, "not within") {
			t.Error(out)
		}
		r := execute("", "trace", "verify", name, "--cpu", "avx2", "--tolerance", "0")
		if r.code != 1 || !strings.Contains(r.out, "not within the tolerance of 0\n") || !strings.Contains(r.err, "the first difference is at step") {
			t.Errorf("%d %s %s", r.code, r.out, r.err)
		}
	}
	// Another model is not compared at all; a recording without weights names it.
	if r := execute("", "trace", "verify", name, "--model", "header"); r.code != 2 || !strings.Contains(r.err, "not the same model") {
		t.Errorf("%d %s", r.code, r.err)
	}
	if r := execute("", "trace", "verify", name, "--tolerance", "-3"); r.code != 2 {
		t.Errorf("%d %s", r.code, r.err)
	}
	if r := execute("", "trace", "verify", "no such file"); r.code != 2 {
		t.Errorf("%d %s", r.code, r.err)
	}
}

// A file that is cut is read up to there and repaired; one with a wrong byte is
// said to be damaged.
func TestTraceRepair(t *testing.T) {
	dir := t.TempDir()
	cut, out := filepath.Join(dir, "cut.npz"), filepath.Join(dir, "out.npz")
	if err := os.WriteFile(cut, assets.Demo[:len(assets.Demo)-3000], 0o600); err != nil {
		t.Fatal(err)
	}
	if out := ok(t, "", "trace", "info", cut); !strings.Contains(out, "not closed: ") {
		t.Error(out)
	}
	text := ok(t, "", "trace", "repair", cut, out)
	if !strings.Contains(text, " steps in \""+out+"\": npz: the file ends in the middle") {
		t.Error(text)
	}
	if text := ok(t, "", "trace", "verify", out); !strings.Contains(text, "compared") || strings.Contains(text, "not closed") {
		t.Error(text)
	}
	if r := execute("", "trace", "repair", cut, out); r.code != 2 || !strings.Contains(r.err, "is there already") {
		t.Errorf("%d %s", r.code, r.err)
	}
	bad := bytes.Clone(assets.Demo)
	bad[len(bad)-20000] ^= 8
	damaged := filepath.Join(dir, "bad.npz")
	if err := os.WriteFile(damaged, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := execute("", "trace", "info", damaged); r.code != 1 || !strings.Contains(r.err, "damaged") || !strings.Contains(r.out, "header-exact") {
		t.Errorf("%d %s %s", r.code, r.out, r.err)
	}
	// Where a member's header is hit, what follows cannot be read: what was left
	// to compare agrees, and still the recording is not what was written.
	headless := bytes.Clone(assets.Demo)
	headless[bytes.LastIndex(headless, []byte("PK\x03\x04"))+2] ^= 8
	if err := os.WriteFile(damaged, headless, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := execute("", "trace", "verify", damaged); r.code != 1 || !strings.Contains(r.out, "bit-exact") || !strings.Contains(r.err, "is damaged, and only what stands before") {
		t.Errorf("%d %s %s", r.code, r.out, r.err)
	}
	if err := os.WriteFile(damaged, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(dir, "saved.npz")
	if r := execute("", "trace", "repair", damaged, saved); r.code != 1 || !strings.Contains(r.err, "damaged") {
		t.Errorf("%d %s", r.code, r.err)
	}
	if out := ok(t, "", "trace", "verify", saved); !strings.Contains(out, "bit-exact") {
		t.Error(out)
	}
	if err := os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"info", filepath.Join(dir, "empty")}, {"info", dir}, {"info", "../../go.mod"}, {"repair", filepath.Join(dir, "empty"), filepath.Join(dir, "x")}} {
		if r := execute("", append([]string{"trace"}, args...)...); r.code != 2 || r.err == "" {
			t.Errorf("%q: %d %s", args, r.code, r.err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("half a repair was left behind")
	}
}

// Going on from a recording or from a state gives what one run would have given.
func TestRunResume(t *testing.T) {
	const head, tail = "¶4acba17c?4¶9c", "a0b3?"
	want := ok(t, "", "run", "--prompt", head+tail, "--json")
	lines := strings.Split(want, "\n")
	last := strings.Join(lines[1+14:], "\n") // without the first line and the head's steps
	name, _ := recordedFile(t, "--prompt", head+"ff")
	state := filepath.Join(t.TempDir(), "state.safetensors")
	saved := ok(t, "", "run", "--prompt", head, "--save-state", state)
	if saved == "" {
		t.Fatal()
	}
	for _, args := range [][]string{{"--resume", name + "@13"}, {"--resume", name + "@1:13"}, {"--state", state}} {
		out := ok(t, "", append([]string{"run", "--json", "--prompt", tail}, args...)...)
		first, rest, _ := strings.Cut(out, "\n")
		if rest != last || !strings.Contains(first, `"resumed":14,`) {
			t.Errorf("%q:\n%s\nwant\n%s", args, out, last)
		}
	}
	if out := ok(t, "", "run", "--resume", name+"@13", "--prompt", "?"); !strings.Contains(out, "\nGoes on from \""+name+"\" after step 13 of branch 1.\n") {
		t.Error(out)
	}
	if out := ok(t, "", "run", "--resume", name); !strings.Contains(out, "after step 15") || !strings.Contains(out, "Prompt of 0 tokens") {
		t.Error(out)
	}
	// Recorded on the way, the past is in the new file too.
	next := filepath.Join(t.TempDir(), "next.npz")
	r := execute("", "run", "--resume", name+"@13", "--prompt", tail, "--record", next)
	if r.code != 0 || !strings.Contains(r.err, "recorded 19 steps") {
		t.Fatalf("%d %s", r.code, r.err)
	}
	if out := ok(t, "", "trace", "verify", next); !strings.Contains(out, "19 steps") || !strings.Contains(out, "bit-exact") {
		t.Error(out)
	}
	if out := ok(t, "", "trace", "info", next); !strings.Contains(out, "goes on    from step 13 of branch 1 of recording ") {
		t.Error(out)
	}
	bytesOf, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	foreign := state + "-foreign"
	if err := os.WriteFile(foreign, bytes.Replace(bytesOf, []byte("8edf1463"), []byte("8edf1464"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"has no step 16: branch 1 ends with step 15", []string{"--resume", name + "@16"}},
		{"comes no step", []string{"--resume", name + "@x"}},
		{"no branch 2", []string{"--resume", name + "@2:1"}},
		{"use --resume", []string{"--state", state, "--record", next + "2"}},
		{"the model wants [64 8]", []string{"--state", state, "--model", "header"}},
		{"a state means nothing to other weights", []string{"--state", foreign}},
		{"is there already", []string{"--prompt", "¶", "--save-state", state}},
		{"no such file", []string{"--prompt", "¶", "--save-state", name + ".missing/state"}},
		{"not the same model", []string{"--resume", name, "--model", "majority"}},
		{"no such file", []string{"--resume", "no such file"}},
		{"none of the others can be", []string{"--resume", name, "--state", state}},
	} {
		if r := execute("", append([]string{"run"}, c.args...)...); r.code != 2 || !strings.Contains(r.err, c.want) {
			t.Errorf("%q: %d %s", c.args, r.code, r.err)
		} else if r.out != "" {
			t.Errorf("%q: a report begins before it is known that it cannot end: %s", c.args, r.out)
		}
	}
}

func TestParsePlace(t *testing.T) {
	for text, want := range map[string]place{
		"a.npz": {"a.npz", 0, -1}, "a.npz@12": {"a.npz", 0, 12}, "a.npz@2:12": {"a.npz", 2, 12}, "a@b.npz": {"a@b.npz", 0, -1},
		"a@1@2": {"a@1", 0, 2}, "@3": {"@3", 0, -1}, "a@": {"a@", 0, -1}, "a@0:3": {"a@0:3", 0, -1}, "a@-1": {"a@-1", 0, -1}, "demo@4": {"demo", 0, 4},
	} {
		if got := parsePlace(text); got != want {
			t.Errorf("%s is %+v, want %+v", text, got, want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	if got := commandLine([]string{"/usr/bin/x", "run", "-p", "it's ¶", "--n=1", ""}); got != `mamba-tui run -p 'it'\''s ¶' --n=1 ''` {
		t.Error(got)
	}
}

// replay brings the session back, on the weights and without, where it is asked
// to begin.
func TestReplayTrace(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status string
		at     int
		branch int
	}{
		{[]string{"demo"}, "replay: bit-exact over 45 steps", -1, 1},
		{[]string{"demo@12"}, "replay: bit-exact over 45 steps", 12, 1},
		{[]string{"demo@2:3", "--without-weights"}, "replay without the weights", 3, 2},
	} {
		a, _, errs := testApp("")
		a.inTerm, a.outTerm = true, true
		shown := 0
		a.showReplay = func(_ context.Context, _ *app, p *replayed) error {
			shown++
			defer p.session.Close()
			f, err := p.session.Frame(context.Background(), session.Look{T: 5, From: 0, To: 20})
			if err != nil {
				t.Fatal(err)
			}
			if p.status != c.status || p.step != c.at || f.Branch.ID != c.branch || len(f.Branches) != 2 || f.Info.BackendNote != c.status {
				t.Errorf("%q: %q at %d of branch %d", c.args, p.status, p.step, f.Branch.ID)
			}
			if missing := f.Info.Missing; missing.Tokens != (c.branch == 2) || f.Clean.H == nil {
				t.Errorf("%q: missing %+v", c.args, missing)
			}
			return nil
		}
		if code := a.execute(context.Background(), append([]string{"replay"}, c.args...)); code != 0 || shown != 1 {
			t.Errorf("%q: exit code %d, shown %d times: %s", c.args, code, shown, errs)
		}
	}
	if r := execute("", "replay", "demo"); r.code != 2 || !strings.Contains(r.err, "replay needs a screen") {
		t.Errorf("%d %s", r.code, r.err)
	}
	a, _, errs := testApp("")
	a.inTerm, a.outTerm = true, true
	if code := a.execute(context.Background(), []string{"replay", "demo@29"}); code != 2 || !strings.Contains(errs.String(), "ends with step 28") {
		t.Errorf("%d %s", code, errs)
	}
}

// A replay with the weights can be gone on with and recorded: the past, with its
// branches, is written first. Without the weights there is no recorder.
func TestReplayRecords(t *testing.T) {
	t.Chdir(t.TempDir())
	a, _, errs := testApp("")
	a.inTerm, a.outTerm = true, true
	var file string
	a.showReplay = func(ctx context.Context, _ *app, p *replayed) error {
		defer p.session.Close()
		rec := p.recording()
		rec.do = func(op session.Op) {
			if err := p.session.Do(ctx, op); err != nil {
				t.Error(err)
			}
		}
		var err error
		if file, err = rec.Start(); err != nil {
			return err
		}
		rec.do(session.Type{At: 28, Text: "4?"})
		_, err = rec.Stop()
		return err
	}
	if code := a.execute(context.Background(), []string{"replay", "demo"}); code != 0 {
		t.Fatalf("%d %s", code, errs)
	}
	if out := ok(t, "", "trace", "verify", file); !strings.HasPrefix(out, "47 steps") || !strings.HasSuffix(out, "\nbit-exact\n") {
		t.Error(out)
	}
	if out := ok(t, "", "trace", "info", file); !strings.Contains(out, "branch 1: 31 steps") || !strings.Contains(out, "branch 2: 27 steps") {
		t.Error(out)
	}
	a.showReplay = func(_ context.Context, _ *app, p *replayed) error {
		if p.recording() != nil {
			t.Error("a replay without the weights can be recorded")
		}
		p.session.Close()
		return nil
	}
	if code := a.execute(context.Background(), []string{"replay", "demo", "--without-weights"}); code != 0 {
		t.Fatalf("%d %s", code, errs)
	}
}
