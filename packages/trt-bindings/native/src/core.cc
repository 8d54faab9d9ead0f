#include "core.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "library.h"

namespace trt {

std::atomic<uint64_t> callsReachingNative{0};
thread_local ErrorRecorder* currentRecorder = nullptr;

void throwInto(const Napi::Error& error) noexcept {
  try {
    error.ThrowAsJavaScriptException();
  } catch (...) {
  }
}

namespace {

// Marks objects as ours: napi_unwrap on an object of another addon would hand out a foreign pointer.
constexpr napi_type_tag kTypeTag = {0x7472745f64736c31ULL ^ TRT_PRODUCT_NAME[0], 0x9d5c1f0a6b7e4c23ULL ^ TRT_PRODUCT_NAME[3]};

// The handle that the constructor called next is to wrap; JavaScript's own `new` finds none.
thread_local Handle* pending = nullptr;

void* unwrap(napi_env env, napi_value object) {
  bool ours = false;
  if (napi_check_object_type_tag(env, object, &kTypeTag, &ours) != napi_ok || !ours) return nullptr;
  void* data = nullptr;
  return napi_unwrap(env, object, &data) == napi_ok ? data : nullptr;
}

napi_value construct(napi_env env, napi_callback_info info) {
  napi_value self;
  void* data;
  napi_get_cb_info(env, info, nullptr, nullptr, &self, &data);
  const auto* cls = static_cast<const ClassInfo*>(data);
  if (!pending || pending->cls != cls) {
    napi_throw_type_error(env, nullptr, (cls->name + " is made by TensorRT's methods, not with new").c_str());
    return nullptr;
  }
  Handle* handle = pending;
  pending = nullptr;
  if (napi_wrap(env, self, handle, [](napi_env, void* h, void*) { delete static_cast<Handle*>(h); }, nullptr, nullptr) == napi_ok)
    napi_type_tag_object(env, self, &kTypeTag);
  else
    delete handle;  // the environment is ending
  return self;
}

// Reading an argument may run JavaScript (a getter of an array). It must not change objects under the call's feet.
thread_local int callDepth = 0;

struct DepthScope {
  DepthScope(Napi::Env env, const std::string& where) {
    if (callDepth > 0) raise(env, "backend", where + ": called while another native call was reading its arguments");
    callDepth++;
  }
  ~DepthScope() { callDepth--; }
};

std::string argumentCount(size_t min, size_t max) {
  if (min == max) return std::to_string(min) + (min == 1 ? " argument" : " arguments");
  return std::to_string(min) + " to " + std::to_string(max) + " arguments";
}

napi_value invoke(napi_env rawEnv, napi_callback_info rawInfo) {
  try {
    Napi::CallbackInfo info(rawEnv, rawInfo);
    Napi::Env env(rawEnv);
    const auto& method = *static_cast<const MethodInfo*>(info.Data());
    const std::string where = method.owner->name + "." + method.name;
    napi_valuetype type = napi_undefined;
    napi_value thisValue = info.This();
    if (thisValue) napi_typeof(rawEnv, thisValue, &type);
    auto* handle = type == napi_object ? static_cast<Handle*>(unwrap(rawEnv, thisValue)) : nullptr;
    if (!handle || handle->cls != method.owner)
      raiseType(env, where + ": called on " + (thisValue ? describe(info.This()) : "nothing") + ", not on an " + method.owner->name);
    if (!handle->resource || !handle->resource->live())
      raise(env, "closed", where + ": this " + method.owner->name + (handle->resource ? " is gone: its network was closed, or it was removed from it" : " was closed"));
    if (info.Length() < method.minArguments || info.Length() > method.maxArguments)
      raiseType(env, where + ": takes " + argumentCount(method.minArguments, method.maxArguments) + ", was given " + std::to_string(info.Length()));
    Call call{info, method, handle->resource};
    call.requireVersion(method.name.c_str(), method.since);
    if (!method.whileBusy) requireIdle(env, *call.self, where);
    ErrorRecorder* recorder = call.self->session ? &call.self->session->recorder : nullptr;
    if (recorder && !method.whileBusy) recorder->clear();
    DepthScope depth(env, where);
    RecorderScope scope(recorder);
    Napi::Value result = method.function(call);
    return result;
  } catch (const Napi::Error& error) {
    throwInto(error);
  } catch (const std::exception& error) {
    napi_throw_error(rawEnv, nullptr, error.what());
  } catch (...) {
    napi_throw_error(rawEnv, nullptr, "an unknown C++ exception");
  }
  return nullptr;
}

napi_value closeHandle(napi_env rawEnv, napi_callback_info rawInfo) {
  try {
    Napi::CallbackInfo info(rawEnv, rawInfo);
    const auto* cls = static_cast<const ClassInfo*>(info.Data());
    Handle* handle = info.This().IsObject() ? static_cast<Handle*>(unwrap(rawEnv, info.This())) : nullptr;
    if (!handle || handle->cls != cls)
      raiseType(rawEnv, cls->name + ".close: called on " + describe(info.This()) + ", not on an " + cls->name);
    DepthScope depth(info.Env(), cls->name + ".close");
    if (auto resource = std::move(handle->resource)) {
      handle->resource.reset();
      resource->close();
    }
    return info.Env().Undefined();
  } catch (const Napi::Error& error) {
    throwInto(error);
  } catch (const std::exception& error) {
    napi_throw_error(rawEnv, nullptr, error.what());
  }
  return nullptr;
}

napi_value isClosed(napi_env env, napi_callback_info rawInfo) {
  napi_value self, result;
  napi_get_cb_info(env, rawInfo, nullptr, nullptr, &self, nullptr);
  napi_valuetype type;
  napi_typeof(env, self, &type);
  auto* handle = type == napi_object ? static_cast<Handle*>(unwrap(env, self)) : nullptr;
  napi_get_boolean(env, !handle || !handle->resource || !handle->resource->live(), &result);
  return result;
}

const char* const kErrorCodes[] = {"SUCCESS", "UNSPECIFIED_ERROR", "INTERNAL_ERROR", "INVALID_ARGUMENT", "INVALID_CONFIG", "FAILED_ALLOCATION",
                                   "FAILED_INITIALIZATION", "FAILED_EXECUTION", "FAILED_COMPUTATION", "INVALID_STATE", "UNSUPPORTED_STATE"};

}  // namespace

namespace {

std::atomic<int> work{0};
std::atomic<bool> processEnds{false};

}  // namespace

WorkScope::WorkScope() {
  // Registered after the libraries were opened, so it runs before their own exit handlers; but not before those that they
  // register in the middle of the work. Therefore endProcess is a listener of process's 'exit' too.
  static const int registered = std::atexit(endProcess);
  (void)registered;
  work++;
}
void WorkScope::endProcess() {
  processEnds = true;
  for (int k = 0; k < 10000 && work > 0; k++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}
WorkScope::~WorkScope() { work--; }
bool WorkScope::ending() { return processEnds; }

Reentry::Reentry() : before_(callDepth) { callDepth = 0; }
Reentry::~Reentry() { callDepth = before_; }

std::vector<ClassInfo*>& allClasses() {
  static std::vector<ClassInfo*> classes;
  return classes;
}

// ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

int32_t ErrorRecorder::getNbErrors() const noexcept {
  std::lock_guard lock(mutex_);
  return static_cast<int32_t>(reports_.size());
}

nvinfer1::ErrorCode ErrorRecorder::getErrorCode(int32_t index) const noexcept {
  std::lock_guard lock(mutex_);
  if (index < 0 || index >= static_cast<int32_t>(reports_.size())) return nvinfer1::ErrorCode::kINVALID_ARGUMENT;
  return static_cast<nvinfer1::ErrorCode>(reports_[index].code);
}

nvinfer1::IErrorRecorder::ErrorDesc ErrorRecorder::getErrorDesc(int32_t index) const noexcept {
  std::lock_guard lock(mutex_);
  if (index < 0 || index >= static_cast<int32_t>(reports_.size())) return "";
  return reports_[index].text.c_str();
}

void ErrorRecorder::clear() noexcept {
  std::lock_guard lock(mutex_);
  reports_.clear();
  logged_.clear();
}

bool ErrorRecorder::reportError(nvinfer1::ErrorCode code, ErrorDesc text) noexcept {
  std::lock_guard lock(mutex_);
  if (reports_.size() < 64) reports_.push_back({static_cast<int32_t>(code), text ? text : ""});
  return false;
}

void ErrorRecorder::logged(const char* text) {
  std::lock_guard lock(mutex_);
  if (logged_.size() < 64) logged_.push_back({static_cast<int32_t>(nvinfer1::ErrorCode::kUNSPECIFIED_ERROR), text});
}

std::vector<Report> ErrorRecorder::take() {
  std::lock_guard lock(mutex_);
  std::vector<Report> result = reports_.empty() ? std::move(logged_) : std::move(reports_);
  reports_.clear();
  logged_.clear();
  std::erase_if(result, saysNothing);
  if (!std::all_of(result.begin(), result.end(), saysNoDriver)) std::erase_if(result, saysNoDriver);
  return result;
}

// On a machine without a GPU each error comes with another that says only that, and so do some calls that succeed.
bool saysNoDriver(const Report& report) { return report.text.find("CUDA driver version is insufficient") != std::string::npos; }

// TensorRT 10.6's inspector reports an error of this text where there is none.
bool saysNothing(const Report& report) { return report.text.find("No Myelin Error exists") != std::string::npos; }

std::string withReports(const std::string& message, const std::vector<Report>& reports) {
  std::string text = message;
  for (const Report& report : reports) text += "\n  TensorRT: " + report.text;
  return text;
}

Napi::Value makeError(Napi::Env env, const char* code, const std::string& message, const std::vector<Report>& reports) {
  auto list = Napi::Array::New(env, reports.size());
  for (size_t i = 0; i < reports.size(); i++) {
    auto entry = Napi::Object::New(env);
    const int32_t number = reports[i].code;
    entry["code"] = Napi::String::New(env, number >= 0 && number < 11 ? kErrorCodes[number] : "UNSPECIFIED_ERROR");
    entry["message"] = Napi::String::New(env, reports[i].text);
    list[i] = entry;
  }
  auto& factory = Environment::of(env).errorFactory;
  if (!factory.IsEmpty()) {
    Napi::Value error = factory.Call({Napi::String::New(env, code), Napi::String::New(env, withReports(message, reports)), list});
    if (error.IsObject()) return error;
  }
  Napi::Object error = Napi::Error::New(env, withReports(message, reports)).Value();
  error["code"] = Napi::String::New(env, code);
  error["errors"] = list;
  return error;
}

void raise(Napi::Env env, const char* code, const std::string& message, const std::vector<Report>& reports) {
  throw Napi::Error(env, makeError(env, code, message, reports));
}

void raiseType(Napi::Env env, const std::string& message) { throw Napi::TypeError::New(env, message); }

std::string describe(Napi::Value value) {
  napi_valuetype type;
  if (napi_typeof(value.Env(), value, &type) != napi_ok) return "something";
  switch (type) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number: {
      char text[40];
      snprintf(text, sizeof text, "%.17g", value.As<Napi::Number>().DoubleValue());
      return text;
    }
    case napi_string: {
      std::string text = value.As<Napi::String>().Utf8Value();
      if (text.size() > 60) {
        text.resize(60);
        while (!text.empty() && (text.back() & 0xC0) == 0x80) text.pop_back();
        text += "…";
      }
      return "'" + text + "'";
    }
    case napi_symbol: return "a symbol";
    case napi_function: return "a function";
    case napi_bigint: return "a bigint";
    case napi_external: return "an external value";
    default: break;
  }
  if (Handle* handle = handleOf(value)) return "an " + handle->cls->name + (handle->resource ? "" : " that was closed");
  bool is = false;
  if (napi_is_array(value.Env(), value, &is) == napi_ok && is) return "an array";
  if (napi_is_typedarray(value.Env(), value, &is) == napi_ok && is) return "a TypedArray";
  return "an object";
}

void Call::refuse(size_t argument, const std::string& expected) const {
  Napi::Value value = argument < info.Length() ? info[argument] : env().Undefined();
  raiseType(env(), where() + ": argument " + std::to_string(argument + 1) + " must be " + expected + ", not " + describe(value));
}

void Call::fail(const std::string& message) const {
  raise(env(), "backend", where() + ": " + message, self->session ? self->session->recorder.take() : std::vector<Report>{});
}

void Call::check() const {
  if (!self->session) return;
  auto reports = self->session->recorder.take();
  std::erase_if(reports, saysNoDriver);
  if (!reports.empty()) raise(env(), "backend", where() + ": TensorRT reported an error", reports);
}

void Call::requireVersion(const char* what, int32_t since) const {
  if (since == 0 || !self->session) return;
  const int32_t have = self->session->library->version;
  if (have < since)
    raise(env(), "unsupported", where() + ": " + what + " exists since " + versionText(since) + ", the loaded library (" + self->session->library->path + ") is " + versionText(have));
}

const char* Resource::busyWith() const { return session ? session->busy.load() : nullptr; }

void requireIdle(Napi::Env env, const Resource& resource, const std::string& where) {
  const char* busy = resource.busyWith();
  if (busy) raise(env, "backend", where + ": not while " + busy + "; await it or abort it first");
}

// ── classes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Handle* handleOf(Napi::Value value) {
  return value.IsObject() ? static_cast<Handle*>(unwrap(value.Env(), value)) : nullptr;
}

