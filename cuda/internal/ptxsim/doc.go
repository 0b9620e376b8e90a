// Package ptxsim runs PTX on the host, for tests on machines without a GPU. It
// runs the kernels that are shipped, not their sources, and is strict where a
// GPU is silent. A launch fails when a kernel
//
//   - reads or writes outside an allocation, or misaligned
//   - reads memory that nothing has written, global or shared
//   - shuffles or votes while lanes it asks for are elsewhere
//   - reaches a barrier with part of a warp, or after threads have left
//   - touches a word of shared memory that another thread writes, with no
//     barrier between; or a word of global memory that another block of the
//     same launch writes
//
// It counts what is executed, by class, which makes a regression figure of the
// cost of a kernel. It models no time, no caches, no bank conflicts and no weak
// memory, and computes the approximations of the special function unit to the
// last bit where a GPU is up to 2 ulp away.
//
//	d := ptxsim.New()
//	m, err := ptxsim.Load(text)
//	x := d.Alloc(4 * n)
//	err = d.Write(x, bytes)
//	count, err := d.Launch(m.Kernels["copy_rows"], ptxsim.Grid{4, 1, 1}, 256, 0, args)
//	err = d.Read(bytes, x)
//
// A warp's lanes run together as long as they are at the same instruction;
// lanes that branched apart run from the lowest address on, which brings them
// together again where their paths join.
package ptxsim
