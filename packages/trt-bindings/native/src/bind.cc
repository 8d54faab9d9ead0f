#include "bind.h"

#include "engine.h"

namespace trt {

size_t bitsOf(nvinfer1::DataType type) {
  using nvinfer1::DataType;
  switch (type) {
    case DataType::kINT64: return 64;
    case DataType::kFLOAT:
    case DataType::kINT32: return 32;
    case DataType::kHALF:
    case DataType::kBF16: return 16;
    case DataType::kINT4:
    case DataType::kFP4: return 4;
    default: return 8;
  }
}

namespace {

bool mayChangeItsSize(Napi::Env env, Napi::Object buffer) {
  const auto& getter = buffer.IsArrayBuffer() ? Environment::of(env).resizable : Environment::of(env).growable;
  return getter.Call(buffer, std::initializer_list<napi_value>{}).ToBoolean();
}

}  // namespace

bool Pin::isGone() const {
  bool is = false;
  napi_is_detached_arraybuffer(buffer.Env(), buffer.Value(), &is);
  return is;
}

bool viewOf(Napi::Env env, Napi::Value value, ByteView& view) {
  napi_value buffer = nullptr;
  size_t offset;
  napi_status status;
  bool is = false;
  if (napi_is_typedarray(env, value, &is) == napi_ok && is) {
    auto type = static_cast<napi_typedarray_type>(11);  // Float16Array, for which a Node that is older than it sets none
    size_t count;
    status = napi_get_typedarray_info(env, value, &type, &count, &view.data, &buffer, &offset);
    static const size_t sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 2};
    if (status == napi_ok) view.length = count * (static_cast<size_t>(type) < std::size(sizes) ? sizes[type] : 1);
  } else if (napi_is_dataview(env, value, &is) == napi_ok && is) {
    status = napi_get_dataview_info(env, value, &view.length, &view.data, &buffer, &offset);
  } else if (napi_is_arraybuffer(env, value, &is) == napi_ok && is) {
    status = napi_get_arraybuffer_info(env, value, &view.data, &view.length);
    buffer = value;
  } else {
    return false;
  }
  if (status != napi_ok) throw Napi::Error::New(env);
  view.buffer = Napi::Object(env, buffer);
  return true;
}

// Not Napi::ArrayBuffer::New, which frees its own once more where Node 20 refuses more than 4 GiB after it called the finalizer.
Napi::ArrayBuffer externalBuffer(Napi::Env env, void* data, size_t size, std::function<void()> release) {
  napi_value buffer = nullptr;
  auto* hint = new std::function<void()>(std::move(release));
  auto finalize = [](napi_env, void*, void* h) {
    std::unique_ptr<std::function<void()>> own(static_cast<std::function<void()>*>(h));
    (*own)();
  };
  if (napi_create_external_arraybuffer(env, data, size, finalize, hint, &buffer) != napi_ok) throw Napi::Error::New(env);
  return Napi::ArrayBuffer(env, buffer);
}

ByteView bytesOf(const Call& call, size_t i, Napi::Value value, const char* expected) {
  Napi::Env env = call.env();
  ByteView view;
  if (!viewOf(env, value, view)) call.refuse(i, expected);
  bool detached = false;
  napi_is_detached_arraybuffer(env, view.buffer, &detached);
  if (detached) call.refuse(i, "bytes of a buffer that is still there; its buffer was transferred");
  if (mayChangeItsSize(env, view.buffer)) call.refuse(i, "bytes of a buffer of fixed size; its buffer is resizable");
  return view;
}

int64_t integerOf(const Call& call, size_t i, Napi::Value value, int64_t min, int64_t max, const char* expected) {
  if (value.IsBigInt()) {
    bool lossless = false;
    const int64_t number = value.As<Napi::BigInt>().Int64Value(&lossless);
    if (!lossless || number < min || number > max) call.refuse(i, expected);
    return number;
  }
  if (!value.IsNumber()) call.refuse(i, expected);
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(std::abs(number) <= 9007199254740991.0) || number != std::trunc(number) || number < static_cast<double>(min) || number > static_cast<double>(max))
    call.refuse(i, expected);
  return static_cast<int64_t>(number);
}

std::string stringOf(const Call& call, size_t i, Napi::Value value, size_t limit) {
  if (!value.IsString()) call.refuse(i, "a string");
  std::string text = value.As<Napi::String>().Utf8Value();
  if (text.size() > limit) call.refuse(i, "a string of at most " + std::to_string(limit) + " bytes");
  if (text.find('\0') != std::string::npos) call.refuse(i, "a string without NUL characters");
  return text;
}

nvinfer1::Dims dimsOf(const Call& call, size_t i) {
  const std::string expected = "an array of at most 8 integers (dimensions)";
  if (!call.info[i].IsArray()) call.refuse(i, expected);
  auto list = call.info[i].As<Napi::Array>();
  nvinfer1::Dims dims{};
  if (list.Length() > static_cast<uint32_t>(nvinfer1::Dims::MAX_DIMS)) call.refuse(i, expected);
  dims.nbDims = static_cast<int32_t>(list.Length());
  for (int32_t k = 0; k < dims.nbDims; k++)
    dims.d[k] = integerOf(call, i, list.Get(static_cast<uint32_t>(k)), INT32_MIN, INT64_MAX, expected.c_str());
  return dims;
}

