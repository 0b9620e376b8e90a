package panel

import (
	"math"
	"strings"
	"testing"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
)

// The instruments say what was measured, and that something was not.
func TestInstruments(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	c := contextFor(f, themed(t, heat.TrueColor, true), 60, 2)
	says := func(p Panel, wants ...string) {
		t.Helper()
		c.Rev++
		text := textOf(t, p, c, 66, 14)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", p.ID(), want, text)
			}
		}
	}
	f.Timing, f.Parity = session.Timing{}, session.Parity{}
	says(NewParity(), "not measured", "no float64 copy")
	says(NewTiming(), "no token was computed yet", "no window was rebuilt yet")
	f.Info.Oracle = true
	says(NewParity(), "being measured")
	f.Parity = session.Parity{Known: true, Rel: 9.7e-8, From: 3, To: 20}
	says(NewParity(), "distance  9.7e-8", "tokens 3–19", "1e-5  promised", "▼", "┃")
	f.Parity.Rel = 3e-15
	says(NewParity(), "below 6e-8 float32 cannot tell them apart")
	f.Timing = session.Timing{StepMicros: 20, RescanMicros: 500, RescanTokens: 100}
	c.Steps = []float64{10, 20, 40}
	says(NewTiming(), "20 µs a token  50000 tokens a second", "500 µs  100 tokens, 5.0 µs each", "the last 3 measured, up to 40 µs", "█")
	c.Heap = 12_345_678
	says(NewMemory(), "28", "256 B", "window", "12.3 MB")
	nan := math.NaN()
	says(NewDevice(), "not in use")
	c.Device = &Device{GPU: 63, MemoryBusy: nan, Used: 12 << 30, Total: 80 << 30, Watts: 412, Limit: 700, SM: 1980, Memory: nan, Celsius: 51}
	says(NewDevice(), "busy         63 %", "12 of 80 GiB", "412 of 700 W", "1980 MHz", "51 °C")
	if text := textOf(t, NewDevice(), c, 66, 14); strings.Contains(text, "memory busy") || strings.Contains(text, "NaN") {
		t.Errorf("what is not known is shown:\n%s", text)
	}
	if line := c.Device.Line(); line != "GPU 63 % 12 GiB 412 W 51 °C" {
		t.Errorf("the device in a line is %q", line)
	}
	c.Device = &Device{nan, nan, nan, nan, nan, nan, nan, nan, nan}
	says(NewDevice(), "tells nothing")
	f.Info.Missing = session.Missing{Gate: true, Conv: true}
	f.Info.BackendNote = "no CUDA\x1b[2J driver"
	says(NewBackend(), f.Info.Backend, `no CUDA\x1b[2J driver`, "not recorded  the gate z, the convolution's window", "hand-written", "D 64 · N 1", "parameters    "+count(f.Info.Parameters)+"  vocabulary 19")
}

// Three digits, whatever the size.
func TestBytes(t *testing.T) {
	for n, want := range map[int]string{0: "0 B", 999: "999 B", 1000: "1.00 KB", 36_100: "36.1 KB", 123_456_789: "123 MB", 2_000_000_000: "2.00 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}
