package snapshot

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	for i, want := range []string{"a.svg", "a-2.svg", "a-3.svg"} {
		path, err := WriteFile(dir, "a", KindSVG, []byte{byte(i)})
		if err != nil || path != filepath.Join(dir, want) {
			t.Fatalf("%q, %v; want %s", path, err, want)
		}
	}
	for i, name := range []string{"a.svg", "a-2.svg", "a-3.svg"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, []byte{byte(i)}) {
			t.Errorf("%s holds %v, %v", name, got, err)
		}
	}
	if got := names(t, dir); len(got) != 3 {
		t.Errorf("left over: %v", got)
	}
}

// Three files stand under one name; a name is taken when one of them exists.
func TestSaveAll(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.svg"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := SaveAll(dir, "s", Parse("hello", 5, 1), Options{})
	if err != nil || path != filepath.Join(dir, "s-2") {
		t.Fatalf("%q, %v", path, err)
	}
	if got := strings.Join(names(t, dir), " "); got != "s-2.ansi s-2.png s-2.svg s.svg" {
		t.Errorf("the folder holds %s", got)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "s.svg")); string(got) != "mine" {
		t.Errorf("an existing file now holds %q", got)
	}
	f, err := os.Open(path + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path + ".ansi"); string(got) != "hello\x1b[m\n" {
		t.Errorf("the text is %q", got)
	}
}

func TestWriteFileErrors(t *testing.T) {
	dir := t.TempDir()
	for _, base := range []string{"", "../up", `a\b`, "c:d", ".hidden", "nul\x00"} {
		if path, err := WriteFile(dir, base, KindPNG, nil); err == nil || !strings.HasPrefix(err.Error(), "snapshot: ") {
			t.Errorf("%q: %q, %v", base, path, err)
		}
	}
	if _, err := WriteFile(filepath.Join(dir, "missing"), "a", KindPNG, nil); err == nil {
		t.Error("a folder that is not there was written to")
	}
	if _, err := Encode(Parse("x", 1, 1), "gif", Options{}); err == nil || !strings.Contains(err.Error(), "gif") {
		t.Errorf("gif: %v", err)
	}
	if _, err := SaveAll(dir, "empty", Parse("", 0, 0), Options{}); err == nil {
		t.Error("an empty screen was saved")
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left over: %v", got)
	}
}

// Many at once: everyone gets a name of their own and their own content.
func TestWriteFileTogether(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	paths := make([]string, 20)
	for i := range paths {
		wg.Go(func() {
			var err error
			if paths[i], err = WriteFile(dir, "x", KindPNG, []byte{byte(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, p := range paths {
		if got, err := os.ReadFile(p); err != nil || !bytes.Equal(got, []byte{byte(i)}) {
			t.Errorf("%s holds %v, %v; want %d", p, got, err, i)
		}
	}
	if got := names(t, dir); len(got) != len(paths) {
		t.Errorf("%d files, want %d: %v", len(got), len(paths), got)
	}
}
