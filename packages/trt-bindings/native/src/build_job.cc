// A build in a thread of its own: progress (nvinfer1::IProgressMonitor), cancelling, and the plan as a promise.
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "bind.h"
#include "builder.h"

namespace trt {

using namespace nvinfer1;

namespace {

struct Event {
  const char* kind;
  std::string phase, parent;
  int32_t steps, step;
};

struct Job;

// Ending environments free the memory of external buffers, which weights may lie in, before they end anything else: the last
// made first. So a build makes one whose end ends the build.
struct Guard {
  Job* job;
  char byte;
};

class Monitor final : public IProgressMonitor {
 public:
  explicit Monitor(Job& job) : job_(job) {}
  void phaseStart(char const* phase, char const* parent, int32_t steps) noexcept override;
  bool stepComplete(char const* phase, int32_t step) noexcept override;
  void phaseFinish(char const* phase) noexcept override;

 private:
  struct Phase {
    std::string parent;
    int32_t steps = 0;
  };
  Phase known(char const* phase);
  Job& job_;
  std::mutex mutex_;
  std::map<std::string, Phase> open_;  // guarded by mutex_
};

struct Job {
  Job(napi_env env, std::shared_ptr<Resource> b, std::shared_ptr<Resource> n, std::shared_ptr<Resource> c, std::shared_ptr<std::atomic<bool>> cancel)
      : deferred(Napi::Promise::Deferred::New(env)), builder(std::move(b)), network(std::move(n)), config(std::move(c)), monitor(*this), cancelled(std::move(cancel)) {}
  ~Job() {
    delete plan;
    if (guard) guard->job = nullptr;
  }
  Napi::Promise::Deferred deferred;
  std::shared_ptr<Resource> builder, network, config;
  Monitor monitor;
  Napi::FunctionReference onProgress, listener;
  Napi::ObjectReference signal;
  napi_threadsafe_function wake = nullptr;
  std::thread thread;
  Guard* guard = nullptr;  // until the environment ends; freed with its buffer
  Napi::ObjectReference guardBuffer;
  // Shared with the signal's listener, which a signal that is no AbortSignal may call at any time.
  const std::shared_ptr<std::atomic<bool>> cancelled;
  bool reportsProgress = false;
  Napi::Error thrown;  // by onProgress: ends the build, which is rejected with it

  std::mutex mutex;
  std::deque<Event> events;  // guarded by mutex
  bool finished = false;     // guarded by mutex
  IHostMemory* plan = nullptr;
  std::vector<Report> reports;

