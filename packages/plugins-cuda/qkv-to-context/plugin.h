#pragma once

#include "../common/plugin_base.h"
#include "kernel.cuh"

namespace trt_dsl {

/** qkv (, lengths | mask | cu_seqlens) → context. README.md has layouts, types, shapes and limits. */
class QkvToContextPlugin final : public Plugin<QkvToContextPlugin> {
 public:
  static constexpr char const* kName = "TrtDslQkvToContext";
  static std::vector<nvinfer1::PluginField> fieldNames();

  explicit QkvToContextPlugin(Fields const& fields);

  std::vector<nvinfer1::PluginField> fields() const;
  int32_t outputs() const { return 1; }
  bool accepts(int pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int inputs) const;
  std::vector<nvinfer1::DataType> outputTypes(nvinfer1::DataType const* inputs) const { return {inputs[0]}; }
  void outputShapes(nvinfer1::DimsExprs const* in, int32_t inputs, nvinfer1::DimsExprs* out,
                    nvinfer1::IExprBuilder& builder) const;
  void check(std::vector<nvinfer1::Dims> const& in) const;
  cudaError_t run(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const* out, void const* const* inputs,
                  void* const* outputs, cudaStream_t stream) const;

 private:
  int inputCount() const { return mask_ == KeyMask::kNone ? 1 : 2; }

  int32_t heads_;
  float scale_;  // 0: 1 / sqrt(head size)
  KeyMask mask_;
};

}  // namespace trt_dsl
