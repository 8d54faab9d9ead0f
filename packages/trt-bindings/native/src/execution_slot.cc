// A whole run in one native call: inputs to pinned memory, to the device, execution, results back. Waiting is done here
// (runSync) or in the slot's own thread (run); a graph is launched at once, so that the device works meanwhile.
#include <condition_variable>
#include <thread>

#include "bind.h"
#include "engine.h"

namespace trt {

using namespace nvinfer1;

namespace {

struct Binding {
  std::string name;
  std::shared_ptr<PinnedMemory> host;
  size_t hostOffset;
  std::shared_ptr<CudaMemory> device;
  size_t deviceOffset, bytes;
  bool onHost;  // a shape tensor: TensorRT reads or writes the pinned memory itself
};

struct Slot;

// The thread that waits for runs, and what it shares with the event loop. It ends with the slot.
struct Waiter {
  explicit Waiter(Slot& s) : slot(s) {}
  Slot& slot;
  napi_threadsafe_function wake = nullptr;
  std::thread thread;
  std::mutex mutex;
  std::condition_variable condition;
  enum { kIdle, kRun, kStop } order = kIdle;
  void loop();
  void stop() {
    if (!thread.joinable()) return;
    {
      std::lock_guard lock(mutex);
      order = kStop;
    }
    condition.notify_one();
    thread.join();
  }
};

// The environment may end before the slot: it frees the threadsafe function then, whoever still holds it.
struct Tie {
  Waiter* waiter;
};

struct Slot final : Resource {
  ~Slot() override {
    if (!waiter) return;
    waiter->stop();
    if (!waiter->wake) return;
    tie->waiter = nullptr;
    napi_release_threadsafe_function(waiter->wake, napi_tsfn_release);
  }
  std::shared_ptr<ContextResource> context;
  std::shared_ptr<CudaStream> stream;
  std::vector<Binding> inputs, outputs;
  std::shared_ptr<CudaGraph> graph;
  uint64_t generation = 0;

  // The asynchronous run that is going on.
  std::shared_ptr<Resource> self;  // keeps the slot alive meanwhile
  std::unique_ptr<Napi::Promise::Deferred> deferred;
  std::vector<Napi::ObjectReference> results;  // one an output, empty where it stays in pinned memory
  std::string failure;
  std::unique_ptr<Waiter> waiter;
  Tie* tie = nullptr;  // freed with the threadsafe function

  const Driver& driver() const { return *stream->device->driver; }
  IExecutionContext& trtContext() const { return *static_cast<IExecutionContext*>(context->object); }
  CUresult copyIn() const;
  CUresult copyOut() const;
  std::string launch() const;  // what failed, or nothing
  std::string wait() const;
};

CUresult Slot::copyIn() const {
  for (const Binding& b : inputs)
    if (!b.onHost)
      if (const CUresult result = driver().memcpyHtoDAsync(b.device->address(b.deviceOffset), b.host->address(b.hostOffset), b.bytes, stream->stream())) return result;
  return 0;
}

CUresult Slot::copyOut() const {
  for (const Binding& b : outputs)
    if (!b.onHost)
      if (const CUresult result = driver().memcpyDtoHAsync(b.host->address(b.hostOffset), b.device->address(b.deviceOffset), b.bytes, stream->stream())) return result;
  return 0;
}

std::string Slot::launch() const {
  stream->device->makeCurrent();
  if (graph) {
    const CUresult result = driver().graphLaunch(graph->exec(), stream->stream());
    return result ? driver().errorText(result) : "";
  }
  if (const CUresult result = copyIn()) return driver().errorText(result);
  RecorderScope scope(&context->session->recorder);
  if (!trtContext().enqueueV3(reinterpret_cast<cudaStream_t>(stream->stream()))) return withReports("TensorRT could not execute", context->session->recorder.take());
  const CUresult result = copyOut();
  return result ? driver().errorText(result) : "";
}

std::string Slot::wait() const {
  const CUresult result = driver().streamSynchronize(stream->stream());
  return result ? driver().errorText(result) : "";
}

void Waiter::loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex);
      condition.wait(lock, [this] { return order != kIdle; });
      if (order == kStop) return;
      order = kIdle;
    }
    const WorkScope working;
    slot.stream->device->makeCurrent();
    std::string failure = slot.graph ? "" : slot.launch();
    if (failure.empty()) failure = slot.wait();
    slot.failure = std::move(failure);
    if (!WorkScope::ending()) napi_call_threadsafe_function(wake, nullptr, napi_tsfn_nonblocking);
  }
}