std::shared_ptr<Resource> resourceOf(Call& call, size_t i, const ClassInfo& cls) {
  Handle* handle = i < call.info.Length() ? handleOf(call.info[i]) : nullptr;
  if (!handle || handle->cls != &cls) call.refuse(i, "an " + cls.name);
  if (!handle->resource || !handle->resource->live())
    raise(call.env(), "closed", call.where() + ": argument " + std::to_string(i + 1) + " is an " + cls.name + " that was closed or removed");
  requireIdle(call.env(), *handle->resource, call.where());
  return handle->resource;
}

Napi::Object wrap(Napi::Env env, const ClassInfo& cls, std::shared_ptr<Resource> resource) {
  auto handle = std::make_unique<Handle>(Handle{&cls, std::move(resource)});
  pending = handle.get();
  napi_value constructor = Environment::of(env).constructors.at(cls.index).Value();
  napi_value object = nullptr;
  const napi_status status = napi_new_instance(env, constructor, 0, nullptr, &object);
  if (pending == nullptr) handle.release();  // the constructor took it
  pending = nullptr;
  if (status != napi_ok) throw Napi::Error::New(env);
  return Napi::Object(env, object);
}

void defineClass(ClassInfo& cls, const char* name, bool closeable) {
  cls.name = name;
  cls.closeable = closeable;
  cls.index = allClasses().size();
  allClasses().push_back(&cls);
}

