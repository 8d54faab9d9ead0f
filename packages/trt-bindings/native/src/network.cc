// nvinfer1::INetworkDefinition, but for its add* methods (network_adds.cc).
#include "network.h"

#include "bind.h"

namespace trt {

using nvinfer1::INetworkDefinition;
using nvinfer1::ITensor;

void* Borrowed::live() { return owner && owner->object ? object : nullptr; }

void NetworkResource::close() {
  if (session->busy.load())
    closeAfterBuild = true;
  else
    free();
}

void NetworkResource::free() {
  delete static_cast<INetworkDefinition*>(object);
  object = nullptr;
  pins.clear();
  tensors.clear();
  parents.clear();
}

Napi::Value wrapTensor(Napi::Env env, const std::shared_ptr<NetworkResource>& network, ITensor* tensor) {
  if (!tensor) return env.Null();
  auto& known = network->tensors[tensor];
  auto resource = known.lock();
  if (!resource) {
    resource = std::make_shared<Borrowed>();
    resource->object = tensor;
    resource->owner = network;
    resource->session = network->session;
    known = resource;
  }
  return wrap(env, classInfo<ITensor>, resource);
}

Napi::Value wrapPart(Napi::Env env, const ClassInfo& cls, const std::shared_ptr<NetworkResource>& network, void* part) {
  if (!part) return env.Null();
  auto resource = std::make_shared<Borrowed>();
  resource->object = part;
  resource->owner = network;
  resource->session = network->session;
  return wrap(env, cls, resource);
}

namespace {

// Only a tensor that nothing produces or reads may go; TensorRT ignores the others with a warning.
Napi::Value removeTensor(Call& call) {
  auto tensor = tensorOf(call, 0, call.info[0]);
  auto* network = call.as<INetworkDefinition>();
  auto* pointer = static_cast<ITensor*>(tensor->object);
  for (int32_t l = 0; l < network->getNbLayers(); l++) {
    const auto* layer = network->getLayer(l);
    for (int32_t k = 0; k < layer->getNbInputs(); k++)
      if (layer->getInput(k) == pointer) call.fail(std::string("the tensor is an input of layer \"") + layer->getName() + '"');
    for (int32_t k = 0; k < layer->getNbOutputs(); k++)
      if (layer->getOutput(k) == pointer) call.fail(std::string("the tensor is an output of layer \"") + layer->getName() + '"');
  }
  callsReachingNative++;
  network->removeTensor(*pointer);
  call.self->network()->tensors.erase(pointer);
  tensor->object = nullptr;
  call.check();
  return call.env().Undefined();
}

// setWeightsName looks weights up by their address, so the same buffer must be given again.
Napi::Value setWeightsName(Call& call) {
  std::vector<Pin> pinned;
  const auto weights = weightsOf(call, 0, pinned);
  const std::string name = stringOf(call, 1, call.info[1]);
  if (!weights.values) call.refuse(0, "weights that are not empty");
  callsReachingNative++;
  if (!call.as<INetworkDefinition>()->setWeightsName(weights, name.c_str())) call.fail("no layer has weights at this address");
  call.check();
  return call.env().Undefined();
}

template <auto Count, auto Item>
Napi::Value item(Call& call) {
  const int32_t count = (call.as<INetworkDefinition>()->*Count)();
  const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "an index"));
  if (index >= count) call.refuse(0, "an index below " + std::to_string(count));
  callsReachingNative++;
  return toValue(call, (call.as<INetworkDefinition>()->*Item)(index));
}

}  // namespace

void defineNetwork() {
  define<INetworkDefinition>("INetworkDefinition", true, []<class C>(ClassBuilder<C> c) {
    METHOD(markOutput);
    METHOD(unmarkOutput);
    METHOD(markOutputForShapes);
    METHOD(unmarkOutputForShapes);
    METHOD(markDebug);
    METHOD(unmarkDebug);
    METHOD(isDebugTensor);
    METHOD(markUnfusedTensorsAsDebugTensors);
    METHOD(unmarkUnfusedTensorsAsDebugTensors);
    METHOD(markWeightsRefittable);
    METHOD(unmarkWeightsRefittable);
    METHOD(areWeightsMarkedRefittable);
    METHOD(getNbLayers);
    METHOD(getNbInputs);
    METHOD(getNbOutputs);
    METHOD(getFlag);
    PROPERTY(Name);
    c.custom("setWeightsName", 2, 2, setWeightsName);
    c.custom("removeTensor", 1, 1, removeTensor);
    c.custom("getLayer", 1, 1, item<&INetworkDefinition::getNbLayers, &INetworkDefinition::getLayer>);
    c.custom("getInput", 1, 1, item<&INetworkDefinition::getNbInputs, &INetworkDefinition::getInput>);
    c.custom("getOutput", 1, 1, item<&INetworkDefinition::getNbOutputs, &INetworkDefinition::getOutput>);
  });
  defineNetworkAdds(classInfo<INetworkDefinition>);
}

}  // namespace trt
