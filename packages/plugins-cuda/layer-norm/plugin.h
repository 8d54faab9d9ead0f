#pragma once

#include "../common/plugin_base.h"

namespace trt_dsl {

/** x, gamma, beta → LayerNorm over x's last axis. README.md has types, shapes and limits. */
class LayerNormPlugin final : public Plugin<LayerNormPlugin> {
 public:
  static constexpr char const* kName = "TrtDslLayerNorm";
  static std::vector<nvinfer1::PluginField> fieldNames();

  explicit LayerNormPlugin(Fields const& fields);

  std::vector<nvinfer1::PluginField> fields() const;
  int32_t outputs() const { return 1; }
  bool accepts(int pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int inputs) const;
  std::vector<nvinfer1::DataType> outputTypes(nvinfer1::DataType const* inputs) const { return {inputs[0]}; }
  void outputShapes(nvinfer1::DimsExprs const* in, int32_t inputs, nvinfer1::DimsExprs* out, nvinfer1::IExprBuilder&) const;
  void check(std::vector<nvinfer1::Dims> const& in) const;
  cudaError_t run(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const* out, void const* const* inputs,
                  void* const* outputs, cudaStream_t stream) const;

 private:
  float epsilon_;
};

}  // namespace trt_dsl
