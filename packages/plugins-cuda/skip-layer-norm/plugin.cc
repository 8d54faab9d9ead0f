#include "plugin.h"

#include "kernel.cuh"

namespace trt_dsl {

using nvinfer1::PluginField;
using nvinfer1::PluginFieldType;

std::vector<PluginField> SkipLayerNormPlugin::fieldNames() {
  return {{"epsilon", nullptr, PluginFieldType::kFLOAT32, 1},
          {"bias", nullptr, PluginFieldType::kINT32, 1},
          {"sum", nullptr, PluginFieldType::kINT32, 1}};
}

SkipLayerNormPlugin::SkipLayerNormPlugin(Fields const& fields)
    : epsilon_(float(fields.number("epsilon"))), bias_(fields.integer("bias", 0)), sum_(fields.integer("sum", 0)) {
  if (!(epsilon_ >= 0.0f)) throw PluginError(std::string(kName) + ": field epsilon is negative");
  if ((bias_ | sum_ | 1) != 1) throw PluginError(std::string(kName) + ": fields bias and sum are 0 or 1");
  identity_ = "epsilon=" + toString(epsilon_) + " bias=" + std::to_string(bias_) + " sum=" + std::to_string(sum_);
}

std::vector<PluginField> SkipLayerNormPlugin::fields() const {
  return {{"epsilon", &epsilon_, PluginFieldType::kFLOAT32, 1},
          {"bias", &bias_, PluginFieldType::kINT32, 1},
          {"sum", &sum_, PluginFieldType::kINT32, 1}};
}

bool SkipLayerNormPlugin::accepts(int pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int inputs) const {
  nvinfer1::DataType const type = inOut[pos].desc.type;
  if (inputs != inputCount()) return false;
  switch (pos) {
    case 0: return isFloat(type);
    case 2: return type == inOut[0].desc.type || type == nvinfer1::DataType::kFLOAT;
    case 3: return type == inOut[2].desc.type;
    default: return type == inOut[0].desc.type;  // skip, bias, outputs
  }
}

void SkipLayerNormPlugin::outputShapes(nvinfer1::DimsExprs const* in, int32_t, nvinfer1::DimsExprs* out,
                                       nvinfer1::IExprBuilder&) const {
  for (int32_t i = 0; i < outputs(); ++i) out[i] = in[0];
}

void SkipLayerNormPlugin::check(std::vector<nvinfer1::Dims> const& in) const {
  if (int(in.size()) != inputCount()) {
    throw PluginError("expected " + std::to_string(inputCount()) + " inputs (x, skip, gamma, beta" +
                      (bias_ != 0 ? ", bias" : "") + "), found " + std::to_string(in.size()));
  }
  nvinfer1::Dims const& x = in[0];
  if (x.nbDims < 1) throw PluginError("x is a scalar, expected [..., hidden]");
  bool same = in[1].nbDims == x.nbDims;
  for (int i = 0; same && i < x.nbDims; ++i) same = x.d[i] < 0 || in[1].d[i] < 0 || x.d[i] == in[1].d[i];
  if (!same) throw PluginError("skip is " + toString(in[1]) + ", expected x's " + toString(x));
  int64_t const hidden = x.d[x.nbDims - 1];
  expectVector("gamma", in[2], hidden);
  expectVector("beta", in[3], hidden);
  if (bias_ != 0) expectVector("bias", in[4], hidden);
}

cudaError_t SkipLayerNormPlugin::run(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const*,
                                     void const* const* inputs, void* const* outputs, cudaStream_t stream) const {
  nvinfer1::Dims const& x = in[0].dims;
  int const last = x.nbDims - 1;
  return skipLayerNorm({typeOf(in[0].type), typeOf(in[2].type), inputs[0], inputs[1], bias_ != 0 ? inputs[4] : nullptr,
                        inputs[2], inputs[3], outputs[0], sum_ != 0 ? outputs[1] : nullptr, volume(x, 0, last),
                        int32_t(x.d[last]), epsilon_},
                       stream);
}

}  // namespace trt_dsl
