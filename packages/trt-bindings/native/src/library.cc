#include "library.h"

#include <dirent.h>
#include <dlfcn.h>

#include <cstring>
#include <deque>
#include <map>

namespace trt {

namespace {

struct Since {
  const char* interface;
  const char* method;
  size_t arity;
  int32_t version;
};

const Since kSince[] = {
#define SINCE(interface, method, arity, version) {#interface, #method, arity, version},
#include "since.inc"
#undef SINCE
    {"", "", 0, 0},
};

// The first version whose vtables these headers describe.
#if TRT_PRODUCT_TRT10
constexpr int32_t kOldest = 100000, kNewest = 109999;
#elif TRT_PRODUCT_TRT11
constexpr int32_t kOldest = 110000, kNewest = 119999;
#else
constexpr int32_t kOldest = 10500, kNewest = 19999;
#endif

}  // namespace

std::string versionText(int32_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." + std::to_string(version % 100);
}

int32_t sinceVersion(const std::string& interface, const std::string& method, size_t arity) {
  int32_t any = 0;
  for (const Since& since : kSince) {
    if (interface != since.interface || method != since.method) continue;
    if (since.arity == arity) return since.version;
    any = any == 0 ? since.version : std::min(any, since.version);
  }
  // A JavaScript method may fold C++ parameters (pointer and count are one array). Only what came whole counts then.
  for (const char* grown : {"addTopK", "addNMS", "addNonZero"})
    if (method == grown) return 0;
  return any;
}

const std::shared_ptr<Library>* Library::open(const std::string& path, std::string& error) {
  static std::mutex mutex;
  static auto& libraries = *new std::map<std::string, std::shared_ptr<Library>>;  // never destroyed, as JavaScript's functions refer to it
  std::lock_guard lock(mutex);
  if (auto found = libraries.find(path); found != libraries.end()) return &found->second;
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* reason = dlerror();
    error = reason ? reason : "dlopen failed";
    return nullptr;
  }
  auto library = std::make_shared<Library>();
  library->path = path;
  auto getVersion = reinterpret_cast<int32_t (*)()>(dlsym(handle, "getInferLibVersion"));
  library->createInferBuilder = reinterpret_cast<void* (*)(void*, int32_t)>(dlsym(handle, "createInferBuilder_INTERNAL"));
  library->createInferRuntime = reinterpret_cast<void* (*)(void*, int32_t)>(dlsym(handle, "createInferRuntime_INTERNAL"));
  library->createInferRefitter = reinterpret_cast<void* (*)(void*, void*, int32_t)>(dlsym(handle, "createInferRefitter_INTERNAL"));
  library->getPluginRegistry = reinterpret_cast<nvinfer1::IPluginRegistry* (*)()>(dlsym(handle, "getPluginRegistry"));
  if (!getVersion || !library->createInferBuilder || !library->createInferRuntime || !library->createInferRefitter || !library->getPluginRegistry) {
    error = "it is no TensorRT library: getInferLibVersion, createInferBuilder_INTERNAL or another entry is missing";
    dlclose(handle);
    return nullptr;
  }
  library->version = getVersion();
  if (library->version < kOldest || library->version > kNewest) {
    error = "it is version " + versionText(library->version) + "; this addon (" TRT_PRODUCT_NAME ") takes " + versionText(kOldest) + " to " + std::to_string(kNewest / 10000) + ".x";
    return nullptr;  // stays open: a library that started threads must not be unloaded
  }
  return &(libraries[path] = library);
}

void Library::openBuilderResources() {
  static std::once_flag once;
  std::call_once(once, [this] {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return;
    const std::string folder = path.substr(0, slash);
    DIR* dir = opendir(folder.c_str());
    if (!dir) return;
    while (const dirent* entry = readdir(dir))
      if (strstr(entry->d_name, "builder_resource") && strstr(entry->d_name, ".so"))
        dlopen((folder + "/" + entry->d_name).c_str(), RTLD_LAZY | RTLD_LOCAL);
    closedir(dir);
  });
}

// ── logger ──────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

struct Line {
  int32_t severity;
  std::string text;
};

std::mutex logMutex;
napi_threadsafe_function logFunction = nullptr;
int32_t logLevel = -1;

class Logger final : public nvinfer1::ILogger {
 public:
  void log(Severity severity, nvinfer1::AsciiChar const* text) noexcept override {
    if (severity <= Severity::kERROR && currentRecorder) currentRecorder->logged(text);
    std::lock_guard lock(logMutex);
    if (!logFunction || static_cast<int32_t>(severity) > logLevel) return;
    auto line = std::make_unique<Line>(Line{static_cast<int32_t>(severity), text});
    if (napi_call_threadsafe_function(logFunction, line.get(), napi_tsfn_nonblocking) == napi_ok) line.release();
  }
};

const char* const kSeverities[] = {"INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"};

void deliver(napi_env env, napi_value callback, void*, void* data) {
  std::unique_ptr<Line> line(static_cast<Line*>(data));
  if (!env || !callback) return;
  napi_value arguments[2], global;
  napi_create_string_utf8(env, kSeverities[line->severity], NAPI_AUTO_LENGTH, &arguments[0]);
  napi_create_string_utf8(env, line->text.c_str(), line->text.size(), &arguments[1]);
  napi_get_global(env, &global);
  napi_call_function(env, global, callback, 2, arguments, nullptr);
}

}  // namespace

nvinfer1::ILogger& logger() {
  static Logger* instance = new Logger;  // never destroyed: TensorRT keeps it until the process ends
  return *instance;
}

void setLogger(Napi::Env env, Napi::Value callback, int32_t level) {
  napi_threadsafe_function next = nullptr;
  if (callback.IsFunction()) {
    auto* self = new napi_threadsafe_function(nullptr);
    auto forget = [](napi_env, void* data, void*) {
      auto* own = static_cast<napi_threadsafe_function*>(data);
      std::lock_guard lock(logMutex);
      if (logFunction == *own) logFunction = nullptr;
      delete own;
    };
    const auto status = napi_create_threadsafe_function(env, callback, nullptr, Napi::String::New(env, "TensorRT log"), 0, 1, self,
                                                        forget, nullptr, deliver, &next);
    if (status != napi_ok) throw Napi::Error::New(env);
    *self = next;
    napi_unref_threadsafe_function(env, next);
  }
  std::lock_guard lock(logMutex);
  // Under the lock, as the environment of the function before may be ending in another thread.
  if (logFunction) napi_release_threadsafe_function(logFunction, napi_tsfn_release);
  logFunction = next;
  logLevel = level;
}

}  // namespace trt
