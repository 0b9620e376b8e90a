package session

import (
	"context"
	"testing"

	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// One typed token, without and with the frame of a 120-column screen, after
// 10,000 others.
func BenchmarkAppendOne(b *testing.B) {
	for _, framed := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "with frame"}[framed], func(b *testing.B) {
			s := exact(b, Options{}, task.HeaderExact)
			mustAppend(b, s, ids(10_000, s.vocab))
			one := ids(1, s.vocab)
			mustFrame(b, s, Look{To: 120, Follow: true})
			b.ReportAllocs()
			for b.Loop() {
				mustAppend(b, s, one)
				if framed {
					mustFrame(b, s, Look{To: 120, Follow: true})
				}
			}
		})
	}
}

// A prompt of 10,000 tokens at once.
func BenchmarkPrefill(b *testing.B) {
	s := exact(b, Options{}, task.HeaderExact)
	tokens := ids(10_000, s.vocab)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Truncate(0); err != nil {
			b.Fatal(err)
		}
		mustAppend(b, s, tokens)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/token")
}

// A window of 120 tokens at a far place of a million, each time another one.
func BenchmarkLookFar(b *testing.B) {
	s := exact(b, Options{}, task.HeaderExact)
	mustAppend(b, s, ids(1_000_000, s.vocab))
	at := 0
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		at = (at + 317_111) % 999_000
		if _, err := s.Frame(ctx, Look{T: at + 60, From: at, To: at + 120}); err != nil {
			b.Fatal(err)
		}
	}
}

// The newest token rolled back and typed again, as backspace does.
func BenchmarkBackspace(b *testing.B) {
	s := exact(b, Options{}, task.HeaderExact)
	mustAppend(b, s, ids(10_000, s.vocab))
	one := ids(1, s.vocab)
	for b.Loop() {
		if err := s.Truncate(s.Len() - 1); err != nil {
			b.Fatal(err)
		}
		mustAppend(b, s, one)
	}
}

// A prompt of 4096 tokens at once through the dimensions of the largest small
// built-in model.
func BenchmarkPrefillTwoLayers(b *testing.B) {
	s := newSession(b, newModel(b, largeSmall, scan.Float32), Options{})
	tokens := ids(4096, s.vocab)
	for b.Loop() {
		if err := s.Truncate(0); err != nil {
			b.Fatal(err)
		}
		mustAppend(b, s, tokens)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/token")
}
