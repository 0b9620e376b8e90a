package telemetry

import (
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"time"
)

// counting is a Monitor that counts, and fails at the third reading.
type counting struct{ reads, closed atomic.Int32 }

func (c *counting) Read() (Sample, error) {
	n := c.reads.Add(1)
	if n == 3 {
		return unknown(), errors.New("gone for a moment")
	}
	s := unknown()
	s.GPU = float64(n)
	return s, nil
}

func (c *counting) Close() error { c.closed.Add(1); return nil }

// TestWatcher: the newest sample is there without waiting, none while the
// device cannot be read, and Close ends and closes everything.
func TestWatcher(t *testing.T) {
	m := &counting{}
	w := Watch(m, time.Millisecond)
	if s, ok := w.Latest(); !ok || s.GPU < 1 {
		t.Errorf("from the start: %v, %t", s.GPU, ok)
	}
	sawNone := false
	for deadline := time.Now().Add(5 * time.Second); ; {
		s, ok := w.Latest()
		if !ok {
			sawNone = true
			if !math.IsNaN(s.GPU) || s.String() != "" {
				t.Fatalf("no sample is %+v, %q", s, s)
			}
		}
		if ok && s.GPU > 5 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no sample within 5 s")
		}
	}
	w.Close()
	reads := m.reads.Load()
	time.Sleep(5 * time.Millisecond)
	if !sawNone || m.closed.Load() != 1 || m.reads.Load() != reads {
		t.Errorf("without a sample: %t, closed %d times, %d readings after Close", sawNone, m.closed.Load(), m.reads.Load()-reads)
	}
}

// TestString: what is unknown is not shown.
func TestString(t *testing.T) {
	s := Sample{63.2, 20, 12.1 * (1 << 30), 80 * (1 << 30), 412.4, 700, 1980, 2619, 51}
	if got := s.String(); got != "GPU 63 % · 12.1 of 80.0 GiB · 412 W · 1980 MHz · 51 °C" {
		t.Error(got)
	}
	s.Watts, s.Total = math.NaN(), math.NaN()
	if got := s.String(); got != "GPU 63 % · 1980 MHz · 51 °C" {
		t.Error(got)
	}
}
