// What TensorRT looks for in a plugin library: IPluginRegistry::loadLibrary calls getCreators, and setLoggerFinder if the
// library travels inside a plan.
#include "../common/plugin_base.h"
#include "../emb-layer-norm/plugin.h"
#include "../layer-norm/plugin.h"
#include "../qkv-to-context/plugin.h"
#include "../skip-layer-norm/plugin.h"

#define TRT_DSL_EXPORT extern "C" __attribute__((visibility("default")))

TRT_DSL_EXPORT void setLoggerFinder(nvinfer1::ILoggerFinder* finder) { trt_dsl::useLoggerFinder(finder); }

TRT_DSL_EXPORT nvinfer1::IPluginCreatorInterface* const* getCreators(int32_t& count) {
  static trt_dsl::Creator<trt_dsl::LayerNormPlugin> layerNorm;
  static trt_dsl::Creator<trt_dsl::SkipLayerNormPlugin> skipLayerNorm;
  static trt_dsl::Creator<trt_dsl::EmbLayerNormPlugin> embLayerNorm;
  static trt_dsl::Creator<trt_dsl::QkvToContextPlugin> qkvToContext;
  static nvinfer1::IPluginCreatorInterface* const creators[] = {&layerNorm, &skipLayerNorm, &embLayerNorm, &qkvToContext};
  count = int32_t(sizeof creators / sizeof creators[0]);
  return creators;
}
