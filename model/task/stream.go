package task

import "math/rand/v2"

// Stream is the generator of sequence i of a seed. It depends on nothing else:
// not on the sequences before it, nor on how many goroutines draw, so that a
// run can stop, go on elsewhere and still see the same sequences.
func Stream(seed, i uint64) *rand.Rand {
	// Seeds and indices are small numbers that follow one another. Mixed, two
	// neighbours differ in half of their bits.
	return rand.New(rand.NewPCG(mix(seed), mix(^i)))
}

// Nth is sequence i of a seed: a Draw from its Stream. The tasks of this
// package give the same sequence for the same arguments on every machine.
func Nth(t Task, seed, i uint64, length int) Sample {
	return t.Draw(Stream(seed, i), length)
}

// mix is the step and the output function of splitmix64 (Steele, Lea, Flood
// 2014): a bijection of 64 bits.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
