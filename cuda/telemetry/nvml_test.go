//go:build linux && (cgo || amd64 || arm64)

package telemetry

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain is also what the tests start: a process that opens the device
// "GPU-stub" and says what it found, with the NVML of its library path.
func TestMain(m *testing.M) {
	if os.Getenv("TELEMETRY_TEST_OPEN") != "" {
		monitor, err := Open("GPU-stub")
		if err == nil {
			var s Sample
			if s, err = monitor.Read(); err == nil {
				fmt.Printf("%s; busy %v, limit %v, memory %v MHz, watts known: %t\n", s, s.MemoryBusy, s.Limit, s.Memory, !math.IsNaN(s.Watts))
			}
			err = errors.Join(err, monitor.Close())
		}
		if err != nil {
			fmt.Println("error:", err)
		}
		// A second time, and something unrelated afterwards: the process lives.
		_, again := Open("GPU-other")
		fmt.Println("again:", again)
		time.Sleep(time.Millisecond)
		fmt.Println("alive")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// opened is what such a process says with an NVML made with the given flags;
// with none there is none.
func opened(t *testing.T, library bool, defines ...string) string {
	t.Helper()
	dir := t.TempDir()
	if library {
		cc, err := exec.LookPath("gcc")
		if err != nil {
			t.Skip("no gcc to build the stub with")
		}
		args := append([]string{"-shared", "-fPIC", "-o", filepath.Join(dir, "libnvidia-ml.so.1"), "testdata/stub.c"}, defines...)
		if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
			t.Fatalf("gcc: %v\n%s", err, out)
		}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TELEMETRY_TEST_OPEN=1", "LD_LIBRARY_PATH="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "alive\n") {
		t.Fatalf("the process died: %v\n%s", err, out)
	}
	return string(out)
}

// TestReads: a device that is there is read; what its library lacks is unknown.
func TestReads(t *testing.T) {
	out := opened(t, true)
	for _, want := range []string{
		"GPU 63 % · 20.0 of 80.0 GiB · 1001 MHz · 51 °C; busy 21, limit 700, memory 1002 MHz, watts known: false\n",
		"again: telemetry: device GPU-other: ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestFailedStart: an NVML that does not start is an error, and nothing is
// called after it: such a call would end the process, because the library has
// nothing but Init.
func TestFailedStart(t *testing.T) {
	out := opened(t, true, "-DFAILS")
	if strings.Count(out, ErrNone.Error()) != 2 {
		t.Error(out)
	}
}

// TestNoLibrary: without NVML there is a sentence.
func TestNoLibrary(t *testing.T) {
	if m, err := Open("GPU-stub"); err == nil {
		m.Close()
		t.Skip("this machine has NVML")
	} else if !errors.Is(err, ErrNone) && !strings.Contains(err.Error(), "GPU-stub") {
		t.Error(err)
	}
	if out := opened(t, false); !strings.Contains(out, "error: ") {
		t.Error(out)
	}
}
