package cuda

import (
	"runtime"
	"sync/atomic"
	"time"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/machine"
)

// device is one CUDA device with a stream of its own, and the goroutine that
// alone talks to the driver: a CUDA context belongs to a thread, so the
// goroutine is locked to one. Everybody else sends it commands; those that only
// enqueue work on the device are not waited for, so that the caller prepares
// the next operation while the driver takes this one.
type device struct {
	*machine.Machine
	queue chan *command
	spare chan *command // commands to use again: a launch allocates nothing
	ended chan struct{} // closed when the goroutine has ended
	crowd int           // processors that there are

	sleeps atomic.Bool // the caller of ask gave its processor up

	// The goroutine's own.
	failure error // the first one since Sync last told
	lost    bool  // it is one that the device does not recover from
	// answered says that the newest command was an answer to a caller who slept.
	answered bool
}

// argBytes is room for the largest argument struct of a kernel.
const argBytes = 512

// inFlight is the number of commands that may wait for the goroutine.
const inFlight = 256

// command is something that the goroutine is to do.
type command struct {
	do    func(d *device, c *command) driver.Result // a function without a closure
	what  string                                    // for the error
	fn    driver.Function
	shape driver.Launch
	args  [argBytes]byte
	size  int // of args in use
	dst   driver.Ptr
	value byte
	bytes uint64
	host  []byte
	exec  driver.Exec
	call  func() error // instead of do
	reply chan<- error // where call's error goes
}

// start runs the goroutine of a device. set is run on it first; when it fails,
// the goroutine ends and its error is returned.
func start(set func(d *device) error) (*device, error) {
	d := &device{queue: make(chan *command, inFlight), spare: make(chan *command, inFlight+1), ended: make(chan struct{})}
	for range inFlight + 1 {
		d.spare <- &command{}
	}
	ready := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and with it what the
		// driver hung on it.
		runtime.LockOSThread()
		defer close(d.ended)
		err := set(d)
		ready <- err
		if err != nil {
			return
		}
		d.obeyAll()
	}()
	return d, <-ready
}

// obey does one command. After a loss nothing is sent to the driver any more:
// it would give the same answer, and addresses mean nothing.
func (d *device) obey(c *command) {
	if c.call != nil {
		err, reply := c.call(), c.reply
		c.call, c.reply = nil, nil
		d.spare <- c
		d.answered = d.sleeps.Load()
		reply <- err
		return
	}
	d.answered = false
	if !d.lost {
		if r := c.do(d, c); r != driver.OK {
			d.fail(c.what, r)
		}
	}
	c.host = nil
	d.spare <- c
}

// fail keeps the first failure for whoever reads or waits next. Later ones are
// its consequences.
func (d *device) fail(what string, r driver.Result) error {
	err := machine.Failed(what, r)
	d.lost = d.lost || r.Sticky()
	if d.failure == nil {
		d.failure = err
	}
	return err
}

// next is an empty command.
func (d *device) next() *command { return <-d.spare }

// send hands a command over.
func (d *device) send(c *command) { d.queue <- c }

// ask runs f on the goroutine, after everything sent before, and waits.
func (d *device) ask(f func() error) error {
	c, reply := d.next(), make(chan error, 1)
	c.call, c.reply = f, reply
	d.send(c)
	if d.crowd >= enough {
		if err, _, got := look(reply, waitAnswer); got {
			return err
		}
	}
	d.sleeps.Store(true)
	defer d.sleeps.Store(false)
	return <-reply
}

// For how long the two goroutines keep their processors while they wait for each
// other, where there are enough processors: a token of a model of some hundred
// million parameters takes less, and to be woken costs a quarter of that. The
// goroutine of the device waits for the next command, which follows an answer at
// once or much later; its caller waits for the device.
const (
	waitCommand = 30 * time.Microsecond
	waitAnswer  = patience + 100*time.Microsecond
	enough      = 4
)

// look receives from c without giving the processor up, for so long; got says
// whether it did.
func look[T any](c <-chan T, long time.Duration) (v T, open, got bool) {
	begin := time.Now()
	for n := 1; ; n++ {
		select {
		case v, open = <-c:
			return v, open, true
		default:
		}
		if n%64 == 0 && time.Since(begin) > long {
			return v, false, false
		}
	}
}

