// nvinfer1::IRefitter.
#include "bind.h"
#include "builder.h"
#include "engine.h"
#include "library.h"

namespace trt {

using namespace nvinfer1;

Napi::Value createRefitter(Call& call) {
  callsReachingNative++;
  auto* refitter = static_cast<IRefitter*>(call.self->session->library->createInferRefitter(call.as<ICudaEngine>(), &logger(), call.self->session->library->version));
  if (!refitter) call.fail("TensorRT made no refitter; was the engine built with the flag 'REFIT'?");
  auto resource = std::make_shared<Owned<IRefitter>>();
  resource->object = refitter;
  resource->session = call.self->session;
  resource->parents.push_back(call.self);
  refitter->setErrorRecorder(&resource->session->recorder);
  call.check();
  return wrap(call.env(), classInfo<IRefitter>, resource);
}

namespace {

template <auto M>
Napi::Value layersAndRoles(Call& call) {
  auto* refitter = call.as<IRefitter>();
  callsReachingNative++;
  const int32_t count = std::max(0, (refitter->*M)(0, nullptr, nullptr));
  std::vector<const char*> names(static_cast<size_t>(count));
  std::vector<WeightsRole> roles(static_cast<size_t>(count));
  if (count) (refitter->*M)(count, names.data(), roles.data());
  auto list = Napi::Array::New(call.env());
  for (size_t k = 0; k < names.size(); k++) {
    auto entry = Napi::Object::New(call.env());
    entry["layerName"] = textValue(call.env(), names[k]);
    entry["role"] = nameOf(call.env(), roles[k]);
    list.Set(static_cast<uint32_t>(k), entry);
  }
  return list;
}

template <auto M>
Napi::Value weightNames(Call& call) {
  auto* refitter = call.as<IRefitter>();
  callsReachingNative++;
  const int32_t count = std::max(0, (refitter->*M)(0, nullptr));
  std::vector<const char*> names(static_cast<size_t>(count));
  if (count) (refitter->*M)(count, names.data());
  auto list = Napi::Array::New(call.env());
  for (size_t k = 0; k < names.size(); k++) list.Set(static_cast<uint32_t>(k), textValue(call.env(), names[k]));
  return list;
}

Napi::Value setNamedWeights(Call& call) {
  Argument<char const*> name(call, 0);
  Argument<Weights> weights(call, 1);
  callsReachingNative++;
  if (!call.as<IRefitter>()->setNamedWeights(name.get(), weights.get())) call.fail("TensorRT refused the weights");
  call.check();
  return call.env().Undefined();
}

Napi::Value refitCudaEngine(Call& call) {
  auto* engine = static_cast<EngineResource*>(call.self->parents.front().get());
  if (engine->running) call.fail("not while the engine executes");
  requirePins(call, *call.self);
  if (engine->device) engine->device->makeCurrent();
  callsReachingNative++;
  if (!call.as<IRefitter>()->refitCudaEngine()) call.fail("TensorRT could not refit the engine; are weights missing?");
  call.check();
  return call.env().Undefined();
}

}  // namespace

void defineRefitter() {
  define<IRefitter>("IRefitter", true, []<class C>(ClassBuilder<C> c) {
    METHOD(setWeights);
    c.custom("setNamedWeights", 2, 2, setNamedWeights);
    METHOD(unsetNamedWeights);
    c.custom("getMissing", 0, 0, layersAndRoles<&C::getMissing>);
    c.custom("getAll", 0, 0, layersAndRoles<&C::getAll>);
    c.custom("getMissingWeights", 0, 0, weightNames<&C::getMissingWeights>);
    c.custom("getAllWeights", 0, 0, weightNames<&C::getAllWeights>);
    METHOD(getWeightsPrototype);
    PROPERTY(WeightsValidation);
    c.custom("setMaxThreads", 1, 1, [](Call& call) -> Napi::Value {
      const auto threads = static_cast<int32_t>(integerOf(call, 0, call.info[0], 1, 4096, "a number of threads from 1 to 4096"));
      callsReachingNative++;
      if (!call.as<IRefitter>()->setMaxThreads(threads)) call.fail("TensorRT refused it");
      call.check();
      return call.env().Undefined();
    });
    METHOD(getMaxThreads);
    c.custom("refitCudaEngine", 0, 0, refitCudaEngine);
  });
}

}  // namespace trt
