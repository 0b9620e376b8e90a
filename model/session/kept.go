package session

// Keyframes says which states of the clean run are kept: every other state is
// computed again from the one before it.
type Keyframes struct {
	Count  int // the zero state at the beginning not among them
	Every  int // tokens between the newest
	Oldest int // tokens between the oldest
	Bytes  int // of the states, h and convolution windows
}

// kept describes what k keeps.
func (k *keyframes) kept() Keyframes {
	out := Keyframes{Count: len(k.old) + len(k.recent), Every: k.every, Oldest: k.every << k.shift}
	for _, list := range [][]keyframe{k.old, k.recent} {
		for _, f := range list[:min(len(list), 1)] { // all are of one size
			n := 0
			for _, layers := range [][][]float32{f.snap.H, f.snap.Conv} {
				for _, x := range layers {
					n += 4 * len(x)
				}
			}
			out.Bytes += n * len(list)
		}
	}
	return out
}
