// nvinfer1::ICudaEngine.
#include "engine.h"

#include "bind.h"
#include "builder.h"
#include "library.h"

namespace trt {

using namespace nvinfer1;

EngineResource::~EngineResource() {
  if (device) device->makeCurrent();
  free();
}

Napi::Value wrapEngine(Napi::Env env, const std::shared_ptr<Resource>& runtime, ICudaEngine* engine, std::shared_ptr<CudaDevice> device) {
  auto resource = std::make_shared<EngineResource>();
  resource->object = engine;
  resource->session = std::make_shared<Session>(runtime->session->library);  // its own: engines may work side by side
  resource->parents.push_back(runtime);
  resource->device = std::move(device);
  engine->setErrorRecorder(&resource->session->recorder);
  return wrap(env, classInfo<ICudaEngine>, resource);
}

namespace {

// The name of an input or output in argument `i`.
std::string tensorName(Call& call, size_t i) {
  std::string name = stringOf(call, i, call.info[i]);
  const auto* engine = call.as<ICudaEngine>();
  if (engine->getTensorIOMode(name.c_str()) != TensorIOMode::kNONE) return name;
  std::string all;
  for (int32_t k = 0; k < engine->getNbIOTensors(); k++) all += (k ? ", \"" : "\"") + std::string(engine->getIOTensorName(k)) + '"';
  call.self->session->recorder.clear();
  call.refuse(i, "the name of an input or output (" + all + ")");
}

int32_t profileIndex(Call& call, size_t i) {
  const int32_t count = call.as<ICudaEngine>()->getNbOptimizationProfiles();
  const auto index = static_cast<int32_t>(integerOf(call, i, call.info[i], 0, INT32_MAX, "the index of a profile"));
  if (index >= count) call.refuse(i, "the index of a profile, below " + std::to_string(count));
  return index;
}

// getX(tensor) and getX(tensor, profile).
template <class R>
using OfTensor = R (ICudaEngine::*)(char const*) const noexcept;
template <class R>
using OfTensorAndProfile = R (ICudaEngine::*)(char const*, int32_t) const noexcept;

template <class R, OfTensor<R> One, OfTensorAndProfile<R> Two>
Napi::Value ofTensor(Call& call) {
  const std::string name = tensorName(call, 0);
  callsReachingNative++;
  const auto* engine = call.as<ICudaEngine>();
  const R value = call.given(1) ? (engine->*Two)(name.c_str(), profileIndex(call, 1)) : (engine->*One)(name.c_str());
  Napi::Value result = toValue(call, value);
  call.check();
  return result;
}

template <auto M>
Napi::Value named(Call& call) {
  const std::string name = tensorName(call, 0);
  callsReachingNative++;
  Napi::Value result = toValue(call, (call.as<ICudaEngine>()->*M)(name.c_str()));
  call.check();
  return result;
}

Napi::Value getIOTensorName(Call& call) {
  const int32_t count = call.as<ICudaEngine>()->getNbIOTensors();
  const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "an index"));
  if (index >= count) call.refuse(0, "an index below " + std::to_string(count));
  callsReachingNative++;
  return textValue(call.env(), call.as<ICudaEngine>()->getIOTensorName(index));
}

Napi::Value getProfileShape(Call& call) {
  const std::string name = tensorName(call, 0);
  const int32_t profile = profileIndex(call, 1);
  Argument<OptProfileSelector> select(call, 2);
  callsReachingNative++;
  const Dims dims = call.as<ICudaEngine>()->getProfileShape(name.c_str(), profile, select.get());
  if (dims.nbDims < 0) call.fail("TensorRT knows no shape for \"" + name + "\" in a profile; is it an input?");
  call.check();
  return dimsValue(call.env(), dims);
}

Napi::Value getProfileTensorValues(Call& call) {
  const std::string name = tensorName(call, 0);
  const int32_t profile = profileIndex(call, 1);
  Argument<OptProfileSelector> select(call, 2);
  const auto* engine = call.as<ICudaEngine>();
  Napi::Env env = call.env();
  if (!engine->isShapeInferenceIO(name.c_str()) || engine->getTensorIOMode(name.c_str()) != TensorIOMode::kINPUT) return env.Null();
  const Dims dims = engine->getTensorShape(name.c_str());
  int64_t count = 1;
  for (int32_t k = 0; k < dims.nbDims; k++) count *= dims.d[k];
  if (count < 0 || count > 65536) return env.Null();
  auto list = Napi::Array::New(env);
  auto put = [&](const auto* values) -> Napi::Value {
    if (!values) return env.Null();
    for (int64_t k = 0; k < count; k++) list.Set(static_cast<uint32_t>(k), Napi::Number::New(env, static_cast<double>(values[k])));
    return list;
  };
  callsReachingNative++;
#if TRT_PRODUCT_TRT10
  if (call.self->session->library->version < 101100) return put(engine->getProfileTensorValues(name.c_str(), profile, select.get()));
#endif
  return put(engine->getProfileTensorValuesV2(name.c_str(), profile, select.get()));
}

