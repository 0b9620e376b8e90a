package driver

import (
	"strings"
	"testing"
)

// TestResults: every result is a sentence with its number, and those after
// which a context is lost are told from the others.
func TestResults(t *testing.T) {
	seen := map[string]Result{}
	for r, s := range sentences {
		if other, ok := seen[s]; ok {
			t.Errorf("%d and %d are the same sentence", r, other)
		}
		seen[s] = r
		if s == "" || strings.ToLower(s[:1]) != s[:1] && !strings.HasPrefix(s, "NVIDIA") || strings.HasSuffix(s, ".") {
			t.Errorf("%d is %q", r, s)
		}
		if got := r.String(); r > 0 != strings.Contains(got, "(CUDA error ") {
			t.Errorf("%d is shown as %q", r, got)
		}
	}
	for r, sticky := range map[Result]bool{
		OK: false, InvalidValue: false, OutOfMemory: false, NoDevice: false, InvalidPTX: false, JITMissing: false,
		UnsupportedPTX: false, NotReady: false, OutOfResources: false, DriverMismatch: false, CaptureInvalidated: false,
		IllegalAddress: true, LaunchTimeout: true, IllegalInstruction: true, MisalignedAddress: true,
		LaunchFailed: true, ECC: true, Unknown: true,
	} {
		if r.Sticky() != sticky {
			t.Errorf("%d is sticky: %t", r, !sticky)
		}
	}
	if s := Result(12345).String(); !strings.Contains(s, "12345") {
		t.Errorf("an unknown result is %q", s)
	}
	if OK.String() != "no error" {
		t.Errorf("no error is %q", OK.String())
	}
}
