package kernels

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

var (
	update = flag.Bool("update", false, "rewrite recorded sums and counts")
	long   = flag.Bool("long", false, "run the checks that take minutes")
)

// sums are the lines of kernels.sum: the SHA-256 of everything a build reads and
// of everything it wrote.
func sums(t *testing.T) string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.cu", "*.h", "*.sh", "*.ptx"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		// A checkout may have turned line ends around.
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(text), name)
	}
	return b.String()
}

// TestSourcesMatch: the committed PTX belongs to the committed sources. After a
// change of either, `go generate` builds and records anew.
func TestSourcesMatch(t *testing.T) {
	have := sums(t)
	if *update {
		if err := os.WriteFile("kernels.sum", []byte(have), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("kernels.sum")
	if err != nil {
		t.Fatal(err)
	}
	if w := strings.ReplaceAll(string(want), "\r\n", "\n"); have != w {
		t.Errorf("sources or PTX have changed without go generate:\n%s", difference(have, w))
	}
}

// difference are the lines that only one side has.
func difference(have, want string) string {
	var b strings.Builder
	for _, l := range strings.Split(have, "\n") {
		if !strings.Contains(want, l) {
			fmt.Fprintf(&b, "now      %s\n", l)
		}
	}
	for _, l := range strings.Split(want, "\n") {
		if !strings.Contains(have, l) {
			fmt.Fprintf(&b, "recorded %s\n", l)
		}
	}
	return b.String()
}

// TestRebuild: where the compiler is installed, building gives the committed PTX
// to the byte.
func TestRebuild(t *testing.T) {
	if testing.Short() {
		t.Skip("building takes seconds")
	}
	clang, err := exec.LookPath("clang-19")
	if err != nil {
		t.Skip("clang-19 is not installed")
	}
	version, err := exec.Command(clang, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(version), "clang version 19.") {
		t.Skipf("clang-19 says it is %s", bytes.SplitN(version, []byte("\n"), 2)[0])
	}
	dir := t.TempDir()
	if out, err := exec.Command("sh", "build.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("build.sh: %v\n%s", err, out)
	}
	for _, m := range Modules() {
		built, err := os.ReadFile(filepath.Join(dir, m.Name+".ptx"))
		if err != nil {
			t.Fatal(err)
		}
		if string(built) != m.PTX {
			t.Errorf("%s.ptx is not what build.sh makes of the sources", m.Name)
		}
	}
}

// spills are more than the few registers that some assembler puts by.
var spills = regexp.MustCompile(`([4-9]\d|\d{3,}) bytes spill`)

// TestAssemble: where NVIDIA's assembler is installed, it takes every module for
// every architecture that the module is for, and puts next to nothing into memory.
// What a driver would refuse at run time (too many registers or predicates, wrong
// inline assembly) is seen here.
func TestAssemble(t *testing.T) {
	if !*long {
		t.Skip("takes a minute: -long runs it")
	}
	ptxas, err := exec.LookPath("ptxas")
	if err != nil {
		t.Skip("ptxas is not installed")
	}
	for _, arch := range []int{75, 80, 86, 89, 90, 100, 120} {
		for _, m := range Modules() {
			if arch < m.CC {
				continue
			}
			text, dir := m.PTX, t.TempDir()
			if arch >= EarlyCC {
				text = m.Early()
			}
			in := filepath.Join(dir, m.Name+".ptx")
			if err := os.WriteFile(in, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			args := []string{"-v", fmt.Sprintf("-arch=sm_%d", arch), "-o", filepath.Join(dir, "x.cubin"), in}
			out, err := exec.Command(ptxas, args...).CombinedOutput()
			if bytes.Contains(out, []byte("Value 'sm_")) {
				continue // an older assembler does not know the architecture
			}
			if err != nil || spills.Match(out) {
				t.Errorf("%s for sm_%d: %v\n%s", m.Name, arch, err, out)
			}
		}
	}
}
