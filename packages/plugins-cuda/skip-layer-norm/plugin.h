#pragma once

#include "../common/plugin_base.h"

namespace trt_dsl {

/** x, skip, gamma, beta (, bias) → LayerNorm(x + skip (+ bias)) (, the sum). README.md has types, shapes and limits. */
class SkipLayerNormPlugin final : public Plugin<SkipLayerNormPlugin> {
 public:
  static constexpr char const* kName = "TrtDslSkipLayerNorm";
  static std::vector<nvinfer1::PluginField> fieldNames();

  explicit SkipLayerNormPlugin(Fields const& fields);

  std::vector<nvinfer1::PluginField> fields() const;
  int32_t outputs() const { return sum_ != 0 ? 2 : 1; }
  bool accepts(int pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int inputs) const;
  std::vector<nvinfer1::DataType> outputTypes(nvinfer1::DataType const* inputs) const { return {inputs[0], inputs[0]}; }
  void outputShapes(nvinfer1::DimsExprs const* in, int32_t inputs, nvinfer1::DimsExprs* out, nvinfer1::IExprBuilder&) const;
  void check(std::vector<nvinfer1::Dims> const& in) const;
  cudaError_t run(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const* out, void const* const* inputs,
                  void* const* outputs, cudaStream_t stream) const;

 private:
  int inputCount() const { return bias_ != 0 ? 5 : 4; }

  float epsilon_;
  int32_t bias_;  // 0 or 1
  int32_t sum_;   // 0 or 1
};

}  // namespace trt_dsl