Napi::Value serialize(Call& call) {
  IHostMemory* memory;
  auto* engine = call.as<ICudaEngine>();
  const uint32_t mask = call.given(0) ? maskOf<SerializationFlag>(call, 0) : 0;
  callsReachingNative++;
  if (call.given(0)) {
    std::unique_ptr<ISerializationConfig> config(engine->createSerializationConfig());
    if (!config || !config->setFlags(mask)) call.fail("TensorRT refused these flags");
    memory = engine->serializeWithConfig(*config);
  } else {
    memory = engine->serialize();
  }
  if (!memory) call.fail("TensorRT could not serialize the engine");
  return hostMemoryValue(call.env(), memory);
}

Napi::Value getDeviceMemorySizeForProfileV2(Call& call) {
  const int32_t profile = profileIndex(call, 0);
  callsReachingNative++;
  return Napi::Number::New(call.env(), static_cast<double>(call.as<ICudaEngine>()->getDeviceMemorySizeForProfileV2(profile)));
}

}  // namespace

void defineEngine() {
  define<ICudaEngine>("ICudaEngine", true, []<class C>(ClassBuilder<C> c) {
    METHOD(getName);
    METHOD(getNbIOTensors);
    c.custom("getIOTensorName", 1, 1, getIOTensorName);
    c.custom("getTensorShape", 1, 1, named<&C::getTensorShape>);
    c.custom("getTensorDataType", 1, 1, named<&C::getTensorDataType>);
    c.custom("getTensorLocation", 1, 1, named<&C::getTensorLocation>);
    METHOD(getTensorIOMode);
    c.custom("isShapeInferenceIO", 1, 1, named<&C::isShapeInferenceIO>);
    c.custom("getTensorFormat", 1, 2, ofTensor<TensorFormat, &C::getTensorFormat, &C::getTensorFormat>);
    c.custom("getTensorFormatDesc", 1, 2, ofTensor<char const*, &C::getTensorFormatDesc, &C::getTensorFormatDesc>);
    c.custom("getTensorBytesPerComponent", 1, 2, ofTensor<int32_t, &C::getTensorBytesPerComponent, &C::getTensorBytesPerComponent>);
    c.custom("getTensorComponentsPerElement", 1, 2, ofTensor<int32_t, &C::getTensorComponentsPerElement, &C::getTensorComponentsPerElement>);
    c.custom("getTensorVectorizedDim", 1, 2, ofTensor<int32_t, &C::getTensorVectorizedDim, &C::getTensorVectorizedDim>);
    c.custom("getAliasedInputTensor", 1, 1, named<&C::getAliasedInputTensor>);
    METHOD(getNbLayers);
    METHOD(getNbOptimizationProfiles);
    c.custom("getProfileShape", 3, 3, getProfileShape);
    c.custom("getProfileTensorValues", 3, 3, getProfileTensorValues);
    METHOD(getEngineCapability);
    c.custom("getTacticSources", 0, 0, [](Call& call) -> Napi::Value {
      callsReachingNative++;
      return namesOf<TacticSource>(call.env(), call.as<ICudaEngine>()->getTacticSources());
    });
    METHOD(getProfilingVerbosity);
    METHOD(getHardwareCompatibilityLevel);
    METHOD(getNbAuxStreams);
    METHOD(isRefittable);
    METHOD(isDebugTensor);
    METHOD(getDeviceMemorySizeV2);
    c.custom("getDeviceMemorySizeForProfileV2", 1, 1, getDeviceMemorySizeForProfileV2);
    METHOD(getStreamableWeightsSize);
    METHOD(setWeightStreamingBudgetV2);
    METHOD(getWeightStreamingBudgetV2);
    METHOD(getWeightStreamingAutomaticBudget);
    METHOD(getWeightStreamingScratchMemorySize);
    METHOD(getEngineStat);
    c.custom("createExecutionContext", 0, 1, createContext);
    c.custom("createEngineInspector", 0, 0, createInspector);
    c.custom("createRefitter", 0, 0, createRefitter);
    c.custom("serialize", 0, 1, serialize);
  });
}

}  // namespace trt
