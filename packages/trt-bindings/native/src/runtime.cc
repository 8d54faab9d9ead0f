// nvinfer1::IRuntime.
#include "runtime.h"

#include <algorithm>
#include <utility>

#include "bind.h"
#include "engine.h"
#include "library.h"

namespace trt {

using namespace nvinfer1;

namespace {

struct RuntimeResource final : Owned<IRuntime> {
  ~RuntimeResource() override { free(); }
  std::shared_ptr<CudaDevice> device;
};

ICudaEngine* deserialize(RuntimeResource& runtime, const void* data, size_t size) {
  RecorderScope scope(&runtime.session->recorder);
  if (runtime.device) runtime.device->makeCurrent();
  callsReachingNative++;
  return static_cast<IRuntime*>(runtime.object)->deserializeCudaEngine(data, size);
}

// Why there is no engine: no driver, where TensorRT got as far as asking for one; else the plan.
Napi::Value refusal(Napi::Env env, const std::string& where, const std::vector<Report>& reports) {
  std::string reason;
  if (std::any_of(reports.begin(), reports.end(), saysNoDriver) && !Driver::get(reason))
    return makeError(env, "backend", where + ": loading an engine needs an NVIDIA GPU: " + reason, {});
  return makeError(env, "backend", where + ": TensorRT refused the plan; is it whole, and built by this version for this GPU?", reports);
}

Napi::Value deserializeCudaEngine(Call& call) {
  const ByteView plan = bytesOf(call, 0);
  auto runtime = std::static_pointer_cast<RuntimeResource>(call.self);
  if (plan.length == 0) call.refuse(0, "a plan; it is empty");
  ICudaEngine* engine = deserialize(*runtime, plan.data, plan.length);
  if (!engine) throw Napi::Error(call.env(), refusal(call.env(), call.where(), runtime->session->recorder.take()));
  return wrapEngine(call.env(), runtime, engine, runtime->device);
}

Napi::Value deserializeCudaEngineAsync(Call& call) {
  const ByteView plan = bytesOf(call, 0);
  if (plan.length == 0) call.refuse(0, "a plan; it is empty");
  auto runtime = std::static_pointer_cast<RuntimeResource>(call.self);
  auto deferred = Napi::Promise::Deferred::New(call.env());
  // A copy: the caller may transfer or overwrite the buffer meanwhile.
  auto bytes = std::make_shared<std::vector<char>>(static_cast<const char*>(plan.data), static_cast<const char*>(plan.data) + plan.length);
  struct Outcome {
    ~Outcome() { delete engine; }  // where the environment ended meanwhile
    std::shared_ptr<RuntimeResource> runtime;
    ICudaEngine* engine = nullptr;
    std::vector<Report> reports;
  };
  auto outcome = std::make_shared<Outcome>();
  outcome->runtime = runtime;
  startTask(
      call.env(), "TensorRT deserialize",
      [runtime, bytes, outcome] {
        outcome->engine = deserialize(*runtime, bytes->data(), bytes->size());
        outcome->reports = runtime->session->recorder.take();
      },
      [runtime, outcome, deferred](Napi::Env env) {
        runtime->session->busy = nullptr;
        if (outcome->engine)
          deferred.Resolve(wrapEngine(env, runtime, std::exchange(outcome->engine, nullptr), runtime->device));
        else
          deferred.Reject(refusal(env, "IRuntime.deserializeCudaEngineAsync", outcome->reports));
      });
  runtime->session->busy = "a plan is being deserialized";
  return deferred.Promise();
}

}  // namespace

Napi::Value createRuntime(Napi::Env env, const std::shared_ptr<Library>& library) {
  requireDevice(env, "createInferRuntime");
  auto resource = std::make_shared<RuntimeResource>();
  resource->session = std::make_shared<Session>(library);
  resource->device = CudaDevice::current();
  if (resource->device) resource->device->makeCurrent();
  RecorderScope scope(&resource->session->recorder);
  callsReachingNative++;
  resource->object = library->createInferRuntime(&logger(), library->version);
  if (!resource->object) raise(env, "backend", "createInferRuntime: TensorRT made none", resource->session->recorder.take());
  static_cast<IRuntime*>(resource->object)->setErrorRecorder(&resource->session->recorder);
  return wrap(env, classInfo<IRuntime>, resource);
}

void defineRuntimeClasses() {
  define<IRuntime>("IRuntime", true, []<class C>(ClassBuilder<C> c) {
    c.custom("deserializeCudaEngine", 1, 1, deserializeCudaEngine);
    c.custom("deserializeCudaEngineAsync", 1, 1, deserializeCudaEngineAsync);
    PROPERTY(DLACore);
    METHOD(getNbDLACores);
    c.custom("setMaxThreads", 1, 1, [](Call& call) -> Napi::Value {
      const auto threads = static_cast<int32_t>(integerOf(call, 0, call.info[0], 1, 4096, "a number of threads from 1 to 4096"));
      callsReachingNative++;
      if (!call.as<IRuntime>()->setMaxThreads(threads)) call.fail("TensorRT refused it");
      call.check();
      return call.env().Undefined();
    });
    METHOD(getMaxThreads);
    PROPERTY(TemporaryDirectory);
    PROPERTY(EngineHostCodeAllowed);
    c.custom("getPluginRegistry", 0, 0, [](Call& call) -> Napi::Value { return pluginRegistry(call.env(), call.self->session->library); });
  });
  defineEngine();
  defineInspector();
  defineRefitter();
  defineExecutionContext();
  defineExecutionSlot();
  definePluginRegistry();
  defineCudaMemory();
  defineCudaStream();
}

}  // namespace trt
