// nvinfer1::ILoop, IIfConditional and IAttention with the layers at their borders.
#include "layer.h"

namespace trt {

using namespace nvinfer1;

void defineControlFlow() {
  LAYER(IConditionLayer, METHOD(getConditional););
  LAYER(IIfConditionalInputLayer, METHOD(getConditional););
  LAYER(IIfConditionalOutputLayer, METHOD(getConditional););
  LAYER(IRecurrenceLayer, METHOD(getLoop););
  LAYER(ITripLimitLayer, METHOD(getLoop); METHOD(getTripLimit););
  LAYER(IIteratorLayer, METHOD(getLoop); PROPERTY(Axis); PROPERTY(Reverse););
  LAYER(ILoopOutputLayer, METHOD(getLoop); METHOD(getLoopOutput); PROPERTY(Axis););
  LAYER(IAttentionInputLayer, METHOD(getAttention););
  LAYER(IAttentionOutputLayer, METHOD(getAttention););

  define<IIfConditional>("IIfConditional", false, []<class C>(ClassBuilder<C> c) {
    c.custom("setCondition", 1, 1, query<C, &C::setCondition>);
    METHOD(addOutput);
    METHOD(addInput);
    PROPERTY(Name);
  });

  define<ILoop>("ILoop", false, []<class C>(ClassBuilder<C> c) {
    METHOD(addRecurrence);
    METHOD(addTripLimit);
    c.custom("addIterator", 1, 3, [](Call& call) -> Napi::Value {
      Argument<ITensor> tensor(call, 0);
      const int32_t axis = call.given(1) ? Argument<int32_t>(call, 1).get() : 0;
      const bool reverse = call.given(2) ? Argument<bool>(call, 2).get() : false;
      callsReachingNative++;
      auto* layer = call.as<ILoop>()->addIterator(tensor.get(), axis, reverse);
      call.check();
      if (!layer) call.fail("TensorRT refused the iterator");
      return toValue(call, layer);
    });
    c.custom("addLoopOutput", 2, 3, [](Call& call) -> Napi::Value {
      Argument<ITensor> tensor(call, 0);
      Argument<LoopOutput> kind(call, 1);
      const int32_t axis = call.given(2) ? Argument<int32_t>(call, 2).get() : 0;
      callsReachingNative++;
      auto* layer = call.as<ILoop>()->addLoopOutput(tensor.get(), kind.get(), axis);
      call.check();
      if (!layer) call.fail("TensorRT refused the loop output");
      return toValue(call, layer);
    });
    PROPERTY(Name);
  });

  define<IAttention>("IAttention", false, []<class C>(ClassBuilder<C> c) {
    PROPERTY(NormalizationOperation);
    PROPERTY(Mask);
    PROPERTY(Causal);
    PROPERTY(CausalKind);
    PROPERTY(Decomposable);
    METHOD(getNbInputs);
    METHOD(getNbOutputs);
    METHOD(setInput);
    c.custom("getInput", 1, 1, [](Call& call) -> Napi::Value {
      const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "an index"));
      if (index >= call.as<IAttention>()->getNbInputs()) call.refuse(0, "an index below " + std::to_string(call.as<IAttention>()->getNbInputs()));
      callsReachingNative++;
      return toValue(call, call.as<IAttention>()->getInput(index));
    });
    c.custom("getOutput", 1, 1, [](Call& call) -> Napi::Value {
      const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "an index"));
      if (index >= call.as<IAttention>()->getNbOutputs()) call.refuse(0, "an index below " + std::to_string(call.as<IAttention>()->getNbOutputs()));
      callsReachingNative++;
      return toValue(call, call.as<IAttention>()->getOutput(index));
    });
    PROPERTY(Name);
    PROPERTY(Metadata);
    PROPERTY(NormalizationQuantizeScale);
    PROPERTY(NormalizationQuantizeToType);
    PROPERTY(NbRanks);
    PROPERTY(QueryForm);
    PROPERTY(KeyValueForm);
    PROPERTY(QueryLengths);
    PROPERTY(KeyValueLengths);
  });
}

}  // namespace trt
