// Streams, events and graphs.
#include "bind.h"
#include "cuda_driver.h"

namespace trt {

CudaStream::~CudaStream() {
  if (!object) return;
  device->makeCurrent();
  device->driver->streamDestroy(stream());  // pending work is done first
}

CudaEvent::~CudaEvent() {
  if (!object) return;
  device->makeCurrent();
  device->driver->eventDestroy(event());
}

CudaGraph::~CudaGraph() {
  if (!object) return;
  device->makeCurrent();
  device->driver->graphExecDestroy(exec());
}

std::shared_ptr<CudaGraph> endCapture(Napi::Env env, const std::shared_ptr<CudaStream>& stream, std::vector<std::shared_ptr<Resource>> refers, const std::string& where) {
  const Driver& driver = *stream->device->driver;
  CUgraph graph = nullptr;
  stream->device->expect(env, driver.streamEndCapture(stream->stream(), &graph), where + ": capturing");
  if (!graph) raise(env, "backend", where + ": nothing was captured");
  CUgraphExec exec = nullptr;
  const CUresult result = driver.graphInstantiate(&exec, graph, 0);
  driver.graphDestroy(graph);
  stream->device->expect(env, result, where + ": instantiating the graph");
  auto resource = std::make_shared<CudaGraph>();
  resource->object = exec;
  resource->device = stream->device;
  resource->parents = std::move(refers);
  return resource;
}

namespace {

CudaStream& streamOf(Call& call) {
  auto& stream = *static_cast<CudaStream*>(call.self.get());
  stream.device->makeCurrent();
  return stream;
}

// Work refers to memory until it is done: what is closed meanwhile stays until the stream has come that far.
// Freeing device memory waits for the device (cuMemFree), so only captured graphs need to remember it.
void remember(CudaStream& stream, std::initializer_list<std::shared_ptr<Resource>> resources) {
  if (const auto captured = stream.capturing.lock()) captured->insert(captured->end(), resources);
}

// memcpyXtoYAsync(destination, its offset, source, its offset, byte length)
template <auto Copy, class To, class From>
Napi::Value memcpyAsync(Call& call) {
  CudaStream& stream = streamOf(call);
  auto destination = cudaArgument<To>(call, 0);
  const size_t to = offsetOf(call, 1, destination->size);
  auto source = cudaArgument<From>(call, 2);
  const size_t from = offsetOf(call, 3, source->size);
  Argument<size_t> length(call, 4);
  requireInside(call, 4, to, length.get(), destination->size);
  requireInside(call, 4, from, length.get(), source->size);
  remember(stream, {destination, source});
  callsReachingNative++;
  stream.device->expect(call.env(), (stream.device->driver->*Copy)(destination->address(to), source->address(from), length.get(), stream.stream()), call.where());
  return call.env().Undefined();
}

Napi::Value memsetD8Async(Call& call) {
  CudaStream& stream = streamOf(call);
  auto destination = cudaArgument<CudaMemory>(call, 0);
  const size_t to = offsetOf(call, 1, destination->size);
  const auto value = static_cast<unsigned char>(integerOf(call, 2, call.info[2], 0, 255, "a byte"));
  Argument<size_t> length(call, 3);
  requireInside(call, 3, to, length.get(), destination->size);
  remember(stream, {destination});
  callsReachingNative++;
  stream.device->expect(call.env(), stream.device->driver->memsetD8Async(destination->address(to), value, length.get(), stream.stream()), call.where());
  return call.env().Undefined();
}

Napi::Value capture(Call& call) {
  if (!call.info[0].IsFunction()) call.refuse(0, "a function");
  auto stream = std::static_pointer_cast<CudaStream>(call.self);
  streamOf(call);
  if (!stream->capturing.expired()) raise(call.env(), "backend", call.where() + ": this stream captures already");
  if (stream->running) raise(call.env(), "backend", call.where() + ": not while a run goes on in this stream; await it first");
  const auto refers = std::make_shared<Captured>();
  callsReachingNative++;
  stream->device->expect(call.env(), stream->device->driver->streamBeginCapture(stream->stream(), 1 /* this thread's */), call.where());
  stream->capturing = refers;
  try {
    Reentry reentry;
    call.info[0].As<Napi::Function>().Call({});
  } catch (...) {
    stream->capturing.reset();
    CUgraph graph = nullptr;
    stream->device->makeCurrent();
    stream->device->driver->streamEndCapture(stream->stream(), &graph);
    if (graph) stream->device->driver->graphDestroy(graph);
    throw;
  }
  stream->capturing.reset();
  stream->device->makeCurrent();
  return wrap(call.env(), classInfo<CudaGraph>, endCapture(call.env(), stream, std::move(*refers), call.where()));
}

Napi::Value synchronizeAsync(Call& call) {
  auto stream = std::static_pointer_cast<CudaStream>(call.self);
  auto deferred = Napi::Promise::Deferred::New(call.env());
  auto result = std::make_shared<CUresult>(0);
  callsReachingNative++;
  startTask(
      call.env(), "CUDA stream",
      [stream, result] {
        stream->device->makeCurrent();
        *result = stream->device->driver->streamSynchronize(stream->stream());
      },
      [stream, result, deferred](Napi::Env env) {
        if (*result)
          deferred.Reject(makeError(env, "backend", "CudaStream.synchronizeAsync: " + stream->device->driver->errorText(*result)));
        else
          deferred.Resolve(env.Undefined());
      });
  return deferred.Promise();
}

template <auto Query, class T>
Napi::Value isDone(Call& call, T handle, const CudaDevice& device) {
  callsReachingNative++;
  const CUresult result = (device.driver->*Query)(handle);
  if (result && result != kCudaNotReady) device.expect(call.env(), result, call.where());
  return Napi::Boolean::New(call.env(), result == 0);
}

}  // namespace

void defineCudaStream() {
  define<CudaStream>("CudaStream", true, []<class C>(ClassBuilder<C> c) {
    c.custom("synchronize", 0, 0, [](Call& call) -> Napi::Value {
      CudaStream& stream = streamOf(call);
      callsReachingNative++;
      stream.device->expect(call.env(), stream.device->driver->streamSynchronize(stream.stream()), call.where());
      return call.env().Undefined();
    });
    c.custom("synchronizeAsync", 0, 0, synchronizeAsync);
    c.custom("query", 0, 0, [](Call& call) -> Napi::Value { return isDone<&Driver::streamQuery>(call, streamOf(call).stream(), *streamOf(call).device); });
    c.custom("waitEvent", 1, 1, [](Call& call) -> Napi::Value {
      CudaStream& stream = streamOf(call);
      auto event = cudaArgument<CudaEvent>(call, 0);
      const bool joins = !event->captured.expired();
      if (joins && stream.running) raise(call.env(), "backend", call.where() + ": the event is part of a capture, and a run goes on in this stream; await it first");
      remember(stream, {event});
      callsReachingNative++;
      stream.device->expect(call.env(), stream.device->driver->streamWaitEvent(stream.stream(), event->event(), 0), call.where());
      if (joins) stream.capturing = event->captured;
      return call.env().Undefined();
    });
    c.custom("memcpyHtoDAsync", 5, 5, memcpyAsync<&Driver::memcpyHtoDAsync, CudaMemory, PinnedMemory>);
    c.custom("memcpyDtoHAsync", 5, 5, memcpyAsync<&Driver::memcpyDtoHAsync, PinnedMemory, CudaMemory>);
    c.custom("memcpyDtoDAsync", 5, 5, memcpyAsync<&Driver::memcpyDtoDAsync, CudaMemory, CudaMemory>);
    c.custom("memsetD8Async", 4, 4, memsetD8Async);
    c.custom("capture", 1, 1, capture);
  });
  define<CudaEvent>("CudaEvent", true, []<class C>(ClassBuilder<C> c) {
    c.custom("record", 1, 1, [](Call& call) -> Napi::Value {
      auto& event = *static_cast<CudaEvent*>(call.self.get());
      auto stream = cudaArgument<CudaStream>(call, 0);
      event.device->makeCurrent();
      remember(*stream, {call.self});
      callsReachingNative++;
      event.device->expect(call.env(), event.device->driver->eventRecord(event.event(), stream->stream()), call.where());
      event.captured = stream->capturing;
      return call.env().Undefined();
    });
    c.custom("synchronize", 0, 0, [](Call& call) -> Napi::Value {
      auto& event = *static_cast<CudaEvent*>(call.self.get());
      event.device->makeCurrent();
      callsReachingNative++;
      event.device->expect(call.env(), event.device->driver->eventSynchronize(event.event()), call.where());
      return call.env().Undefined();
    });
    c.custom("query", 0, 0, [](Call& call) -> Napi::Value {
      auto& event = *static_cast<CudaEvent*>(call.self.get());
      event.device->makeCurrent();
      return isDone<&Driver::eventQuery>(call, event.event(), *event.device);
    });
    c.custom("elapsedSince", 1, 1, [](Call& call) -> Napi::Value {
      auto& event = *static_cast<CudaEvent*>(call.self.get());
      auto start = cudaArgument<CudaEvent>(call, 0);
      event.device->makeCurrent();
      float milliseconds = 0;
      callsReachingNative++;
      event.device->expect(call.env(), event.device->driver->eventElapsedTime(&milliseconds, start->event(), event.event()), call.where());
      return Napi::Number::New(call.env(), milliseconds);
    });
  });
  define<CudaGraph>("CudaGraph", true, []<class C>(ClassBuilder<C> c) {
    c.custom("launch", 1, 1, [](Call& call) -> Napi::Value {
      auto& graph = *static_cast<CudaGraph*>(call.self.get());
      auto stream = cudaArgument<CudaStream>(call, 0);
      graph.device->makeCurrent();
      remember(*stream, {call.self});
      callsReachingNative++;
      graph.device->expect(call.env(), graph.device->driver->graphLaunch(graph.exec(), stream->stream()), call.where());
      return call.env().Undefined();
    });
  });
}

}  // namespace trt
