#include "plugin_base.h"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <cuda_fp16.h>

namespace trt_dsl {
namespace {

std::atomic<nvinfer1::ILoggerFinder*> loggerFinder{nullptr};

template <typename T>
double read(void const* data) {
  T value;
  std::memcpy(&value, data, sizeof value);
  return double(value);
}

}  // namespace

void useLoggerFinder(nvinfer1::ILoggerFinder* finder) noexcept { loggerFinder = finder; }

void report(nvinfer1::ILogger::Severity severity, std::string const& message) noexcept {
  nvinfer1::ILoggerFinder* const finder = loggerFinder;
  nvinfer1::ILogger* const logger = finder != nullptr ? finder->findLogger() : nullptr;
  if (logger != nullptr) logger->log(severity, message.c_str());
  else std::fprintf(stderr, "[trt-dsl] %s\n", message.c_str());
}

Fields::Fields(char const* plugin, nvinfer1::PluginFieldCollection const* collection) : plugin_(plugin) {
  if (collection != nullptr && collection->nbFields > 0) {
    fields_.assign(collection->fields, collection->fields + collection->nbFields);
  }
}

nvinfer1::PluginField const* Fields::find(char const* name) const {
  for (nvinfer1::PluginField const& field : fields_) {
    if (field.name != nullptr && std::strcmp(field.name, name) == 0 && field.data != nullptr && field.length > 0) {
      return &field;
    }
  }
  return nullptr;
}

double Fields::number(char const* name) const {
  nvinfer1::PluginField const* const field = find(name);
  if (field == nullptr) throw PluginError(plugin_ + ": field " + name + " is missing");
  using FieldType = nvinfer1::PluginFieldType;
  switch (field->type) {
    case FieldType::kFLOAT16: return double(float(*static_cast<__half const*>(field->data)));
    case FieldType::kFLOAT32: return read<float>(field->data);
    case FieldType::kFLOAT64: return read<double>(field->data);
    case FieldType::kINT8: return read<int8_t>(field->data);
    case FieldType::kINT16: return read<int16_t>(field->data);
    case FieldType::kINT32: return read<int32_t>(field->data);
    case FieldType::kINT64: return read<int64_t>(field->data);
    default: throw PluginError(plugin_ + ": field " + name + " is not a number");
  }
}

double Fields::number(char const* name, double byDefault) const { return find(name) != nullptr ? number(name) : byDefault; }

int32_t Fields::integer(char const* name, int32_t byDefault) const {
  double const value = number(name, byDefault);
  if (!(std::fabs(value) < 2147483648.0) || value != std::floor(value)) {
    throw PluginError(plugin_ + ": field " + name + " is " + std::to_string(value) + ", not an integer");
  }
  return int32_t(value);
}

std::string Fields::text(char const* name, std::string const& byDefault) const {
  nvinfer1::PluginField const* const field = find(name);
  if (field == nullptr) return byDefault;
  if (field->type != nvinfer1::PluginFieldType::kCHAR) throw PluginError(plugin_ + ": field " + name + " is not text");
  char const* const data = static_cast<char const*>(field->data);
  return std::string(data, strnlen(data, size_t(field->length)));
}

int32_t Fields::choice(char const* name, std::vector<std::string> const& choices) const {
  std::string const value = text(name, choices.front());
  std::string all;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == value) return int32_t(i);
    all += (i > 0 ? ", " : "") + choices[i];
  }
  throw PluginError(plugin_ + ": field " + name + " is '" + value + "', expected one of " + all);
}

Type typeOf(nvinfer1::DataType type) {
  switch (type) {
    case nvinfer1::DataType::kFLOAT: return Type::kFloat32;
    case nvinfer1::DataType::kHALF: return Type::kFloat16;
    case nvinfer1::DataType::kBF16: return Type::kBFloat16;
    default: throw PluginError("data type " + std::to_string(int32_t(type)) + " is not float32, float16 or bfloat16");
  }
}

bool isFloat(nvinfer1::DataType type) {
  return type == nvinfer1::DataType::kFLOAT || type == nvinfer1::DataType::kHALF || type == nvinfer1::DataType::kBF16;
}

int64_t volume(nvinfer1::Dims const& dims, int first, int last) {
  int64_t product = 1;
  for (int i = first; i < last; ++i) product *= dims.d[i];
  return product;
}

std::string toString(nvinfer1::Dims const& dims) {
  std::string text = "[";
  for (int i = 0; i < dims.nbDims; ++i) text += (i > 0 ? ", " : "") + std::to_string(dims.d[i]);
  return text + "]";
}

std::string toString(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", double(value));
  return text;
}

void expectVector(char const* what, nvinfer1::Dims const& dims, int64_t size) {
  if (dims.nbDims != 1 || (dims.d[0] >= 0 && size >= 0 && dims.d[0] != size)) {
    throw PluginError(std::string(what) + " is " + toString(dims) + ", expected [" + std::to_string(size) + "]");
  }
}

}  // namespace trt_dsl
