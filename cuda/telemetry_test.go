package cuda

import (
	"errors"
	"math"
	"testing"

	"mamba-tui/cuda/telemetry"
)

// TestHardwareTelemetry: the device tells of itself under the UUID that the
// driver gives it, and of the memory that the driver says it has.
func TestHardwareTelemetry(t *testing.T) {
	b := onDevice(t)
	m, err := telemetry.Open(b.Info().UUID)
	if errors.Is(err, telemetry.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Read()
	if err := errors.Join(err, m.Close()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s; memory busy %.0f %%, limit %.0f W, memory clock %.0f MHz", s, s.MemoryBusy, s.Limit, s.Memory)
	if total := float64(b.Info().Memory); !(math.Abs(s.Total-total) <= 0.05*total) {
		t.Errorf("%.0f bytes of memory, the driver says %.0f", s.Total, total)
	}
	if !(s.GPU >= 0 && s.GPU <= 100) || !(s.Used > 0 && s.Used <= s.Total) || !(s.Watts > 0) || !(s.SM > 0) || !(s.Celsius > 0 && s.Celsius < 120) {
		t.Errorf("%+v", s)
	}
}
