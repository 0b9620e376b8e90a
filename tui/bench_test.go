package tui

import (
	"fmt"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// BenchmarkKeyToScreen is one typed token: the key, the model's step, the frame
// and the assembled screen.
func BenchmarkKeyToScreen(b *testing.B) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			s := newStill(b, Options{}, size[0], size[1])
			s.press("i")
			s.settle(b)
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				if i%256 == 255 { // a session of the length people type
					b.StopTimer()
					s.clearHistory()
					s.settle(b)
					b.StartTimer()
				}
				want := s.frame.Tokens.Len() + 1
				s.press(string("abc?5"[i%5]))
				for s.frame.Tokens.Len() != want {
					<-s.e.Changed()
					s.take(s.e.Frame())
				}
				b.SetBytes(int64(len(s.View().Content)))
			}
		})
	}
}

// BenchmarkCursor is one step of the cursor through a history on the screen.
func BenchmarkCursor(b *testing.B) {
	s := newStill(b, Options{}, 200, 60)
	keys := [2]tea.KeyPressMsg{keyMsg("left"), keyMsg("right")}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Update(keys[i%2])
		for !s.settled() {
			<-s.e.Changed()
			s.take(s.e.Frame())
		}
		b.SetBytes(int64(len(s.View().Content)))
	}
}

// BenchmarkCachedView is what View costs after a message that changes nothing.
func BenchmarkCachedView(b *testing.B) {
	s := newStill(b, Options{}, 200, 60)
	b.ReportAllocs()
	for b.Loop() {
		s.View()
	}
}

// BenchmarkArrange is the layout of one screen.
func BenchmarkArrange(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Arrange(200, 60, Watch, "", Hints{D: 1536, N: 16, PerLine: 2})
	}
}
