#include "plugin.h"

#include <cstring>

namespace trt_dsl {
namespace {

using nvinfer1::PluginField;
using nvinfer1::PluginFieldType;

// In PositionSource's order.
std::vector<std::string> const kSources{"column", "cu_seqlens", "position_ids"};

enum Input { kIds, kTokenTypes, kWordTable, kPositionTable, kTokenTypeTable, kGamma, kBeta, kPositions };

}  // namespace

std::vector<PluginField> EmbLayerNormPlugin::fieldNames() {
  return {{"epsilon", nullptr, PluginFieldType::kFLOAT32, 1}, {"positions", nullptr, PluginFieldType::kCHAR, 1}};
}

EmbLayerNormPlugin::EmbLayerNormPlugin(Fields const& fields)
    : epsilon_(float(fields.number("epsilon"))), source_(PositionSource(fields.choice("positions", kSources))) {
  if (!(epsilon_ >= 0.0f)) throw PluginError(std::string(kName) + ": field epsilon is negative");
  identity_ = "epsilon=" + toString(epsilon_) + " positions=" + kSources[int(source_)];
}

std::vector<PluginField> EmbLayerNormPlugin::fields() const {
  std::string const& source = kSources[int(source_)];
  return {{"epsilon", &epsilon_, PluginFieldType::kFLOAT32, 1},
          {"positions", source.c_str(), PluginFieldType::kCHAR, int32_t(source.size())}};
}

bool EmbLayerNormPlugin::accepts(int pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int inputs) const {
  using nvinfer1::DataType;
  if (inputs != inputCount()) return false;
  DataType const type = inOut[pos].desc.type;
  if (pos == inputs) return type == inOut[kWordTable].desc.type;
  switch (pos) {
    case kIds: return type == DataType::kINT32 || type == DataType::kINT64;
    case kTokenTypes: return type == inOut[kIds].desc.type;
    case kWordTable: return isFloat(type);
    case kGamma: return type == inOut[kWordTable].desc.type || type == DataType::kFLOAT;
    case kBeta: return type == inOut[kGamma].desc.type;
    case kPositions: return type == (source_ == PositionSource::kCuSeqlens ? DataType::kINT32 : inOut[kIds].desc.type);
    default: return type == inOut[kWordTable].desc.type;  // the other tables
  }
}

void EmbLayerNormPlugin::outputShapes(nvinfer1::DimsExprs const* in, int32_t, nvinfer1::DimsExprs* out,
                                      nvinfer1::IExprBuilder&) const {
  out[0] = in[kIds];
  out[0].d[out[0].nbDims++] = in[kWordTable].d[1];
}

void EmbLayerNormPlugin::check(std::vector<nvinfer1::Dims> const& in) const {
  if (int(in.size()) != inputCount()) {
    throw PluginError("with positions '" + kSources[int(source_)] + "' expected " + std::to_string(inputCount()) +
                      " inputs, found " + std::to_string(in.size()));
  }
  bool const packed = source_ == PositionSource::kCuSeqlens;
  if (in[kIds].nbDims != (packed ? 1 : 2)) {
    throw PluginError("ids are " + toString(in[kIds]) + ", expected " + (packed ? "[total]" : "[batch, sequence]"));
  }
  auto const expectLikeIds = [&](char const* what, nvinfer1::Dims const& dims) {
    bool same = dims.nbDims == in[kIds].nbDims;
    for (int i = 0; same && i < dims.nbDims; ++i) same = dims.d[i] < 0 || in[kIds].d[i] < 0 || dims.d[i] == in[kIds].d[i];
    if (!same) throw PluginError(std::string(what) + " are " + toString(dims) + ", expected ids' " + toString(in[kIds]));
  };
  expectLikeIds("token types", in[kTokenTypes]);
  for (int table : {kWordTable, kPositionTable, kTokenTypeTable}) {
    if (in[table].nbDims != 2 || in[table].d[0] == 0 || in[table].d[1] != in[kWordTable].d[1]) {
      throw PluginError("table " + std::to_string(table - kWordTable) + " is " + toString(in[table]) +
                        ", expected [at least 1, hidden] with the same hidden size for all three");
    }
  }
  expectVector("gamma", in[kGamma], in[kWordTable].d[1]);
  expectVector("beta", in[kBeta], in[kWordTable].d[1]);
  if (packed && (in[kPositions].nbDims != 1 || in[kPositions].d[0] == 0 || in[kPositions].d[0] == 1)) {
    throw PluginError("cu_seqlens are " + toString(in[kPositions]) + ", expected [batch + 1]");
  }
  if (source_ == PositionSource::kPositionIds) expectLikeIds("position ids", in[kPositions]);
  // What the table of positions cannot name would be NaN at run time; say it where it can be seen before.
  if (source_ == PositionSource::kColumn && in[kIds].d[1] >= 0 && in[kPositionTable].d[0] >= 0 &&
      in[kIds].d[1] > in[kPositionTable].d[0]) {
    throw PluginError("ids are " + toString(in[kIds]) + ", but there are only " + std::to_string(in[kPositionTable].d[0]) +
                      " positions");
  }
}

cudaError_t EmbLayerNormPlugin::run(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const*,
                                    void const* const* inputs, void* const* outputs, cudaStream_t stream) const {
  nvinfer1::Dims const& ids = in[kIds].dims;
  bool const packed = source_ == PositionSource::kCuSeqlens;
  EmbLayerNormArguments arguments{};
  arguments.type = typeOf(in[kWordTable].type);
  arguments.parameterType = typeOf(in[kGamma].type);
  arguments.wideIds = in[kIds].type == nvinfer1::DataType::kINT64;
  arguments.ids = inputs[kIds];
  arguments.tokenTypes = inputs[kTokenTypes];
  arguments.positions = source_ == PositionSource::kColumn ? nullptr : inputs[kPositions];
  arguments.positionSource = source_;
  arguments.wordTable = inputs[kWordTable];
  arguments.positionTable = inputs[kPositionTable];
  arguments.tokenTypeTable = inputs[kTokenTypeTable];
  arguments.gamma = inputs[kGamma];
  arguments.beta = inputs[kBeta];
  arguments.y = outputs[0];
  arguments.tokens = volume(ids, 0, ids.nbDims);
  arguments.sequence = int32_t(ids.d[ids.nbDims - 1]);
  arguments.batch = packed ? int32_t(in[kPositions].dims.d[0]) - 1 : 0;
  arguments.words = int32_t(in[kWordTable].dims.d[0]);
  arguments.positionCount = int32_t(in[kPositionTable].dims.d[0]);
  arguments.tokenTypeCount = int32_t(in[kTokenTypeTable].dims.d[0]);
  arguments.hidden = int32_t(in[kWordTable].dims.d[1]);
  arguments.epsilon = epsilon_;
  return embLayerNorm(arguments, stream);
}

}  // namespace trt_dsl
