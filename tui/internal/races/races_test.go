package races

import (
	"os"
	"path/filepath"
	"testing"
)

// failures counts what Check reports.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Helper()               {}
func (f *failures) Errorf(string, ...any) { f.n++ }

func TestCheck(t *testing.T) {
	name := filepath.Join(t.TempDir(), "race")
	for file, text := range map[string]string{
		".1": "=====\nWARNING: DATA RACE\nWrite by main\n  cancelreader.(*epollCancelReader).Close()\n",
		".2": "=====\nWARNING: DATA RACE\nWrite by main\n  session.(*Session).Type()\n=====\nWARNING: DATA RACE\n  x.(*kqueueCancelReader).Close()\n",
	} {
		if err := os.WriteFile(name+file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	f := &failures{TB: t}
	if Check(f, name); f.n != 1 {
		t.Errorf("%d races are reported, want the one that is ours", f.n)
	}
	if Check(f, name+"-nothing"); f.n != 1 {
		t.Error("a child without races is reported")
	}
}
