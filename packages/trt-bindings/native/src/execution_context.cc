// nvinfer1::IExecutionContext.
#include "bind.h"
#include "engine.h"
#include "library.h"

namespace trt {

using namespace nvinfer1;

ContextResource::~ContextResource() {
  if (engine && engine->device) engine->device->makeCurrent();
  free();
}

namespace {

ContextResource& contextOf(const Call& call) {
  auto& context = *static_cast<ContextResource*>(call.self.get());
  if (context.engine->device) context.engine->device->makeCurrent();
  return context;
}

const ICudaEngine& engineOf(const ContextResource& context) { return *static_cast<const ICudaEngine*>(context.engine->object); }

std::string tensorName(Call& call, size_t i, TensorIOMode mode = TensorIOMode::kNONE) {
  std::string name = stringOf(call, i, call.info[i]);
  const auto& engine = engineOf(contextOf(call));
  const TensorIOMode found = engine.getTensorIOMode(name.c_str());
  if (found != TensorIOMode::kNONE && (mode == TensorIOMode::kNONE || found == mode)) return name;
  std::string all;
  for (int32_t k = 0; k < engine.getNbIOTensors(); k++) {
    const char* candidate = engine.getIOTensorName(k);
    if (mode == TensorIOMode::kNONE || engine.getTensorIOMode(candidate) == mode) all += (all.empty() ? "\"" : ", \"") + std::string(candidate) + '"';
  }
  call.self->session->recorder.clear();
  call.refuse(i, std::string("the name of an ") + (mode == TensorIOMode::kINPUT ? "input" : mode == TensorIOMode::kOUTPUT ? "output" : "input or output") + " (" + all + ")");
}

// TensorRT 10.6 takes some shapes outside of the profile, and computes with them.
bool liesInProfile(const ICudaEngine& engine, int32_t profile, const char* name, const Dims& dims) {
  if (profile < 0 || profile >= engine.getNbOptimizationProfiles()) return true;
  const Dims least = engine.getProfileShape(name, profile, OptProfileSelector::kMIN);
  const Dims most = engine.getProfileShape(name, profile, OptProfileSelector::kMAX);
  if (least.nbDims != dims.nbDims || most.nbDims != dims.nbDims) return false;
  for (int32_t k = 0; k < dims.nbDims; k++)
    if (dims.d[k] < least.d[k] || dims.d[k] > most.d[k]) return false;
  return true;
}

Napi::Value setInputShape(Call& call) {
  auto& context = contextOf(call);
  const std::string name = tensorName(call, 0, TensorIOMode::kINPUT);
  Argument<Dims> dims(call, 1);
  if (!liesInProfile(engineOf(context), call.as<IExecutionContext>()->getOptimizationProfile(), name.c_str(), dims.get()))
    call.fail("the shape of \"" + name + "\" lies outside of the profile");
  context.changed();
  context.scratchNeeded.reset();
  callsReachingNative++;
  if (!call.as<IExecutionContext>()->setInputShape(name.c_str(), dims.get())) call.fail("TensorRT refused the shape of \"" + name + "\"; does it lie inside the profile?");
  call.check();
  return call.env().Undefined();
}

Napi::Value getTensorShape(Call& call) {
  const std::string name = tensorName(call, 0);
  callsReachingNative++;
  const Dims dims = call.as<IExecutionContext>()->getTensorShape(name.c_str());
  if (dims.nbDims < 0) call.fail("TensorRT knows no shape for \"" + name + "\" yet; set the shapes of all inputs");
  call.check();
  return dimsValue(call.env(), dims);
}

Napi::Value inferShapes(Call& call) {
  contextOf(call);
  const auto& engine = engineOf(contextOf(call));
  std::vector<const char*> names(static_cast<size_t>(std::max(1, engine.getNbIOTensors())));
  callsReachingNative++;
  const int32_t missing = call.as<IExecutionContext>()->inferShapes(static_cast<int32_t>(names.size()), names.data());
  if (missing < 0) call.fail("TensorRT could not infer the shapes");
  call.check();
  auto list = Napi::Array::New(call.env());
  for (int32_t k = 0; k < missing && k < static_cast<int32_t>(names.size()); k++) list.Set(static_cast<uint32_t>(k), textValue(call.env(), names[static_cast<size_t>(k)]));
  return list;
}

Napi::Value setTensorAddress(Call& call) {
  auto& context = contextOf(call);
  const std::string name = tensorName(call, 0);
  Handle* handle = handleOf(call.info[1]);
  if (!handle || (handle->cls != &classInfo<CudaMemory> && handle->cls != &classInfo<PinnedMemory>)) call.refuse(1, "CudaMemory or PinnedMemory");
  auto memory = resourceOf(call, 1, *handle->cls);
  const size_t size = handle->cls == &classInfo<CudaMemory> ? static_cast<CudaMemory&>(*memory).size : static_cast<PinnedMemory&>(*memory).size;
  setAddress(call, context, name, memory, call.given(2) ? offsetOf(call, 2, size) : 0);
  return call.env().Undefined();
}

Napi::Value setDeviceMemoryV2(Call& call) {
  auto& context = contextOf(call);
  auto memory = cudaArgument<CudaMemory>(call, 0);
  const auto size = static_cast<size_t>(integerOf(call, 1, call.info[1], 0, INT64_MAX, "a byte length"));
  requireInside(call, 1, 0, size, memory->size);
  if (!context.userManaged) call.fail("the context brings its own memory; create it with 'USER_MANAGED'");
  requireOwnDevice(call, context, *memory->device, "the memory");
  context.changed();
  context.scratchSize = 0;  // where TensorRT reports an error, nobody knows which memory it took
  callsReachingNative++;
  call.as<IExecutionContext>()->setDeviceMemoryV2(memory->object, static_cast<int64_t>(size));
  call.check();
  context.scratch = memory;
  context.scratchSize = size;
  return call.env().Undefined();
}

Napi::Value setOptimizationProfileAsync(Call& call) {
  auto& context = contextOf(call);
  const int32_t count = engineOf(context).getNbOptimizationProfiles();
  const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "the index of a profile"));
  if (index >= count) call.refuse(0, "the index of a profile, below " + std::to_string(count));
  auto stream = cudaArgument<CudaStream>(call, 1);
  context.changed();
  context.scratchNeeded.reset();
  callsReachingNative++;
  if (!call.as<IExecutionContext>()->setOptimizationProfileAsync(index, reinterpret_cast<cudaStream_t>(stream->stream()))) call.fail("TensorRT refused the profile; does another context use it?");
  call.check();
  return call.env().Undefined();
}

