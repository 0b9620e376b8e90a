package main

import (
	"encoding/json"
	"math"
	"testing"
)

// jsonNumbers that are none survive as null as such.
func TestJSONNumber(t *testing.T) {
	for _, x := range []float64{0, 1, -2.5, 1e-300, 123456, math.NaN(), math.Inf(1)} {
		text, err := json.Marshal(jsonNumber(x))
		if err != nil {
			t.Fatal(err)
		}
		var back jsonNumber
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if finite := !math.IsNaN(x) && !math.IsInf(x, 0); finite && float64(back) != x || !finite && !math.IsNaN(float64(back)) {
			t.Errorf("%g is written %s and read %g", x, text, back)
		}
	}
	if text, _ := json.Marshal(jsonNumber(1.0 / 3)); string(text) != "0.333333" {
		t.Errorf("a third is %s", text)
	}
	if err := json.Unmarshal([]byte(`"x"`), new(jsonNumber)); err == nil {
		t.Error("a string is a number")
	}
}
