// nvinfer1::ILayer: the class of a layer, its inputs and outputs.
#include "layer.h"

namespace trt {

using namespace nvinfer1;

namespace {

struct TypeClass {
  LayerType type;
  const ClassInfo* cls;
};

const TypeClass kClasses[] = {
    {LayerType::kCONVOLUTION, &classInfo<IConvolutionLayer>},
    {LayerType::kCAST, &classInfo<ICastLayer>},
    {LayerType::kACTIVATION, &classInfo<IActivationLayer>},
    {LayerType::kPOOLING, &classInfo<IPoolingLayer>},
    {LayerType::kLRN, &classInfo<ILRNLayer>},
    {LayerType::kSCALE, &classInfo<IScaleLayer>},
    {LayerType::kSOFTMAX, &classInfo<ISoftMaxLayer>},
    {LayerType::kDECONVOLUTION, &classInfo<IDeconvolutionLayer>},
    {LayerType::kCONCATENATION, &classInfo<IConcatenationLayer>},
    {LayerType::kELEMENTWISE, &classInfo<IElementWiseLayer>},
    {LayerType::kUNARY, &classInfo<IUnaryLayer>},
    {LayerType::kPADDING, &classInfo<IPaddingLayer>},
    {LayerType::kSHUFFLE, &classInfo<IShuffleLayer>},
    {LayerType::kREDUCE, &classInfo<IReduceLayer>},
    {LayerType::kTOPK, &classInfo<ITopKLayer>},
    {LayerType::kGATHER, &classInfo<IGatherLayer>},
    {LayerType::kMATRIX_MULTIPLY, &classInfo<IMatrixMultiplyLayer>},
    {LayerType::kRAGGED_SOFTMAX, &classInfo<IRaggedSoftMaxLayer>},
    {LayerType::kCONSTANT, &classInfo<IConstantLayer>},
    {LayerType::kIDENTITY, &classInfo<IIdentityLayer>},
    {LayerType::kPLUGIN_V2, &classInfo<IPluginV2Layer>},
    {LayerType::kPLUGIN_V3, &classInfo<IPluginV3Layer>},
    {LayerType::kSLICE, &classInfo<ISliceLayer>},
    {LayerType::kSHAPE, &classInfo<IShapeLayer>},
    {LayerType::kPARAMETRIC_RELU, &classInfo<IParametricReLULayer>},
    {LayerType::kRESIZE, &classInfo<IResizeLayer>},
    {LayerType::kTRIP_LIMIT, &classInfo<ITripLimitLayer>},
    {LayerType::kRECURRENCE, &classInfo<IRecurrenceLayer>},
    {LayerType::kITERATOR, &classInfo<IIteratorLayer>},
    {LayerType::kLOOP_OUTPUT, &classInfo<ILoopOutputLayer>},
    {LayerType::kSELECT, &classInfo<ISelectLayer>},
    {LayerType::kFILL, &classInfo<IFillLayer>},
    {LayerType::kQUANTIZE, &classInfo<IQuantizeLayer>},
    {LayerType::kDEQUANTIZE, &classInfo<IDequantizeLayer>},
    {LayerType::kCONDITION, &classInfo<IConditionLayer>},
    {LayerType::kCONDITIONAL_INPUT, &classInfo<IIfConditionalInputLayer>},
    {LayerType::kCONDITIONAL_OUTPUT, &classInfo<IIfConditionalOutputLayer>},
    {LayerType::kSCATTER, &classInfo<IScatterLayer>},
    {LayerType::kEINSUM, &classInfo<IEinsumLayer>},
    {LayerType::kASSERTION, &classInfo<IAssertionLayer>},
    {LayerType::kONE_HOT, &classInfo<IOneHotLayer>},
    {LayerType::kNON_ZERO, &classInfo<INonZeroLayer>},
    {LayerType::kGRID_SAMPLE, &classInfo<IGridSampleLayer>},
    {LayerType::kNMS, &classInfo<INMSLayer>},
    {LayerType::kREVERSE_SEQUENCE, &classInfo<IReverseSequenceLayer>},
    {LayerType::kNORMALIZATION, &classInfo<INormalizationLayer>},
    {LayerType::kSQUEEZE, &classInfo<ISqueezeLayer>},
    {LayerType::kUNSQUEEZE, &classInfo<IUnsqueezeLayer>},
    {LayerType::kCUMULATIVE, &classInfo<ICumulativeLayer>},
    {LayerType::kDYNAMIC_QUANTIZE, &classInfo<IDynamicQuantizeLayer>},
    {LayerType::kATTENTION_INPUT, &classInfo<IAttentionInputLayer>},
    {LayerType::kATTENTION_OUTPUT, &classInfo<IAttentionOutputLayer>},
    {LayerType::kROTARY_EMBEDDING, &classInfo<IRotaryEmbeddingLayer>},
    {LayerType::kKVCACHE_UPDATE, &classInfo<IKVCacheUpdateLayer>},
    {LayerType::kMOE, &classInfo<IMoELayer>},
    {LayerType::kDIST_COLLECTIVE, &classInfo<IDistCollectiveLayer>},
};

}  // namespace

Napi::Value wrapLayer(Napi::Env env, const std::shared_ptr<NetworkResource>& network, ILayer* layer) {
  if (!layer) return env.Null();
  const LayerType type = layer->getType();
  for (const TypeClass& entry : kClasses)
    if (entry.type == type) return wrapPart(env, *entry.cls, network, layer);
  return wrapPart(env, classInfo<ILayer>, network, layer);  // newer than these headers
}

bool isLayerClass(const ClassInfo& cls) {
  if (&cls == &classInfo<ILayer>) return true;
  for (const TypeClass& entry : kClasses)
    if (entry.cls == &cls) return true;
  return false;
}

std::shared_ptr<Resource> layerOf(Call& call, size_t i) {
  Handle* handle = handleOf(call.info[i]);
  if (!handle || !isLayerClass(*handle->cls)) call.refuse(i, "an ILayer");
  const std::string position = call.where() + ": argument " + std::to_string(i + 1);
  if (!handle->resource || !handle->resource->live()) raise(call.env(), "closed", position + " is an ILayer whose network was closed");
  if (handle->resource->session != call.self->session) raise(call.env(), "argument", position + " is an ILayer of another builder's network");
  return handle->resource;
}

Napi::Value layerInput(Call& call) {
  auto* layer = call.as<ILayer>();
  const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "an index"));
  if (index >= layer->getNbInputs()) call.refuse(0, "an index below " + std::to_string(layer->getNbInputs()));
  callsReachingNative++;
  return toValue(call, layer->getInput(index));
}