void endRun(Slot& slot) {
  slot.context->busy = nullptr;
  slot.context->engine->running--;
  slot.stream->running--;
}

void settle(Napi::Env env, Slot& slot) {
  Napi::HandleScope scope(env);
  auto keep = std::move(slot.self);
  auto deferred = std::move(slot.deferred);
  auto results = std::move(slot.results);
  slot.results.clear();
  napi_unref_threadsafe_function(env, slot.waiter->wake);
  endRun(slot);
  if (!slot.failure.empty()) {
    deferred->Reject(makeError(env, "backend", "ExecutionSlot.run: " + slot.failure));
    return;
  }
  for (size_t k = 0; k < results.size(); k++) {
    if (results[k].IsEmpty()) continue;
    ByteView view;
    const Binding& b = slot.outputs[k];
    if (!viewOf(env, results[k].Value(), view) || view.length != b.bytes) {
      deferred->Reject(makeError(env, "argument", "ExecutionSlot.run: the buffer for \"" + b.name + "\" was transferred while the run went on"));
      return;
    }
    if (b.bytes) memcpy(view.data, b.host->address(b.hostOffset), b.bytes);
  }
  deferred->Resolve(env.Undefined());
}

void onWake(napi_env env, napi_value, void* context, void*) {
  if (!env) return;
  try {
    settle(env, static_cast<Waiter*>(context)->slot);
  } catch (const Napi::Error& error) {  // a worker thread that is being terminated settles no promise
    throwInto(error);
  }
}

// One { name, host, hostOffset, device, deviceOffset, byteLength }.
Binding bindingOf(Call& call, ContextResource& context, Napi::Value value, TensorIOMode mode, const std::string& where) {
  Napi::Env env = call.env();
  if (!value.IsObject()) raiseType(env, where + " must be an object { name, host, device, byteLength }, not " + describe(value));
  auto object = value.As<Napi::Object>();
  Binding binding;
  Napi::Value name = object.Get("name");
  const auto& engine = *static_cast<ICudaEngine*>(context.engine->object);
  binding.name = name.IsString() ? name.As<Napi::String>().Utf8Value() : "";
  if (!name.IsString() || engine.getTensorIOMode(binding.name.c_str()) != mode) {
    context.session->recorder.clear();
    raiseType(env, where + ".name must be the name of an " + (mode == TensorIOMode::kINPUT ? "input" : "output") + ", not " + describe(name));
  }
  auto number = [&](const char* key, size_t limit, bool optional) -> size_t {
    Napi::Value v = object.Get(key);
    if (optional && v.IsUndefined()) return 0;
    const double d = v.IsNumber() ? v.As<Napi::Number>().DoubleValue() : -1;
    if (!(d >= 0 && d <= static_cast<double>(limit)) || d != std::trunc(d)) raiseType(env, where + "." + key + " must be an integer from 0 to " + std::to_string(limit) + ", not " + describe(v));
    return static_cast<size_t>(d);
  };
  auto memory = [&](const char* key, const ClassInfo& cls) -> std::shared_ptr<Resource> {
    Napi::Value v = object.Get(key);
    Handle* handle = handleOf(v);
    if (!handle || handle->cls != &cls || !handle->resource) raiseType(env, where + "." + key + " must be open " + cls.name + ", not " + describe(v));
    return handle->resource;
  };
  binding.onHost = engine.getTensorLocation(binding.name.c_str()) == TensorLocation::kHOST;
  binding.host = std::static_pointer_cast<PinnedMemory>(memory("host", classInfo<PinnedMemory>));
  binding.hostOffset = number("hostOffset", binding.host->size, true);
  binding.bytes = number("byteLength", binding.host->size - binding.hostOffset, false);
  binding.deviceOffset = 0;
  if (!binding.onHost) {
    binding.device = std::static_pointer_cast<CudaMemory>(memory("device", classInfo<CudaMemory>));
    binding.deviceOffset = number("deviceOffset", binding.device->size, true);
    if (binding.bytes > binding.device->size - binding.deviceOffset)
      raiseType(env, where + ".byteLength must be at most " + std::to_string(binding.device->size - binding.deviceOffset) + ", what the device memory has behind the offset");
  }
  return binding;
}

std::vector<Binding> bindingsOf(Call& call, ContextResource& context, Napi::Value value, TensorIOMode mode, const char* key) {
  if (!value.IsArray()) raiseType(call.env(), call.where() + ": " + key + " must be an array, not " + describe(value));
  auto list = value.As<Napi::Array>();
  std::vector<Binding> bindings;
  for (uint32_t k = 0; k < list.Length() && k < 4096; k++)
    bindings.push_back(bindingOf(call, context, list.Get(k), mode, call.where() + ": " + key + "[" + std::to_string(k) + "]"));
  return bindings;
}

