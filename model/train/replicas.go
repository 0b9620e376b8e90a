package train

import (
	"fmt"
	"sync"

	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// replicas compute the gradients of a batch's sequences side by side. Each has
// a backend and a Network of its own; which of them computes a sequence
// changes nothing.
type replicas struct {
	p       *Parameters
	version int // of p: replicas take the weights over when theirs is older
	samples []task.Sample
	scale   float64
	grads   [][]float32 // each sequence's
	scores  []Score
	errs    []error
	jobs    chan int
	done    chan struct{}
	wait    sync.WaitGroup
	all     []*replica
}

// replica is one worker.
type replica struct {
	b       scan.Differentiable
	net     *Network
	version int
	targets []int32
}

// newReplicas starts count workers for batches of up to batch sequences of up
// to length tokens.
func newReplicas(open func() (scan.Differentiable, error), p *Parameters, count, batch, length int) (*replicas, error) {
	r := &replicas{p: p, version: 1, scores: make([]Score, batch), errs: make([]error, batch),
		jobs: make(chan int, batch), done: make(chan struct{}, batch)}
	for range batch {
		r.grads = append(r.grads, make([]float32, len(p.Flat)))
	}
	for range count {
		b, err := open()
		if err != nil {
			r.close()
			return nil, fmt.Errorf("train: opening a backend: %w", err)
		}
		one := &replica{b: b}
		r.all = append(r.all, one)
		if one.net, err = NewNetwork(b, p.Config, p.Tied(), length); err != nil {
			r.close()
			return nil, err
		}
	}
	for _, one := range r.all {
		r.wait.Go(func() {
			for i := range r.jobs {
				r.errs[i] = r.compute(one, i)
				r.done <- struct{}{}
			}
		})
	}
	return r, nil
}

// close ends the workers and gives their memory back.
func (r *replicas) close() {
	close(r.jobs)
	r.wait.Wait()
	for _, one := range r.all {
		if one.net != nil {
			one.net.Close()
		}
		one.b.Close()
	}
}

// changed says that the weights are others now.
func (r *replicas) changed() { r.version++ }

// gradient writes the gradient of scale·loss over all samples to dst. It is
// the sum of the sequences' gradients in their order.
func (r *replicas) gradient(samples []task.Sample, scale float64, dst []float32) (Score, error) {
	r.samples, r.scale = samples, scale
	for i := range samples {
		r.jobs <- i
	}
	for range samples {
		<-r.done
	}
	var total Score
	clear(dst)
	for i := range samples {
		if r.errs[i] != nil {
			return total, r.errs[i]
		}
		total.add(r.scores[i])
		for k, g := range r.grads[i] {
			dst[k] += g
		}
	}
	return total, nil
}

// compute is one sequence on one replica. A panic becomes an error, so that a
// screen can be restored by whoever runs the training.
func (r *replicas) compute(one *replica, i int) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("train: sequence %d of the batch: %v", i, v)
		}
	}()
	if one.version != r.version {
		one.net.SetWeights(r.p.Weights)
		one.version = r.version
	}
	s := r.samples[i]
	one.targets = s.Targets(one.targets)
	r.scores[i], err = one.net.Gradient(s.Tokens, one.targets, r.scale, r.grads[i])
	return err
}
