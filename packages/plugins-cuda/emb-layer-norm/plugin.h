#pragma once

#include "../common/plugin_base.h"
#include "kernel.cuh"

namespace trt_dsl {

/** ids, token types, three tables, gamma, beta (, positions) → normalised embeddings. README.md has the rest. */
class EmbLayerNormPlugin final : public Plugin<EmbLayerNormPlugin> {
 public:
  static constexpr char const* kName = "TrtDslEmbLayerNorm";
  static std::vector<nvinfer1::PluginField> fieldNames();

  explicit EmbLayerNormPlugin(Fields const& fields);

  std::vector<nvinfer1::PluginField> fields() const;
  int32_t outputs() const { return 1; }
  bool accepts(int pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int inputs) const;
  std::vector<nvinfer1::DataType> outputTypes(nvinfer1::DataType const* inputs) const { return {inputs[2]}; }
  void outputShapes(nvinfer1::DimsExprs const* in, int32_t inputs, nvinfer1::DimsExprs* out, nvinfer1::IExprBuilder&) const;
  void check(std::vector<nvinfer1::Dims> const& in) const;
  cudaError_t run(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const* out, void const* const* inputs,
                  void* const* outputs, cudaStream_t stream) const;

 private:
  int inputCount() const { return source_ == PositionSource::kColumn ? 7 : 8; }

  float epsilon_;
  PositionSource source_;
};

}  // namespace trt_dsl
