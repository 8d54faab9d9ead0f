// libcuda, its devices, and tasks in threads.
#include "cuda_driver.h"

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <thread>

#include "bind.h"
#include "runtime.h"

namespace trt {

Driver* Driver::get(std::string& reason) {
  static Driver driver;
  static std::string failure;
  static const bool usable = [] {
    void* handle = nullptr;
    for (const char* name : {"libcuda.so.1", "libcuda.so"})
      if ((handle = dlopen(name, RTLD_NOW | RTLD_LOCAL))) break;
    if (!handle) {
      failure = "libcuda.so.1 was not found: this needs an NVIDIA GPU with its driver installed (nvidia-smi shows it); in a container, start it with the GPU (--gpus all)";
      return false;
    }
#define DRIVER(name, symbol, parameters)                                               \
  driver.name = reinterpret_cast<CUresult(*) parameters>(dlsym(handle, symbol));       \
  if (!driver.name) {                                                                  \
    failure = "libcuda.so.1 has no " symbol ": the NVIDIA driver is too old (12.0 or newer is needed)"; \
    return false;                                                                      \
  }
    DRIVER_FUNCTIONS(DRIVER)
#undef DRIVER
    if (const CUresult result = driver.init(0)) {
      failure = "the NVIDIA driver does not start: " + driver.errorText(result);
      return false;
    }
    return true;
  }();
  reason = failure;
  return usable ? &driver : nullptr;
}

std::string Driver::errorText(CUresult result) const {
  const char* name = nullptr;
  const char* text = nullptr;
  getErrorName(result, &name);
  getErrorString(result, &text);
  return std::string(name ? name : "CUDA error " + std::to_string(result)) + (text ? std::string(" (") + text + ")" : "");
}

namespace {

thread_local int chosen = -1;  // the index of the device that this thread uses, if it chose one

std::shared_ptr<CudaDevice> openDevice(Driver* driver, int index, std::string& reason) {
  static std::mutex mutex;
  static auto* devices = new std::map<int, std::shared_ptr<CudaDevice>>;
  std::lock_guard lock(mutex);
  if (auto found = devices->find(index); found != devices->end()) return found->second;
  auto device = std::make_shared<CudaDevice>();
  device->driver = driver;
  device->index = index;
  int count = 0;
  driver->deviceGetCount(&count);
  if (index < 0 || index >= count) {
    reason = "there is no device " + std::to_string(index) + "; this machine has " + std::to_string(count);
    return nullptr;
  }
  CUresult result = driver->deviceGet(&device->device, index);
  if (!result) result = driver->primaryCtxRetain(&device->context, device->device);
  if (result) {
    reason = driver->errorText(result);
    return nullptr;
  }
  device->object = device.get();
  (*devices)[index] = device;
  return device;
}

Napi::Value deviceInfo(Napi::Env env, Driver* driver, int index) {
  CUdevice device;
  driver->deviceGet(&device, index);
  char name[256] = "";
  driver->deviceGetName(name, sizeof name, device);
  size_t memory = 0;
  driver->deviceTotalMem(&memory, device);
  auto attribute = [&](int which) {
    int value = 0;
    driver->deviceGetAttribute(&value, which, device);
    return value;
  };
  CUuuid uuid{};
  driver->deviceGetUuid(&uuid, device);
  std::string id = "GPU-";
  for (int k = 0; k < 16; k++) {
    char text[4];
    snprintf(text, sizeof text, "%02x", uuid.bytes[k]);
    id += text;
    if (k == 3 || k == 5 || k == 7 || k == 9) id += "-";
  }
  auto info = Napi::Object::New(env);
  info["index"] = Napi::Number::New(env, index);
  info["name"] = Napi::String::New(env, name);
  info["computeCapability"] = Napi::String::New(env, std::to_string(attribute(75)) + "." + std::to_string(attribute(76)));
  info["totalMemory"] = Napi::Number::New(env, static_cast<double>(memory));
  info["multiprocessors"] = Napi::Number::New(env, attribute(16));
  info["uuid"] = Napi::String::New(env, id);
  return info;
}

Driver* requireDriver(Napi::Env env) {
  std::string reason;
  Driver* driver = Driver::get(reason);
  if (!driver) raise(env, "backend", "CUDA: " + reason);
  return driver;
}

// cuda(): { driverVersion, devices, device(index) }
Napi::Value cuda(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Driver* driver = requireDriver(env);
  callsReachingNative++;
  auto object = Napi::Object::New(env);
  int version = 0, count = 0;
  driver->driverGetVersion(&version);
  driver->deviceGetCount(&count);
  object["driverVersion"] = Napi::Number::New(env, version);
  auto devices = Napi::Array::New(env);
  for (int k = 0; k < count; k++) devices.Set(static_cast<uint32_t>(k), deviceInfo(env, driver, k));
  object["devices"] = devices;
  object["device"] = Napi::Function::New(env, [](const Napi::CallbackInfo& i) -> Napi::Value {
    int index = 0;
    if (i.Length() > 0 && !i[0].IsUndefined()) {
      const double number = i[0].IsNumber() ? i[0].As<Napi::Number>().DoubleValue() : -1;
      if (!(number >= 0 && number < 1024) || number != std::trunc(number)) raiseType(i.Env(), "Cuda.device: argument 1 must be the index of a device, not " + describe(i[0]));
      index = static_cast<int>(number);
    }
    auto device = CudaDevice::at(i.Env(), index, "Cuda.device");
    device->makeCurrent();
    chosen = index;
    return wrap(i.Env(), classInfo<CudaDevice>, device);
  }, "device");
  return object;
}

}  // namespace

void CudaDevice::makeCurrent() const {
  driver->ctxSetCurrent(context);  // each time, as TensorRT's own CUDA runtime may have switched; it costs some 20 ns
}

void CudaDevice::expect(Napi::Env env, CUresult result, const std::string& where) const {
  if (result) raise(env, "backend", where + ": " + driver->errorText(result));
}

std::shared_ptr<CudaDevice> CudaDevice::current() {
  std::string reason;
  Driver* driver = Driver::get(reason);
  return driver ? openDevice(driver, std::max(0, chosen), reason) : nullptr;
}

std::shared_ptr<CudaDevice> CudaDevice::chosenHere() { return chosen < 0 ? nullptr : current(); }

std::shared_ptr<CudaDevice> CudaDevice::at(Napi::Env env, int index, const std::string& where) {
  Driver* driver = requireDriver(env);
  std::string reason;
  auto device = openDevice(driver, index, reason);
  if (!device) raise(env, "backend", where + ": " + reason);
  return device;
}

void requireDevice(Napi::Env env, const std::string& where) {
  if (TRT_PRODUCT_RTX) return;
  std::string reason;
  Driver* driver = Driver::get(reason);
  if (driver && openDevice(driver, std::max(0, chosen), reason)) return;
  raise(env, "backend", where + " needs an NVIDIA GPU: " + reason + ". TensorRT-RTX builds engines without a GPU: product 'rtx'");
}

void exportCuda(Napi::Env env, Napi::Object exports) { exports.Set("cuda", Napi::Function::New(env, cuda, "cuda")); }

// ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

struct Task {
  std::function<void()> work;
  std::function<void(Napi::Env)> done;
  std::thread thread;
  napi_threadsafe_function wake = nullptr;
};

}  // namespace

