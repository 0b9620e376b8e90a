package rundir

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model/checkpoint"
	"mamba-tui/model/train"
)

// memory is a Store that keeps the bytes of the state file.
type memory struct{ state bytes.Buffer }

func (m *memory) Save(c *train.Checkpoint) error {
	m.state.Reset()
	return writeState(&m.state, c, "t sha256:1")
}

// aState is a checkpoint of a real run and its file.
func aState(t testing.TB, tied bool) (*train.Checkpoint, []byte) {
	t.Helper()
	r := train.Defaults("induction")
	r.DModel, r.DState, r.Steps, r.Batch, r.Lengths, r.Tied = 6, 2, 3, 2, []int{8}, tied
	var m memory
	got, err := train.Run(context.Background(), r, train.Options{Store: &m, EvalEvery: 3})
	if err != nil {
		t.Fatal(err)
	}
	return got.Checkpoint, m.state.Bytes()
}

// A checkpoint reads back as it was, to the bit.
func TestStateRoundTrip(t *testing.T) {
	for _, tied := range []bool{false, true} {
		want, file := aState(t, tied)
		got, text, err := readState(bytes.NewReader(file), int64(len(file)))
		if err != nil || text != "t sha256:1" {
			t.Fatal(text, err)
		}
		want.Card = got.Card // the card is made anew from the rest
		if !reflect.DeepEqual(got, want) {
			t.Errorf("tied %v: %+v, want %+v", tied, got, want)
		}
		if want.Step != 3 || want.Updates != 3 || len(want.Source) == 0 || want.Average.Batches != 3 {
			t.Errorf("the test's checkpoint is empty: %+v", want)
		}
	}
}

// Every member of a checkpoint is kept: one that is added to it and forgotten
// here would break going on.
func TestStateIsComplete(t *testing.T) {
	kept := map[string]bool{"Recipe": true, "Step": true, "Stage": true, "Tokens": true, "Average": true, "Source": true, "Parameters": true,
		"First": true, "Second": true, "Updates": true, "Evaluated": true, "Accuracy": true, "Length": true,
		"Card": true} // made anew
	c := reflect.TypeFor[train.Checkpoint]()
	for i := range c.NumField() {
		if !kept[c.Field(i).Name] {
			t.Errorf("train.Checkpoint.%s is not kept", c.Field(i).Name)
		}
	}
}

// change edits the state in the metadata of a file.
func change(t testing.TB, file []byte, f func(*state, []checkpoint.Array)) []byte {
	t.Helper()
	arrays, meta, err := checkpoint.ReadArrays(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var s state
	if err := json.Unmarshal([]byte(meta[stateKey]), &s); err != nil {
		t.Fatal(err)
	}
	f(&s, arrays)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := checkpoint.WriteArrays(&out, arrays, map[string]string{stateKey: string(text)}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestStateErrors(t *testing.T) {
	_, file := aState(t, false)
	var none bytes.Buffer
	if err := checkpoint.WriteArrays(&none, nil, nil); err != nil {
		t.Fatal(err)
	}
	for want, file := range map[string][]byte{
		"has 0 bytes":                  {},
		"cut off":                      file[:len(file)-1],
		"is not a training state":      none.Bytes(),
		"has schema 2, this program r": change(t, file, func(s *state, _ []checkpoint.Array) { s.Schema = 2 }),
		"has a vocabulary of 0":        change(t, file, func(s *state, _ []checkpoint.Array) { s.Vocab = 0 }),
		"has a vocabulary of 99999999": change(t, file, func(s *state, _ []checkpoint.Array) { s.Vocab = 99999999 }),
		"counts below zero: step -1":   change(t, file, func(s *state, _ []checkpoint.Array) { s.Step = -1 }),
		"d_model is 0":                 change(t, file, func(s *state, _ []checkpoint.Array) { s.Recipe.DModel = 0 }),
		"the recipe's model has":       change(t, file, func(s *state, _ []checkpoint.Array) { s.Recipe.DModel *= 1000 }),
		"its array adamw.m has 0 elem": change(t, file, func(_ *state, a []checkpoint.Array) { a[1].Name = "other" }),
	} {
		if _, _, err := readState(bytes.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, stateName), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder for a state: %v", err)
	}
}

// Whatever the bytes are, reading them ends in a checkpoint of its own size or
// in an error.
func FuzzState(f *testing.F) {
	_, file := aState(f, true)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add(change(f, file, func(s *state, _ []checkpoint.Array) { s.Recipe.Layers = 1 << 40 }))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, _, err := readState(bytes.NewReader(file), int64(len(file)))
		if err == nil && 4*3*len(c.Parameters.Flat) > len(file) {
			t.Errorf("%d parameters from %d bytes", len(c.Parameters.Flat), len(file))
		}
	})
}
