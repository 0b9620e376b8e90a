//go:build !unix

package scan

// processTime is not known here; benchmarks report wall time alone.
func processTime() int64 { return 0 }
