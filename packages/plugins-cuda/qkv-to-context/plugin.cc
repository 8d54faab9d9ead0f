#include "plugin.h"

#include <cmath>

namespace trt_dsl {
namespace {

using nvinfer1::PluginField;
using nvinfer1::PluginFieldType;

// In KeyMask's order.
std::vector<std::string> const kMasks{"none", "lengths", "mask", "cu_seqlens"};

}  // namespace

std::vector<PluginField> QkvToContextPlugin::fieldNames() {
  return {{"heads", nullptr, PluginFieldType::kINT32, 1},
          {"scale", nullptr, PluginFieldType::kFLOAT32, 1},
          {"mask", nullptr, PluginFieldType::kCHAR, 1}};
}

QkvToContextPlugin::QkvToContextPlugin(Fields const& fields)
    : heads_(fields.integer("heads", 0)),
      scale_(float(fields.number("scale", 0.0))),
      mask_(KeyMask(fields.choice("mask", kMasks))) {
  if (heads_ <= 0) throw PluginError(std::string(kName) + ": field heads is " + std::to_string(heads_) + ", expected 1 or more");
  if (!(scale_ >= 0.0f)) throw PluginError(std::string(kName) + ": field scale is negative");
  identity_ = "heads=" + std::to_string(heads_) + " scale=" + toString(scale_) + " mask=" + kMasks[int(mask_)];
}

std::vector<PluginField> QkvToContextPlugin::fields() const {
  std::string const& mask = kMasks[int(mask_)];
  return {{"heads", &heads_, PluginFieldType::kINT32, 1},
          {"scale", &scale_, PluginFieldType::kFLOAT32, 1},
          {"mask", mask.c_str(), PluginFieldType::kCHAR, int32_t(mask.size())}};
}

bool QkvToContextPlugin::accepts(int pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int inputs) const {
  using nvinfer1::DataType;
  if (inputs != inputCount()) return false;
  DataType const type = inOut[pos].desc.type;
  if (pos == 0) return type == DataType::kHALF || type == DataType::kBF16;
  if (pos < inputs) return type == DataType::kINT32;
  return type == inOut[0].desc.type;
}

void QkvToContextPlugin::outputShapes(nvinfer1::DimsExprs const* in, int32_t, nvinfer1::DimsExprs* out,
                                      nvinfer1::IExprBuilder& builder) const {
  out[0] = in[0];
  int const last = in[0].nbDims - 1;
  out[0].d[last] = builder.constant(in[0].d[last]->getConstantValue() / 3);
}

void QkvToContextPlugin::check(std::vector<nvinfer1::Dims> const& in) const {
  if (int(in.size()) != inputCount()) {
    throw PluginError("with mask '" + kMasks[int(mask_)] + "' expected " + std::to_string(inputCount()) + " inputs, found " +
                      std::to_string(in.size()));
  }
  bool const packed = mask_ == KeyMask::kCuSeqlens;
  nvinfer1::Dims const& qkv = in[0];
  if (qkv.nbDims != (packed ? 2 : 3)) {
    throw PluginError("qkv is " + toString(qkv) + ", expected " + (packed ? "[total, 3 * hidden]" : "[batch, sequence, 3 * hidden]"));
  }
  int64_t const width = qkv.d[qkv.nbDims - 1];
  int64_t const headSize = width / (3 * heads_);
  if (width != 3 * heads_ * headSize || headSize > 128 || variantCount(int32_t(headSize)) == 0) {
    throw PluginError("qkv is " + toString(qkv) + " with " + std::to_string(heads_) +
                      " heads, expected a last axis of 3 * heads * head size, the head size 32, 64, 96 or 128");
  }
  if (!packed && qkv.d[1] > kMaxSequence) {
    throw PluginError("sequence is " + std::to_string(qkv.d[1]) + ", at most " + std::to_string(kMaxSequence));
  }
  if (!packed && qkv.d[0] > 65535) throw PluginError("batch is " + std::to_string(qkv.d[0]) + ", at most 65535");
  switch (mask_) {
    case KeyMask::kNone: break;
    case KeyMask::kLengths: expectVector("lengths", in[1], qkv.d[0]); break;
    case KeyMask::kMask:
      if (in[1].nbDims != 2 || (in[1].d[0] >= 0 && qkv.d[0] >= 0 && in[1].d[0] != qkv.d[0]) ||
          (in[1].d[1] >= 0 && qkv.d[1] >= 0 && in[1].d[1] != qkv.d[1])) {
        throw PluginError("mask is " + toString(in[1]) + ", expected [batch, sequence] of qkv " + toString(qkv));
      }
      break;
    case KeyMask::kCuSeqlens:
      if (in[1].nbDims != 1 || in[1].d[0] == 0 || in[1].d[0] == 1) {
        throw PluginError("cu_seqlens are " + toString(in[1]) + ", expected [batch + 1]");
      }
      break;
  }
}

cudaError_t QkvToContextPlugin::run(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const*,
                                    void const* const* inputs, void* const* outputs, cudaStream_t stream) const {
  nvinfer1::Dims const& qkv = in[0].dims;
  bool const packed = mask_ == KeyMask::kCuSeqlens;
  QkvToContextArguments arguments{};
  arguments.type = typeOf(in[0].type);
  arguments.qkv = inputs[0];
  arguments.context = outputs[0];
  arguments.keyMask = mask_;
  arguments.mask = mask_ == KeyMask::kNone ? nullptr : static_cast<int32_t const*>(inputs[1]);
  arguments.batch = int32_t(packed ? in[1].dims.d[0] - 1 : qkv.d[0]);
  arguments.sequence = packed ? 0 : int32_t(qkv.d[1]);
  arguments.total = packed ? int32_t(qkv.d[0]) : 0;
  arguments.heads = heads_;
  arguments.headSize = int32_t(qkv.d[qkv.nbDims - 1] / (3 * heads_));
  arguments.scale = scale_ > 0.0f ? scale_ : 1.0f / std::sqrt(float(arguments.headSize));
  arguments.variant = -1;
  return qkvToContext(arguments, stream);
}

}  // namespace trt_dsl
