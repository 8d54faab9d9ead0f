// The layers of nvinfer1, N to Z, each with its own setters and getters.
#include "layer.h"

namespace trt {

namespace {

Napi::Value setScales(Call& call) {
  if (!call.info[0].IsArray()) call.refuse(0, "an array of numbers");
  auto list = call.info[0].As<Napi::Array>();
  std::vector<float> scales;
  if (list.Length() > static_cast<uint32_t>(nvinfer1::Dims::MAX_DIMS)) call.refuse(0, "an array of at most 8 numbers");
  for (uint32_t k = 0; k < list.Length(); k++) {
    Napi::Value value = list.Get(k);
    if (!value.IsNumber()) call.refuse(0, "an array of numbers");
    scales.push_back(value.As<Napi::Number>().FloatValue());
  }
  auto* layer = call.as<nvinfer1::IResizeLayer>();
  callsReachingNative++;
  layer->setScales(scales.data(), static_cast<int32_t>(scales.size()));
  call.check();
  std::vector<float> kept(scales.size());
  const int32_t count = layer->getScales(static_cast<int32_t>(kept.size()), kept.data());
  if (count != static_cast<int32_t>(scales.size()) || kept != scales) call.fail("TensorRT did not take these scales");
  return call.env().Undefined();
}

Napi::Value getScales(Call& call) {
  float scales[nvinfer1::Dims::MAX_DIMS];
  callsReachingNative++;
  const auto* layer = call.as<nvinfer1::IResizeLayer>();
  const int32_t count = layer->getScales(0, nullptr);  // only a buffer of exactly the right size is filled
  call.self->session->recorder.clear();
  if (count > 0 && count <= nvinfer1::Dims::MAX_DIMS) layer->getScales(count, scales);
  auto list = Napi::Array::New(call.env());
  for (int32_t k = 0; k < count && k < nvinfer1::Dims::MAX_DIMS; k++) list.Set(static_cast<uint32_t>(k), Napi::Number::New(call.env(), scales[k]));
  return list;
}

}  // namespace

void defineMoreLayers() {
  LAYER(INMSLayer, PROPERTY(BoundingBoxFormat); PROPERTY(TopKBoxLimit); PROPERTY(IndicesType););
  LAYER(INonZeroLayer, PROPERTY(IndicesType););
  LAYER(INormalizationLayer, PROPERTY(Epsilon); PROPERTY(Axes); PROPERTY(NbGroups); PROPERTY(ComputePrecision); METHOD(isV2););
  LAYER(IOneHotLayer, PROPERTY(Axis););
  LAYER(IPaddingLayer, PROPERTY(PrePaddingNd); PROPERTY(PostPaddingNd););
  PLAIN_LAYER(IParametricReLULayer);
  PLAIN_LAYER(IPluginV2Layer);
  PLAIN_LAYER(IPluginV3Layer);
  LAYER(IPoolingLayer, PROPERTY(PoolingType); PROPERTY(BlendFactor); PROPERTY(AverageCountExcludesPadding); PROPERTY(PrePadding); PROPERTY(PostPadding);
        PROPERTY(PaddingMode); PROPERTY(WindowSizeNd); PROPERTY(StrideNd); PROPERTY(PaddingNd););
  LAYER(IQuantizeLayer, PROPERTY(Axis); PROPERTY(BlockShape); PROPERTY(ToType););
  PLAIN_LAYER(IRaggedSoftMaxLayer);
  LAYER(IReduceLayer, PROPERTY(Operation); PROPERTY(ReduceAxes); PROPERTY(KeepDimensions););
  LAYER(IResizeLayer, PROPERTY(OutputDimensions); c.custom("setScales", 1, 1, setScales); c.custom("getScales", 0, 0, getScales); PROPERTY(ResizeMode);
        PROPERTY(CoordinateTransformation); PROPERTY(SelectorForSinglePixel); PROPERTY(NearestRounding); PROPERTY(CubicCoeff); PROPERTY(ExcludeOutside););
  LAYER(IReverseSequenceLayer, PROPERTY(BatchAxis); PROPERTY(SequenceAxis););
  LAYER(IRotaryEmbeddingLayer, PROPERTY(Interleaved); PROPERTY(RotaryEmbeddingDim););
  LAYER(IScaleLayer, PROPERTY(Mode); PROPERTY(Shift); PROPERTY(Scale); PROPERTY(Power); PROPERTY(ChannelAxis););
  LAYER(IScatterLayer, PROPERTY(Mode); PROPERTY(Axis););
  PLAIN_LAYER(ISelectLayer);
  PLAIN_LAYER(IShapeLayer);
  LAYER(IShuffleLayer, PROPERTY(FirstTranspose); PROPERTY(ReshapeDimensions); PROPERTY(SecondTranspose); PROPERTY(ZeroIsPlaceholder););
  LAYER(ISliceLayer, PROPERTY(Start); PROPERTY(Size); PROPERTY(Stride); PROPERTY(Mode); PROPERTY(Axes););
  LAYER(ISoftMaxLayer, PROPERTY(Axes););
  PLAIN_LAYER(ISqueezeLayer);
  LAYER(ITopKLayer, PROPERTY(Operation); PROPERTY(K); PROPERTY(ReduceAxes); PROPERTY(IndicesType););
  LAYER(IUnaryLayer, PROPERTY(Operation););
  PLAIN_LAYER(IUnsqueezeLayer);
}

}  // namespace trt
