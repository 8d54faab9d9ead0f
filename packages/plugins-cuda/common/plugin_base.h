// What every plugin class here shares: the four interfaces of a V3 plugin, its fields, its creator. A plugin derives from
// Plugin<Derived> and says what is its own:
//
//   static constexpr char const* kName
//   static std::vector<PluginField> fieldNames()         the fields the creator takes, without data
//   explicit Derived(Fields const&)                      throws PluginError when a field is wrong
//   std::vector<PluginField> fields() const              the same with data, which must live in the plugin
//   int32_t outputs() const
//   bool accepts(int pos, DynamicPluginTensorDesc const* inOut, int inputs) const     types only; formats are linear
//   std::vector<DataType> outputTypes(DataType const* inputs) const
//   void outputShapes(DimsExprs const* in, int32_t inputs, DimsExprs* out, IExprBuilder&) const      throws PluginError
//   void check(std::vector<Dims> const& in) const        throws PluginError; dims of -1 are not known yet
//   cudaError_t run(PluginTensorDesc const* in, PluginTensorDesc const* out, void const* const*, void* const*, cudaStream_t)
#pragma once

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <NvInferRuntime.h>

#include "types.h"

namespace trt_dsl {

constexpr char const* kPluginVersion = "1";
constexpr char const* kPluginNamespace = "";

/** Thrown inside a plugin, reported to TensorRT's logger and turned into its error codes; never leaves the library. */
class PluginError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** Writes to the logger TensorRT lends to plugins, or to stderr before it has lent one. */
void report(nvinfer1::ILogger::Severity severity, std::string const& message) noexcept;

/** The library's creators and the logger: set once by setLoggerFinder. */
void useLoggerFinder(nvinfer1::ILoggerFinder* finder) noexcept;

/** Reads the fields a creator is given; a number may come in any of TensorRT's number types. */
class Fields {
 public:
  Fields(char const* plugin, nvinfer1::PluginFieldCollection const* collection);
  double number(char const* name, double byDefault) const;
  double number(char const* name) const;
  int32_t integer(char const* name, int32_t byDefault) const;
  std::string text(char const* name, std::string const& byDefault) const;
  /** The place of the field's text in `choices`. */
  int32_t choice(char const* name, std::vector<std::string> const& choices) const;

