// nvinfer1::IBuilderConfig.
#include "bind.h"
#include "builder.h"

namespace trt {

using namespace nvinfer1;

namespace {

// A pair of a setter by key and its getter: setX(key, value), getX(key).
template <auto Set, auto Get, class K, class V>
Napi::Value assignKeyed(Call& call) {
  Argument<K> key(call, 0);
  Argument<V> value(call, 1);
  auto* config = call.as<IBuilderConfig>();
  callsReachingNative++;
  (config->*Set)(key.get(), value.get());
  call.check();
  const auto kept = (config->*Get)(key.get());
  if (!same(kept, value.get())) call.fail("TensorRT did not take " + describe(call.info[1]) + ", it kept " + Napi::Value(toValue(call, kept)).ToString().Utf8Value());
  return call.env().Undefined();
}

Napi::Value setFlag(Call& call) {
  Argument<BuilderFlag> flag(call, 0);
  callsReachingNative++;
  call.as<IBuilderConfig>()->setFlag(flag.get());
  call.check();
  if (!call.as<IBuilderConfig>()->getFlag(flag.get())) call.fail("TensorRT did not take it");
  return call.env().Undefined();
}

Napi::Value setFlags(Call& call) {
  const uint32_t mask = maskOf<BuilderFlag>(call, 0);
  callsReachingNative++;
  call.as<IBuilderConfig>()->setFlags(mask);
  call.check();
  if (call.as<IBuilderConfig>()->getFlags() != mask) call.fail("TensorRT did not take these flags");
  return call.env().Undefined();
}

Napi::Value addOptimizationProfile(Call& call) {
  auto profile = resourceOf(call, 0, classInfo<IOptimizationProfile>);
  if (profile->session != call.self->session) raise(call.env(), "argument", call.where() + ": argument 1 is a profile of another builder");
  callsReachingNative++;
  const int32_t index = call.as<IBuilderConfig>()->addOptimizationProfile(static_cast<IOptimizationProfile*>(profile->object));
  if (index < 0) call.fail("TensorRT refused the profile; has every dynamic input its MIN, OPT and MAX?");
  call.check();
  return Napi::Number::New(call.env(), index);
}

Napi::Value createTimingCache(Call& call) {
  ByteView blob;
  if (call.given(0) && !call.info[0].IsNull()) blob = bytesOf(call, 0);
  callsReachingNative++;
  auto* cache = call.as<IBuilderConfig>()->createTimingCache(blob.length ? blob.data : nullptr, blob.length);
  if (!cache) call.fail("TensorRT refused the timing cache; was it saved by this version, on this kind of GPU?");
  auto resource = std::make_shared<Owned<ITimingCache>>();
  resource->object = cache;
  resource->session = call.self->session;
  resource->parents.push_back(call.self->parents.front());  // the builder: a config refers to the cache that is set on it, not the other way
  call.check();
  return wrap(call.env(), classInfo<ITimingCache>, resource);
}

Napi::Value setTimingCache(Call& call) {
  auto cache = resourceOf(call, 0, classInfo<ITimingCache>);
  Argument<bool> ignoreMismatch(call, 1);
  if (cache->session != call.self->session) raise(call.env(), "argument", call.where() + ": argument 1 is a timing cache of another builder's config");
  if (call.as<IBuilderConfig>()->getTimingCache() == cache->object) return call.env().Undefined();  // it is set already
  static_cast<ConfigResource*>(call.self.get())->forgetCaches();
  callsReachingNative++;
  if (!call.as<IBuilderConfig>()->setTimingCache(*static_cast<ITimingCache*>(cache->object), ignoreMismatch.get())) call.fail("TensorRT refused the timing cache");
  call.check();
  call.self->parents.push_back(cache);
  return call.env().Undefined();
}

Napi::Value getTimingCache(Call& call) {
  callsReachingNative++;
  auto* cache = const_cast<ITimingCache*>(call.as<IBuilderConfig>()->getTimingCache());
  if (!cache) return call.env().Null();
  auto resource = std::make_shared<Resource>();  // the config, or another handle, owns it
  resource->object = cache;
  resource->session = call.self->session;
  resource->parents = {call.self};
  static_cast<ConfigResource*>(call.self.get())->caches.push_back(resource);
  return wrap(call.env(), classInfo<ITimingCache>, resource);
}

Napi::Value setPluginsToSerialize(Call& call) {
  if (!call.info[0].IsArray()) call.refuse(0, "an array of paths");
  auto list = call.info[0].As<Napi::Array>();
  std::vector<std::string> paths;
  if (list.Length() > 1024) call.refuse(0, "an array of at most 1024 paths");
  for (uint32_t k = 0; k < list.Length(); k++) paths.push_back(stringOf(call, 0, list.Get(k)));
  std::vector<const char*> pointers;
  for (auto& path : paths) pointers.push_back(path.c_str());
  callsReachingNative++;
  call.as<IBuilderConfig>()->setPluginsToSerialize(pointers.data(), static_cast<int32_t>(pointers.size()));
  call.check();
  return call.env().Undefined();
}

Napi::Value getPluginsToSerialize(Call& call) {
  callsReachingNative++;
  auto list = Napi::Array::New(call.env());
  const auto* config = call.as<IBuilderConfig>();
  for (int32_t k = 0; k < config->getNbPluginsToSerialize(); k++) list.Set(static_cast<uint32_t>(k), textValue(call.env(), config->getPluginToSerialize(k)));
  return list;
}

template <class C>
void computeCapabilities(ClassBuilder<C>& c) {
#if TRT_PRODUCT_RTX
    PROPERTY(NbComputeCapabilities);
    c.custom("setComputeCapability", 2, 2, [](Call& call) -> Napi::Value {
      Argument<ComputeCapability> capability(call, 0);
      const int32_t count = call.as<C>()->getNbComputeCapabilities();
      const auto index = static_cast<int32_t>(integerOf(call, 1, call.info[1], 0, INT32_MAX, "an index"));
      if (index >= count) call.refuse(1, "an index below " + std::to_string(count) + " (setNbComputeCapabilities)");
      callsReachingNative++;
      if (!call.as<C>()->setComputeCapability(capability.get(), index)) call.fail("TensorRT refused it");
      call.check();
      return call.env().Undefined();
    });
    c.custom("getComputeCapability", 1, 1, [](Call& call) -> Napi::Value {
      const int32_t count = call.as<C>()->getNbComputeCapabilities();
      const auto index = static_cast<int32_t>(integerOf(call, 0, call.info[0], 0, INT32_MAX, "an index"));
      if (index >= count) call.refuse(0, "an index below " + std::to_string(count));
      callsReachingNative++;
      return nameOf(call.env(), call.as<C>()->getComputeCapability(index));
    });
#endif
}

}  // namespace

void defineBuilderConfig() {
  define<IBuilderConfig>("IBuilderConfig", true, []<class C>(ClassBuilder<C> c) {
    PROPERTY(AvgTimingIterations);
    PROPERTY(EngineCapability);
    c.custom("setFlag", 1, 1, setFlag);
    METHOD(clearFlag);
    METHOD(getFlag);
    c.custom("setFlags", 1, 1, setFlags);
    c.custom("getFlags", 0, 0, [](Call& call) -> Napi::Value {
      callsReachingNative++;
      return namesOf<BuilderFlag>(call.env(), call.as<IBuilderConfig>()->getFlags());
    });
    METHOD(setDeviceType);
    METHOD(getDeviceType);
    METHOD(isDeviceTypeSet);
    METHOD(resetDeviceType);
    METHOD(canRunOnDLA);
    PROPERTY(DLACore);
    PROPERTY(DefaultDeviceType);
    c.custom("reset", 0, 0, [](Call& call) -> Napi::Value {
      static_cast<ConfigResource*>(call.self.get())->forgetCaches();
      return act<IBuilderConfig, &IBuilderConfig::reset>(call);
    });
    c.custom("addOptimizationProfile", 1, 1, addOptimizationProfile);
    METHOD(getNbOptimizationProfiles);
    PROPERTY(ProfilingVerbosity);
    c.custom("setTacticSources", 1, 1, [](Call& call) -> Napi::Value {
      const uint32_t mask = maskOf<TacticSource>(call, 0);
      callsReachingNative++;
      if (!call.as<IBuilderConfig>()->setTacticSources(mask)) call.fail("TensorRT refused these tactic sources");
      call.check();
      return call.env().Undefined();
    });
    c.custom("getTacticSources", 0, 0, [](Call& call) -> Napi::Value {
      callsReachingNative++;
      return namesOf<TacticSource>(call.env(), call.as<IBuilderConfig>()->getTacticSources());
    });
    c.custom("createTimingCache", 0, 1, createTimingCache);
    c.custom("setTimingCache", 2, 2, setTimingCache);
    c.custom("getTimingCache", 0, 0, getTimingCache);
    c.custom("setMemoryPoolLimit", 2, 2, assignKeyed<&C::setMemoryPoolLimit, &C::getMemoryPoolLimit, MemoryPoolType, size_t>);
    METHOD(getMemoryPoolLimit);
    c.custom("setPreviewFeature", 2, 2, assignKeyed<&C::setPreviewFeature, &C::getPreviewFeature, PreviewFeature, bool>);
    METHOD(getPreviewFeature);
    PROPERTY(BuilderOptimizationLevel);
    PROPERTY(HardwareCompatibilityLevel);
    c.custom("setPluginsToSerialize", 1, 1, setPluginsToSerialize);
    c.custom("getPluginsToSerialize", 0, 0, getPluginsToSerialize);
    PROPERTY(MaxAuxStreams);
    PROPERTY(RuntimePlatform);
    PROPERTY(MaxNbTactics);
    PROPERTY(TilingOptimizationLevel);
    PROPERTY(L2LimitForTiling);
    PROPERTY(RemoteAutoTuningConfig);
    PROPERTY(BuildRoute);
    METHOD(getAllBuildRoutes);
    computeCapabilities(c);
  });
}

}  // namespace trt
