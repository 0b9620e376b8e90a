package main

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseLengths(t *testing.T) {
	for text, want := range map[string][]int{
		"64":              {64},
		"2^6":             {64},
		"2^0":             {1},
		"2^6..2^9":        {64, 128, 256, 512},
		"100..1000":       {100, 200, 400, 800},
		" 256 , 64,64 ":   {64, 256},
		"2^24":            {1 << 24},
		"16,2^5..128, 99": {16, 32, 64, 99, 128},
	} {
		if got, err := parseLengths(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "is not a length", "x": `"x" is not a length`, "0": "is not a length", "-1": "is not a length", "2^25": "is not a length", "1,": "is not a length",
		"2^": "is not a length", "2^-1": "is not a length", "1e3": "is not a length", "99999999999999999999": "is not a length",
		"64..32": "goes down", "1..2..3": "is not a length", "16777217": "want a number from 1 to 16777216",
	} {
		if got, err := parseLengths(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v, want %q", text, got, err, want)
		}
	}
	for n, want := range map[int]string{1: "1", 32: "32", 64: "2^6", 100: "100", 1 << 20: "2^20"} {
		if got := lengthText(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}

func TestPlotRow(t *testing.T) {
	for _, c := range []struct {
		share, low, high float64
		want             string
	}{
		{1, 1, 1, strings.Repeat("·", 40) + "●"},
		{0, 0, 0.1, "●───┤"},
		{0.5, 0.4, 0.6, strings.Repeat("·", 16) + "├───●───┤"},
		{0.5, 0.5, 0.5, strings.Repeat("·", 20) + "●"},
	} {
		if got := plotRow(c.share, c.low, c.high); got != c.want {
			t.Errorf("%v is drawn %s, want %s", c, got, c.want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		spent       time.Duration
		want        string
	}{
		{0, 100, 0, "2^6 tokens " + strings.Repeat("░", 24) + "   0 %"},
		{50, 100, 10 * time.Second, "2^6 tokens " + strings.Repeat("█", 12) + strings.Repeat("░", 12) + "  50 %  10 s left"},
		{100, 100, 4 * time.Second, "2^6 tokens " + strings.Repeat("█", 24) + " 100 %  0.0 s left"},
		{0, 0, 0, "2^6 tokens " + strings.Repeat("░", 24) + "   0 %"},
	} {
		if got := progressLine("2^6 tokens", c.done, c.total, c.spent); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.done, c.total, got, c.want)
		}
	}
	a, _, stderr := testApp("")
	p := a.newProgress()
	p.show("x", 1, 2)
	p.clear()
	if stderr.Len() != 0 {
		t.Errorf("progress is drawn where there is no terminal: %q", stderr)
	}
	for s, want := range map[float64]string{0.04: "0.0 s", 9.94: "9.9 s", 12.4: "12 s", 119: "119 s", 200: "3 min", 10000: "2.8 h"} {
		if got := seconds(s); got != want {
			t.Errorf("%g seconds are written %s, want %s", s, got, want)
		}
	}
}
