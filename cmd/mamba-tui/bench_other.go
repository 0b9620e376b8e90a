//go:build !darwin

package main

// sysctlName is not to be had here.
func sysctlName() string { return "" }
