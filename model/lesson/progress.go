package lesson

import "mamba-tui/model/session"

// Progress follows a person through the steps of a lesson. It belongs to one
// goroutine.
type Progress struct {
	Lesson *Lesson
	at     int
	done   []bool
}

// Begin is the progress of somebody who begins.
func (l *Lesson) Begin() *Progress {
	return &Progress{Lesson: l, done: make([]bool, len(l.Steps))}
}

// At is the number of the step that is to be done, from 0; with all steps done
// it is the number of steps.
func (p *Progress) At() int { return p.at }

// Done says that step i was done, and not passed over.
func (p *Progress) Done(i int) bool { return p.done[i] }

// Over says that there is no further step.
func (p *Progress) Over() bool { return p.at >= len(p.Lesson.Steps) }

// Step is the step that is to be done; nil when there is none.
func (p *Progress) Step() *Step {
	if p.Over() {
		return nil
	}
	return &p.Lesson.Steps[p.at]
}

// See takes a frame. It says whether the frame shows that the step is done; the
// step then stays until Next, so that what there is to see can be read.
func (p *Progress) See(f *session.Frame) bool {
	s := p.Step()
	if s == nil || p.done[p.at] || !s.Done(f) {
		return false
	}
	p.done[p.at] = true
	return true
}

// Next goes on to the next step, done or not.
func (p *Progress) Next() {
	if !p.Over() {
		p.at++
	}
}

// Back returns to the step before, which is to be done again.
func (p *Progress) Back() {
	if p.at > 0 {
		p.at--
		p.done[p.at] = false
	}
}
