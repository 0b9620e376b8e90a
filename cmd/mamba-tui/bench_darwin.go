package main

import "golang.org/x/sys/unix"

// sysctlName is the processor's name as the kernel has it.
func sysctlName() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return ""
	}
	return name
}
