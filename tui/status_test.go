package tui

import (
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

func TestStatusWords(t *testing.T) {
	for us, want := range map[float64]string{5: "5.0 µs", 9.96: "10 µs", 166.4: "166 µs", 999.6: "1 ms", 47560: "47.6 ms"} {
		if got := panel.Micros(us); got != want {
			t.Errorf("Micros(%v) = %q, want %q", us, got, want)
		}
	}
	if got := stepTime(session.Timing{}); got != "" {
		t.Errorf("no step was timed, and the status says %q", got)
	}
	if got := rescanTime(session.Timing{RescanMicros: 1300, RescanTokens: 120}); got != "re-scan 120 in 1.3 ms" {
		t.Errorf("a re-scan reads %q", got)
	}
	for kind, want := range map[model.Kind]string{
		"": "unknown origin", model.Unknown: "unknown origin", model.Trained: "trained", model.Untrained: "untrained", model.HandWritten: "hand-written",
	} {
		if got := kindText(kind); got != want {
			t.Errorf("provenance %q reads %q, want %q", kind, got, want)
		}
	}
	if got := kindText("\x1b[5m"); strings.ContainsRune(got, 0x1b) {
		t.Errorf("a provenance from a file reaches the terminal as %q", got)
	}
	if kindRole(model.Untrained) != theme.Warn || kindRole("") != theme.Warn || kindRole(model.HandWritten) == theme.Warn {
		t.Error("weights that nothing is known of must stand out, and others must not")
	}
	// The comparison is between float32 numbers: it cannot claim more.
	for rel, want := range map[float64]string{3e-15: "parity <6e-08", 0: "parity <6e-08", 3.04e-7: "parity 3e-07"} {
		if got := parityText(session.Parity{Known: true, Rel: rel}); got != want {
			t.Errorf("a distance of %v reads %q, want %q", rel, got, want)
		}
	}
	if got := parityText(session.Parity{}); got != "parity –" {
		t.Errorf("an unknown distance reads %q", got)
	}
}

// The provenance is the last field to be left out.
func TestStatusKeepsTheProvenance(t *testing.T) {
	withRobot(t, 60, 18, Options{}, header(t), func(r *robot) {
		r.Press("f")
		if line := strings.Split(r.Screen(), "\n")[0]; !strings.Contains(line, "hand-written") || !strings.Contains(line, "WHAT-IF") {
			t.Errorf("at 60 cells the status line is %q", line)
		}
	})
}
