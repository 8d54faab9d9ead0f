#include "runtime.h"
namespace trt {
Napi::Value createRuntime(Napi::Env env, const std::shared_ptr<Library>&) { return env.Null(); }
Napi::Value pluginRegistry(Napi::Env env, const std::shared_ptr<Library>&) { return env.Null(); }
void defineRuntimeClasses() {}
void exportCuda(Napi::Env, Napi::Object) {}
}