void addMethod(ClassInfo& cls, std::string name, Function function, size_t min, size_t max, bool whileBusy, bool accessor) {
  auto info = std::make_unique<MethodInfo>();
  info->owner = &cls;
  info->since = accessor ? 0 : sinceVersion(cls.name, name, max);
  info->name = std::move(name);
  info->function = function;
  info->minArguments = min;
  info->maxArguments = max;
  info->whileBusy = whileBusy;
  info->accessor = accessor;
  cls.methods.push_back(std::move(info));
}

void exportClasses(Napi::Env env, Napi::Object exports) {
  auto& constructors = Environment::of(env).constructors;
  for (ClassInfo* cls : allClasses()) {
    std::vector<napi_property_descriptor> properties;
    for (auto& method : cls->methods) {
      napi_property_descriptor property{};
      property.utf8name = method->name.c_str();
      (method->accessor ? property.getter : property.method) = invoke;
      property.attributes = static_cast<napi_property_attributes>(napi_configurable | (method->accessor ? 0 : napi_writable));
      property.data = method.get();
      properties.push_back(property);
    }
    napi_property_descriptor closed{};
    closed.utf8name = "closed";
    closed.getter = isClosed;
    closed.attributes = napi_configurable;
    properties.push_back(closed);
    if (cls->closeable) {
      napi_property_descriptor close{};
      close.utf8name = "close";
      close.method = closeHandle;
      close.attributes = napi_default_method;
      close.data = cls;
      properties.push_back(close);
    }
    napi_value constructor;
    if (napi_define_class(env, cls->name.c_str(), cls->name.size(), construct, cls, properties.size(), properties.data(), &constructor) != napi_ok)
      throw Napi::Error::New(env);
    Napi::Function function(env, constructor);
    if (cls->closeable) {  // `using x = …` calls it
      Napi::Value symbol = env.Global().Get("Symbol").As<Napi::Object>().Get("dispose");
      Napi::Object prototype = function.Get("prototype").As<Napi::Object>();
      if (symbol.IsSymbol()) prototype.Set(symbol, prototype.Get("close"));
    }
    constructors.push_back(Napi::Persistent(function));
    exports.Set(cls->name, function);
  }
}

}  // namespace trt
