package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each format is what its name says, and a file that is there stays.
func TestSnapshot(t *testing.T) {
	dir := t.TempDir()
	for end, begins := range map[string]string{"png": "\x89PNG", "svg": "<svg", "ansi": ""} {
		path := filepath.Join(dir, "x."+end)
		ok(t, "", "snapshot", "--out", path, "--size", "80x24", "--keys", "left")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) < 1000 || !bytes.HasPrefix(bytes.TrimPrefix(data, []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")), []byte(begins)) {
			t.Errorf("%s: %d bytes that begin %q", end, len(data), data[:min(len(data), 40)])
		}
		if end == "ansi" && !(strings.Contains(string(data), "token 26/27") && strings.Contains(string(data), "parity <")) {
			t.Error("the picture is not of the token before the last, with its parity")
		}
		a, _, stderr := testApp("")
		if code := a.execute(t.Context(), []string{"snapshot", "--out", path}); code != 2 || !strings.Contains(stderr.String(), "there already") {
			t.Errorf("over an existing %s: exit code %d, %q", end, code, stderr)
		}
		if again, _ := os.ReadFile(path); !bytes.Equal(again, data) {
			t.Errorf("the existing %s was changed", end)
		}
	}
}

// Bad input is one sentence and exit code 2, and leaves no file.
func TestSnapshotRefuses(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "y.png")
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "--out is missing"},
		{[]string{"--out", filepath.Join(dir, "y.gif")}, ".png, .svg or .ansi"},
		{[]string{"--out", out, "--size", "10x10"}, "from 60x18 to 400x200"},
		{[]string{"--out", out, "--size", "120x40x3"}, "want WIDTHxHEIGHT"},
		{[]string{"--out", out, "--size", "wide"}, "want WIDTHxHEIGHT"},
		{[]string{"--out", out, "--colours", "pink"}, "want truecolor"},
		{[]string{"--out", out, "--keys", "left leftward"}, "is no key"},
		{[]string{"--out", out, "--model", "nobody"}, "nobody"},
		{[]string{"--out", filepath.Join(dir, "no", "y.png")}, "no"},
	} {
		a, stdout, stderr := testApp("")
		code := a.execute(t.Context(), append([]string{"snapshot"}, c.args...))
		if code != 2 || !strings.Contains(stderr.String(), c.says) || strings.Count(strings.TrimSpace(stderr.String()), "\n") != 0 || stdout.Len() != 0 {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}
