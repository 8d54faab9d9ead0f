// A builder and what it makes.
#pragma once
#include "core.h"
#include "cuda_driver.h"

namespace trt {

struct BuilderResource final : Owned<nvinfer1::IBuilder> {
  ~BuilderResource() override { free(); }
  std::shared_ptr<CudaDevice> device;  // null where none was chosen: TensorRT takes the first, or needs none
};

struct ConfigResource final : Owned<nvinfer1::IBuilderConfig> {
  ~ConfigResource() override { free(); }
  // Handles to the cache that the config has at the moment; it may be replaced, and TensorRT's own is freed then.
  std::vector<std::weak_ptr<Resource>> caches;
  void forgetCaches() {
    for (auto& cache : caches)
      if (auto resource = cache.lock()) resource->object = nullptr;
    caches.clear();
  }
};

void defineBuilder();
void defineBuilderConfig();
void defineOptimizationProfile();
void defineTimingCache();

// IBuilder.buildSerializedNetwork(network, config, { onProgress, signal }): builds in a thread of its own.
Napi::Value buildSerializedNetwork(Call& call);
// A Uint8Array over TensorRT's memory, which lives as long as the array.
Napi::Value hostMemoryValue(Napi::Env env, nvinfer1::IHostMemory* memory);
Napi::Value createBuilder(Napi::Env env, const std::shared_ptr<Library>& library);
// Whether a buffer of weights was transferred, so that TensorRT's pointer into it may be stale.
bool anyGone(const Resource& resource);
constexpr const char* kWeightsGone = "the buffer of some weights was transferred; it must stay until the network is closed";
// Throws if a buffer that TensorRT is about to read was transferred meanwhile.
void requirePins(const Call& call, const Resource& resource);

}  // namespace trt