  void push(Event event) {
    if (!reportsProgress || WorkScope::ending()) return;
    {
      std::lock_guard lock(mutex);
      events.push_back(std::move(event));
    }
    napi_call_threadsafe_function(wake, nullptr, napi_tsfn_nonblocking);
  }
};

void Monitor::phaseStart(char const* phase, char const* parent, int32_t steps) noexcept {
  {
    std::lock_guard lock(mutex_);
    open_[phase] = {parent ? parent : "", steps};
  }
  job_.push({"start", phase, parent ? parent : "", steps, 0});
}
bool Monitor::stepComplete(char const* phase, int32_t step) noexcept {
  const Phase of = known(phase);
  job_.push({"step", phase, of.parent, of.steps, step});
  return !*job_.cancelled && !WorkScope::ending();
}
void Monitor::phaseFinish(char const* phase) noexcept {
  const Phase of = known(phase);
  job_.push({"finish", phase, of.parent, of.steps, of.steps});
}
Monitor::Phase Monitor::known(char const* phase) {
  std::lock_guard lock(mutex_);
  return open_[phase];
}

// Runs in the job's thread.
void build(Job& job) {
  const WorkScope working;
  if (const auto& device = static_cast<BuilderResource*>(job.builder.get())->device) device->makeCurrent();
  auto& session = *job.builder->session;
  RecorderScope scope(&session.recorder);
  {
    // One build at a time: TensorRT-RTX mixes up the compute capabilities of builds that run at once, and on a GPU their
    // measurements of kernels would disturb each other.
    static std::mutex mutex;
    std::lock_guard lock(mutex);
    if (!*job.cancelled && !WorkScope::ending())
      job.plan = static_cast<IBuilder*>(job.builder->object)
                     ->buildSerializedNetwork(*static_cast<INetworkDefinition*>(job.network->object), *static_cast<IBuilderConfig*>(job.config->object));
  }
  job.reports = session.recorder.take();
  {
    std::lock_guard lock(job.mutex);
    job.finished = true;
  }
  if (!WorkScope::ending()) napi_call_threadsafe_function(job.wake, nullptr, napi_tsfn_nonblocking);
}

void reportProgress(Napi::Env env, Job& job, const Event& event) {
  auto object = Napi::Object::New(env);
  object["event"] = Napi::String::New(env, event.kind);
  object["phase"] = Napi::String::New(env, event.phase);
  object["parent"] = event.parent.empty() ? env.Null() : Napi::Value(Napi::String::New(env, event.parent));
  object["steps"] = Napi::Number::New(env, event.steps);
  object["step"] = Napi::Number::New(env, event.step);
  try {
    job.onProgress.Call({object});
  } catch (const Napi::Error& error) {
    job.thrown = error;
    *job.cancelled = true;
  }
}

// Lets go of the builder, config and network; a network that was closed during the build is freed now.
void release(Job& job) {
  job.builder->session->busy = nullptr;
  static_cast<IBuilderConfig*>(job.config->object)->setProgressMonitor(nullptr);
  auto* network = static_cast<NetworkResource*>(job.network.get());
  if (network->closeAfterBuild) network->free();
}

// The value to reject the promise with, or an empty one where there is a plan.
Napi::Value failureOf(Napi::Env env, const Job& job, bool weightsGone) {
  if (!job.thrown.IsEmpty()) return job.thrown.Value();
  if (*job.cancelled) return job.signal.Value().Get("reason");
  if (weightsGone) return makeError(env, "argument", std::string("IBuilder.buildSerializedNetwork: ") + kWeightsGone);
  if (!job.plan) return makeError(env, "backend", "IBuilder.buildSerializedNetwork: TensorRT could not build the network", job.reports);
  return {};
}

// When the environment ends while the build runs: TensorRT's thread must not outlive what it uses.
void stop(Job& job) {
  *job.cancelled = true;
  if (!job.thread.joinable()) return;
  job.thread.join();
  release(job);
}

void settle(Napi::Env env, Job& job) {
  job.thread.join();
  const bool weightsGone = anyGone(*job.network);
  release(job);
  if (!job.signal.IsEmpty()) {
    try {
      auto signal = job.signal.Value();
      signal.Get("removeEventListener").As<Napi::Function>().Call(signal, {Napi::String::New(env, "abort"), job.listener.Value()});
    } catch (const Napi::Error&) {
    }
  }
  try {
    if (Napi::Value failure = failureOf(env, job, weightsGone); !failure.IsEmpty())
      job.deferred.Reject(failure);
    else
      job.deferred.Resolve(hostMemoryValue(env, std::exchange(job.plan, nullptr)));
  } catch (const Napi::Error& error) {  // thrown by a signal's `reason`
    job.deferred.Reject(error.Value());
  }
}

void endJob(napi_env, void* data, void*) {
  auto* job = static_cast<Job*>(data);
  stop(*job);
  delete job;
}

void guard(Napi::Env env, Job& job) {
  auto* guard = new Guard{&job, 0};
  job.guard = guard;
  auto buffer = externalBuffer(env, &guard->byte, 1, [guard] {
    if (guard->job) {
      guard->job->guard = nullptr;
      stop(*guard->job);
    }
    delete guard;
  });
  job.guardBuffer = Napi::ObjectReference::New(buffer, 1);
}

void onWake(napi_env rawEnv, napi_value, void* context, void*) {
  if (!rawEnv) return;
  auto* job = static_cast<Job*>(context);
  Napi::Env env(rawEnv);
  Napi::HandleScope scope(env);
  try {
    std::deque<Event> events;
    bool finished;
    {
      std::lock_guard lock(job->mutex);
      events.swap(job->events);
      finished = job->finished;
    }
    for (const Event& event : events)
      if (job->thrown.IsEmpty()) reportProgress(env, *job, event);
    if (!finished || !job->thread.joinable()) return;  // not yet, or settled before
    napi_release_threadsafe_function(job->wake, napi_tsfn_release);
    settle(env, *job);
  } catch (const Napi::Error& error) {
    throwInto(error);
  }
}

}  // namespace

Napi::Value buildSerializedNetwork(Call& call) {
  Napi::Env env = call.env();
  auto network = resourceOf(call, 0, classInfo<INetworkDefinition>);
  auto config = resourceOf(call, 1, classInfo<IBuilderConfig>);
  if (network->session != call.self->session) raise(env, "argument", call.where() + ": argument 1 is a network of another builder");
  if (config->session != call.self->session) raise(env, "argument", call.where() + ": argument 2 is a config of another builder");
  Napi::Value onProgress = env.Undefined(), signal = env.Undefined(), listen;
  bool aborted = false;
  if (call.given(2)) {
    if (!call.info[2].IsObject() || call.info[2].IsFunction()) call.refuse(2, "an object { onProgress, signal }");
    auto options = call.info[2].As<Napi::Object>();
    onProgress = options.Get("onProgress");
    signal = options.Get("signal");
    if (!onProgress.IsUndefined() && !onProgress.IsFunction()) raiseType(env, call.where() + ": onProgress must be a function, not " + describe(onProgress));
    if (!signal.IsUndefined()) {
      auto get = [&](const char* key) { return signal.IsObject() ? signal.As<Napi::Object>().Get(key) : env.Undefined(); };
      const Napi::Value flag = get("aborted");
      listen = get("addEventListener");
      if (!flag.IsBoolean() || !listen.IsFunction() || !get("removeEventListener").IsFunction()) raiseType(env, call.where() + ": signal must be an AbortSignal, not " + describe(signal));
      aborted = flag.As<Napi::Boolean>();
    }
  }

  if (aborted) {
    Napi::Value reason = signal.As<Napi::Object>().Get("reason");
    auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Reject(reason);
    return deferred.Promise();
  }
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  Napi::Function listener;
  if (signal.IsObject()) {
    listener = Napi::Function::New(env, [cancelled](const Napi::CallbackInfo&) { *cancelled = true; }, "abort");
    listen.As<Napi::Function>().Call(signal, {Napi::String::New(env, "abort"), listener});
  }
  requirePins(call, *network);  // now that none of the caller's code runs any more

  auto job = std::make_unique<Job>(env, call.self, network, config, cancelled);
  Napi::Promise promise = job->deferred.Promise();
  if (signal.IsObject()) {
    job->signal = Napi::Persistent(signal.As<Napi::Object>());
    job->listener = Napi::Persistent(listener);
  }
  if (onProgress.IsFunction()) {
    job->onProgress = Napi::Persistent(onProgress.As<Napi::Function>());
    job->reportsProgress = true;
  }
  guard(env, *job);
  if (napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "TensorRT build"), 0, 1, job.get(), endJob, job.get(), onWake, &job->wake) != napi_ok)
    throw Napi::Error::New(env);
  Job* started = job.release();  // endJob deletes it
  callsReachingNative++;
  call.self->session->busy = "a build is going on";
  static_cast<IBuilderConfig*>(config->object)->setProgressMonitor(&started->monitor);
  try {
    started->thread = std::thread([started] { build(*started); });
  } catch (const std::system_error&) {
    release(*started);
    napi_release_threadsafe_function(started->wake, napi_tsfn_release);
    call.fail(kNoThread);
  }
  return promise;
}

}  // namespace trt
