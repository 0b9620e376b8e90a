//go:build !amd64 || noasm

package bench

import "mamba-tui/scan"

// ratesOf is plain Go: there is no other set here.
func ratesOf(scan.KernelSet) rates { return plainRates() }

// softmaxOf is plain Go likewise.
func softmaxOf(scan.Backend) softmax { return plainSoftmax() }