Napi::Value enqueueV3(Call& call) {
  auto& context = contextOf(call);
  auto stream = cudaArgument<CudaStream>(call, 0);
  requireOwnDevice(call, context, *stream->device, "the stream");
  checkAddresses(call, context);
  if (const auto captured = stream->capturing.lock()) {
    captured->push_back(call.self);
    for (auto& [name, address] : context.addresses) captured->push_back(address.memory);
    if (context.scratch) captured->push_back(context.scratch);
    if (context.consumed) context.consumed->captured = captured;
  }
  callsReachingNative++;
  if (!call.as<IExecutionContext>()->enqueueV3(reinterpret_cast<cudaStream_t>(stream->stream()))) call.fail("TensorRT could not execute");
  call.check();
  return call.env().Undefined();
}

Napi::Value setProfiler(Call& call) {
  Argument<bool> enabled(call, 0);
  auto& context = contextOf(call);
  context.profiler.collect(enabled.get());
  auto* native = call.as<IExecutionContext>();
  if (!enabled.get() || native->getProfiler() == &context.profiler) return call.env().Undefined();
  context.changed();
  callsReachingNative++;
  native->setProfiler(&context.profiler);  // for good: TensorRT refuses to take a profiler away
  call.check();
  return call.env().Undefined();
}

