//go:build !windows

package trace

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

var kills = flag.Int("kills", 60, "recording processes that TestKill kills; a tenth with -short")

// TestMain lets the test binary stand in for a program that records: with this
// variable set it types into the file named there for ever, and tells of every
// step that must not get lost.
func TestMain(m *testing.M) {
	if name := os.Getenv("TRACE_TEST_RECORD"); name != "" {
		fmt.Fprintln(os.Stderr, typeForEver(name))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// killedFile is the model that both processes use.
func killedFile() *checkpoint.File {
	w := model.RandomWeights(rigConfig, 9)
	return &checkpoint.File{Config: rigConfig, Weights: w, Card: rigCard, Parameters: w.Parameters(), SHA256: "none"}
}

func typeForEver(name string) error {
	f := killedFile()
	m, err := model.New(scan.NewCPU(scan.Options{Threads: 1}), f.Config, f.Weights)
	if err != nil {
		return err
	}
	s, err := session.On(session.Live(m), session.Options{Card: f.Card})
	if err != nil {
		return err
	}
	rec, err := Create(name, Options{Model: f, Machine: session.Live(m), KeyframeEvery: 16})
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.Do(ctx, session.Record{To: rec}); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	branch := 1
	for i := 0; ; i++ {
		op := session.Op(session.Type{At: session.End, Text: string("abcd"[random.IntN(4)]), Flags: session.FromKeys})
		told := true
		switch k := random.IntN(40); {
		case k == 0 && s.Len() > 4:
			op = session.Type{At: random.IntN(s.Len() - 2), Text: "d", Flags: session.FromKeys}
			branch++
		case k == 1 && s.Len() > 0:
			op, told = session.Generate{N: 5}, false // may be lost, up to a quarter of a second
		case k == 2 && s.Len() > 4:
			op, told = session.Back{N: 2}, false
		case k == 3 && s.Len() > 4:
			op, told = session.SetMark{T: s.Len() - 1}, false
		}
		if err := s.Do(ctx, op); err != nil {
			return err
		}
		if told {
			fmt.Println(branch, s.Len())
		}
	}
}

// kill -9 at random moments loses no step that was flushed: at least everything
// that was typed is there, as it was computed.
func TestKill(t *testing.T) {
	n := *kills
	if testing.Short() {
		n /= 10
	}
	f := killedFile()
	m, err := model.New(scan.NewCPU(scan.Options{}), f.Config, f.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	random := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	torn, rows := 0, 0
	for i := range n {
		name := filepath.Join(dir, fmt.Sprint(i, ".npz"))
		branch, steps := kill(t, name, time.Duration(random.IntN(40_000))*time.Microsecond)
		tr, err := OpenFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if tr.Closed() {
			t.Error("a killed recording says that it was closed")
		}
		b, err := tr.Branch(branch)
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		// After the last told step the program may have rolled back two.
		whole := 0
		for _, blk := range tr.x.blocks {
			if blk.branch == branch {
				whole = max(whole, blk.from+blk.n)
			}
		}
		if whole < steps {
			t.Errorf("kill %d: %d steps of branch %d, %d were flushed", i, whole, b.ID, steps)
		}
		report, err := Verify(context.Background(), tr, m, nil)
		if err != nil || !report.Exact() {
			t.Errorf("kill %d: %v %v", i, err, report.First)
		}
		if strings.Contains(tr.Fault().Error(), "member") && !strings.Contains(tr.Fault().Error(), "without a directory") {
			torn++
		}
		c, _ := tr.Counts()
		rows += c
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
		os.Remove(name)
	}
	t.Logf("%d kills, %d of them in the middle of a write, %d steps in all", n, torn, rows)
}

// kill starts a recording, kills it some time after its first step, and returns
// the last step it told of.
func kill(t *testing.T, name string, after time.Duration) (branch, steps int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TRACE_TEST_RECORD="+name)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	if _, err := fmt.Fscanln(in, &branch, &steps); err != nil {
		t.Fatalf("the recording process said nothing: %v %s", err, &complaint)
	}
	killed := make(chan error, 1)
	go func() {
		time.Sleep(after)
		killed <- cmd.Process.Signal(syscall.SIGKILL)
	}()
	for {
		var b, s int
		line, err := in.ReadString('\n')
		if err != nil {
			if err != io.EOF {
				t.Fatal(err)
			}
			break // what stands on a line that is not whole was not told
		}
		if _, err := fmt.Sscan(line, &b, &s); err != nil {
			t.Fatal(err)
		}
		branch, steps = b, s
	}
	if err := <-killed; err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended with %v: %s", err, &complaint)
	}
	return branch, steps
}
