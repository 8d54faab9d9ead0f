// What the addon exports: load(path, version checks), the classes, and a few facts for tests.
#include <sys/syscall.h>
#include <unistd.h>

#include "bind.h"
#include "builder.h"
#include "library.h"
#include "runtime.h"

namespace trt {

namespace {

template <Napi::Value (*F)(const Napi::CallbackInfo&, const std::shared_ptr<Library>&)>
void put(Napi::Env env, Napi::Object object, const char* name, const std::shared_ptr<Library>& library) {
  object.Set(name, Napi::Function::New(env, [&library](const Napi::CallbackInfo& info) { return F(info, library); }, name));
}

Napi::Value makeBuilder(const Napi::CallbackInfo& info, const std::shared_ptr<Library>& library) { return createBuilder(info.Env(), library); }
Napi::Value makeRuntime(const Napi::CallbackInfo& info, const std::shared_ptr<Library>& library) { return createRuntime(info.Env(), library); }
Napi::Value registry(const Napi::CallbackInfo& info, const std::shared_ptr<Library>& library) { return pluginRegistry(info.Env(), library); }

const MethodInfo* methodNamed(const std::string& interface, const std::string& method) {
  for (const ClassInfo* cls : allClasses())
    if (cls->name == interface)
      for (auto& candidate : cls->methods)
        if (candidate->name == method) return candidate.get();
  return nullptr;
}

Napi::Value supports(const Napi::CallbackInfo& info, const std::shared_ptr<Library>& library) {
  if (!info[0].IsString() || !info[1].IsString()) raiseType(info.Env(), "supports: takes the names of an interface and a method");
  const MethodInfo* method = methodNamed(info[0].As<Napi::String>(), info[1].As<Napi::String>());
  return Napi::Boolean::New(info.Env(), method && method->since <= library->version);
}

// load(path): { version, createInferBuilder, … }
Napi::Value load(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsString()) raiseType(env, "load: argument 1 must be the path of a library, not " + describe(info[0]));
  std::string error;
  const auto* opened = Library::open(info[0].As<Napi::String>(), error);
  if (!opened) raise(env, "backend", "cannot use " + info[0].As<Napi::String>().Utf8Value() + ": " + error);
  const std::shared_ptr<Library>& library = *opened;
  auto object = Napi::Object::New(env);
  object.Set("versionNumber", Napi::Number::New(env, library->version));
  object.Set("version", Napi::String::New(env, versionText(library->version)));
  object.Set("libraryPath", Napi::String::New(env, library->path));
  put<makeBuilder>(env, object, "createInferBuilder", library);
  put<makeRuntime>(env, object, "createInferRuntime", library);
  put<registry>(env, object, "getPluginRegistry", library);
  put<supports>(env, object, "supports", library);
  return object;
}

Napi::Value setErrorFactory(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) raiseType(info.Env(), "setErrorFactory: argument 1 must be a function, not " + describe(info[0]));
  auto& factory = Environment::of(info.Env()).errorFactory;
  factory = Napi::Persistent(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

// setLogger(callback | null, severity)
Napi::Value setLoggerFunction(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction() && !info[0].IsNull()) raiseType(info.Env(), "setLogger: argument 1 must be a function or null, not " + describe(info[0]));
  if (!info[1].IsNumber()) raiseType(info.Env(), "setLogger: argument 2 must be a number from 0 (INTERNAL_ERROR) to 4 (VERBOSE), not " + describe(info[1]));
  setLogger(info.Env(), info[0], info[1].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

// {IBuilder: {createNetworkV2: since, …}, …}
Napi::Value methods(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto result = Napi::Object::New(env);
  for (const ClassInfo* cls : allClasses()) {
    auto entry = Napi::Object::New(env);
    for (auto& method : cls->methods) entry.Set(method->name, Napi::Number::New(env, method->since));
    result.Set(cls->name, entry);
  }
  return result;
}

Napi::FunctionReference getterOf(Napi::Env env, const char* cls, const char* property) {
  auto object = [](Napi::Value value) { return value.As<Napi::Object>(); };
  auto prototype = object(object(env.Global().Get(cls)).Get("prototype"));
  auto describe = object(env.Global().Get("Object")).Get("getOwnPropertyDescriptor").As<Napi::Function>();
  auto getter = Napi::Persistent(object(describe.Call({prototype, Napi::String::New(env, property)})).Get("get").As<Napi::Function>());
  return getter;
}

// Worker threads emit 'exit' too, when the process goes on.
void waitForWorkOnExit(Napi::Env env) {
  if (syscall(SYS_gettid) != getpid()) return;
  auto process = env.Global().Get("process").As<Napi::Object>();
  auto listener = Napi::Function::New(env, [](const Napi::CallbackInfo&) { WorkScope::endProcess(); }, "waitForTensorRT");
  process.Get("once").As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), listener});
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  static std::once_flag once;
  std::call_once(once, [] {
    defineTensor();
    defineLayers();
    defineMoreLayers();
    defineControlFlow();
    defineNetwork();
    defineOptimizationProfile();
    defineTimingCache();
    defineBuilderConfig();
    defineBuilder();
    defineRuntimeClasses();
  });
  env.SetInstanceData(new Environment);
  Environment::of(env).resizable = getterOf(env, "ArrayBuffer", "resizable");
  Environment::of(env).growable = getterOf(env, "SharedArrayBuffer", "growable");
  auto classes = Napi::Object::New(env);
  exportClasses(env, classes);
  exports.Set("classes", classes);
  exports.Set("product", Napi::String::New(env, TRT_PRODUCT_NAME));
  exports.Set("enums", enumTables(env));
  exports.Set("load", Napi::Function::New(env, load, "load"));
  exports.Set("setErrorFactory", Napi::Function::New(env, setErrorFactory, "setErrorFactory"));
  exports.Set("setLogger", Napi::Function::New(env, setLoggerFunction, "setLogger"));
  exports.Set("methods", Napi::Function::New(env, methods, "methods"));
  exports.Set("callsReachingNative", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value { return Napi::Number::New(info.Env(), static_cast<double>(callsReachingNative.load())); }, "callsReachingNative"));
  exportCuda(env, exports);
  waitForWorkOnExit(env);
#ifdef TRT_SANITIZED  // by which scripts/sanitize.mjs sees that its reports reach it
  exports.Set("leakForTest", Napi::Function::New(env, [](const Napi::CallbackInfo&) { new Environment; }, "leakForTest"));
#endif
  return exports;
}

}  // namespace

}  // namespace trt

static Napi::Object init(Napi::Env env, Napi::Object exports) { return trt::initialize(env, exports); }
NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
