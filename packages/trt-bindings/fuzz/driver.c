/* A CUDA driver without a GPU, for the fuzz test on machines that have none: device memory is host memory, streams do
 * their work at once. Handles are heap blocks that each call touches, so that a sanitizer sees the use of a freed one. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Result;
typedef unsigned long long Pointer;
enum { kSuccess = 0, kOutOfMemory = 2, kInvalidDevice = 101, kNotReady = 600, kLargest = 1 << 28 };

static Result made(void** handle) {
  *handle = calloc(1, 8);
  return kSuccess;
}
static Result used(void* handle) { return *(volatile char*)handle; }
static Result destroyed(void* handle) {
  free(handle);
  return kSuccess;
}
static size_t inUse = 0;
static Result allocated(void** memory, size_t size) {
  if (size > kLargest) return kOutOfMemory;
  *memory = malloc(size);
  return kSuccess;
}
static Result allocatedOnDevice(void** memory, size_t size) {
  const Result result = allocated(memory, size);
  if (result == kSuccess) inUse += malloc_usable_size(*memory);
  return result;
}
static Result freedOnDevice(void* memory) {
  inUse -= malloc_usable_size(memory);
  return destroyed(memory);
}

Result cuInit(unsigned flags) { return kSuccess; }
Result cuDriverGetVersion(int* version) { return *version = 12080, kSuccess; }
Result cuGetErrorName(Result result, const char** name) { return *name = result == kOutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR", kSuccess; }
Result cuGetErrorString(Result result, const char** text) { return *text = "no GPU", kSuccess; }

Result cuDeviceGetCount(int* count) { return *count = 1, kSuccess; }
Result cuDeviceGet(int* device, int index) { return *device = index, index == 0 ? kSuccess : kInvalidDevice; }
Result cuDeviceGetName(char* name, int size, int device) { return snprintf(name, size, "no GPU"), kSuccess; }
Result cuDeviceGetUuid(void* uuid, int device) { return memset(uuid, 7, 16), kSuccess; }
Result cuDeviceTotalMem_v2(size_t* size, int device) { return *size = 1 << 30, kSuccess; }
Result cuDeviceGetAttribute(int* value, int attribute, int device) { return *value = 8, kSuccess; }
Result cuDevicePrimaryCtxRetain(void** context, int device) { return made(context); }
Result cuCtxSetCurrent(void* context) { return used(context); }
Result cuCtxSynchronize(void) { return kSuccess; }

Result cuMemGetInfo_v2(size_t* available, size_t* total) { return *total = 1 << 30, *available = *total - inUse, kSuccess; }
Result cuMemAlloc_v2(Pointer* memory, size_t size) { return allocatedOnDevice((void**)memory, size); }
Result cuMemAllocAsync(Pointer* memory, size_t size, void* stream) { return used(stream), allocatedOnDevice((void**)memory, size); }
Result cuMemFree_v2(Pointer memory) { return freedOnDevice((void*)memory); }
Result cuMemHostAlloc(void** memory, size_t size, unsigned flags) { return allocated(memory, size); }
Result cuMemFreeHost(void* memory) { return destroyed(memory); }
Result cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t size, void* stream) { return memmove((void*)to, from, size), used(stream); }
Result cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t size, void* stream) { return memmove(to, (void*)from, size), used(stream); }
Result cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t size, void* stream) { return memmove((void*)to, (void*)from, size), used(stream); }
Result cuMemsetD8Async(Pointer to, unsigned char value, size_t size, void* stream) { return memset((void*)to, value, size), used(stream); }

Result cuStreamCreate(void** stream, unsigned flags) { return made(stream); }
Result cuStreamDestroy_v2(void* stream) { return destroyed(stream); }
Result cuStreamSynchronize(void* stream) { return used(stream); }
Result cuStreamQuery(void* stream) { return used(stream); }
Result cuStreamWaitEvent(void* stream, void* event, unsigned flags) { return used(stream) + used(event); }
Result cuStreamBeginCapture_v2(void* stream, int mode) { return used(stream); }
Result cuStreamEndCapture(void* stream, void** graph) { return used(stream), made(graph); }

Result cuEventCreate(void** event, unsigned flags) { return made(event); }
Result cuEventDestroy_v2(void* event) { return destroyed(event); }
Result cuEventRecord(void* event, void* stream) { return used(event) + used(stream); }
Result cuEventSynchronize(void* event) { return used(event); }
Result cuEventQuery(void* event) { return used(event), kNotReady; }
Result cuEventElapsedTime(float* milliseconds, void* start, void* end) { return *milliseconds = 1, used(start) + used(end); }

Result cuGraphInstantiateWithFlags(void** exec, void* graph, Pointer flags) { return used(graph), made(exec); }
Result cuGraphLaunch(void* exec, void* stream) { return used(exec) + used(stream); }
Result cuGraphExecDestroy(void* exec) { return destroyed(exec); }
Result cuGraphDestroy(void* graph) { return destroyed(graph); }
