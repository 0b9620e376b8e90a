// A driver for the tests of the binding: device memory is host memory, work is
// done at once, and the next call gives the result that stub_next was told.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int next_result;
void stub_next(int r) { next_result = r; }
static int result(void) { int r = next_result; next_result = 0; return r; }
#define BEGIN do { int r = result(); if (r) return r; } while (0)

// What the last launch was given.
uint32_t stub_launch[8];
char stub_args[512];
static char module, function, graph, exec, stream, event, context;

int cuInit(unsigned flags) { BEGIN; return flags ? 1 : 0; }
int cuDriverGetVersion(int *v) { BEGIN; *v = 13000; return 0; }
int cuDeviceGetCount(int *n) { BEGIN; *n = 2; return 0; }
int cuDeviceGet(int *d, int ordinal) { BEGIN; if (ordinal > 1) return 101; *d = 40 + ordinal; return 0; }
int cuDeviceGetName(char *name, int len, int d) { BEGIN; if (d != 41) return 101; strncpy(name, "Stub GPU", len); return 0; }
int cuDeviceGetUuid(char *id, int d) { BEGIN; for (int i = 0; i < 16; i++) id[i] = (char)(i * 16 + d - 41); return 0; }
int cuDeviceTotalMem_v2(size_t *n, int d) { BEGIN; (void)d; *n = (size_t)5 << 32; return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) { BEGIN; *v = 1000 * a + d; return 0; }
int cuDevicePrimaryCtxSetFlags_v2(int d, unsigned f) { (void)d; return f == 4 ? 0 : 1; }
int cuDevicePrimaryCtxRetain(void **c, int d) { BEGIN; (void)d; *c = &context; return 0; }
int cuDevicePrimaryCtxRelease_v2(int d) { BEGIN; (void)d; return 0; }
int cuDevicePrimaryCtxReset_v2(int d) { BEGIN; (void)d; return 0; }
int cuCtxSetCurrent(void *c) { BEGIN; return c == &context ? 0 : 201; }
int cuModuleLoadDataEx(void **m, const char *image, unsigned n, int *options, void **values) {
	int r = result();
	for (unsigned i = 0; i < n; i++) {
		if (options[i] == 5 && r) strncpy(values[i], "ptxas error : line 7", (size_t)values[i + 1]);
		if (options[i] == 3) strncpy(values[i], image, (size_t)values[i + 1]);
		if (options[i] == 12 && values[i] != (void *)1) return 1;
	}
	if (r) return r;
	*m = &module;
	return 0;
}
int cuModuleUnload(void *m) { BEGIN; return m == &module ? 0 : 400; }
int cuModuleGetFunction(void **f, void *m, const char *name) { BEGIN; if (m != &module || strcmp(name, "scan")) return 500; *f = &function; return 0; }
int cuFuncGetAttribute(int *v, int a, void *f) { BEGIN; if (f != &function) return 400; *v = 10 + a; return 0; }
int cuFuncSetAttribute(void *f, int a, int v) { BEGIN; return f == &function && a == 8 && v == 232448 ? 0 : 1; }
int cuMemGetInfo_v2(size_t *f, size_t *t) { BEGIN; *f = (size_t)3 << 32; *t = (size_t)5 << 32; return 0; }
#ifndef NO_ALLOC
int cuMemAlloc_v2(uint64_t *p, size_t n) { BEGIN; *p = (uint64_t)malloc(n); return 0; }
#endif
// The 32-bit call of the same purpose: nothing may come here.
int cuMemAlloc(uint32_t *p, unsigned n) { (void)n; *p = 0; return 999; }
int cuMemFree_v2(uint64_t p) { BEGIN; free((void *)p); return 0; }
int cuMemHostAlloc(void **p, size_t n, unsigned f) { BEGIN; if (f) return 1; *p = malloc(n); return 0; }
int cuMemFreeHost(void *p) { BEGIN; free(p); return 0; }
int cuMemcpyHtoDAsync_v2(uint64_t d, const void *s, size_t n, void *st) { BEGIN; if (st != &stream) return 400; memcpy((void *)d, s, n); return 0; }
int cuMemcpyDtoHAsync_v2(void *d, uint64_t s, size_t n, void *st) { BEGIN; if (st != &stream) return 400; memcpy(d, (void *)s, n); return 0; }
int cuMemcpyDtoDAsync_v2(uint64_t d, uint64_t s, size_t n, void *st) { BEGIN; if (st != &stream) return 400; memcpy((void *)d, (void *)s, n); return 0; }
int cuMemsetD8Async(uint64_t d, unsigned char v, size_t n, void *st) { BEGIN; if (st != &stream) return 400; memset((void *)d, v, n); return 0; }
int cuStreamCreate(void **s, unsigned f) { BEGIN; if (f != 1) return 1; *s = &stream; return 0; }
int cuStreamDestroy_v2(void *s) { BEGIN; return s == &stream ? 0 : 400; }
int cuStreamSynchronize(void *s) { BEGIN; return s == &stream ? 0 : 400; }
int cuStreamQuery(void *s) { BEGIN; return s == &stream ? 0 : 400; }
int cuEventCreate(void **e, unsigned f) { BEGIN; if (f) return 1; *e = &event; return 0; }
int cuEventDestroy_v2(void *e) { BEGIN; return e == &event ? 0 : 400; }
int cuEventRecord(void *e, void *s) { BEGIN; return e == &event && s == &stream ? 0 : 400; }
int cuEventElapsedTime(float *ms, void *a, void *b) { BEGIN; (void)a; (void)b; *ms = 2.5f; return 0; }
int cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *s, void **params, void **extra) {
	BEGIN;
	if (f != &function || s != &stream || extra) return 400;
	uint32_t shape[8] = {gx, gy, gz, bx, by, bz, shared, 0};
	memcpy(stub_launch, shape, sizeof shape);
	memcpy(stub_args, params[0], 300);
	return 0;
}
#ifndef NO_EARLY
typedef struct { unsigned id; char pad[4]; union { int on; char room[64]; } value; } attribute;
typedef struct { unsigned g[3], b[3], shared; void *s; attribute *attributes; unsigned count; } config;
int cuLaunchKernelEx(const config *c, void *f, void **params, void **extra) {
	BEGIN;
	if (sizeof *c != 56 || sizeof *c->attributes != 72) return 1;
	if (f != &function || c->s != &stream || extra || c->count != 1 || c->attributes->id != 6 || c->attributes->value.on != 1) return 400;
	uint32_t shape[8] = {c->g[0], c->g[1], c->g[2], c->b[0], c->b[1], c->b[2], c->shared, 1};
	memcpy(stub_launch, shape, sizeof shape);
	memcpy(stub_args, params[0], 300);
	return 0;
}
#endif
#ifndef NO_GRAPHS
int cuStreamBeginCapture_v2(void *s, int mode) { BEGIN; return s == &stream && mode == 1 ? 0 : 1; }
int cuStreamEndCapture(void *s, void **g) { BEGIN; if (s != &stream) return 400; *g = &graph; return 0; }
int cuGraphInstantiateWithFlags(void **e, void *g, unsigned long long f) { BEGIN; if (g != &graph || f) return 1; *e = &exec; return 0; }
int cuGraphLaunch(void *e, void *s) { BEGIN; return e == &exec && s == &stream ? 0 : 400; }
int cuGraphDestroy(void *g) { BEGIN; return g == &graph ? 0 : 400; }
int cuGraphExecDestroy(void *e) { BEGIN; return e == &exec ? 0 : 400; }
#endif
