package cuda

import (
	"testing"
	"time"

	"mamba-tui/cuda/internal/simdriver"
	"mamba-tui/scan"
)

// TestLook: what is there, what comes, what is closed, and what does not come.
func TestLook(t *testing.T) {
	c := make(chan int, 1)
	c <- 7
	if v, open, got := look(c, time.Minute); v != 7 || !open || !got {
		t.Errorf("what is there: %d, %t, %t", v, open, got)
	}
	go func() {
		time.Sleep(time.Millisecond)
		c <- 8
	}()
	if v, open, got := look(c, time.Minute); v != 8 || !open || !got {
		t.Errorf("what comes: %d, %t, %t", v, open, got)
	}
	begin := time.Now()
	if _, _, got := look(c, 2*time.Millisecond); got || time.Since(begin) < 2*time.Millisecond {
		t.Errorf("what does not come: %t after %v", got, time.Since(begin))
	}
	close(c)
	if _, open, got := look(c, time.Minute); open || !got {
		t.Errorf("what is closed: %t, %t", open, got)
	}
}

// TestCrowd: with processors to spare, where both goroutines look before they
// sleep, commands are done in order and answers are their own, quick ones and
// late ones.
func TestCrowd(t *testing.T) {
	b, err := open(simdriver.New(t), Options{crowd: enough})
	if err != nil {
		t.Fatal(err)
	}
	d := b.device
	x, err := b.Alloc(scan.Float32, 4)
	if err != nil {
		t.Fatal(err)
	}
	one := make([]float32, 1)
	for i := range 200 {
		b.Write(x, 2, []float32{float32(i)})
		if i%50 == 0 {
			if err := d.ask(func() error { time.Sleep(2 * waitAnswer); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if i%70 == 0 {
			time.Sleep(2 * waitCommand)
		}
		if err := b.Read(one, x, 2); err != nil || one[0] != float32(i) {
			t.Fatalf("turn %d: %v, %v", i, one[0], err)
		}
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}
