// NVML for the tests. With FAILS it does not start, and has nothing else: any
// further call ends a process that binds lazily. Without, it has one device and
// lacks the reading of power.
#include <stdint.h>
#include <string.h>

#ifdef FAILS
int nvmlInit_v2(void) { return 9; }
#else
static int started;
int nvmlInit_v2(void) { started++; return 0; }
int nvmlShutdown(void) { return --started ? 1 : 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **d) { if (strcmp(uuid, "GPU-stub")) return 6; *d = &started; return 0; }
int nvmlDeviceGetUtilizationRates(void *d, uint32_t u[2]) { if (d != &started) return 2; u[0] = 63; u[1] = 21; return 0; }
int nvmlDeviceGetMemoryInfo(void *d, uint64_t m[3]) { (void)d; m[0] = 80ull << 30; m[1] = 60ull << 30; m[2] = 20ull << 30; return 0; }
int nvmlDeviceGetEnforcedPowerLimit(void *d, uint32_t *v) { (void)d; *v = 700000; return 0; }
int nvmlDeviceGetClockInfo(void *d, int clock, uint32_t *v) { (void)d; *v = 1000 + clock; return 0; }
int nvmlDeviceGetTemperature(void *d, int sensor, uint32_t *v) { (void)d; (void)sensor; *v = 51; return 0; }
#endif
