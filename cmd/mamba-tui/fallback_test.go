package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"mamba-tui/scan"
)

// TestOnCPU: what a session falls back on answers like the model it replaces, says
// why it is there, and is freed once, also when it was never opened.
func TestOnCPU(t *testing.T) {
	file, _, err := loadModel("header-exact")
	if err != nil {
		t.Fatal(err)
	}
	in := &input{file: file}
	_, free := in.onCPU()
	free() // a session that never lost its GPU

	for _, c := range []struct {
		cause error
		note  string
	}{
		{errors.New("cuda: the device is gone"), "lost"},
		{fmt.Errorf("cuda: 3 GiB: %w", scan.ErrNoMemory), "full"},
	} {
		open, free := in.onCPU()
		m, note, err := open(c.cause)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(note, c.note) {
			t.Errorf("after %v the note is %q, want one with %q", c.cause, note, c.note)
		}
		s, err := m.NewState()
		if err != nil {
			t.Fatal(err)
		}
		logits := make([]float32, file.Config.VocabSize)
		if err := m.Step(s, 0, logits); err != nil {
			t.Error(err)
		}
		s.Free()
		free()
		if _, err := m.NewState(); err == nil {
			t.Error("the model is not closed after free")
		}
	}
}