Napi::Value layerOutput(Call& call) {
  auto* layer = call.as<ILayer>();
  const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "an index"));
  if (index >= layer->getNbOutputs()) call.refuse(0, "an index below " + std::to_string(layer->getNbOutputs()));
  callsReachingNative++;
  return toValue(call, layer->getOutput(index));
}

namespace {

// Whether `tensor` depends on `layer`: TensorRT does not survive a cycle.
bool dependsOn(const INetworkDefinition& network, const ITensor* tensor, const ILayer* layer) {
  std::unordered_map<const ITensor*, const ILayer*> producers;
  for (int32_t l = 0; l < network.getNbLayers(); l++) {
    const ILayer* candidate = network.getLayer(l);
    for (int32_t k = 0; k < candidate->getNbOutputs(); k++) producers[candidate->getOutput(k)] = candidate;
  }
  std::vector<const ITensor*> open{tensor};
  std::unordered_map<const ILayer*, bool> seen;
  while (!open.empty()) {
    const ITensor* next = open.back();
    open.pop_back();
    const auto found = producers.find(next);
    if (found == producers.end()) continue;
    if (found->second == layer) return true;
    if (seen[found->second]) continue;
    seen[found->second] = true;
    if (found->second->getType() == LayerType::kRECURRENCE) continue;  // the legal cycle
    for (int32_t k = 0; k < found->second->getNbInputs(); k++)
      if (const ITensor* input = found->second->getInput(k)) open.push_back(input);
  }
  return false;
}

}  // namespace

Napi::Value layerSetInput(Call& call) {
  const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, 64, "the index of an input"));
  Argument<ITensor> tensor(call, 1);
  auto* layer = call.as<ILayer>();
  if (layer->getType() != LayerType::kRECURRENCE && dependsOn(*static_cast<INetworkDefinition*>(call.self->network()->object), &tensor.get(), layer))
    raise(call.env(), "argument", call.where() + ": argument 2 is computed from this layer's own output, which would be a cycle");
  callsReachingNative++;
  layer->setInput(index, tensor.get());
  call.check();
  if (index >= layer->getNbInputs() || layer->getInput(index) != &tensor.get()) call.fail("TensorRT did not take input " + std::to_string(index));
  return call.env().Undefined();
}

}  // namespace trt