Slot& slotOf(Call& call) {
  auto& slot = *static_cast<Slot*>(call.self.get());
  if (slot.context->busy) raise(call.env(), "backend", call.where() + ": not while " + slot.context->busy + "; one run of a context at a time");
  if (slot.generation != slot.context->generation)
    raise(call.env(), "backend", call.where() + ": the context's shapes, addresses or profile changed since the slot was created; create another");
  if (!slot.stream->capturing.expired()) raise(call.env(), "backend", call.where() + ": the stream is capturing");
  return slot;
}

// Copies the inputs to pinned memory. Returns the buffers for the outputs, each of its output's length, or null: reading
// them from the caller's array again might give others.
std::vector<Napi::Value> takeInputs(Call& call, Slot& slot) {
  std::vector<Napi::Value> results;
  for (size_t a = 0; a < 2; a++) {
    const auto& bindings = a == 0 ? slot.inputs : slot.outputs;
    if (!call.info[a].IsArray() || call.info[a].As<Napi::Array>().Length() != bindings.size())
      call.refuse(a, "an array of " + std::to_string(bindings.size()) + " buffers or nulls");
    auto list = call.info[a].As<Napi::Array>();
    for (uint32_t k = 0; k < bindings.size(); k++) {
      Napi::Value value = list.Get(k);
      if (a == 1) results.push_back(value);
      if (value.IsNull()) continue;
      const ByteView bytes = bytesOf(call, a, value);
      if (bytes.length != bindings[k].bytes)
        raiseType(call.env(), call.where() + ": \"" + bindings[k].name + "\" has " + std::to_string(bindings[k].bytes) + " bytes, the buffer given " + std::to_string(bytes.length));
      if (a == 0 && bytes.length) memmove(bindings[k].host->address(bindings[k].hostOffset), bytes.data, bytes.length);
    }
  }
  return results;
}

Napi::Value runSync(Call& call) {
  Slot& slot = slotOf(call);
  const auto results = takeInputs(call, slot);
  callsReachingNative++;
  std::string failure = slot.launch();
  if (failure.empty()) failure = slot.wait();
  if (!failure.empty()) raise(call.env(), "backend", call.where() + ": " + failure);
  for (size_t k = 0; k < results.size(); k++) {
    const Binding& b = slot.outputs[k];
    ByteView view;
    if (b.bytes && viewOf(call.env(), results[k], view) && view.length == b.bytes) memcpy(view.data, b.host->address(b.hostOffset), b.bytes);
  }
  return call.env().Undefined();
}

void startWaiter(Napi::Env env, Slot& slot) {
  auto waiter = std::make_unique<Waiter>(slot);
  auto finalize = [](napi_env, void* data, void*) {
    std::unique_ptr<Tie> tie(static_cast<Tie*>(data));
    if (!tie->waiter) return;
    Waiter& waiter = *tie->waiter;
    waiter.stop();
    waiter.wake = nullptr;
    if (const auto keep = std::move(waiter.slot.self)) endRun(waiter.slot);  // a run that nobody waits for any more
  };
  slot.tie = new Tie{waiter.get()};
  if (napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "TensorRT run"), 0, 1, slot.tie, finalize, waiter.get(), onWake, &waiter->wake) != napi_ok)
    throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, waiter->wake);
  try {
    waiter->thread = std::thread([w = waiter.get()] { w->loop(); });
  } catch (const std::system_error&) {
    slot.tie->waiter = nullptr;
    napi_release_threadsafe_function(waiter->wake, napi_tsfn_release);
    raise(env, "backend", std::string("ExecutionSlot.run: ") + kNoThread);
  }
  slot.waiter = std::move(waiter);
}

Napi::Value run(Call& call) {
  Napi::Env env = call.env();
  Slot& slot = slotOf(call);
  std::vector<Napi::ObjectReference> results;
  for (const Napi::Value& value : takeInputs(call, slot)) results.push_back(value.IsObject() ? Napi::ObjectReference::New(value.As<Napi::Object>(), 1) : Napi::ObjectReference());
  if (!slot.waiter) startWaiter(env, slot);
  callsReachingNative++;
  if (slot.graph) {
    const std::string failure = slot.launch();
    if (!failure.empty()) raise(env, "backend", call.where() + ": " + failure);
  }
  slot.deferred = std::make_unique<Napi::Promise::Deferred>(Napi::Promise::Deferred::New(env));
  slot.results = std::move(results);
  slot.self = call.self;
  slot.context->busy = "a run is going on";
  slot.context->engine->running++;
  slot.stream->running++;
  napi_ref_threadsafe_function(env, slot.waiter->wake);
  {
    std::lock_guard lock(slot.waiter->mutex);
    slot.waiter->order = Waiter::kRun;
  }
  slot.waiter->condition.notify_one();
  return slot.deferred->Promise();
}

}  // namespace

