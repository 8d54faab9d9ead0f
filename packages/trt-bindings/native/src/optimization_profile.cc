// nvinfer1::IOptimizationProfile.
#include "bind.h"
#include "builder.h"
#include "library.h"

namespace trt {

using namespace nvinfer1;

namespace {

#if TRT_PRODUCT_TRT10
constexpr int32_t kWideShapeValues = 101100;  // setShapeValuesV2
#else
constexpr int32_t kWideShapeValues = 0;
#endif

bool wide(const Call& call) { return call.self->session->library->version >= kWideShapeValues; }

Napi::Value setShapeValues(Call& call) {
  Argument<char const*> name(call, 0);
  Argument<OptProfileSelector> select(call, 1);
  if (!call.info[2].IsArray()) call.refuse(2, "an array of integers");
  auto list = call.info[2].As<Napi::Array>();
  if (list.Length() > 65536) call.refuse(2, "an array of at most 65536 integers");
  std::vector<int64_t> values;
  const int64_t limit = wide(call) ? INT64_MAX : INT32_MAX;
  for (uint32_t k = 0; k < list.Length(); k++) values.push_back(integerOf(call, 2, list.Get(k), -limit, limit, "an array of integers"));
  auto* profile = call.as<IOptimizationProfile>();
  bool taken = false;
  callsReachingNative++;
  const auto count = static_cast<int32_t>(values.size());
  if (wide(call)) {
    taken = profile->setShapeValuesV2(name.get(), select.get(), values.data(), count);
  } else {
#if TRT_PRODUCT_TRT10
    const std::vector<int32_t> narrow(values.begin(), values.end());
    taken = profile->setShapeValues(name.get(), select.get(), narrow.data(), count);
#endif
  }
  if (!taken) call.fail("TensorRT refused the values");
  call.check();
  return call.env().Undefined();
}

Napi::Value getShapeValues(Call& call) {
  Argument<char const*> name(call, 0);
  Argument<OptProfileSelector> select(call, 1);
  auto* profile = call.as<IOptimizationProfile>();
  callsReachingNative++;
  const int32_t count = profile->getNbShapeValues(name.get());
  if (count < 0) return call.env().Null();
  auto list = Napi::Array::New(call.env());
  auto put = [&](const auto* values) -> Napi::Value {
    if (!values) return call.env().Null();
    for (int32_t k = 0; k < count; k++) list.Set(static_cast<uint32_t>(k), Napi::Number::New(call.env(), static_cast<double>(values[k])));
    return list;
  };
#if TRT_PRODUCT_TRT10
  if (!wide(call)) return put(profile->getShapeValues(name.get(), select.get()));
#endif
  return put(profile->getShapeValuesV2(name.get(), select.get()));
}

}  // namespace

void defineOptimizationProfile() {
  define<IOptimizationProfile>("IOptimizationProfile", false, []<class C>(ClassBuilder<C> c) {
    c.custom("setDimensions", 3, 3, act<C, &C::setDimensions>);
    METHOD(getDimensions);
    c.custom("setShapeValues", 3, 3, setShapeValues);
    c.custom("getShapeValues", 2, 2, getShapeValues);
    METHOD(getNbShapeValues);
    PROPERTY(ExtraMemoryTarget);
    METHOD(isValid);
  });
}

}  // namespace trt
