//go:build !windows

package rundir_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"mamba-tui/model/checkpoint"
	"mamba-tui/model/train"
	"mamba-tui/model/train/rundir"
)

// TestMain lets the test binary stand in for a program that trains: with this
// variable set it follows the small recipe in the folder named there.
func TestMain(m *testing.M) {
	if dir := os.Getenv("RUNDIR_TEST_TRAIN"); dir != "" {
		d, err := rundir.Create(dir, small(), "")
		if err == nil {
			_, err = train.Run(context.Background(), small(), train.Options{Store: d, EvalEvery: 8, SaveEvery: 4, Observer: observer(func(step int) {
				if step == 11 { // two thirds of an interval after the last checkpoint
					os.Stdout.WriteString("here\n")
					time.Sleep(time.Minute) // until the kill
				}
			})})
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// kill -9 loses the steps since the last checkpoint and nothing else; going on
// makes them again.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RUNDIR_TEST_TRAIN="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended with %v", err)
	}
	if _, err := checkpoint.LoadDir(dir); err != nil {
		t.Errorf("what the kill left does not open: %v", err)
	}
	d, c, err := rundir.Resume(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if c.Step != 8 {
		t.Errorf("the checkpoint is at step %d, want 8: the kill came after step 11, checkpoints every 4", c.Step)
	}
	run(t, d, c.Recipe, c, 0)
	same(t, dir, finished(t, small()))
}
