// The layers of nvinfer1, A to M, each with its own setters and getters.
#include "layer.h"

namespace trt {

void defineLayers() {
  PLAIN_LAYER(ILayer);
  LAYER(IActivationLayer, PROPERTY(ActivationType); PROPERTY(Alpha); PROPERTY(Beta););
  LAYER(IAssertionLayer, PROPERTY(Message););
  LAYER(ICastLayer, PROPERTY(ToType););
  LAYER(IConcatenationLayer, PROPERTY(Axis););
  LAYER(IConstantLayer, PROPERTY(Weights); PROPERTY(Dimensions););
  LAYER(IConvolutionLayer, PROPERTY(NbOutputMaps); PROPERTY(NbGroups); PROPERTY(KernelWeights); PROPERTY(BiasWeights); PROPERTY(PrePadding);
        PROPERTY(PostPadding); PROPERTY(PaddingMode); PROPERTY(KernelSizeNd); PROPERTY(StrideNd); PROPERTY(PaddingNd); PROPERTY(DilationNd););
  LAYER(ICumulativeLayer, PROPERTY(Operation); PROPERTY(Exclusive); PROPERTY(Reverse););
  LAYER(IDeconvolutionLayer, PROPERTY(NbOutputMaps); PROPERTY(NbGroups); PROPERTY(KernelWeights); PROPERTY(BiasWeights); PROPERTY(PrePadding);
        PROPERTY(PostPadding); PROPERTY(PaddingMode); PROPERTY(KernelSizeNd); PROPERTY(StrideNd); PROPERTY(PaddingNd); PROPERTY(DilationNd););
  LAYER(IDequantizeLayer, PROPERTY(Axis); PROPERTY(BlockShape); PROPERTY(ToType););
  PLAIN_LAYER(IDistCollectiveLayer);
  LAYER(IDynamicQuantizeLayer, PROPERTY(Axis); PROPERTY(BlockSize); PROPERTY(BlockShape); PROPERTY(ScaleType); PROPERTY(ToType););
  LAYER(IEinsumLayer, PROPERTY(Equation););
  LAYER(IElementWiseLayer, PROPERTY(Operation););
  LAYER(IFillLayer, PROPERTY(Dimensions); PROPERTY(Operation); PROPERTY(Alpha); PROPERTY(Beta); PROPERTY(AlphaInt64); PROPERTY(BetaInt64);
        METHOD(isAlphaBetaInt64); PROPERTY(ToType););
  LAYER(IGatherLayer, PROPERTY(GatherAxis); PROPERTY(NbElementWiseDims); PROPERTY(Mode););
  LAYER(IGridSampleLayer, PROPERTY(InterpolationMode); PROPERTY(AlignCorners); PROPERTY(SampleMode););
  PLAIN_LAYER(IIdentityLayer);
  LAYER(IKVCacheUpdateLayer, PROPERTY(CacheMode); PROPERTY(UpdateForm); PROPERTY(UpdateLengths););
  LAYER(ILRNLayer, PROPERTY(WindowSize); PROPERTY(Alpha); PROPERTY(Beta); PROPERTY(K););
  LAYER(IMatrixMultiplyLayer,
        c.custom("setOperation", 2, 2, [](Call& call) -> Napi::Value {
          const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, 1, "0 or 1, the index of an input"));
          const auto operation = enumOf<nvinfer1::MatrixOperation>(call, 1, call.info[1]);
          callsReachingNative++;
          call.as<nvinfer1::IMatrixMultiplyLayer>()->setOperation(index, operation);
          if (call.as<nvinfer1::IMatrixMultiplyLayer>()->getOperation(index) != operation) call.fail("TensorRT did not take it");
          call.check();
          return call.env().Undefined();
        });
        c.custom("getOperation", 1, 1, [](Call& call) -> Napi::Value {
          const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, 1, "0 or 1, the index of an input"));
          callsReachingNative++;
          return nameOf(call.env(), call.as<nvinfer1::IMatrixMultiplyLayer>()->getOperation(index));
        }););
  LAYER(IMoELayer, METHOD(setGatedWeights); METHOD(setGatedBiases); PROPERTY(ActivationType); METHOD(setQuantizationStatic);
        METHOD(setQuantizationDynamicDblQ); PROPERTY(QuantizationToType); PROPERTY(QuantizationBlockShape); PROPERTY(DynQOutputScaleType);
        METHOD(setSwigluParams); PROPERTY(SwigluParamLimit); PROPERTY(SwigluParamAlpha); PROPERTY(SwigluParamBeta););
}

}  // namespace trt
