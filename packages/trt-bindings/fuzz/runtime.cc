// The half of TensorRT-RTX that needs a GPU, without one: a runtime whose one engine copies x to y, for the fuzz test on
// machines where TensorRT loads no engine. It is as strict as TensorRT and as easily broken: contexts, refitters and
// inspectors use their engine as long as they live, memory is read and written when it is asked to execute, weights when it
// refits, so that a sanitizer sees what the addon freed too early or made too small. Its work goes through the CUDA driver,
// of which driver.c is one without a GPU.
#include <NvInfer.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
int cuMemcpyDtoDAsync_v2(void* to, const void* from, size_t size, void* stream);
int cuMemsetD8Async(void* to, unsigned char value, size_t size, void* stream);
int cuEventRecord(void* event, void* stream);
int cuStreamQuery(void* stream);
}

using namespace nvinfer1;

namespace {

// A method that gives a value; a setter with its getter.
#define GIVE(declaration, ...) \
  declaration noexcept override { return __VA_ARGS__; }
#define KEEP(type, name, start)                                        \
  void set##name(type value) noexcept override { kept##name = value; } \
  GIVE(type get##name() const, kept##name)                             \
  type kept##name = start;

constexpr std::string_view kPlan = "the plan of an engine that copies x to y";  // as in child.mjs
constexpr int64_t kColumns = 8, kWeights = 8;

struct Tensor {
  const char* name;
  TensorIOMode mode;
  DataType type;
  Dims dims;
  bool onHost = false;
  int32_t vector = 1;  // elements of a component, along the last axis
};
// `v` is vectorized: its 5 columns take up 8. The rows of `found` depend on the data.
const Tensor kTensors[] = {
    {"x", TensorIOMode::kINPUT, DataType::kFLOAT, Dims{2, {-1, kColumns}}},
    {"n", TensorIOMode::kINPUT, DataType::kINT64, Dims{1, {1}}, true},
    {"y", TensorIOMode::kOUTPUT, DataType::kFLOAT, Dims{2, {-1, kColumns}}},
    {"v", TensorIOMode::kOUTPUT, DataType::kHALF, Dims{2, {-1, 5}}, false, 8},
    {"found", TensorIOMode::kOUTPUT, DataType::kINT32, Dims{1, {-1}}},
};
constexpr int32_t kCount = sizeof kTensors / sizeof *kTensors;

const Tensor* find(const char* name) {
  for (const Tensor& tensor : kTensors)
    if (name && !strcmp(tensor.name, name)) return &tensor;
  return nullptr;
}
int64_t rowsOf(OptProfileSelector select) { return select == OptProfileSelector::kMIN ? 1 : select == OptProfileSelector::kOPT ? 2 : 8; }

// An interface together with what it calls, and its error recorder.
template <class Interface, class Implementation>
struct Made : Interface, Implementation {
  Made() { this->mImpl = this; }
  ~Made() noexcept override { setErrorRecorder(nullptr); }
  void setErrorRecorder(IErrorRecorder* recorder) noexcept override {
    if (recorder) recorder->incRefCount();
    if (recorder_) recorder_->decRefCount();
    recorder_ = recorder;
  }
  GIVE(IErrorRecorder* getErrorRecorder() const, recorder_)
  GIVE(Interface* getPImpl(), this)
  bool refuse(const char* why) const {
    if (recorder_) recorder_->reportError(ErrorCode::kINVALID_ARGUMENT, why);
    return false;
  }

 private:
  IErrorRecorder* recorder_ = nullptr;
};

struct Memory final : IHostMemory, apiv::VHostMemory {
  Memory() { mImpl = this; }
  GIVE(void* data() const, const_cast<char*>(bytes.data()))
  GIVE(size_t size() const, bytes.size())
  GIVE(DataType type() const, DataType::kINT8)
  std::string bytes{kPlan};
};

struct Serialization final : ISerializationConfig, apiv::VSerializationConfig {
  Serialization() { mImpl = this; }
  static SerializationFlags bit(SerializationFlag flag) { return SerializationFlags{1} << static_cast<int32_t>(flag); }
  GIVE(bool setFlags(SerializationFlags value), (flags = value, true))
  GIVE(SerializationFlags getFlags() const, flags)
  GIVE(bool clearFlag(SerializationFlag flag), (flags &= ~bit(flag), true))
  GIVE(bool setFlag(SerializationFlag flag), (flags |= bit(flag), true))
  GIVE(bool getFlag(SerializationFlag flag) const, (flags & bit(flag)) != 0)
  SerializationFlags flags = 0;
};

struct Engine final : Made<ICudaEngine, apiv::VCudaEngine> {
  std::vector<float> weights = std::vector<float>(kWeights);
  int64_t budget = 0;

  IExecutionContext* createExecutionContext(ExecutionContextAllocationStrategy strategy) noexcept override;
  IEngineInspector* createEngineInspector() const noexcept override;
  IRefitter* createRefitter(ILogger&) noexcept override;
  GIVE(IHostMemory* serialize() const, new Memory)
  GIVE(IHostMemory* serializeWithConfig(ISerializationConfig& config) const, config.getFlags() < 64 ? new Memory : nullptr)
  GIVE(ISerializationConfig* createSerializationConfig(), new Serialization)

  GIVE(char const* getName() const, "copy")
  GIVE(int32_t getNbLayers() const, 1)
  GIVE(int32_t getNbIOTensors() const, kCount)
  GIVE(char const* getIOTensorName(int32_t index) const, index >= 0 && index < kCount ? kTensors[index].name : nullptr)
  GIVE(TensorIOMode getTensorIOMode(char const* name) const, find(name) ? find(name)->mode : (refuse("no such tensor"), TensorIOMode::kNONE))
  GIVE(Dims getTensorShape(char const* name) const, find(name) ? find(name)->dims : Dims{-1, {}})
  GIVE(DataType getTensorDataType(char const* name) const, find(name) ? find(name)->type : DataType::kFLOAT)
  GIVE(TensorLocation getTensorLocation(char const* name) const, find(name) && find(name)->onHost ? TensorLocation::kHOST : TensorLocation::kDEVICE)
  GIVE(bool isShapeInferenceIO(char const* name) const, find(name) && find(name)->onHost)
  GIVE(int32_t getTensorBytesPerComponent(char const* name) const, find(name) && find(name)->vector > 1 ? 2 : -1)
  GIVE(int32_t getTensorComponentsPerElement(char const* name) const, find(name) && find(name)->vector > 1 ? find(name)->vector : -1)
  GIVE(TensorFormat getTensorFormat(char const* name) const, find(name) && find(name)->vector > 1 ? TensorFormat::kHWC8 : TensorFormat::kLINEAR)
  GIVE(char const* getTensorFormatDesc(char const* name) const, find(name) ? "a format" : "")
  GIVE(int32_t getTensorVectorizedDim(char const* name) const, find(name) && find(name)->vector > 1 ? 1 : -1)
  GIVE(int32_t getTensorBytesPerComponentV2(char const* name, int32_t) const, getTensorBytesPerComponent(name))
  GIVE(int32_t getTensorComponentsPerElementV2(char const* name, int32_t) const, getTensorComponentsPerElement(name))
  GIVE(TensorFormat getTensorFormatV2(char const* name, int32_t) const, getTensorFormat(name))
  GIVE(char const* getTensorFormatDescV2(char const* name, int32_t) const, getTensorFormatDesc(name))
  GIVE(int32_t getTensorVectorizedDimV2(char const* name, int32_t) const, getTensorVectorizedDim(name))
  GIVE(char const* getAliasedInputTensor(char const* name) const, find(name) == &kTensors[2] ? "x" : nullptr)
  GIVE(int32_t getNbOptimizationProfiles() const, 2)
  Dims getProfileShape(char const* name, int32_t profile, OptProfileSelector select) const noexcept override {
    const Tensor* tensor = find(name);
    if (!tensor || tensor->mode != TensorIOMode::kINPUT || profile < 0 || profile > 1) return Dims{-1, {}};
    Dims dims = tensor->dims;
    if (dims.d[0] < 0) dims.d[0] = rowsOf(select);
    return dims;
  }
  GIVE(int64_t const* getProfileTensorValuesV2(char const* name, int32_t, OptProfileSelector) const, isShapeInferenceIO(name) ? &kColumns : nullptr)
  GIVE(int64_t getDeviceMemorySizeForProfileV2(int32_t profile) const, 64 * (profile + 1))
  GIVE(int64_t getDeviceMemorySizeV2() const, 128)
  GIVE(bool isRefittable() const, !weights.empty())
  GIVE(EngineCapability getEngineCapability() const, EngineCapability::kSTANDARD)
  GIVE(TacticSources getTacticSources() const, 1)
  GIVE(ProfilingVerbosity getProfilingVerbosity() const, ProfilingVerbosity::kDETAILED)
  GIVE(HardwareCompatibilityLevel getHardwareCompatibilityLevel() const, HardwareCompatibilityLevel::kNONE)
  GIVE(int32_t getNbAuxStreams() const, 2)
  GIVE(bool isDebugTensor(char const* name) const, find(name) != nullptr)
  GIVE(bool setWeightStreamingBudgetV2(int64_t value), value >= 0 ? (budget = value, true) : refuse("a negative budget"))
  GIVE(int64_t getWeightStreamingBudgetV2() const, budget)
  GIVE(int64_t getWeightStreamingAutomaticBudget() const, 4 * kWeights)
  GIVE(int64_t getWeightStreamingScratchMemorySize() const, 0)
  GIVE(int64_t getStreamableWeightsSize() const, 4 * kWeights)
  GIVE(int64_t getEngineStat(EngineStat) const, 4 * kWeights)
  GIVE(bool areWeightsLoaded() const, true)
  // Not called by the addon.
  GIVE(IExecutionContext* createExecutionContextWithRuntimeConfig(IRuntimeConfig*), nullptr)
  GIVE(IRuntimeConfig* createRuntimeConfig(), nullptr)
  GIVE(bool loadWeights(void const*, int64_t), false)
  GIVE(bool loadWeightsAsync(IStreamReaderV2&, cudaStream_t), false)
  GIVE(bool unloadWeights(), false)
  GIVE(IWeightsManager* createWeightsManager(), nullptr)
};

struct Context final : Made<IExecutionContext, apiv::VExecutionContext> {
  Context(Engine& e, bool user) : engine(e), scratch(user ? 0 : 128), scratchAddress(scratch.data()) {}
  ~Context() noexcept override { engine.weights.at(0) += 1; }  // an engine outlives its contexts

  Engine& engine;
  std::map<std::string, void*> addresses;
  std::string name;
  std::vector<char> scratch;  // empty where the user manages it
  void* scratchAddress;
  std::vector<cudaStream_t> aux;
  cudaEvent_t consumed = nullptr;
  IProfiler* profiler = nullptr;
  int64_t rows = -1;
  int32_t profile = 0;
  bool debug = false;

  GIVE(ICudaEngine const& getEngine() const, engine)
  KEEP(bool, DebugSync, false)
  KEEP(bool, EnqueueEmitsProfile, true)
  KEEP(size_t, PersistentCacheLimit, 0)
  void setName(char const* value) noexcept override { name = value; }
  GIVE(char const* getName() const, name.c_str())
  void setProfiler(IProfiler* value) noexcept override { profiler = value; }
  GIVE(IProfiler* getProfiler() const, profiler)
  bool reportToProfiler() const noexcept override {
    if (!profiler) return refuse("no profiler");
    profiler->reportLayerTime("copy", 0.5F);
    return true;
  }

  GIVE(int32_t getOptimizationProfile() const, profile)
  GIVE(bool setOptimizationProfileAsync(int32_t index, cudaStream_t stream), index < 2 && !cuStreamQuery(stream) ? (profile = index, rows = -1, true) : refuse("no such profile"))
  GIVE(bool allInputDimensionsSpecified() const, rows >= 0)
  bool setInputShape(char const* tensor, Dims const& dims) noexcept override {
    const Dims least = engine.getProfileShape(tensor, profile, OptProfileSelector::kMIN), most = engine.getProfileShape(tensor, profile, OptProfileSelector::kMAX);
    if (dims.nbDims != least.nbDims) return refuse("another rank");
    for (int32_t k = 0; k < dims.nbDims; k++)
      if (dims.d[k] < least.d[k] || dims.d[k] > most.d[k]) return refuse("outside of the profile");
    if (!strcmp(tensor, "x")) rows = dims.d[0];
    return true;
  }
  Dims getTensorShape(char const* tensor) const noexcept override {
    Dims dims = engine.getTensorShape(tensor);
    if (dims.nbDims == 2) dims.d[0] = rows;
    return dims;
  }
  Dims getTensorStrides(char const* tensor) const noexcept override {
    Dims dims = getTensorShape(tensor);
    for (int32_t k = 0; k < dims.nbDims; k++) dims.d[k] = k + 1 == dims.nbDims ? 1 : kColumns;
    return dims;
  }
  int32_t inferShapes(int32_t size, char const** names) noexcept override {
    if (rows >= 0) return 0;
    if (size > 0) names[0] = "x";
    return 1;
  }
  GIVE(int64_t getMaxOutputSize(char const* tensor) const, rows < 0 ? -1 : bytesOf(*find(tensor)))
  // What this engine reads or writes of a tensor.
  int64_t bytesOf(const Tensor& tensor) const {
    if (tensor.onHost) return 8;
    if (tensor.dims.nbDims == 1) return rows * 4;
    return rows * kColumns * (tensor.type == DataType::kHALF ? 2 : 4);
  }

  bool setTensorAddress(char const* tensor, void* data) noexcept override {
    if (!find(tensor)) return refuse("no such tensor");
    addresses[tensor] = data;
    return true;
  }
  GIVE(bool setInputTensorAddress(char const* tensor, void const* data), setTensorAddress(tensor, const_cast<void*>(data)))
  GIVE(bool setOutputTensorAddress(char const* tensor, void* data), setTensorAddress(tensor, data))
  GIVE(void const* getTensorAddress(char const* tensor) const, getOutputTensorAddress(tensor))
  GIVE(void* getOutputTensorAddress(char const* tensor) const, addresses.count(tensor) ? addresses.at(tensor) : nullptr)
  GIVE(size_t updateDeviceMemorySizeForShapes(), scratchSize())
  GIVE(bool setInputConsumedEvent(cudaEvent_t event), (consumed = event, true))
  GIVE(cudaEvent_t getInputConsumedEvent() const, consumed)
  void setDeviceMemory(void* memory) noexcept override { scratchAddress = memory; }
  void setDeviceMemoryV2(void* memory, int64_t size) noexcept override {
    scratchAddress = memory;
    if (size < 16) refuse("little memory");
  }
  void setAuxStreams(cudaStream_t* streams, int32_t count) noexcept override { aux.assign(streams, streams + count); }
  size_t scratchSize() const { return static_cast<size_t>(rows < 0 ? 16 : 16 * rows); }

  // y = x through the scratch memory of the context, zeros elsewhere.
  bool enqueueV3(cudaStream_t stream) noexcept override {
    if (rows < 0) return refuse("the shape of x is not set");
    for (const Tensor& tensor : kTensors)
      if (!getTensorAddress(tensor.name)) return refuse("a tensor has no address");
    volatile char least = 0;
    for (int k = 0; k < 8; k++) least = static_cast<char>(least + static_cast<char*>(addresses.at("n"))[k]);
    int failed = 0;
    for (const auto each : aux) failed |= cuStreamQuery(each);
    failed |= cuMemsetD8Async(scratchAddress, 0, scratchSize(), stream);
    failed |= cuMemcpyDtoDAsync_v2(addresses.at("y"), addresses.at("x"), static_cast<size_t>(bytesOf(*find("y"))), stream);
    for (const char* output : {"v", "found"}) failed |= cuMemsetD8Async(addresses.at(output), 0, static_cast<size_t>(bytesOf(*find(output))), stream);
    if (consumed) failed |= cuEventRecord(consumed, stream);
    if (profiler && keptEnqueueEmitsProfile) reportToProfiler();
    return !failed || refuse("the driver failed");
  }

  GIVE(bool setNvtxVerbosity(ProfilingVerbosity value), (verbosity = value, true))
  GIVE(ProfilingVerbosity getNvtxVerbosity() const, verbosity)
  ProfilingVerbosity verbosity = ProfilingVerbosity::kNONE;
  GIVE(bool setTensorDebugState(char const* tensor, bool flag), find(tensor) ? (debug = flag, true) : refuse("no such tensor"))
  GIVE(bool getDebugState(char const* tensor) const, find(tensor) && debug)
  GIVE(bool setAllTensorsDebugState(bool flag), (debug = flag, true))
  GIVE(bool setUnfusedTensorsDebugState(bool flag), (debug = flag, true))
  GIVE(bool getUnfusedTensorsDebugState() const, debug)
  // Not called by the addon.
  GIVE(bool executeV2(void* const*), false)
  GIVE(bool setOutputAllocator(char const*, IOutputAllocator*), false)
  GIVE(IOutputAllocator* getOutputAllocator(char const*), nullptr)
  GIVE(bool setTemporaryStorageAllocator(IGpuAllocator*), false)
  GIVE(IGpuAllocator* getTemporaryStorageAllocator() const, nullptr)
  GIVE(bool setDebugListener(IDebugListener*), false)
  GIVE(IDebugListener* getDebugListener(), nullptr)
  GIVE(IRuntimeConfig* getRuntimeConfig() const, nullptr)
  GIVE(bool isStreamCapturable(cudaStream_t) const, true)
  GIVE(bool setCommunicator(void*), false)
};

struct Inspector final : Made<IEngineInspector, apiv::VEngineInspector> {
  explicit Inspector(const Engine& e) : engine(e) {}
  const Engine& engine;
  IExecutionContext const* context = nullptr;
  mutable std::string text;

  GIVE(bool setExecutionContext(IExecutionContext const* value), (context = value, true))
  GIVE(IExecutionContext const* getExecutionContext() const, context)
  GIVE(char const* getLayerInformation(int32_t index, LayerInformationFormat) const, index < engine.getNbLayers() ? say("layer ") : "")
  GIVE(char const* getEngineInformation(LayerInformationFormat) const, say("engine "))
  char const* say(const char* what) const {
    text = what + std::string(engine.getName()) + (context ? context->getName() : "");
    return text.c_str();
  }
};

// One weight of one layer, which has a name of its own besides.
struct Refitter final : Made<IRefitter, apiv::VRefitter> {
  Refitter(Engine& e, ILogger& l) : engine(e), logger(l) {}
  Engine& engine;
  ILogger& logger;
  Weights given{DataType::kFLOAT, nullptr, 0};
  int32_t threads = 1;

  int32_t list(bool any, int32_t size, char const** names, const char* name, WeightsRole* roles = nullptr) const {
    if (any && size > 0) names[0] = name;
    if (any && size > 0 && roles) roles[0] = WeightsRole::kKERNEL;
    return any;
  }
  bool take(bool known, const Weights& weights) {
    if (!known || weights.type != DataType::kFLOAT || weights.count != kWeights) return refuse("other weights");
    given = weights;
    return true;
  }
  GIVE(bool setWeights(char const* layer, WeightsRole role, const Weights weights), take(!strcmp(layer, "copy") && role == WeightsRole::kKERNEL, weights))
  GIVE(bool setNamedWeights(char const* name, Weights weights), take(!strcmp(name, "x"), weights))
  GIVE(bool setNamedWeightsWithLocation(char const* name, Weights weights, TensorLocation), setNamedWeights(name, weights))
  GIVE(bool unsetNamedWeights(char const* name), !strcmp(name, "x") && given.values ? (given.values = nullptr, true) : refuse("not set"))
  // Reads the weights, which must have stayed what they were.
  bool refitCudaEngine() noexcept override {
    if (!given.values) return refuse("weights are missing");
    memcpy(engine.weights.data(), given.values, sizeof(float) * kWeights);
    given.values = nullptr;
    logger.log(ILogger::Severity::kVERBOSE, "refitted");
    return true;
  }
  GIVE(bool refitCudaEngineAsync(cudaStream_t), refitCudaEngine())
  GIVE(int32_t getMissing(int32_t size, char const** names, WeightsRole* roles), list(!given.values, size, names, "copy", roles))
  GIVE(int32_t getAll(int32_t size, char const** names, WeightsRole* roles), list(true, size, names, "copy", roles))
  GIVE(int32_t getMissingWeights(int32_t size, char const** names), list(!given.values, size, names, "x"))
  GIVE(int32_t getAllWeights(int32_t size, char const** names), list(true, size, names, "x"))
  GIVE(ILogger* getLogger() const, &logger)
  GIVE(bool setMaxThreads(int32_t value), (threads = value, true))
  GIVE(int32_t getMaxThreads() const, threads)
  GIVE(Weights getNamedWeights(char const*) const, given)
  GIVE(TensorLocation getWeightsLocation(char const*) const, TensorLocation::kHOST)
  KEEP(bool, WeightsValidation, true)
  GIVE(Weights getWeightsPrototype(char const* name) const, (Weights{DataType::kFLOAT, nullptr, strcmp(name, "x") ? -1 : kWeights}))
  GIVE(bool releaseRefitResources(), true)
};

IExecutionContext* Engine::createExecutionContext(ExecutionContextAllocationStrategy strategy) noexcept {
  return new Context(*this, strategy == ExecutionContextAllocationStrategy::kUSER_MANAGED);
}
IEngineInspector* Engine::createEngineInspector() const noexcept { return new Inspector(*this); }
IRefitter* Engine::createRefitter(ILogger& logger) noexcept { return new Refitter(*this, logger); }

struct Runtime final : Made<IRuntime, apiv::VRuntime> {
  explicit Runtime(ILogger& l) : logger(l) {}
  ILogger& logger;
  std::string folder;
  int32_t threads = 1;

  ICudaEngine* deserializeCudaEngine(void const* plan, size_t size) noexcept override {
    const std::string copy(static_cast<const char*>(plan), size);
    if (copy == kPlan) return new Engine;
    logger.log(ILogger::Severity::kERROR, "another plan");
    return refuse("another plan"), nullptr;
  }
  KEEP(int32_t, DLACore, -1)
  GIVE(int32_t getNbDLACores() const, 0)
  GIVE(ILogger* getLogger() const, &logger)
  GIVE(bool setMaxThreads(int32_t value), (threads = value, true))
  GIVE(int32_t getMaxThreads() const, threads)
  void setTemporaryDirectory(char const* path) noexcept override { folder = path ? path : ""; }
  GIVE(char const* getTemporaryDirectory() const, folder.c_str())
  KEEP(TempfileControlFlags, TempfileControlFlags, 0)
  KEEP(bool, EngineHostCodeAllowed, false)
  KEEP(bool, DeferredWeightsLoading, false)
  // Not called by the addon.
  void setGpuAllocator(IGpuAllocator*) noexcept override {}
  IPluginRegistry& getPluginRegistry() noexcept override { __builtin_trap(); }
  void setPluginRegistryParent(IPluginRegistry*) noexcept override {}
  GIVE(IRuntime* loadRuntime(char const*), nullptr)
  GIVE(ICudaEngine* deserializeCudaEngineV2(IStreamReaderV2&), nullptr)
  GIVE(int64_t getEngineHeaderSize() const, 0)
  GIVE(EngineValidity getEngineValidity(void const*, int64_t, uint64_t*) const, EngineValidity::kVALID)
  GIVE(bool setDLAWorkspaceAllocationStrategy(DLAWorkspaceAllocationStrategy), false)
  GIVE(DLAWorkspaceAllocationStrategy getDLAWorkspaceAllocationStrategy() const, DLAWorkspaceAllocationStrategy{})
};

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))
EXPORT int32_t getInferLibVersion() noexcept { return NV_TENSORRT_VERSION; }
EXPORT void* createInferRuntime_INTERNAL(void* logger, int32_t) noexcept { return static_cast<IRuntime*>(new Runtime(*static_cast<ILogger*>(logger))); }
EXPORT void* createInferRefitter_INTERNAL(void* engine, void* logger, int32_t) noexcept {
  return static_cast<Engine*>(static_cast<ICudaEngine*>(engine))->createRefitter(*static_cast<ILogger*>(logger));
}
EXPORT void* createInferBuilder_INTERNAL(void*, int32_t) noexcept { return nullptr; }
EXPORT IPluginRegistry* getPluginRegistry() noexcept { return nullptr; }
