// The CUDA driver API (libcuda), opened at run time: the declarations used here, and no toolkit.
#pragma once
#include "core.h"

namespace trt {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUstream = struct CUstream_st*;
using CUevent = struct CUevent_st*;
using CUgraph = struct CUgraph_st*;
using CUgraphExec = struct CUgraphExec_st*;
struct CUuuid {
  unsigned char bytes[16];
};

// DRIVER(member, exported symbol, parameters): the _v2 and _v3 are the 64-bit versions that cuda.h maps the plain names to.
#define DRIVER_FUNCTIONS(DRIVER)                                                                     \
  DRIVER(init, "cuInit", (unsigned))                                                                 \
  DRIVER(driverGetVersion, "cuDriverGetVersion", (int*))                                             \
  DRIVER(getErrorName, "cuGetErrorName", (CUresult, const char**))                                   \
  DRIVER(getErrorString, "cuGetErrorString", (CUresult, const char**))                               \
  DRIVER(deviceGetCount, "cuDeviceGetCount", (int*))                                                 \
  DRIVER(deviceGet, "cuDeviceGet", (CUdevice*, int))                                                 \
  DRIVER(deviceGetName, "cuDeviceGetName", (char*, int, CUdevice))                                   \
  DRIVER(deviceGetUuid, "cuDeviceGetUuid", (CUuuid*, CUdevice))                                      \
  DRIVER(deviceTotalMem, "cuDeviceTotalMem_v2", (size_t*, CUdevice))                                 \
  DRIVER(deviceGetAttribute, "cuDeviceGetAttribute", (int*, int, CUdevice))                          \
  DRIVER(primaryCtxRetain, "cuDevicePrimaryCtxRetain", (CUcontext*, CUdevice))                       \
  DRIVER(ctxSetCurrent, "cuCtxSetCurrent", (CUcontext))                                              \
  DRIVER(ctxSynchronize, "cuCtxSynchronize", ())                                                     \
  DRIVER(memGetInfo, "cuMemGetInfo_v2", (size_t*, size_t*))                                          \
  DRIVER(memAlloc, "cuMemAlloc_v2", (CUdeviceptr*, size_t))                                          \
  DRIVER(memFree, "cuMemFree_v2", (CUdeviceptr))                                                     \
  DRIVER(memAllocAsync, "cuMemAllocAsync", (CUdeviceptr*, size_t, CUstream))                         \
  DRIVER(memHostAlloc, "cuMemHostAlloc", (void**, size_t, unsigned))                                 \
  DRIVER(memFreeHost, "cuMemFreeHost", (void*))                                                      \
  DRIVER(memcpyHtoDAsync, "cuMemcpyHtoDAsync_v2", (CUdeviceptr, const void*, size_t, CUstream))      \
  DRIVER(memcpyDtoHAsync, "cuMemcpyDtoHAsync_v2", (void*, CUdeviceptr, size_t, CUstream))            \
  DRIVER(memcpyDtoDAsync, "cuMemcpyDtoDAsync_v2", (CUdeviceptr, CUdeviceptr, size_t, CUstream))      \
  DRIVER(memsetD8Async, "cuMemsetD8Async", (CUdeviceptr, unsigned char, size_t, CUstream))           \
  DRIVER(streamCreate, "cuStreamCreate", (CUstream*, unsigned))                                      \
  DRIVER(streamDestroy, "cuStreamDestroy_v2", (CUstream))                                            \
  DRIVER(streamSynchronize, "cuStreamSynchronize", (CUstream))                                       \
  DRIVER(streamQuery, "cuStreamQuery", (CUstream))                                                   \
  DRIVER(streamWaitEvent, "cuStreamWaitEvent", (CUstream, CUevent, unsigned))                        \
  DRIVER(streamBeginCapture, "cuStreamBeginCapture_v2", (CUstream, int))                             \
  DRIVER(streamEndCapture, "cuStreamEndCapture", (CUstream, CUgraph*))                               \
  DRIVER(eventCreate, "cuEventCreate", (CUevent*, unsigned))                                         \
  DRIVER(eventDestroy, "cuEventDestroy_v2", (CUevent))                                               \
  DRIVER(eventRecord, "cuEventRecord", (CUevent, CUstream))                                          \
  DRIVER(eventSynchronize, "cuEventSynchronize", (CUevent))                                          \
  DRIVER(eventQuery, "cuEventQuery", (CUevent))                                                      \
  DRIVER(eventElapsedTime, "cuEventElapsedTime", (float*, CUevent, CUevent))                         \
  DRIVER(graphInstantiate, "cuGraphInstantiateWithFlags", (CUgraphExec*, CUgraph, unsigned long long)) \
  DRIVER(graphLaunch, "cuGraphLaunch", (CUgraphExec, CUstream))                                      \
  DRIVER(graphExecDestroy, "cuGraphExecDestroy", (CUgraphExec))                                      \
  DRIVER(graphDestroy, "cuGraphDestroy", (CUgraph))

struct Driver {
#define DRIVER(name, symbol, parameters) CUresult(*name) parameters = nullptr;
  DRIVER_FUNCTIONS(DRIVER)
#undef DRIVER
  // The driver, initialized; null with a reason where there is none.
  static Driver* get(std::string& reason);
  std::string errorText(CUresult result) const;
};

constexpr CUresult kCudaNotReady = 600;

// A device's primary context: retained once, current on each thread that works with it.
struct CudaDevice final : Resource {
  Driver* driver;
  CUdevice device;
  int index;
  CUcontext context;
  void makeCurrent() const;
  void expect(Napi::Env env, CUresult result, const std::string& where) const;  // throws unless it is success
  // The device that this thread uses, device 0 where none was chosen; null without a driver.
  static std::shared_ptr<CudaDevice> current();
  // The one that JavaScript chose in this thread, or null.
  static std::shared_ptr<CudaDevice> chosenHere();
  static std::shared_ptr<CudaDevice> at(Napi::Env env, int index, const std::string& where);
};

// TensorRT 10 and 11 end the process when they find no GPU, so they are not asked. TensorRT-RTX builds without.
void requireDevice(Napi::Env env, const std::string& where);

struct CudaMemory final : Resource {
  ~CudaMemory() override;
  std::shared_ptr<CudaDevice> device;
  size_t size;
  bool streamOrdered = false;  // freeing it waits for nothing
  CUdeviceptr address(size_t offset = 0) const { return reinterpret_cast<CUdeviceptr>(object) + offset; }
};

struct PinnedMemory final : Resource {
  struct Block {
    ~Block();
    std::shared_ptr<CudaDevice> device;
    void* data;
  };
  void close() override;
  std::shared_ptr<Block> block;
  size_t size;
  Napi::ObjectReference buffer;
  char* address(size_t offset = 0) const { return static_cast<char*>(object) + offset; }
};

// What a graph will refer to, for as long as its capture goes on.
using Captured = std::vector<std::shared_ptr<Resource>>;

struct CudaStream final : Resource {
  ~CudaStream() override;
  std::shared_ptr<CudaDevice> device;
  CUstream stream() const { return static_cast<CUstream>(object); }
  std::weak_ptr<Captured> capturing;  // while it captures, or takes part in another stream's capture
  int running = 0;                    // runs that another thread starts or waits for
};

struct CudaEvent final : Resource {
  ~CudaEvent() override;
  std::shared_ptr<CudaDevice> device;
  CUevent event() const { return static_cast<CUevent>(object); }
  std::weak_ptr<Captured> captured;  // the capture that it was recorded in last: a stream that waits for it takes part
};

struct CudaGraph final : Resource {
  ~CudaGraph() override;
  std::shared_ptr<CudaDevice> device;
  CUgraphExec exec() const { return static_cast<CUgraphExec>(object); }
};

template <class T>
std::shared_ptr<T> cudaArgument(Call& call, size_t i) {
  return std::static_pointer_cast<T>(resourceOf(call, i, classInfo<T>));
}

// Runs `work` in a thread of its own, then `done` on the event loop.
void startTask(Napi::Env env, const char* name, std::function<void()> work, std::function<void(Napi::Env)> done);

// Offset and length of a part of memory in arguments `i` and `i + n`; TypeError where it does not lie inside.
size_t offsetOf(Call& call, size_t i, size_t size);
void requireInside(Call& call, size_t i, size_t offset, size_t length, size_t size);

// Ends a capture into an instantiated graph that keeps `refers` alive.
std::shared_ptr<CudaGraph> endCapture(Napi::Env env, const std::shared_ptr<CudaStream>& stream, std::vector<std::shared_ptr<Resource>> refers, const std::string& where);

void defineCudaMemory();
void defineCudaStream();

}  // namespace trt
