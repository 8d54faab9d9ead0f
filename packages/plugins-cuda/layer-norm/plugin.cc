#include "plugin.h"

#include "kernel.cuh"

namespace trt_dsl {

using nvinfer1::PluginField;
using nvinfer1::PluginFieldType;

std::vector<PluginField> LayerNormPlugin::fieldNames() { return {{"epsilon", nullptr, PluginFieldType::kFLOAT32, 1}}; }

LayerNormPlugin::LayerNormPlugin(Fields const& fields) : epsilon_(float(fields.number("epsilon"))) {
  if (!(epsilon_ >= 0.0f)) throw PluginError(std::string(kName) + ": field epsilon is negative");
  identity_ = "epsilon=" + toString(epsilon_);
}

std::vector<PluginField> LayerNormPlugin::fields() const {
  return {{"epsilon", &epsilon_, PluginFieldType::kFLOAT32, 1}};
}

bool LayerNormPlugin::accepts(int pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int inputs) const {
  nvinfer1::DataType const type = inOut[pos].desc.type;
  if (inputs != 3) return false;
  switch (pos) {
    case 0: return isFloat(type);
    case 1: return type == inOut[0].desc.type || type == nvinfer1::DataType::kFLOAT;
    case 2: return type == inOut[1].desc.type;
    default: return type == inOut[0].desc.type;
  }
}

void LayerNormPlugin::outputShapes(nvinfer1::DimsExprs const* in, int32_t, nvinfer1::DimsExprs* out,
                                   nvinfer1::IExprBuilder&) const {
  out[0] = in[0];
}

void LayerNormPlugin::check(std::vector<nvinfer1::Dims> const& in) const {
  if (in.size() != 3) throw PluginError("expected 3 inputs (x, gamma, beta), found " + std::to_string(in.size()));
  if (in[0].nbDims < 1) throw PluginError("x is a scalar, expected [..., hidden]");
  int64_t const hidden = in[0].d[in[0].nbDims - 1];
  expectVector("gamma", in[1], hidden);
  expectVector("beta", in[2], hidden);
}

cudaError_t LayerNormPlugin::run(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const*,
                                 void const* const* inputs, void* const* outputs, cudaStream_t stream) const {
  nvinfer1::Dims const& x = in[0].dims;
  int const last = x.nbDims - 1;
  return layerNorm({typeOf(in[0].type), typeOf(in[1].type), inputs[0], inputs[1], inputs[2], outputs[0],
                    volume(x, 0, last), int32_t(x.d[last]), epsilon_},
                   stream);
}

}  // namespace trt_dsl
