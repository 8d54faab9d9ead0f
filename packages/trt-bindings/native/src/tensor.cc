// nvinfer1::ITensor.
#include "bind.h"

namespace trt {

using namespace nvinfer1;

namespace {

// The shape TensorRT infers. An illegal layer upstream shows itself here, with TensorRT's words.
Napi::Value getDimensions(Call& call) {
  callsReachingNative++;
  const Dims dims = call.as<ITensor>()->getDimensions();
  if (dims.nbDims < 0) call.fail(std::string("TensorRT finds no shape for tensor \"") + call.as<ITensor>()->getName() + '"');
  call.check();
  return dimsValue(call.env(), dims);
}

Napi::Value setDimensionName(Call& call) {
  const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, Dims::MAX_DIMS - 1, "an axis"));
  Argument<char const*> name(call, 1);
  callsReachingNative++;
  call.as<ITensor>()->setDimensionName(index, name.get());
  call.check();
  return call.env().Undefined();
}

Napi::Value getDimensionName(Call& call) {
  const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, Dims::MAX_DIMS - 1, "an axis"));
  callsReachingNative++;
  return textValue(call.env(), call.as<ITensor>()->getDimensionName(index));
}

}  // namespace

void defineTensor() {
  define<ITensor>("ITensor", false, []<class C>(ClassBuilder<C> c) {
    PROPERTY(Name);
    c.custom("setDimensions", 1, 1, assign<C, &C::setDimensions, &C::getDimensions>);
    c.custom("getDimensions", 0, 0, getDimensions);
    METHOD(getType);
    METHOD(setType);
    METHOD(isNetworkInput);
    METHOD(isNetworkOutput);
    METHOD(isShapeTensor);
    METHOD(isExecutionTensor);
    METHOD(getLocation);
    c.custom("setAllowedFormats", 1, 1, [](Call& call) -> Napi::Value {
      const uint32_t mask = maskOf<TensorFormat>(call, 0);
      callsReachingNative++;
      call.as<ITensor>()->setAllowedFormats(mask);
      if (call.as<ITensor>()->getAllowedFormats() != mask) call.fail("TensorRT did not take these formats");
      call.check();
      return call.env().Undefined();
    });
    c.custom("getAllowedFormats", 0, 0, [](Call& call) -> Napi::Value {
      callsReachingNative++;
      return namesOf<TensorFormat>(call.env(), call.as<ITensor>()->getAllowedFormats());
    });
    c.custom("setDimensionName", 2, 2, setDimensionName);
    c.custom("getDimensionName", 1, 1, getDimensionName);
  });
}

}  // namespace trt
