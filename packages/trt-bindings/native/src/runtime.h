// The runtime side: engines, contexts, plugins.
#pragma once
#include "core.h"

namespace trt {

Napi::Value createRuntime(Napi::Env env, const std::shared_ptr<Library>& library);
Napi::Value pluginRegistry(Napi::Env env, const std::shared_ptr<Library>& library);
void defineRuntimeClasses();
void exportCuda(Napi::Env env, Napi::Object exports);

}  // namespace trt
