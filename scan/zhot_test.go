package scan
import ("testing";"fmt";"runtime";"golang.org/x/sys/unix";"os")
func tcpu() int64 { var ts unix.Timespec; unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID,&ts); return ts.Nano() }
func zmin(n int, f func()) float64 { best:=int64(1<<62); for range n { a:=tcpu(); f(); if d:=tcpu()-a; d<best {best=d} }; return float64(best) }
func TestZHot(t *testing.T) {
	runtime.LockOSThread()
	for _, set := range KernelSets()[1:] {
		if s := os.Getenv("SET"); s != "" && set.String() != s { continue }
		for _, sh := range [][3]int{{256,128,16},{64,1536,16},{2048,1536,16},{1,128,16},{8,128,16}} {
		k := newKit(t, Options{Kernels:set,Threads:1})
		a := k.scanArgs(sh[0],sh[1],sh[2]); a.Resets=nil
		n := 300; if sh[0]==2048 {n=12}; if sh[0]==1 { n=20000 }
		el := float64(sh[0]*sh[1]*sh[2])
		v := zmin(n, func(){ k.c.Scan(a) })
		fmt.Printf("%v %v: %.3f ns/elem  %.2f us\n", set, sh, v/el, v/1e3)
		}
		k := newKit(t, Options{Kernels:set,Threads:1})
		c := k.convArgs(256,128,4); c.Resets=nil
		fmt.Printf("conv 256x128: %.3f ns/elem\n", zmin(300, func(){k.c.Conv(c)})/256/128)
		c = k.convArgs(1,128,4); c.Resets=nil
		fmt.Printf("conv 1x128: %.3f us\n", zmin(10000, func(){k.c.Conv(c)})/1e3)
		x, w := Dense(k.buffer(64*256, -1, 1), 64), k.buffer(64, 1, 1)
		fmt.Printf("norm 256x64: %.3f ns/elem\n", zmin(300, func(){k.c.RMSNorm(x,x,w,256,64,1e-5)})/256/64)
		fmt.Printf("norm 1x64: %.3f us\n", zmin(10000, func(){k.c.RMSNorm(x,x,w,1,64,1e-5)})/1e3)
	}
}