// obeyAll does commands until there are no more. After an answer to a caller who
// sleeps it does not look for the next command but sleeps as well: the Go
// scheduler then runs the caller on this processor, where it would otherwise wait
// for some fifty microseconds before it takes the caller to another.
func (d *device) obeyAll() {
	for {
		var c *command
		open, got := false, false
		if d.crowd >= enough && !d.answered {
			c, open, got = look(d.queue, waitCommand)
		}
		if !got {
			c, open = <-d.queue
		}
		if !open {
			return
		}
		d.obey(c)
	}
}

// launch enqueues a kernel. args is copied.
func (d *device) launch(what string, fn driver.Function, shape driver.Launch, args []byte) {
	c := d.next()
	c.do, c.what, c.fn, c.shape = doLaunch, what, fn, shape
	c.size = copy(c.args[:], args)
	if c.size < len(args) {
		panic("cuda: " + what + ": the argument struct is larger than a command")
	}
	d.send(c)
}

func doLaunch(d *device, c *command) driver.Result {
	return d.API.Launch(c.fn, c.shape, c.args[:c.size], d.Stream)
}

// fill enqueues n bytes of value.
func (d *device) fill(dst driver.Ptr, value byte, n uint64) {
	if n == 0 {
		return
	}
	c := d.next()
	c.do, c.what, c.dst, c.value, c.bytes = doFill, "filling memory", dst, value, n
	d.send(c)
}

func doFill(d *device, c *command) driver.Result {
	return d.API.Fill(c.dst, c.value, c.bytes, d.Stream)
}

// upload enqueues a copy of pinned host memory to the device.
func (d *device) upload(dst driver.Ptr, host []byte) {
	c := d.next()
	c.do, c.what, c.dst, c.host = doUpload, "copying to the device", dst, host
	d.send(c)
}

func doUpload(d *device, c *command) driver.Result {
	return d.API.CopyToDevice(c.dst, c.host, d.Stream)
}

// download enqueues a copy to pinned host memory.
func (d *device) download(host []byte, src driver.Ptr) {
	c := d.next()
	c.do, c.what, c.dst, c.host = doDownload, "copying from the device", src, host
	d.send(c)
}

func doDownload(d *device, c *command) driver.Result {
	return d.API.CopyToHost(c.host, c.dst, d.Stream)
}

// replay enqueues a recorded graph.
func (d *device) replay(exec driver.Exec) {
	c := d.next()
	c.do, c.what, c.exec = doReplay, "launching a recorded step", exec
	d.send(c)
}

func doReplay(d *device, c *command) driver.Result {
	return d.API.LaunchGraph(c.exec, d.Stream)
}

// release enqueues the freeing of memory.
func (d *device) release(p driver.Ptr) {
	c := d.next()
	c.do, c.what, c.dst = doRelease, "freeing memory", p
	d.send(c)
}

func doRelease(d *device, c *command) driver.Result { return d.API.Free(c.dst) }

// patience is how long a wait asks the driver again and again before it
// sleeps.
const patience = 2 * time.Millisecond

// drain is for the goroutine: it waits until the stream is empty.
func (d *device) drain() {
	if d.lost {
		return
	}
	begin := time.Now()
	r := d.API.Query(d.Stream)
	for r == driver.NotReady && time.Since(begin) < patience {
		r = d.API.Query(d.Stream)
	}
	if r == driver.NotReady {
		r = d.API.Synchronize(d.Stream)
	}
	if r != driver.OK {
		d.fail("waiting for the device", r)
	}
}

// told is for the goroutine: what failed since the last time, which is then
// forgotten unless nothing can come after it.
func (d *device) told() error {
	err := d.failure
	if !d.lost {
		d.failure = nil
	}
	return err
}

// failed says that told will have something to tell. It is for the owner of the
// backend, when the goroutine is known to rest.
func (d *device) failed() bool { return d.failure != nil }

// stop ends the goroutine after everything sent before.
func (d *device) stop() {
	close(d.queue)
	<-d.ended
}
