//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mamba-tui/model/train/rundir"
)

// A signal stops the program's training after a step, and it is kept; kill -9
// loses what came since the last checkpoint. Both can go on.
func TestTrainSignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		dir := filepath.Join(t.TempDir(), "run")
		cmd := program(t, append(quickly("--out", dir, "--json"), "--steps", "1000000", "--save-every", "10")...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		last := ""
		for lines.Scan() {
			last = lines.Text()
			if strings.Contains(last, `"type":"step","step":25,`) {
				if err := cmd.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := exitInterrupted
		if s == syscall.SIGKILL {
			want = -1
		} else if !strings.HasPrefix(last, `{"type":"end",`) {
			t.Errorf("%v: the last line is %s", s, last)
		}
		if got := code(t, cmd.Wait()); got != want || stderr.Len() != 0 {
			t.Errorf("%v: exit code %d, stderr %q", s, got, &stderr)
		}
		c, _, err := rundir.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if c.Step < 20 || s == syscall.SIGKILL && c.Step%10 != 0 {
			t.Errorf("%v after step 25: the checkpoint is at step %d, they come every 10", s, c.Step)
		}
		if out := ok(t, "", "models", "info", dir); !strings.Contains(out, "provenance  trained") {
			t.Errorf("%v: the model says\n%s", s, out)
		}
	}
}
