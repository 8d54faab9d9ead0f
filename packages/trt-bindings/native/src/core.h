// What every file of the addon builds on: native objects and their JavaScript handles, classes and methods, errors.
#pragma once

#include <NvInfer.h>
#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// CMake defines one of TRT_PRODUCT_TRT10, TRT_PRODUCT_TRT11 and TRT_PRODUCT_RTX.
#ifndef TRT_PRODUCT_RTX
#define TRT_PRODUCT_RTX 0
#endif
#define TRT_HAS_PLUGINS (!TRT_PRODUCT_RTX)

namespace trt {

struct Library;
struct NetworkResource;

// One message of TensorRT's.
struct Report {
  int32_t code;  // nvinfer1::ErrorCode
  std::string text;
};

// Collects what TensorRT reports; safe to call from its threads.
class ErrorRecorder final : public nvinfer1::IErrorRecorder {
 public:
  int32_t getNbErrors() const noexcept override;
  nvinfer1::ErrorCode getErrorCode(int32_t index) const noexcept override;
  ErrorDesc getErrorDesc(int32_t index) const noexcept override;
  bool hasOverflowed() const noexcept override { return false; }
  void clear() noexcept override;
  bool reportError(nvinfer1::ErrorCode code, ErrorDesc text) noexcept override;
  RefCount incRefCount() noexcept override { return 1; }
  RefCount decRefCount() noexcept override { return 1; }

  void logged(const char* text);  // an error that was only logged
  std::vector<Report> take();     // what was reported, else what was only logged

 private:
  mutable std::mutex mutex_;
  std::vector<Report> reports_, logged_;
};

// A builder or a runtime with all that came from it: they share a recorder, and one thread works on them at a time.
struct Session {
  explicit Session(std::shared_ptr<Library> l) : library(std::move(l)) {}
  std::shared_ptr<Library> library;
  ErrorRecorder recorder;
  std::atomic<const char*> busy{nullptr};  // what another thread is doing with it
};

// Bytes of a JavaScript buffer that TensorRT reads in place.
struct Pin {
  Napi::ObjectReference buffer;
  const void* data;
  bool isGone() const;  // the buffer was transferred, so that `data` may be freed memory
};

// A native object. Its handle in JavaScript and whatever needs it hold it together; the last one frees it.
struct Resource : std::enable_shared_from_this<Resource> {
  virtual ~Resource() = default;
  virtual void* live() { return object; }                 // the nvinfer1 object, null once it is gone
  virtual NetworkResource* network() { return nullptr; }  // the network it belongs to
  virtual void close() {}                                 // frees at once what may be freed at once
  virtual const char* busyWith() const;                   // what another thread does with it, or null
  void* object = nullptr;
  std::shared_ptr<Session> session;
  std::vector<std::shared_ptr<Resource>> parents;  // outlive it
  std::vector<Pin> pins;
};

// Owns `object`, and deletes it through its type.
template <class T>
struct Owned : Resource {
  ~Owned() override { free(); }
  void free() {
    delete static_cast<T*>(object);
    object = nullptr;
  }
};

struct ClassInfo;
struct Call;
using Function = Napi::Value (*)(Call&);

struct MethodInfo {
  const ClassInfo* owner;
  std::string name;
  Function function;
  size_t minArguments, maxArguments;
  int32_t since;            // getInferLibVersion() that first has it
  bool whileBusy = false;   // may be called while another thread works on the session
  bool accessor = false;
};

// A class as JavaScript sees it, of any number of environments (worker threads).
struct ClassInfo {
  std::string name;
  size_t index = SIZE_MAX;
  bool closeable = false;
  std::vector<std::unique_ptr<MethodInfo>> methods;
};

std::vector<ClassInfo*>& allClasses();
template <class C>
inline ClassInfo classInfo;

// What napi_wrap ties to a JavaScript object.
struct Handle {
  const ClassInfo* cls;
  std::shared_ptr<Resource> resource;  // null once closed
};

// The call of one method.
struct Call {
  const Napi::CallbackInfo& info;
  const MethodInfo& method;
  std::shared_ptr<Resource> self;
  Napi::Env env() const { return info.Env(); }
  template <class C>
  C* as() const {
    return static_cast<C*>(self->object);
  }
  std::string where() const { return method.owner->name + "." + method.name; }
  bool given(size_t i) const { return i < info.Length() && !info[i].IsUndefined(); }
  [[noreturn]] void refuse(size_t argument, const std::string& expected) const;  // TypeError for an argument
  [[noreturn]] void fail(const std::string& message) const;                      // TensorRTError with the recorder's texts
  void check() const;                                                            // throws if the recorder has something
  void requireVersion(const char* what, int32_t since) const;
};

// Per environment.
struct Environment {
  std::vector<Napi::FunctionReference> constructors;
  Napi::FunctionReference errorFactory;
  // The getters of ArrayBuffer.prototype.resizable and SharedArrayBuffer.prototype.growable: a buffer's own property may lie.
  Napi::FunctionReference resizable, growable;
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

// Throws the error that `errorFactory(code, message, reports)` makes, a plain Error where none is set.
[[noreturn]] void raise(Napi::Env env, const char* code, const std::string& message, const std::vector<Report>& reports = {});
[[noreturn]] void raiseType(Napi::Env env, const std::string& message);
Napi::Value makeError(Napi::Env env, const char* code, const std::string& message, const std::vector<Report>& reports = {});
// Hands an error to JavaScript. Where nothing can be thrown any more (Worker.terminate) nobody waits for it either.
void throwInto(const Napi::Error& error) noexcept;
bool saysNoDriver(const Report& report);
bool saysNothing(const Report& report);
std::string withReports(const std::string& message, const std::vector<Report>& reports);
std::string describe(Napi::Value value);

// A new JavaScript object for `resource`.
Napi::Object wrap(Napi::Env env, const ClassInfo& cls, std::shared_ptr<Resource> resource);
// The handle behind a value if it is one of ours, else null.
Handle* handleOf(Napi::Value value);
// The live resource of class `cls` in argument `i`; TypeError otherwise.
std::shared_ptr<Resource> resourceOf(Call& call, size_t i, const ClassInfo& cls);
void requireIdle(Napi::Env env, const Resource& resource, const std::string& where);

void defineClass(ClassInfo& cls, const char* name, bool closeable);
void addMethod(ClassInfo& cls, std::string name, Function function, size_t min, size_t max, bool whileBusy = false, bool accessor = false);
void exportClasses(Napi::Env env, Napi::Object exports);

// How many calls went on to TensorRT or the driver, for the fuzz test.
extern std::atomic<uint64_t> callsReachingNative;
// The recorder that errors logged by this thread belong to.
extern thread_local ErrorRecorder* currentRecorder;

// While it lives, JavaScript that a native call runs on purpose (a capture) may call native methods itself.
struct Reentry {
  Reentry();
  ~Reentry();

 private:
  int before_;
};

constexpr const char* kNoThread = "the system gives this process no more threads";

// Around what a thread other than JavaScript's does in TensorRT or CUDA. The process does not run the libraries' exit
// handlers before it is done (process.exit and uncaught exceptions end Node without asking the addon).
struct WorkScope {
  WorkScope();
  ~WorkScope();
  static bool ending();     // the process ends: give up what can be given up, and touch JavaScript no more
  static void endProcess();  // waits until the work of all threads is done
};

struct RecorderScope {
  explicit RecorderScope(ErrorRecorder* recorder) : before(currentRecorder) { currentRecorder = recorder; }
  ~RecorderScope() { currentRecorder = before; }
  ErrorRecorder* before;
};

}  // namespace trt
