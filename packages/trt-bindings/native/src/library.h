// libnvinfer or libtensorrt_rtx, opened at run time.
#pragma once
#include "core.h"

namespace trt {

struct Library {
  std::string path;
  int32_t version;  // getInferLibVersion()
  void* (*createInferBuilder)(void* logger, int32_t version);
  void* (*createInferRuntime)(void* logger, int32_t version);
  void* (*createInferRefitter)(void* engine, void* logger, int32_t version);
  nvinfer1::IPluginRegistry* (*getPluginRegistry)();

  // Opens it, once per process and path, for as long as the process lives. An error text in `error` and null when it cannot be used.
  static const std::shared_ptr<Library>* open(const std::string& path, std::string& error);
  // TensorRT loads its kernels (libnvinfer_builder_resource) by name: opens those that lie beside the library first.
  void openBuilderResources();
};

std::string versionText(int32_t version);
// getInferLibVersion() of the first release that has the method in this product, 0 where always.
int32_t sinceVersion(const std::string& interface, const std::string& method, size_t arity);

// The one logger of the process: TensorRT keeps the first it is given.
nvinfer1::ILogger& logger();
// `callback(severity, message)` for what is at least as severe as `level`; undefined stops it.
void setLogger(Napi::Env env, Napi::Value callback, int32_t level);

}  // namespace trt