nvinfer1::Permutation permutationOf(const Call& call, size_t i) {
  const char* expected = "a permutation: an array of at most 8 axes, each once";
  if (!call.info[i].IsArray()) call.refuse(i, expected);
  auto list = call.info[i].As<Napi::Array>();
  if (list.Length() > static_cast<uint32_t>(nvinfer1::Dims::MAX_DIMS)) call.refuse(i, expected);
  nvinfer1::Permutation permutation{};
  uint32_t seen = 0;
  for (uint32_t k = 0; k < static_cast<uint32_t>(nvinfer1::Dims::MAX_DIMS); k++) {
    const int64_t axis = k < list.Length() ? integerOf(call, i, list.Get(k), 0, static_cast<int64_t>(list.Length()) - 1, expected) : k;
    if (seen & (1U << axis)) call.refuse(i, expected);
    seen |= 1U << axis;
    permutation.order[k] = static_cast<int32_t>(axis);
  }
  return permutation;
}

nvinfer1::Weights weightsOf(const Call& call, size_t i, std::vector<Pin>& pinned) {
  Napi::Value value = call.info[i];
  if (value.IsNull()) return {nvinfer1::DataType::kFLOAT, nullptr, 0};
  if (!value.IsObject() || value.IsTypedArray() || value.IsArrayBuffer()) call.refuse(i, "weights { type, data } or null");
  auto object = value.As<Napi::Object>();
  Napi::Value type = object.Get("type");
  if (!type.IsString()) call.refuse(i, "weights { type, data } or null");
  const auto dataType = enumOf<nvinfer1::DataType>(call, i, type);
  const ByteView bytes = bytesOf(call, i, object.Get("data"), "weights { type, data } whose data is a TypedArray, a DataView or an ArrayBuffer");
  const size_t bits = bitsOf(dataType);
  if (bytes.length * 8 % bits != 0) call.refuse(i, "weights whose byte length is a whole number of elements of their type");
  if (bytes.data && bytes.length) pinned.push_back({Napi::ObjectReference::New(bytes.buffer, 1), bytes.data});
  return {dataType, bytes.length ? bytes.data : nullptr, static_cast<int64_t>(bytes.length * 8 / bits)};
}

std::shared_ptr<Resource> tensorOf(Call& call, size_t i, Napi::Value value) {
  Handle* handle = handleOf(value);
  const std::string position = call.where() + ": argument " + std::to_string(i + 1);
  if (!handle || handle->cls != &classInfo<nvinfer1::ITensor>) raiseType(call.env(), position + " must be an ITensor, not " + describe(value));
  if (!handle->resource || !handle->resource->live())
    raise(call.env(), "closed", position + " is an ITensor whose network was closed, or that was removed from it");
  if (handle->resource->network() != call.self->network())
    raise(call.env(), "argument", position + " is an ITensor of another network");
  return handle->resource;
}

TensorsArgument::TensorsArgument(Call& call, size_t i) {
  if (!call.info[i].IsArray()) call.refuse(i, "an array of ITensor");
  auto list = call.info[i].As<Napi::Array>();
  if (list.Length() > 65536) call.refuse(i, "an array of at most 65536 ITensor");
  for (uint32_t k = 0; k < list.Length(); k++) {
    keep.push_back(tensorOf(call, i, list.Get(k)));
    tensors.push_back(static_cast<nvinfer1::ITensor*>(keep.back()->object));
  }
}

Napi::Value dimsValue(Napi::Env env, nvinfer1::Dims const& dims) {
  if (dims.nbDims < 0) return env.Null();
  auto list = Napi::Array::New(env, static_cast<size_t>(dims.nbDims));
  for (int32_t k = 0; k < dims.nbDims && k < nvinfer1::Dims::MAX_DIMS; k++)
    list.Set(static_cast<uint32_t>(k), Napi::Number::New(env, static_cast<double>(dims.d[k])));
  return list;
}

Napi::Value weightsValue(Napi::Env env, nvinfer1::Weights const& weights) {
  auto object = Napi::Object::New(env);
  object["type"] = nameOf(env, weights.type);
  object["count"] = Napi::Number::New(env, static_cast<double>(weights.count));
  return object;
}

// As many axes as the layer's first input has.
Napi::Value toValue(Call& call, nvinfer1::Permutation const& value) {
  uint32_t rank = nvinfer1::Dims::MAX_DIMS;
  while (rank > 0 && value.order[rank - 1] == static_cast<int32_t>(rank - 1)) rank--;
  if (const auto* input = call.as<nvinfer1::ILayer>()->getInput(0)) rank = std::max<uint32_t>(rank, std::max(0, input->getDimensions().nbDims));
  auto list = Napi::Array::New(call.env(), rank);
  for (uint32_t k = 0; k < rank; k++) list.Set(k, Napi::Number::New(call.env(), value.order[k]));
  return list;
}

Napi::Value toValue(Call& call, nvinfer1::ITensor* value) {
  if (!value) return call.env().Null();
  return wrapTensor(call.env(), std::static_pointer_cast<NetworkResource>(call.self->network()->shared_from_this()), value);
}

bool same(nvinfer1::Dims const& a, nvinfer1::Dims const& b) {
  if (a.nbDims != b.nbDims) return false;
  for (int32_t k = 0; k < a.nbDims && k < nvinfer1::Dims::MAX_DIMS; k++)
    if (a.d[k] != b.d[k]) return false;
  return true;
}

bool same(nvinfer1::Weights const& a, nvinfer1::Weights const& b) {
  return a.count == b.count && (a.count == 0 || (a.type == b.type && a.values == b.values));
}

bool same(nvinfer1::Permutation const& a, nvinfer1::Permutation const& b) {
  return std::equal(std::begin(a.order), std::end(a.order), std::begin(b.order));
}

}  // namespace trt