Napi::Value takeLayerTimes(Call& call) {
  auto list = Napi::Array::New(call.env());
  for (auto& [name, ms] : contextOf(call).profiler.take()) {
    auto entry = Napi::Object::New(call.env());
    entry["layerName"] = Napi::String::New(call.env(), name);
    entry["ms"] = Napi::Number::New(call.env(), ms);
    list.Set(list.Length(), entry);
  }
  return list;
}

Napi::Value setInputConsumedEvent(Call& call) {
  auto& context = contextOf(call);
  std::shared_ptr<CudaEvent> event;
  if (!call.info[0].IsNull()) event = cudaArgument<CudaEvent>(call, 0);
  context.changed();
  callsReachingNative++;
  if (!call.as<IExecutionContext>()->setInputConsumedEvent(event ? reinterpret_cast<cudaEvent_t>(event->event()) : nullptr)) call.fail("TensorRT refused the event");
  context.consumed = event;
  if (event) context.refers.push_back(event);
  call.check();
  return call.env().Undefined();
}

Napi::Value setAuxStreams(Call& call) {
  auto& context = contextOf(call);
  if (!call.info[0].IsArray()) call.refuse(0, "an array of CudaStream");
  auto list = call.info[0].As<Napi::Array>();
  const int32_t limit = engineOf(context).getNbAuxStreams();
  if (list.Length() > static_cast<uint32_t>(std::max(0, limit))) call.refuse(0, "an array of at most " + std::to_string(limit) + " CudaStream (getNbAuxStreams)");
  std::vector<cudaStream_t> streams;
  std::vector<std::shared_ptr<Resource>> keep;
  for (uint32_t k = 0; k < list.Length(); k++) {
    Handle* handle = handleOf(list.Get(k));
    if (!handle || handle->cls != &classInfo<CudaStream> || !handle->resource) call.refuse(0, "an array of open CudaStream");
    streams.push_back(static_cast<cudaStream_t>(handle->resource->object));
    keep.push_back(handle->resource);
  }
  context.changed();
  callsReachingNative++;
  call.as<IExecutionContext>()->setAuxStreams(streams.data(), static_cast<int32_t>(streams.size()));
  context.refers.insert(context.refers.end(), keep.begin(), keep.end());
  call.check();
  return call.env().Undefined();
}

Napi::Value updateDeviceMemorySizeForShapes(Call& call) {
  auto& context = contextOf(call);
  if (!context.userManaged) call.fail("the context brings its own memory; create it with 'USER_MANAGED'");
  context.changed();
  callsReachingNative++;
  const size_t size = call.as<IExecutionContext>()->updateDeviceMemorySizeForShapes();
  call.check();
  context.scratchNeeded = size;
  return Napi::Number::New(call.env(), static_cast<double>(size));
}

}  // namespace

Napi::Value createContext(Call& call) {
  auto strategy = ExecutionContextAllocationStrategy::kSTATIC;
  if (call.given(0)) strategy = enumOf<ExecutionContextAllocationStrategy>(call, 0, call.info[0]);
  // Whether such a context has memory enough is asked of a method that came with setDeviceMemoryV2.
  if (strategy == ExecutionContextAllocationStrategy::kUSER_MANAGED)
    call.requireVersion("the strategy 'USER_MANAGED'", sinceVersion("IExecutionContext", "setDeviceMemoryV2", 2));
  auto engine = std::static_pointer_cast<EngineResource>(call.self);
  if (engine->device) engine->device->makeCurrent();
  callsReachingNative++;
  auto* context = call.as<ICudaEngine>()->createExecutionContext(strategy);
  if (!context) call.fail("TensorRT made no context; is there enough device memory?");
  auto resource = std::make_shared<ContextResource>();
  resource->object = context;
  resource->session = call.self->session;
  resource->parents.push_back(call.self);
  resource->engine = engine;
  resource->userManaged = strategy == ExecutionContextAllocationStrategy::kUSER_MANAGED;
  context->setErrorRecorder(&resource->session->recorder);
  call.check();
  return wrap(call.env(), classInfo<IExecutionContext>, resource);
}

