// Devices, their memory, and pinned memory on the host.
#include "bind.h"
#include "cuda_driver.h"

namespace trt {

CudaMemory::~CudaMemory() {
  if (!object) return;
  device->makeCurrent();
  if (streamOrdered) device->driver->ctxSynchronize();  // cuMemFree waits for work with other memory only
  device->driver->memFree(address());
}

PinnedMemory::Block::~Block() {
  device->makeCurrent();
  device->driver->memFreeHost(data);
}

// The buffer goes at once; the memory when no run uses it any more.
void PinnedMemory::close() {
  if (!buffer.IsEmpty()) {
    napi_detach_arraybuffer(buffer.Env(), buffer.Value());
    buffer.Reset();
  }
}

size_t offsetOf(Call& call, size_t i, size_t size) {
  const auto offset = static_cast<size_t>(integerOf(call, i, call.info[i], 0, INT64_MAX, "a byte offset"));
  if (offset > size) call.refuse(i, "a byte offset of at most " + std::to_string(size));
  return offset;
}

void requireInside(Call& call, size_t i, size_t offset, size_t length, size_t size) {
  if (length > size - offset) call.refuse(i, "a byte length of at most " + std::to_string(size - offset) + ", what lies behind the offset");
}

namespace {

size_t byteLength(Call& call) {
  return static_cast<size_t>(integerOf(call, 0, call.info[0], 1, int64_t{1} << 46, "a byte length of at least 1"));
}

std::shared_ptr<CudaMemory> memory(const std::shared_ptr<CudaDevice>& device, CUdeviceptr pointer, size_t size) {
  auto resource = std::make_shared<CudaMemory>();
  resource->object = reinterpret_cast<void*>(pointer);
  resource->device = device;
  resource->size = size;
  return resource;
}

Napi::Value memAlloc(Call& call) {
  auto device = std::static_pointer_cast<CudaDevice>(call.self);
  const size_t size = byteLength(call);
  CUdeviceptr pointer = 0;
  device->makeCurrent();
  callsReachingNative++;
  device->expect(call.env(), device->driver->memAlloc(&pointer, size), call.where() + " of " + std::to_string(size) + " bytes");
  return wrap(call.env(), classInfo<CudaMemory>, memory(device, pointer, size));
}

Napi::Value memAllocAsync(Call& call) {
  auto device = std::static_pointer_cast<CudaDevice>(call.self);
  const size_t size = byteLength(call);
  auto stream = cudaArgument<CudaStream>(call, 1);
  CUdeviceptr pointer = 0;
  device->makeCurrent();
  callsReachingNative++;
  device->expect(call.env(), device->driver->memAllocAsync(&pointer, size, stream->stream()), call.where() + " of " + std::to_string(size) + " bytes");
  auto resource = memory(device, pointer, size);
  resource->streamOrdered = true;
  return wrap(call.env(), classInfo<CudaMemory>, resource);
}

Napi::Value memAllocHost(Call& call) {
  auto device = std::static_pointer_cast<CudaDevice>(call.self);
  const size_t size = byteLength(call);
  device->makeCurrent();
  auto block = std::make_shared<PinnedMemory::Block>();
  void* data = nullptr;
  callsReachingNative++;
  block->device = device;
  const CUresult result = device->driver->memHostAlloc(&data, size, 0);
  block->data = data;  // freeing null is refused by the driver, harmlessly
  device->expect(call.env(), result, call.where() + " of " + std::to_string(size) + " bytes");
  memset(data, 0, size);
  auto resource = std::make_shared<PinnedMemory>();
  resource->object = data;
  resource->size = size;
  resource->block = block;
  // The buffer keeps the block, not the resource: neither keeps the other alive in a circle.
  auto buffer = externalBuffer(call.env(), data, size, [block] {});
  resource->buffer = Napi::ObjectReference::New(buffer, 1);
  return wrap(call.env(), classInfo<PinnedMemory>, resource);
}

Napi::Value createStream(Call& call) {
  auto device = std::static_pointer_cast<CudaDevice>(call.self);
  device->makeCurrent();
  CUstream stream;
  callsReachingNative++;
  device->expect(call.env(), device->driver->streamCreate(&stream, 1 /* non-blocking */), call.where());
  auto resource = std::make_shared<CudaStream>();
  resource->object = stream;
  resource->device = device;
  return wrap(call.env(), classInfo<CudaStream>, resource);
}

Napi::Value createEvent(Call& call) {
  auto device = std::static_pointer_cast<CudaDevice>(call.self);
  device->makeCurrent();
  CUevent event;
  callsReachingNative++;
  device->expect(call.env(), device->driver->eventCreate(&event, 0), call.where());
  auto resource = std::make_shared<CudaEvent>();
  resource->object = event;
  resource->device = device;
  return wrap(call.env(), classInfo<CudaEvent>, resource);
}

}  // namespace

void defineCudaMemory() {
  define<CudaDevice>("CudaDevice", false, []<class C>(ClassBuilder<C> c) {
    c.getter("index", [](Call& call) -> Napi::Value { return Napi::Number::New(call.env(), std::static_pointer_cast<CudaDevice>(call.self)->index); });
    c.custom("memGetInfo", 0, 0, [](Call& call) -> Napi::Value {
      auto device = std::static_pointer_cast<CudaDevice>(call.self);
      device->makeCurrent();
      size_t free = 0, total = 0;
      callsReachingNative++;
      device->expect(call.env(), device->driver->memGetInfo(&free, &total), call.where());
      auto result = Napi::Object::New(call.env());
      result["free"] = Napi::Number::New(call.env(), static_cast<double>(free));
      result["total"] = Napi::Number::New(call.env(), static_cast<double>(total));
      return result;
    });
    c.custom("memAlloc", 1, 1, memAlloc);
    c.custom("memAllocAsync", 2, 2, memAllocAsync);
    c.custom("memAllocHost", 1, 1, memAllocHost);
    c.custom("createStream", 0, 0, createStream);
    c.custom("createEvent", 0, 0, createEvent);
    c.custom("synchronize", 0, 0, [](Call& call) -> Napi::Value {
      auto device = std::static_pointer_cast<CudaDevice>(call.self);
      device->makeCurrent();
      callsReachingNative++;
      device->expect(call.env(), device->driver->ctxSynchronize(), call.where());
      return call.env().Undefined();
    });
  });
  define<CudaMemory>("CudaMemory", true, []<class C>(ClassBuilder<C> c) {
    c.getter("byteLength", [](Call& call) -> Napi::Value { return Napi::Number::New(call.env(), static_cast<double>(std::static_pointer_cast<CudaMemory>(call.self)->size)); });
  });
  define<PinnedMemory>("PinnedMemory", true, []<class C>(ClassBuilder<C> c) {
    c.getter("byteLength", [](Call& call) -> Napi::Value { return Napi::Number::New(call.env(), static_cast<double>(std::static_pointer_cast<PinnedMemory>(call.self)->size)); });
    c.getter("buffer", [](Call& call) -> Napi::Value { return std::static_pointer_cast<PinnedMemory>(call.self)->buffer.Value(); });
  });
}

}  // namespace trt