Napi::Value createExecutionSlot(Call& call) {
  Napi::Env env = call.env();
  auto context = std::static_pointer_cast<ContextResource>(call.self);
  if (!call.info[0].IsObject() || call.info[0].IsFunction()) call.refuse(0, "an object { stream, inputs, outputs, graph }");
  auto options = call.info[0].As<Napi::Object>();
  auto slot = std::make_shared<Slot>();
  Handle* handle = handleOf(options.Get("stream"));
  if (!handle || handle->cls != &classInfo<CudaStream> || !handle->resource) raiseType(env, call.where() + ": stream must be an open CudaStream, not " + describe(options.Get("stream")));
  slot->stream = std::static_pointer_cast<CudaStream>(handle->resource);
  slot->context = context;
  slot->object = slot.get();
  slot->inputs = bindingsOf(call, *context, options.Get("inputs"), TensorIOMode::kINPUT, "inputs");
  slot->outputs = bindingsOf(call, *context, options.Get("outputs"), TensorIOMode::kOUTPUT, "outputs");
  Napi::Value graph = options.Get("graph");
  if (!graph.IsUndefined() && !graph.IsBoolean()) raiseType(env, call.where() + ": graph must be a boolean, not " + describe(graph));
  if (!slot->stream->capturing.expired()) raise(env, "backend", call.where() + ": the stream is capturing");
  if (slot->stream->running && graph.IsBoolean() && graph.As<Napi::Boolean>())
    raise(env, "backend", call.where() + ": not while a run goes on in the stream; await it first");
  requireOwnDevice(call, *context, *slot->stream->device, "the stream");

  slot->stream->device->makeCurrent();
  for (const auto* bindings : {&slot->inputs, &slot->outputs})
    for (const Binding& b : *bindings)
      setAddress(call, *context, b.name, b.onHost ? std::static_pointer_cast<Resource>(b.host) : std::static_pointer_cast<Resource>(b.device), b.onHost ? b.hostOffset : b.deviceOffset);
  checkAddresses(call, *context);
  const auto& engine = *static_cast<ICudaEngine*>(context->engine->object);
  for (const auto* bindings : {&slot->inputs, &slot->outputs})
    for (const Binding& b : *bindings) {
      const size_t need = bytesNeeded(call, engine, slot->trtContext(), b.name.c_str());
      if (bindings == &slot->inputs && b.bytes < need) raiseType(env, call.where() + ": \"" + b.name + "\" needs " + std::to_string(need) + " bytes, its byteLength is " + std::to_string(b.bytes));
    }
  callsReachingNative++;
  if (graph.IsBoolean() && graph.As<Napi::Boolean>()) {
    // TensorRT may allocate and load kernels at its first execution, which a capture must not contain.
    std::string failure = slot->launch();
    if (failure.empty()) failure = slot->wait();
    if (!failure.empty()) raise(env, "backend", call.where() + ": " + failure);
    const CudaDevice& device = *slot->stream->device;
    device.expect(env, slot->driver().streamBeginCapture(slot->stream->stream(), 1 /* this thread's */), call.where() + ": capturing");
    failure = slot->launch();
    if (!failure.empty()) {
      CUgraph half = nullptr;
      slot->driver().streamEndCapture(slot->stream->stream(), &half);
      if (half) slot->driver().graphDestroy(half);
      raise(env, "backend", call.where() + ": the execution cannot be captured as a CUDA graph: " + failure, context->session->recorder.take());
    }
    slot->graph = endCapture(env, slot->stream, {}, call.where());
  }
  slot->generation = context->generation;
  return wrap(env, classInfo<Slot>, slot);
}

void defineExecutionSlot() {
  define<Slot>("ExecutionSlot", true, []<class C>(ClassBuilder<C> c) {
    c.getter("usesGraph", [](Call& call) -> Napi::Value { return Napi::Boolean::New(call.env(), static_cast<Slot*>(call.self.get())->graph != nullptr); });
    c.custom("runSync", 2, 2, runSync);
    c.custom("run", 2, 2, run);
  });
}

}  // namespace trt