void startTask(Napi::Env env, const char* name, std::function<void()> work, std::function<void(Napi::Env)> done) {
  auto* task = new Task{std::move(work), std::move(done), {}, nullptr};
  auto onWake = [](napi_env rawEnv, napi_value, void* context, void*) {
    auto* t = static_cast<Task*>(context);
    if (!rawEnv) return;
    t->thread.join();
    Napi::HandleScope scope(rawEnv);
    try {
      t->done(rawEnv);
    } catch (const Napi::Error& error) {
      throwInto(error);
    }
    napi_release_threadsafe_function(t->wake, napi_tsfn_release);
  };
  auto finalize = [](napi_env, void* data, void*) {
    auto* t = static_cast<Task*>(data);
    if (t->thread.joinable()) t->thread.join();
    delete t;
  };
  if (napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, name), 0, 1, task, finalize, task, onWake, &task->wake) != napi_ok) {
    delete task;
    throw Napi::Error::New(env);
  }
  try {
    task->thread = std::thread([task] {
      const WorkScope working;
      if (!WorkScope::ending()) task->work();
      if (!WorkScope::ending()) napi_call_threadsafe_function(task->wake, nullptr, napi_tsfn_nonblocking);
    });
  } catch (const std::system_error&) {
    napi_release_threadsafe_function(task->wake, napi_tsfn_release);
    raise(env, "backend", std::string(name) + ": " + kNoThread);
  }
}

}  // namespace trt
