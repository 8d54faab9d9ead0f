/* A CUDA driver without a GPU, for the fuzz test on machines that have none: device memory is host memory, streams do
 * their work at once, or record it while they capture, and a graph does what was recorded. Handles are heap blocks that each
 * call touches, so that a sanitizer sees the use of a freed one; so does recorded work with memory that was freed since.
 * There are two devices. As many processors as each says to have, so many threads have made it current.
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
/* The number of the capture that a stream takes part in, or that an event was recorded in: a stream that waits for the event
 * takes part too. The number means nothing once the capture has ended. */
typedef struct {
  unsigned capture;
} Stream, Event;
typedef struct {
  int threads; /* that made it current */
} Context;

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
static __thread struct {
  unsigned number;
  Graph* graph;
} captures[8]; /* that go on, of this thread */
static int placeOf(unsigned number) {
  for (int k = 0; k < 8; k++)
    if (captures[k].number == number) return k;
  return -1;
}
static Graph* captured(const Stream* stream) {
  const int place = stream->capture ? placeOf(stream->capture) : -1;
  return place < 0 ? 0 : captures[place].graph;
}

static __thread int pending = 0; /* what this thread asked for since it waited for the device */
static Result submit(Stream* stream, Work work) {
  pending++;
  return captured(stream) ? append(captured(stream), work), kSuccess : perform(work);
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

Result cuDeviceGetCount(int* count) { return *count = 2, kSuccess; }
Result cuDeviceGet(int* device, int index) { return *device = index, index >= 0 && index < 2 ? kSuccess : kInvalidDevice; }
Result cuDeviceGetName(char* name, int size, int device) { return snprintf(name, size, "no GPU"), kSuccess; }
Result cuDeviceGetUuid(void* uuid, int device) { return memset(uuid, 7, 16), kSuccess; }
Result cuDeviceTotalMem_v2(size_t* size, int device) { return *size = 1 << 30, kSuccess; }
static Context contexts[2];
Result cuDeviceGetAttribute(int* value, int attribute, int device) { return *value = attribute == 16 ? contexts[device].threads : 8, kSuccess; }
Result cuDevicePrimaryCtxRetain(Context** context, int device) { return *context = &contexts[device], kSuccess; }
Result cuCtxSetCurrent(Context* context) {
  static __thread int known[2];
  int* current = &known[context - contexts];
  if (!*current) *current = 1, __atomic_fetch_add(&context->threads, 1, __ATOMIC_RELAXED);
  return kSuccess;
}
Result cuCtxSynchronize(void) { return pending = 0, kSuccess; }

Result cuMemGetInfo_v2(size_t* available, size_t* total) { return *total = 1 << 30, *available = *total - inUse, kSuccess; }
Result cuMemAlloc_v2(Pointer* memory, size_t size) { return allocatedOnDevice((void**)memory, size); }
/* Freeing memory of this kind waits for nothing: the process ends where work may still use it. */
static void* ordered[64];
static void** orderedAt(void* memory) {
  for (int k = 0; k < 64; k++)
    if (ordered[k] == memory) return &ordered[k];
  return 0;
}
Result cuMemAllocAsync(Pointer* memory, size_t size, void* stream) {
  const Result result = allocatedOnDevice((void**)memory, size);
  void** place = orderedAt(0);
  if (result == kSuccess && place) *place = (void*)*memory;
  return used(stream), result;
}
Result cuMemFree_v2(Pointer memory) {
  void** place = orderedAt((void*)memory);
  if (place && pending) fprintf(stderr, "stream-ordered memory was freed under pending work\n"), abort();
  if (place) *place = 0;
  return freedOnDevice((void*)memory);
}
Result cuMemHostAlloc(void** memory, size_t size, unsigned flags) { return allocated(memory, size); }
Result cuMemFreeHost(void* memory) { return destroyed(memory); }
Result cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t size, void* stream) { return submit(stream, (Work){kCopy, (void*)to, from, size}); }
Result cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t size, void* stream) { return submit(stream, (Work){kCopy, to, (void*)from, size}); }
Result cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t size, void* stream) { return submit(stream, (Work){kCopy, (void*)to, (void*)from, size}); }
Result cuMemsetD8Async(Pointer to, unsigned char value, size_t size, void* stream) { return submit(stream, (Work){kFill, (void*)to, 0, size, value}); }

Result cuStreamCreate(void** stream, unsigned flags) { return made(stream); }
Result cuStreamDestroy_v2(Stream* stream) { return destroyed(stream); }
Result cuStreamSynchronize(Stream* stream) { return captured(stream) ? kNotWhileCapturing : kSuccess; }
Result cuStreamQuery(Stream* stream) { return cuStreamSynchronize(stream); }
Result cuStreamWaitEvent(Stream* stream, Event* event, unsigned flags) {
  if (captured(event)) stream->capture = event->capture;
  return submit(stream, (Work){kTouch, event});
}
Result cuStreamBeginCapture_v2(Stream* stream, int mode) {
  static __thread unsigned last = 0;
  const int place = placeOf(0);
  if (captured(stream) || place < 0) return kNotWhileCapturing;
  stream->capture = captures[place].number = ++last;
  return made((void**)&captures[place].graph);
}
Result cuStreamEndCapture(Stream* stream, Graph** graph) {
  *graph = captured(stream);
  if (*graph) captures[placeOf(stream->capture)].number = 0;
  return *graph ? kSuccess : kNotWhileCapturing;
}

Result cuEventCreate(void** event, unsigned flags) { return made(event); }
Result cuEventDestroy_v2(void* event) { return destroyed(event); }
Result cuEventRecord(Event* event, Stream* stream) { return event->capture = stream->capture, submit(stream, (Work){kTouch, event}); }
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