void requireOwnDevice(const Call& call, const ContextResource& context, const CudaDevice& device, const std::string& what) {
  const auto& own = context.engine->device;
  if (own && own->index != device.index)
    raise(call.env(), "argument", call.where() + ": " + what + " is of device " + std::to_string(device.index) + ", the engine of device " + std::to_string(own->index));
}

void setAddress(Call& call, ContextResource& context, const std::string& name, const std::shared_ptr<Resource>& memory, size_t offset) {
  const bool host = engineOf(context).getTensorLocation(name.c_str()) == TensorLocation::kHOST;
  auto* device = dynamic_cast<CudaMemory*>(memory.get());
  auto* pinned = dynamic_cast<PinnedMemory*>(memory.get());
  if (host && !pinned) raiseType(call.env(), call.where() + ": \"" + name + "\" is read on the host; its memory must be PinnedMemory");
  if (!host && !device) raiseType(call.env(), call.where() + ": \"" + name + "\" is read on the device; its memory must be CudaMemory");
  if (!host) requireOwnDevice(call, context, *device->device, "the memory of \"" + name + '"');
  void* address = host ? static_cast<void*>(pinned->address(offset)) : reinterpret_cast<void*>(device->address(offset));
  context.changed();
  callsReachingNative++;
  if (!static_cast<IExecutionContext*>(context.object)->setTensorAddress(name.c_str(), address)) call.fail("TensorRT refused the address of \"" + name + "\"; is it aligned to 256 bytes?");
  context.addresses[name] = {memory, offset, (host ? pinned->size : device->size) - offset};
  call.check();
}

// a × b, or the largest number where that is too large for any memory.
size_t product(size_t a, size_t b) {
  size_t result;
  return __builtin_mul_overflow(a, b, &result) ? SIZE_MAX : result;
}

size_t bytesNeeded(Call& call, const ICudaEngine& engine, const IExecutionContext& context, const char* name) {
  const Dims dims = context.getTensorShape(name);
  size_t elements = 1;
  for (int32_t k = 0; k < dims.nbDims; k++) {
    if (dims.d[k] < 0 && engine.getTensorIOMode(name) == TensorIOMode::kOUTPUT) {  // its size depends on the data
      const int64_t size = context.getMaxOutputSize(name);
      if (size >= 0) return static_cast<size_t>(size);
    }
    if (dims.d[k] < 0) raise(call.env(), "backend", call.where() + ": the shape of \"" + name + "\" is not set (setInputShape)");
    elements = product(elements, static_cast<size_t>(dims.d[k]));
  }
  const int32_t profile = context.getOptimizationProfile();
  const int32_t vector = engine.getTensorComponentsPerElement(name, std::max(0, profile));
  // TensorRT may give −1 bytes for a tensor that is not vectorized.
  if (vector <= 1) {
    const size_t bits = product(elements, bitsOf(engine.getTensorDataType(name)));
    return bits / 8 + (bits % 8 != 0);
  }
  const int32_t bytes = engine.getTensorBytesPerComponent(name, std::max(0, profile));
  const int32_t axis = engine.getTensorVectorizedDim(name, std::max(0, profile));
  size_t padded = 1;
  for (int32_t k = 0; k < dims.nbDims; k++) {
    const auto size = static_cast<size_t>(dims.d[k]);
    padded = product(padded, k == axis ? (size + static_cast<size_t>(vector) - 1) / static_cast<size_t>(vector) * static_cast<size_t>(vector) : size);
  }
  return product(padded, static_cast<size_t>(std::max(1, bytes)));
}

