// nvinfer1::IEngineInspector.
#include "bind.h"
#include "engine.h"

namespace trt {

using namespace nvinfer1;

Napi::Value createInspector(Call& call) {
  callsReachingNative++;
  auto* inspector = call.as<ICudaEngine>()->createEngineInspector();
  if (!inspector) call.fail("TensorRT made no inspector");
  auto resource = std::make_shared<Owned<IEngineInspector>>();
  resource->object = inspector;
  resource->session = call.self->session;
  resource->parents.push_back(call.self);
  inspector->setErrorRecorder(&resource->session->recorder);
  return wrap(call.env(), classInfo<IEngineInspector>, resource);
}

// Empty where TensorRT has nothing to say, which it does not tell apart from success: 10.6 knows nothing of an engine in an
// execution context.
static Napi::Value information(Call& call, const char* text) {
  if (!text || !*text) call.fail("TensorRT has no information; with an execution context set, 10.6 has none");
  return textValue(call.env(), text);
}

// Another thread may execute the context that was set.
static void requireIdleContext(Call& call) {
  for (const auto& parent : call.self->parents) requireIdle(call.env(), *parent, call.where());
}

void defineInspector() {
  define<IEngineInspector>("IEngineInspector", true, []<class C>(ClassBuilder<C> c) {
    c.custom("setExecutionContext", 1, 1, [](Call& call) -> Napi::Value {
      std::shared_ptr<Resource> context;
      if (!call.info[0].IsNull()) {
        context = resourceOf(call, 0, classInfo<IExecutionContext>);
        if (context->session != call.self->session) raise(call.env(), "argument", call.where() + ": argument 1 is a context of another engine");
      }
      callsReachingNative++;
      if (!call.as<C>()->setExecutionContext(context ? static_cast<IExecutionContext*>(context->object) : nullptr)) call.fail("TensorRT refused it");
      call.self->parents.resize(1);
      if (context) call.self->parents.push_back(context);
      call.check();
      return call.env().Undefined();
    });
    c.custom("getLayerInformation", 2, 2, [](Call& call) -> Napi::Value {
      const int32_t count = static_cast<ICudaEngine*>(call.self->parents.front()->object)->getNbLayers();
      const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "the index of a layer"));
      if (index >= count) call.refuse(0, "the index of a layer, below " + std::to_string(count));
      Argument<LayerInformationFormat> format(call, 1);
      requireIdleContext(call);
      callsReachingNative++;
      return information(call, call.as<C>()->getLayerInformation(index, format.get()));
    });
    c.custom("getEngineInformation", 1, 1, [](Call& call) -> Napi::Value {
      Argument<LayerInformationFormat> format(call, 0);
      requireIdleContext(call);
      callsReachingNative++;
      return information(call, call.as<C>()->getEngineInformation(format.get()));
    });
  });
}

}  // namespace trt
