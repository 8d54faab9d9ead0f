// A network, and what belongs to it: tensors, layers, loops, conditionals, attentions.
#pragma once
#include "core.h"

#include <unordered_map>

namespace trt {

// What TensorRT owns inside a network. It is gone when the network is closed.
struct Borrowed : Resource {
  void* live() override;
  NetworkResource* network() override { return owner.get(); }
  std::shared_ptr<NetworkResource> owner;
};

struct NetworkResource final : Resource {
  ~NetworkResource() override { free(); }
  NetworkResource* network() override { return this; }
  void close() override;  // frees the network unless it is being built, then afterwards
  void free();
  bool closeAfterBuild = false;
  // One resource for each tensor, so that removing it reaches every handle.
  std::unordered_map<nvinfer1::ITensor*, std::weak_ptr<Borrowed>> tensors;
};

Napi::Value wrapTensor(Napi::Env env, const std::shared_ptr<NetworkResource>& network, nvinfer1::ITensor* tensor);
Napi::Value wrapLayer(Napi::Env env, const std::shared_ptr<NetworkResource>& network, nvinfer1::ILayer* layer);
Napi::Value wrapPart(Napi::Env env, const ClassInfo& cls, const std::shared_ptr<NetworkResource>& network, void* part);
// The layer in argument `i`, of whatever class.
std::shared_ptr<Resource> layerOf(Call& call, size_t i);
// Whether a class is one of ILayer's.
bool isLayerClass(const ClassInfo& cls);

void defineTensor();
void defineLayers();
void defineMoreLayers();
void defineControlFlow();
void defineNetwork();
void defineNetworkAdds(ClassInfo& cls);

}  // namespace trt
