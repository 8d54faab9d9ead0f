/* A CUDA driver without a GPU, for the fuzz test on machines that have none: device memory is host memory, streams do
 * their work at once, or record it while they capture, and a graph does what was recorded. Handles are heap blocks that each
 * call touches, so that a sanitizer sees the use of a freed one; so does recorded work with memory that was freed since.
 * TensorRT itself takes no part in this: its CUDA runtime asks the driver to prove that it is NVIDIA's. See runtime.cc. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Result;
typedef unsigned long long Pointer;
enum { kSuccess = 0, kOutOfMemory = 2, kInvalidDevice = 101, kNotReady = 600, kNotWhileCapturing = 900, kLargest = 1 << 28 };

/* What a stream was asked to do; what it recorded, which is a graph, instantiated or not; a stream. */
typedef struct {
  enum { kCopy, kFill, kTouch, kLaunch } kind;
  void* to;
  const void* from;
  size_t size;
  int value;
} Work;
typedef struct {
  size_t count;
  Work* work;
} Graph;
typedef struct {
  Graph* captured; /* null unless it captures */
} Stream;

static Result made(void** handle) {
  *handle = calloc(1, sizeof(Graph));
  return kSuccess;
}
static Result used(void* handle) { return *(volatile char*)handle, kSuccess; }
static Result destroyed(void* handle) {
  free(handle);
  return kSuccess;
}

static void append(Graph* graph, Work work) {
  graph->work = realloc(graph->work, (graph->count + 1) * sizeof work);
  graph->work[graph->count++] = work;
}
static Result perform(Work work) {
  const Graph* graph = work.to;
  switch (work.kind) {
    case kCopy: return memmove(work.to, work.from, work.size), kSuccess;
    case kFill: return memset(work.to, work.value, work.size), kSuccess;
    case kTouch: return used(work.to);
    case kLaunch:
      for (size_t k = 0; k < graph->count; k++) perform(graph->work[k]);
  }
  return kSuccess;
}
static Result submit(Stream* stream, Work work) {
  return stream->captured ? append(stream->captured, work), kSuccess : perform(work);
}
Result cuGraphDestroy(Graph* graph) { return free(graph->work), destroyed(graph); }

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
Result cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t size, void* stream) { return submit(stream, (Work){kCopy, (void*)to, from, size}); }
Result cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t size, void* stream) { return submit(stream, (Work){kCopy, to, (void*)from, size}); }
Result cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t size, void* stream) { return submit(stream, (Work){kCopy, (void*)to, (void*)from, size}); }
Result cuMemsetD8Async(Pointer to, unsigned char value, size_t size, void* stream) { return submit(stream, (Work){kFill, (void*)to, 0, size, value}); }

Result cuStreamCreate(void** stream, unsigned flags) { return made(stream); }
Result cuStreamDestroy_v2(Stream* stream) { return stream->captured ? cuGraphDestroy(stream->captured) : kSuccess, destroyed(stream); }
Result cuStreamSynchronize(Stream* stream) { return stream->captured ? kNotWhileCapturing : kSuccess; }
Result cuStreamQuery(Stream* stream) { return cuStreamSynchronize(stream); }
Result cuStreamWaitEvent(void* stream, void* event, unsigned flags) { return submit(stream, (Work){kTouch, event}); }
Result cuStreamBeginCapture_v2(Stream* stream, int mode) { return stream->captured ? kNotWhileCapturing : made((void**)&stream->captured); }
Result cuStreamEndCapture(Stream* stream, Graph** graph) { return *graph = stream->captured, stream->captured = 0, kSuccess; }

Result cuEventCreate(void** event, unsigned flags) { return made(event); }
Result cuEventDestroy_v2(void* event) { return destroyed(event); }
Result cuEventRecord(void* event, void* stream) { return submit(stream, (Work){kTouch, event}); }
Result cuEventSynchronize(void* event) { return used(event); }
Result cuEventQuery(void* event) { return used(event), kNotReady; }
Result cuEventElapsedTime(float* milliseconds, void* start, void* end) { return *milliseconds = 1, used(start) + used(end); }

Result cuGraphInstantiateWithFlags(Graph** exec, Graph* graph, Pointer flags) {
  made((void**)exec);
  for (size_t k = 0; k < graph->count; k++) append(*exec, graph->work[k]);
  return kSuccess;
}
Result cuGraphLaunch(Graph* exec, void* stream) { return submit(stream, (Work){kLaunch, exec}); }
Result cuGraphExecDestroy(Graph* exec) { return cuGraphDestroy(exec); }