void checkAddresses(Call& call, ContextResource& context) {
  if (context.checked) return;
  const auto& engine = engineOf(context);
  auto& trtContext = *static_cast<IExecutionContext*>(context.object);
  if (context.userManaged) {
    // As updateDeviceMemorySizeForShapes said since the shapes were set, else what the profile may need at most.
    const size_t required = context.scratchNeeded
                                ? *context.scratchNeeded
                                : static_cast<size_t>(std::max<int64_t>(0, engine.getDeviceMemorySizeForProfileV2(std::max(0, trtContext.getOptimizationProfile()))));
    if (context.scratchSize < required)
      raise(call.env(), "backend", call.where() + ": the context needs " + std::to_string(required) + " bytes of scratch memory and has " + std::to_string(context.scratchSize) + " (setDeviceMemoryV2)");
  }
  for (int32_t k = 0; k < engine.getNbIOTensors(); k++) {
    const char* name = engine.getIOTensorName(k);
    const size_t need = bytesNeeded(call, engine, trtContext, name);
    const auto found = context.addresses.find(name);
    if (found == context.addresses.end()) raise(call.env(), "backend", call.where() + ": \"" + name + "\" has no memory (setTensorAddress)");
    if (found->second.size < need)
      raise(call.env(), "backend", call.where() + ": \"" + name + "\" needs " + std::to_string(need) + " bytes, its memory has " + std::to_string(found->second.size) + " behind the offset");
  }
  call.check();
  context.checked = true;
}

void defineExecutionContext() {
  define<IExecutionContext>("IExecutionContext", true, []<class C>(ClassBuilder<C> c) {
    PROPERTY(Name);
    PROPERTY(DebugSync);
    c.custom("setDeviceMemoryV2", 2, 2, setDeviceMemoryV2);
    c.custom("updateDeviceMemorySizeForShapes", 0, 0, updateDeviceMemorySizeForShapes);
    METHOD(getOptimizationProfile);
    c.custom("setOptimizationProfileAsync", 2, 2, setOptimizationProfileAsync);
    c.custom("setInputShape", 2, 2, setInputShape);
    c.custom("getTensorShape", 1, 1, getTensorShape);
    c.custom("getTensorStrides", 1, 1, [](Call& call) -> Napi::Value {
      const std::string name = tensorName(call, 0);
      callsReachingNative++;
      return dimsValue(call.env(), call.as<IExecutionContext>()->getTensorStrides(name.c_str()));
    });
    METHOD(allInputDimensionsSpecified);
    c.custom("inferShapes", 0, 0, inferShapes);
    c.custom("setTensorAddress", 2, 3, setTensorAddress);
    c.custom("getMaxOutputSize", 1, 1, [](Call& call) -> Napi::Value {
      const std::string name = tensorName(call, 0, TensorIOMode::kOUTPUT);
      callsReachingNative++;
      return toValue(call, call.as<IExecutionContext>()->getMaxOutputSize(name.c_str()));
    });
    c.custom("enqueueV3", 1, 1, enqueueV3);
    c.custom("setInputConsumedEvent", 1, 1, setInputConsumedEvent);
    PROPERTY(PersistentCacheLimit);
    PROPERTY(NvtxVerbosity);
    c.custom("setAuxStreams", 1, 1, setAuxStreams);
    METHOD(setTensorDebugState);
    METHOD(getDebugState);
    METHOD(setAllTensorsDebugState);
    PROPERTY(UnfusedTensorsDebugState);
    c.custom("setProfiler", 1, 1, setProfiler);
    c.custom("takeLayerTimes", 0, 0, takeLayerTimes);
    PROPERTY(EnqueueEmitsProfile);
    METHOD(reportToProfiler);
    c.custom("createExecutionSlot", 1, 1, createExecutionSlot);
  });
}

}  // namespace trt
