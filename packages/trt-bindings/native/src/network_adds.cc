// The add* methods of nvinfer1::INetworkDefinition, every one of them.
#include "bind.h"

namespace trt {

using namespace nvinfer1;

namespace {

// An illegal layer comes back as an object whose output has no shape; here it is an error. Layers that setters may still
// complete (the axis of a concatenation or quantization, the padding of a convolution) are left alone until
// ITensor.getDimensions is called.
template <class L>
Napi::Value checked(Call& call, L* layer, bool shapesLater = false) {
  if (!layer) call.fail("TensorRT refused the layer");
  Napi::Value value = toValue(call, layer);
  if constexpr (std::is_base_of_v<ILayer, L>) {
    if (!shapesLater)
      for (int32_t k = 0; k < layer->getNbOutputs(); k++)
        if (const ITensor* output = layer->getOutput(k); output && output->getDimensions().nbDims < 0)
          call.fail("TensorRT finds no shape for output " + std::to_string(k) + " of the layer");
  }
  call.check();
  return value;
}

template <auto M, bool ShapesLater = false>
Napi::Value add(Call& call) {
  auto* layer = Bind<INetworkDefinition, M>::run(call);
  return checked(call, layer, ShapesLater);
}

Napi::Value addInput(Call& call) {
  Argument<char const*> name(call, 0);
  Argument<DataType> type(call, 1);
  Argument<Dims> dims(call, 2);
  callsReachingNative++;
  ITensor* tensor = call.as<INetworkDefinition>()->addInput(name.get(), type.get(), dims.get());
  if (!tensor) call.fail("TensorRT refused the input");
  call.check();
  return toValue(call, tensor);
}

Napi::Value addConcatenation(Call& call) {
  TensorsArgument inputs(call, 0);
  if (inputs.tensors.empty()) call.refuse(0, "an array of at least one ITensor");
  callsReachingNative++;
  return checked(call, call.as<INetworkDefinition>()->addConcatenation(inputs.tensors.data(), static_cast<int32_t>(inputs.tensors.size())), true);
}

Napi::Value addEinsum(Call& call) {
  TensorsArgument inputs(call, 0);
  Argument<char const*> equation(call, 1);
  if (inputs.tensors.empty()) call.refuse(0, "an array of at least one ITensor");
  callsReachingNative++;
  return checked(call, call.as<INetworkDefinition>()->addEinsum(inputs.tensors.data(), static_cast<int32_t>(inputs.tensors.size()), equation.get()));
}

#if TRT_PRODUCT_TRT10
constexpr int32_t kIndicesTypeSince = 101400;
#else
constexpr int32_t kIndicesTypeSince = 0;
#endif

// The type of indices is a parameter since TensorRT 10.14; before, they are int32.
bool indicesType(Call& call, size_t i, DataType& type) {
  if (!call.given(i)) return false;
  Argument<DataType> argument(call, i);
  call.requireVersion("its argument indicesType", kIndicesTypeSince);
  type = argument.get();
  return true;
}

Napi::Value addTopK(Call& call) {
  Argument<ITensor> input(call, 0);
  Argument<TopKOperation> op(call, 1);
  Argument<int32_t> k(call, 2);
  Argument<uint32_t> axes(call, 3);
  DataType type;
  auto* network = call.as<INetworkDefinition>();
  const bool typed = indicesType(call, 4, type);
  callsReachingNative++;
  return checked(call, typed ? network->addTopK(input.get(), op.get(), k.get(), axes.get(), type) : network->addTopK(input.get(), op.get(), k.get(), axes.get()));
}

Napi::Value addNonZero(Call& call) {
  Argument<ITensor> input(call, 0);
  DataType type;
  auto* network = call.as<INetworkDefinition>();
  const bool typed = indicesType(call, 1, type);
  callsReachingNative++;
  return checked(call, typed ? network->addNonZero(input.get(), type) : network->addNonZero(input.get()));
}

Napi::Value addNMS(Call& call) {
  Argument<ITensor> boxes(call, 0), scores(call, 1), limit(call, 2);
  DataType type;
  auto* network = call.as<INetworkDefinition>();
  const bool typed = indicesType(call, 3, type);
  callsReachingNative++;
  return checked(call, typed ? network->addNMS(boxes.get(), scores.get(), limit.get(), type) : network->addNMS(boxes.get(), scores.get(), limit.get()));
}

#if TRT_HAS_PLUGINS
Napi::Value addPluginV2(Call& call) {
  TensorsArgument inputs(call, 0);
  auto plugin = resourceOf(call, 1, classInfo<IPluginV2>);
  callsReachingNative++;
  auto* layer = call.as<INetworkDefinition>()->addPluginV2(inputs.tensors.data(), static_cast<int32_t>(inputs.tensors.size()), *static_cast<IPluginV2*>(plugin->object));
  call.self->parents.push_back(plugin);
  return checked(call, layer);
}

Napi::Value addPluginV3(Call& call) {
  TensorsArgument inputs(call, 0), shapeInputs(call, 1);
  auto plugin = resourceOf(call, 2, classInfo<IPluginV3>);
  callsReachingNative++;
  auto* layer = call.as<INetworkDefinition>()->addPluginV3(inputs.tensors.data(), static_cast<int32_t>(inputs.tensors.size()), shapeInputs.tensors.data(),
                                                           static_cast<int32_t>(shapeInputs.tensors.size()), *static_cast<IPluginV3*>(plugin->object));
  call.self->parents.push_back(plugin);
  return checked(call, layer);
}
#endif

// Chooses one of several overloads by its parameters.
template <class L, class... A>
using Add = L* (INetworkDefinition::*)(A...) noexcept;

template <class C>
void addGroups(ClassBuilder<C>& c) {
  if constexpr (requires { &C::addDistCollective; })
    c.custom("addDistCollective", 5, 5, [](Call& call) -> Napi::Value {
      Argument<ITensor> input(call, 0);
      Argument<CollectiveOperation> op(call, 1);
      Argument<ReduceOperation> reduce(call, 2);
      Argument<int64_t> root(call, 3);
      std::vector<int64_t> groups;
      if (!call.info[4].IsNull()) {
        if (!call.info[4].IsArray()) call.refuse(4, "an array of integers or null");
        auto list = call.info[4].As<Napi::Array>();
        for (uint32_t k = 0; k < list.Length() && k < 65536; k++) groups.push_back(integerOf(call, 4, list.Get(k), 0, INT32_MAX, "an array of integers or null"));
      }
      callsReachingNative++;
      return checked(call, call.as<C>()->addDistCollective(input.get(), op.get(), reduce.get(), root.get(), groups.empty() ? nullptr : groups.data(),
                                                           static_cast<int64_t>(groups.size())));
    });
}

}  // namespace

#define ADD(name)                          \
  if constexpr (requires { &C::name; })    \
  c.custom(#name, Signature<decltype(&C::name)>::arity, Signature<decltype(&C::name)>::arity, add<&C::name>)
#define ADD_SHAPED_LATER(name)             \
  if constexpr (requires { &C::name; })    \
  c.custom(#name, Signature<decltype(&C::name)>::arity, Signature<decltype(&C::name)>::arity, add<&C::name, true>)
#define ADD_OVERLOAD(name, Layer, ...)                                       \
  if constexpr (requires { static_cast<Add<Layer, __VA_ARGS__>>(&C::name); }) \
  c.custom(#name, Signature<Add<Layer, __VA_ARGS__>>::arity, Signature<Add<Layer, __VA_ARGS__>>::arity, add<static_cast<Add<Layer, __VA_ARGS__>>(&C::name), true>)

void defineNetworkAdds(ClassInfo& cls) {
  auto all = []<class C>(ClassBuilder<C> c) {
    c.custom("addInput", 3, 3, addInput);
    ADD(addActivation);
    ADD(addAssertion);
    ADD(addAttention);
    ADD(addAttentionV2);
    ADD(addCast);
    c.custom("addConcatenation", 1, 1, addConcatenation);
    ADD(addConstant);
    ADD_SHAPED_LATER(addConvolutionNd);
    ADD(addCumulative);
    ADD_SHAPED_LATER(addDeconvolutionNd);
    ADD_OVERLOAD(addDequantize, IDequantizeLayer, ITensor&, ITensor&, DataType);
    addGroups(c);
    ADD_SHAPED_LATER(addDynamicQuantize);
    ADD_SHAPED_LATER(addDynamicQuantizeV2);
    c.custom("addEinsum", 2, 2, addEinsum);
    ADD(addElementWise);
    c.custom("addFill", 3, 3, add<static_cast<Add<IFillLayer, Dims const&, FillOperation, DataType>>(&C::addFill), true>);
    ADD_SHAPED_LATER(addGather);
    ADD_SHAPED_LATER(addGatherV2);
    ADD(addGridSample);
    ADD(addIdentity);
    ADD(addIfConditional);
    ADD_SHAPED_LATER(addKVCacheUpdate);
    ADD(addLoop);
    ADD(addLRN);
    ADD(addMatrixMultiply);
    ADD_SHAPED_LATER(addMoE);
    c.custom("addNMS", 3, 4, addNMS);
    c.custom("addNonZero", 1, 2, addNonZero);
    ADD_SHAPED_LATER(addNormalization);
    ADD_SHAPED_LATER(addNormalizationV2);
    ADD_SHAPED_LATER(addOneHot);
    ADD(addPaddingNd);
    ADD(addParametricReLU);
#if TRT_HAS_PLUGINS
    c.custom("addPluginV2", 2, 2, addPluginV2);
    c.custom("addPluginV3", 3, 3, addPluginV3);
#endif
    ADD_SHAPED_LATER(addPoolingNd);
    ADD_OVERLOAD(addQuantize, IQuantizeLayer, ITensor&, ITensor&, DataType);
    ADD(addRaggedSoftMax);
    ADD(addReduce);
    ADD_SHAPED_LATER(addResize);
    ADD_SHAPED_LATER(addReverseSequence);
    ADD(addRotaryEmbedding);
    ADD(addScale);
    ADD(addScaleNd);
    ADD_SHAPED_LATER(addScatter);
    ADD(addSelect);
    ADD(addShape);
    ADD(addShuffle);
    ADD_SHAPED_LATER(addSlice);
    ADD(addSoftMax);
    ADD_OVERLOAD(addSqueeze, ISqueezeLayer, ITensor&, ITensor&);
    ADD(addUnary);
    ADD(addUnsqueeze);
    c.custom("addTopK", 4, 5, addTopK);
  };
  all(ClassBuilder<INetworkDefinition>{cls});
}

}  // namespace trt
