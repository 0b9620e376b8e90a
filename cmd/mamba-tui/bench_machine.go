package main

import (
	"bufio"
	"io"
	"os"
	"runtime"
	"strings"
)

// cpuName is the processor's own name, where the system tells it.
func cpuName() string {
	switch runtime.GOOS {
	case "linux":
		if f, err := os.Open("/proc/cpuinfo"); err == nil {
			defer f.Close()
			if name := modelName(f); name != "" {
				return name
			}
		}
	case "windows":
		if name := os.Getenv("PROCESSOR_IDENTIFIER"); name != "" {
			return clip(sentence(name), 100)
		}
	default:
		if name := sysctlName(); name != "" {
			return clip(sentence(name), 100)
		}
	}
	return "unnamed " + runtime.GOARCH + " processor"
}

// modelName finds the first "model name" in the text of /proc/cpuinfo.
func modelName(r io.Reader) string {
	s := bufio.NewScanner(io.LimitReader(r, 1<<20))
	for s.Scan() {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return clip(sentence(value), 100)
		}
	}
	return ""
}

// loadAverage is how many processes wanted to run over the last one, five and
// fifteen minutes, where the system tells.
func loadAverage() string {
	f, err := os.Open("/proc/loadavg")
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return ""
	}
	fields := strings.Fields(sentence(string(text)))
	return strings.Join(fields[:min(3, len(fields))], " ")
}
