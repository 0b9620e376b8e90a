package checkpoint

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mamba-tui/model"
)

// Save writes config.json and model.safetensors to folder dir, which is made
// if it is not there. The bytes depend on the arguments alone. Each file
// appears under its name only when it is whole.
func Save(dir string, cfg model.Config, w *model.Weights, card model.Card, metadata map[string]string) error {
	config, err := MarshalConfig(cfg, w, card)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	err = Replace(filepath.Join(dir, weightsName), func(out io.Writer) error {
		return writeWeights(out, cfg, w, metadata)
	})
	if err != nil {
		return err
	}
	return Replace(filepath.Join(dir, "config.json"), func(out io.Writer) error {
		_, err := out.Write(config)
		return err
	})
}

// Replace writes a file beside its place, waits until the disk has it, and then
// moves it there: whoever looks finds the old file or the new one, whole, also
// after a crash.
func Replace(name string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	buffered := bufio.NewWriterSize(tmp, 1<<18)
	if err := errors.Join(write(buffered), buffered.Flush(), tmp.Chmod(0o644), tmp.Sync()); err != nil {
		return fmt.Errorf("checkpoint: %s: %w", name, err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}
