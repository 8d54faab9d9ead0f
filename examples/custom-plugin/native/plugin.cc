// The kernel as TensorRT sees it: an IPluginV3 for TensorRT 10 and 11, its creator, and what the library exports.
#include <new>
#include <string>

#include <NvInferRuntime.h>

#include "rms_norm.h"

namespace {

using namespace nvinfer1;

class RmsNorm final : public IPluginV3, public IPluginV3OneCore, public IPluginV3OneBuild, public IPluginV3OneRuntime {
 public:
  explicit RmsNorm(float epsilon) : epsilon_(epsilon) {}

  IPluginCapability* getCapabilityInterface(PluginCapabilityType type) noexcept override {
    switch (type) {
      case PluginCapabilityType::kCORE: return static_cast<IPluginV3OneCore*>(this);
      case PluginCapabilityType::kBUILD: return static_cast<IPluginV3OneBuild*>(this);
      case PluginCapabilityType::kRUNTIME: return static_cast<IPluginV3OneRuntime*>(this);
    }
    return nullptr;
  }
  IPluginV3* clone() noexcept override { return new (std::nothrow) RmsNorm(epsilon_); }
  IPluginV3* attachToContext(IPluginResourceContext*) noexcept override { return clone(); }

  // Who it is: what definePlugin names, and what a plan remembers.
  AsciiChar const* getPluginName() const noexcept override { return "ExampleRmsNorm"; }
  AsciiChar const* getPluginVersion() const noexcept override { return "1"; }
  AsciiChar const* getPluginNamespace() const noexcept override { return ""; }

  // What goes in and comes out: x, float16 or float32, row after row; gamma, float32; y is as x.
  int32_t getNbOutputs() const noexcept override { return 1; }
  int32_t getOutputDataTypes(DataType* out, int32_t, DataType const* in, int32_t) const noexcept override {
    out[0] = in[0];
    return 0;
  }
  int32_t getOutputShapes(DimsExprs const* in, int32_t, DimsExprs const*, int32_t, DimsExprs* out, int32_t,
                          IExprBuilder&) noexcept override {
    out[0] = in[0];
    return 0;
  }
  bool supportsFormatCombination(int32_t at, DynamicPluginTensorDesc const* inOut, int32_t inputs,
                                 int32_t) noexcept override {
    PluginTensorDesc const& here = inOut[at].desc;
    if (inputs != 2 || here.format != TensorFormat::kLINEAR) return false;
    switch (at) {
      case 0: return here.type == DataType::kHALF || here.type == DataType::kFLOAT;
      case 1: return here.type == DataType::kFLOAT;
      default: return here.type == inOut[0].desc.type;
    }
  }

  // Sizes; those of named dims are -1 in an engine that is being built. Anything but 0 refuses them.
  int32_t configurePlugin(DynamicPluginTensorDesc const* in, int32_t inputs, DynamicPluginTensorDesc const*,
                          int32_t) noexcept override {
    return inputs == 2 ? checkSizes(in[0].desc.dims, in[1].desc.dims) : 1;
  }
  int32_t onShapeChange(PluginTensorDesc const* in, int32_t inputs, PluginTensorDesc const*, int32_t) noexcept override {
    return inputs == 2 ? checkSizes(in[0].dims, in[1].dims) : 1;
  }

  int32_t enqueue(PluginTensorDesc const* in, PluginTensorDesc const*, void const* const* inputs, void* const* outputs,
                  void*, cudaStream_t stream) noexcept override {
    Dims const& x = in[0].dims;
    int64_t rows = 1;
    for (int32_t axis = 0; axis + 1 < x.nbDims; ++axis) rows *= x.d[axis];
    int const hidden = int(x.d[x.nbDims - 1]);
    bool const half = in[0].type == DataType::kHALF;
    return rmsNorm(half, inputs[0], static_cast<float const*>(inputs[1]), outputs[0], rows, hidden, epsilon_, stream);
  }

  // What a plan keeps; the creator gets it back when the plan is loaded. The data are members: TensorRT reads them later.
  PluginFieldCollection const* getFieldsToSerialize() noexcept override { return &saved_; }

 private:
  static int32_t checkSizes(Dims const& x, Dims const& gamma) {
    return x.nbDims >= 1 && gamma.nbDims == 1 && gamma.d[0] == x.d[x.nbDims - 1] ? 0 : 1;
  }

  float epsilon_;
  PluginField field_{"epsilon", &epsilon_, PluginFieldType::kFLOAT32, 1};
  PluginFieldCollection saved_{1, &field_};
};

class RmsNormCreator final : public IPluginCreatorV3One {
 public:
  AsciiChar const* getPluginName() const noexcept override { return "ExampleRmsNorm"; }
  AsciiChar const* getPluginVersion() const noexcept override { return "1"; }
  AsciiChar const* getPluginNamespace() const noexcept override { return ""; }
  PluginFieldCollection const* getFieldNames() noexcept override { return &fields_; }

  IPluginV3* createPlugin(AsciiChar const*, PluginFieldCollection const* given, TensorRTPhase) noexcept override {
    for (int32_t i = 0; i < given->nbFields; ++i) {
      PluginField const& field = given->fields[i];
      if (std::string(field.name) == "epsilon" && field.type == PluginFieldType::kFLOAT32 && field.data != nullptr) {
        return new (std::nothrow) RmsNorm(*static_cast<float const*>(field.data));
      }
    }
    return nullptr;
  }

 private:
  PluginField field_{"epsilon", nullptr, PluginFieldType::kFLOAT32, 1};
  PluginFieldCollection fields_{1, &field_};
};

}  // namespace

// IPluginRegistry::loadLibrary looks for these two.
extern "C" __attribute__((visibility("default"))) IPluginCreatorInterface* const* getCreators(int32_t& count) {
  static RmsNormCreator creator;
  static IPluginCreatorInterface* const all[] = {&creator};
  count = 1;
  return all;
}
extern "C" __attribute__((visibility("default"))) void setLoggerFinder(ILoggerFinder*) {}
