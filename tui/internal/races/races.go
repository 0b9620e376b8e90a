// Package races tells what the race detector found in a child process of a test.
package races

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Log makes a detector write to files that begin with name, and not to the terminal
// that the test looks at. It is for the child's environment.
func Log(name string) string { return "GORACE=exitcode=0 log_path=" + name }

// Check fails t for what stands in the files of Log, but for one thing: when Bubble
// Tea is cancelled it closes its input beside the goroutine that still reads.
func Check(t testing.TB, name string) {
	t.Helper()
	files, err := filepath.Glob(name + ".*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, race := range strings.Split(string(text), "WARNING: DATA RACE")[1:] {
			if !strings.Contains(race, "CancelReader).Close") {
				t.Errorf("data race in the child:%s", race)
			}
		}
	}
}