 private:
  nvinfer1::PluginField const* find(char const* name) const;
  std::string plugin_;
  std::vector<nvinfer1::PluginField> fields_;
};

/** float32, float16 or bfloat16; throws for any other. */
Type typeOf(nvinfer1::DataType type);
bool isFloat(nvinfer1::DataType type);
int64_t volume(nvinfer1::Dims const& dims, int first, int last);
std::string toString(nvinfer1::Dims const& dims);
std::string toString(float value);
/** Throws unless dims are [size], where both are known. */
void expectVector(char const* what, nvinfer1::Dims const& dims, int64_t size);

template <class Derived>
class Plugin : public nvinfer1::IPluginV3,
               public nvinfer1::IPluginV3OneCore,
               public nvinfer1::IPluginV3OneBuild,
               public nvinfer1::IPluginV3OneRuntime {
 public:
  nvinfer1::IPluginCapability* getCapabilityInterface(nvinfer1::PluginCapabilityType type) noexcept override {
    switch (type) {
      case nvinfer1::PluginCapabilityType::kCORE: return static_cast<nvinfer1::IPluginV3OneCore*>(this);
      case nvinfer1::PluginCapabilityType::kBUILD: return static_cast<nvinfer1::IPluginV3OneBuild*>(this);
      case nvinfer1::PluginCapabilityType::kRUNTIME: return static_cast<nvinfer1::IPluginV3OneRuntime*>(this);
    }
    return nullptr;
  }

  nvinfer1::IPluginV3* clone() noexcept override { return new (std::nothrow) Derived(self()); }
  nvinfer1::IPluginV3* attachToContext(nvinfer1::IPluginResourceContext*) noexcept override { return clone(); }

  char const* getPluginName() const noexcept override { return Derived::kName; }
  char const* getPluginVersion() const noexcept override { return kPluginVersion; }
  char const* getPluginNamespace() const noexcept override { return kPluginNamespace; }

  int32_t getNbOutputs() const noexcept override { return self().outputs(); }

  int32_t getOutputDataTypes(nvinfer1::DataType* types, int32_t count, nvinfer1::DataType const* inputs,
                             int32_t) const noexcept override {
    return guarded([&] {
      std::vector<nvinfer1::DataType> const result = self().outputTypes(inputs);
      for (int32_t i = 0; i < count; ++i) types[i] = result.at(i);
    });
  }

  int32_t getOutputShapes(nvinfer1::DimsExprs const* inputs, int32_t inputCount, nvinfer1::DimsExprs const*, int32_t,
                          nvinfer1::DimsExprs* outputs, int32_t, nvinfer1::IExprBuilder& builder) noexcept override {
    return guarded([&] {
      std::vector<nvinfer1::Dims> known(inputCount);
      for (int32_t i = 0; i < inputCount; ++i) {
        known[i].nbDims = inputs[i].nbDims;
        for (int32_t d = 0; d < inputs[i].nbDims; ++d) {
          known[i].d[d] = inputs[i].d[d]->isConstant() ? inputs[i].d[d]->getConstantValue() : -1;
        }
      }
      self().check(known);
      self().outputShapes(inputs, inputCount, outputs, builder);
    });
  }

  bool supportsFormatCombination(int32_t pos, nvinfer1::DynamicPluginTensorDesc const* inOut, int32_t inputs,
                                 int32_t) noexcept override {
    return inOut[pos].desc.format == nvinfer1::TensorFormat::kLINEAR && self().accepts(pos, inOut, inputs);
  }

  int32_t configurePlugin(nvinfer1::DynamicPluginTensorDesc const* in, int32_t count,
                          nvinfer1::DynamicPluginTensorDesc const*, int32_t) noexcept override {
    return guarded([&] {
      std::vector<nvinfer1::Dims> largest(count);
      for (int32_t i = 0; i < count; ++i) largest[i] = in[i].max.nbDims == in[i].desc.dims.nbDims ? in[i].max : in[i].desc.dims;
      self().check(largest);
    });
  }

  int32_t onShapeChange(nvinfer1::PluginTensorDesc const* in, int32_t count, nvinfer1::PluginTensorDesc const*,
                        int32_t) noexcept override {
    return guarded([&] {
      std::vector<nvinfer1::Dims> dims(count);
      for (int32_t i = 0; i < count; ++i) dims[i] = in[i].dims;
      self().check(dims);
    });
  }

  int32_t enqueue(nvinfer1::PluginTensorDesc const* in, nvinfer1::PluginTensorDesc const* out, void const* const* inputs,
                  void* const* outputs, void*, cudaStream_t stream) noexcept override {
    return guarded([&] {
      cudaError_t const error = self().run(in, out, inputs, outputs, stream);
      if (error != cudaSuccess) throw PluginError(std::string("launch failed: ") + cudaGetErrorString(error));
    });
  }

  nvinfer1::PluginFieldCollection const* getFieldsToSerialize() noexcept override {
    try {
      fields_ = self().fields();
    } catch (...) {
      return nullptr;
    }
    collection_ = {int32_t(fields_.size()), fields_.data()};
    return &collection_;
  }

  /** What decides the plugin's speed beside its shapes and types: TensorRT keys cached timings by it. */
  char const* getTimingCacheID() noexcept override { return identity_.c_str(); }
  char const* getMetadataString() noexcept override { return identity_.c_str(); }

 protected:
  std::string identity_;

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
  Derived const& self() const { return static_cast<Derived const&>(*this); }

  template <class Body>
  int32_t guarded(Body const& body) const noexcept {
    try {
      body();
      return 0;
    } catch (std::exception const& error) {
      report(nvinfer1::ILogger::Severity::kERROR, std::string(Derived::kName) + ": " + error.what());
      return 1;
    }
  }

  std::vector<nvinfer1::PluginField> fields_;
  nvinfer1::PluginFieldCollection collection_{};
};

template <class Derived>
class Creator : public nvinfer1::IPluginCreatorV3One {
 public:
  Creator() : fields_(Derived::fieldNames()), collection_{int32_t(fields_.size()), fields_.data()} {}

  nvinfer1::IPluginV3* createPlugin(char const*, nvinfer1::PluginFieldCollection const* collection,
                                    nvinfer1::TensorRTPhase) noexcept override {
    try {
      return new Derived(Fields(Derived::kName, collection));
    } catch (std::exception const& error) {
      report(nvinfer1::ILogger::Severity::kERROR, error.what());
      return nullptr;
    }
  }

  nvinfer1::PluginFieldCollection const* getFieldNames() noexcept override { return &collection_; }
  char const* getPluginName() const noexcept override { return Derived::kName; }
  char const* getPluginVersion() const noexcept override { return kPluginVersion; }
  char const* getPluginNamespace() const noexcept override { return kPluginNamespace; }

 private:
  std::vector<nvinfer1::PluginField> const fields_;
  nvinfer1::PluginFieldCollection const collection_;
};

}  // namespace trt_dsl
