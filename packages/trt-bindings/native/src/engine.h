// Engines and the contexts that execute them.
#pragma once
#include <map>
#include <optional>

#include "core.h"
#include "cuda_driver.h"

namespace trt {

struct EngineResource final : Owned<nvinfer1::ICudaEngine> {
  ~EngineResource() override;
  std::shared_ptr<CudaDevice> device;  // null without a driver
  int running = 0;                     // executions that another thread waits for
};

// Collects layer times; TensorRT calls it from the thread that synchronizes.
class Profiler final : public nvinfer1::IProfiler {
 public:
  void reportLayerTime(char const* layerName, float ms) noexcept override {
    std::lock_guard lock(mutex_);
    if (collecting_ && times_.size() < 1000000) times_.emplace_back(layerName, ms);
  }
  void collect(bool collecting) {
    std::lock_guard lock(mutex_);
    collecting_ = collecting;
  }
  std::vector<std::pair<std::string, float>> take() {
    std::lock_guard lock(mutex_);
    return std::move(times_);
  }

 private:
  std::mutex mutex_;
  bool collecting_ = false;
  std::vector<std::pair<std::string, float>> times_;
};

struct Address {
  std::shared_ptr<Resource> memory;
  size_t offset, size;
};

struct ContextResource final : Owned<nvinfer1::IExecutionContext> {
  ~ContextResource() override;
  const char* busyWith() const override { return busy ? busy : Resource::busyWith(); }
  std::shared_ptr<EngineResource> engine;
  std::map<std::string, Address> addresses;
  std::shared_ptr<CudaMemory> scratch;
  size_t scratchSize = 0;
  std::optional<size_t> scratchNeeded;
  bool userManaged = false;
  Profiler profiler;
  std::vector<std::shared_ptr<Resource>> refers;  // auxiliary streams, events
  std::shared_ptr<CudaEvent> consumed;            // of these, the one that the next execution records
  const char* busy = nullptr;
  bool checked = false;     // whether addresses were held against the shapes since either changed
  uint64_t generation = 0;  // grows with every change that makes a captured graph stale
  void changed() {
    checked = false;
    generation++;
  }
};

// Throws unless the device is the one that the context's engine was loaded on: another's memory it cannot reach.
void requireOwnDevice(const Call& call, const ContextResource& context, const CudaDevice& device, const std::string& what);
// Throws unless every tensor has memory that is large enough.
void checkAddresses(Call& call, ContextResource& context);
// Bits of one element; int4 and fp4 are packed two to a byte.
size_t bitsOf(nvinfer1::DataType type);
// Bytes that a tensor takes at the context's shapes.
size_t bytesNeeded(Call& call, const nvinfer1::ICudaEngine& engine, const nvinfer1::IExecutionContext& context, const char* name);
// Points a tensor at memory, after checking the kind of memory.
void setAddress(Call& call, ContextResource& context, const std::string& name, const std::shared_ptr<Resource>& memory, size_t offset);

Napi::Value wrapEngine(Napi::Env env, const std::shared_ptr<Resource>& runtime, nvinfer1::ICudaEngine* engine, std::shared_ptr<CudaDevice> device);
Napi::Value createContext(Call& call);
Napi::Value createRefitter(Call& call);
Napi::Value createInspector(Call& call);
Napi::Value createExecutionSlot(Call& call);

void defineEngine();
void defineExecutionContext();
void defineExecutionSlot();
void defineRefitter();
void defineInspector();
void definePluginRegistry();

}  // namespace trt
