// nvinfer1::IBuilder.
#include "builder.h"

#include <algorithm>

#include "bind.h"
#include "cuda_driver.h"
#include "library.h"

namespace trt {

using namespace nvinfer1;

Napi::Value createBuilder(Napi::Env env, const std::shared_ptr<Library>& library) {
  requireDevice(env, "createInferBuilder");
  auto resource = std::make_shared<BuilderResource>();
  resource->session = std::make_shared<Session>(library);
  resource->device = CudaDevice::chosenHere();
  if (resource->device) resource->device->makeCurrent();
  RecorderScope scope(&resource->session->recorder);
  library->openBuilderResources();
  callsReachingNative++;
  resource->object = library->createInferBuilder(&logger(), library->version);
  if (!resource->object)
    raise(env, "backend", "createInferBuilder: TensorRT made none",
          resource->session->recorder.take());
  static_cast<IBuilder*>(resource->object)->setErrorRecorder(&resource->session->recorder);
  return wrap(env, classInfo<IBuilder>, resource);
}

namespace {

Napi::Value createNetworkV2(Call& call) {
  const uint32_t flags = call.given(0) ? maskOf<NetworkDefinitionCreationFlag>(call, 0) : 0;
  callsReachingNative++;
  auto* network = call.as<IBuilder>()->createNetworkV2(flags);
  if (!network) call.fail("TensorRT made no network");
  auto resource = std::make_shared<NetworkResource>();
  resource->object = network;
  resource->session = call.self->session;
  resource->parents.push_back(call.self);
  network->setErrorRecorder(&resource->session->recorder);
  call.check();
  return wrap(call.env(), classInfo<INetworkDefinition>, resource);
}

Napi::Value createBuilderConfig(Call& call) {
  callsReachingNative++;
  auto* config = call.as<IBuilder>()->createBuilderConfig();
  if (!config) call.fail("TensorRT made no config");
  auto resource = std::make_shared<ConfigResource>();
  resource->object = config;
  resource->session = call.self->session;
  resource->parents.push_back(call.self);
  call.check();
  return wrap(call.env(), classInfo<IBuilderConfig>, resource);
}

Napi::Value createOptimizationProfile(Call& call) {
  callsReachingNative++;
  auto* profile = call.as<IBuilder>()->createOptimizationProfile();
  if (!profile) call.fail("TensorRT made no profile");
  auto resource = std::make_shared<Resource>();  // the builder owns it
  resource->object = profile;
  resource->session = call.self->session;
  resource->parents.push_back(call.self);
  return wrap(call.env(), classInfo<IOptimizationProfile>, resource);
}

Napi::Value isNetworkSupported(Call& call) {
  auto network = resourceOf(call, 0, classInfo<INetworkDefinition>);
  auto config = resourceOf(call, 1, classInfo<IBuilderConfig>);
  if (network->session != call.self->session || config->session != call.self->session)
    raise(call.env(), "argument", call.where() + ": network and config must be this builder's");
  requirePins(call, *network);
  if (const auto& device = static_cast<BuilderResource*>(call.self.get())->device) device->makeCurrent();
  callsReachingNative++;
  const bool supported = call.as<IBuilder>()->isNetworkSupported(*static_cast<INetworkDefinition*>(network->object), *static_cast<IBuilderConfig*>(config->object));
  if (supported) call.check();
  return Napi::Boolean::New(call.env(), supported);
}

}  // namespace

bool anyGone(const Resource& resource) { return std::any_of(resource.pins.begin(), resource.pins.end(), [](const Pin& pin) { return pin.isGone(); }); }

void requirePins(const Call& call, const Resource& resource) {
  if (anyGone(resource)) raise(call.env(), "argument", call.where() + ": " + kWeightsGone);
}

Napi::Value hostMemoryValue(Napi::Env env, IHostMemory* memory) {
  auto buffer = externalBuffer(env, memory->data(), memory->size(), [memory] { delete memory; });
  // Not napi_create_typedarray: it ends the process where the array is too long for V8 (4 GiB in Node 20), JavaScript throws.
  return env.Global().Get("Uint8Array").As<Napi::Function>().New({buffer});
}

void defineBuilder() {
  define<IBuilder>("IBuilder", true, []<class C>(ClassBuilder<C> c) {
    c.custom("createNetworkV2", 0, 1, createNetworkV2);
    c.custom("createBuilderConfig", 0, 0, createBuilderConfig);
    c.custom("createOptimizationProfile", 0, 0, createOptimizationProfile);
    c.custom("buildSerializedNetwork", 2, 3, buildSerializedNetwork);
    c.custom("isNetworkSupported", 2, 2, isNetworkSupported);
    METHOD(reset);
    c.custom("setMaxThreads", 1, 1, [](Call& call) -> Napi::Value {
      const auto threads = static_cast<int32_t>(integerOf(call, 0, call.info[0], 1, 4096, "a number of threads from 1 to 4096"));
      callsReachingNative++;
      if (!call.as<IBuilder>()->setMaxThreads(threads)) call.fail("TensorRT refused it");
      call.check();
      return call.env().Undefined();
    });
    METHOD(getMaxThreads);
    METHOD(getMaxDLABatchSize);
    METHOD(getNbDLACores);
  });
}

}  // namespace trt
