// nvinfer1::IPluginRegistry, plugin creators and plugins.
#include <dlfcn.h>

#include <cstring>

#include "bind.h"
#include "cuda_driver.h"
#include "library.h"
#include "runtime.h"

namespace trt {

using namespace nvinfer1;

namespace {

// Creators belong to the registry, which lives as long as the process.
struct Creator final : Resource {
  bool v3;
};

// What JavaScript sees of a creator, a plugin, a loaded library.
struct PluginLibrary {};

struct PluginV2 final : Resource {
  ~PluginV2() override { static_cast<IPluginV2*>(object)->destroy(); }
};

template <class T>
std::shared_ptr<T> ofProcess(Call& call) {
  auto resource = std::make_shared<T>();
  resource->session = call.self->session;
  resource->parents.push_back(call.self);
  return resource;
}

Napi::Value wrapCreator(Call& call, IPluginCreatorInterface* creator) {
  const InterfaceInfo info = creator->getInterfaceInfo();
  auto resource = ofProcess<Creator>(call);
  resource->v3 = strcmp(info.kind, "PLUGIN CREATOR_V3ONE") == 0;
  resource->object = creator;
  return wrap(call.env(), classInfo<Creator>, resource);
}

bool isKnown(IPluginCreatorInterface* creator) {
  const InterfaceInfo info = creator->getInterfaceInfo();
  return strcmp(info.kind, "PLUGIN CREATOR_V3ONE") == 0 || strcmp(info.kind, "PLUGIN CREATOR_V1") == 0;
}

template <class F>
auto withCreator(Call& call, F use) {
  auto& creator = *static_cast<Creator*>(call.self.get());
  auto* interface = static_cast<IPluginCreatorInterface*>(creator.object);
  return creator.v3 ? use(static_cast<IPluginCreatorV3One*>(interface)) : use(static_cast<IPluginCreator*>(interface));
}

Napi::Value getFieldNames(Call& call) {
  callsReachingNative++;
  const PluginFieldCollection* fields = withCreator(call, [](auto* creator) { return creator->getFieldNames(); });
  auto list = Napi::Array::New(call.env());
  for (int32_t k = 0; fields && k < fields->nbFields; k++) {
    auto entry = Napi::Object::New(call.env());
    entry["name"] = textValue(call.env(), fields->fields[k].name);
    entry["type"] = nameOf(call.env(), fields->fields[k].type);
    entry["length"] = Napi::Number::New(call.env(), fields->fields[k].length);
    list.Set(list.Length(), entry);
  }
  return list;
}

size_t fieldSize(PluginFieldType type) {
  switch (type) {
    case PluginFieldType::kFLOAT64:
    case PluginFieldType::kINT64: return 8;
    case PluginFieldType::kFLOAT32:
    case PluginFieldType::kINT32: return 4;
    case PluginFieldType::kFLOAT16:
    case PluginFieldType::kBF16:
    case PluginFieldType::kINT16: return 2;
    case PluginFieldType::kDIMS: return sizeof(Dims);
    default: return 1;
  }
}

Napi::Value createPlugin(Call& call) {
  Napi::Env env = call.env();
  Argument<char const*> name(call, 0);
  if (!call.info[1].IsArray()) call.refuse(1, "an array of fields { name, type, data }");
  auto list = call.info[1].As<Napi::Array>();
  const auto phase = call.given(2) ? enumOf<TensorRTPhase>(call, 2, call.info[2]) : TensorRTPhase::kBUILD;
  if (list.Length() > 4096) call.refuse(1, "an array of at most 4096 fields");
  requireDevice(env, call.where());  // plugins ask for the GPU when they are made, and some end the process without one

  // A plugin reads a field by the type it declared, whatever it is handed: the types must agree here.
  const PluginFieldCollection* declared = withCreator(call, [](auto* creator) { return creator->getFieldNames(); });
  std::vector<std::string> names(list.Length());
  std::vector<std::vector<char>> data(list.Length());
  std::vector<PluginField> fields;
  for (uint32_t k = 0; k < list.Length(); k++) {
    Napi::Value value = list.Get(k);
    const std::string position = call.where() + ": field " + std::to_string(k);
    if (!value.IsObject() || !value.As<Napi::Object>().Get("name").IsString()) raiseType(env, position + " must be { name, type, data }, not " + describe(value));
    auto object = value.As<Napi::Object>();
    names[k] = stringOf(call, 1, object.Get("name"));
    const auto type = enumOf<PluginFieldType>(call, 1, object.Get("type"));
    const ByteView bytes = bytesOf(call, 1, object.Get("data"), "an array of fields whose data is a TypedArray, a DataView or an ArrayBuffer");
    const PluginField* match = nullptr;
    std::string known;
    for (int32_t d = 0; declared && d < declared->nbFields; d++) {
      known += (d ? ", \"" : "\"") + std::string(declared->fields[d].name) + '"';
      if (names[k] == declared->fields[d].name) match = &declared->fields[d];
    }
    if (!match) raise(env, "argument", position + ": the plugin has no field \"" + names[k] + "\"; it has " + (known.empty() ? "none" : known));
    if (match->type != PluginFieldType::kUNKNOWN && match->type != type)
      raise(env, "argument", position + ": \"" + names[k] + "\" is " + Napi::Value(nameOf(env, match->type)).ToString().Utf8Value() + ", not " + Napi::Value(nameOf(env, type)).ToString().Utf8Value());
    if (bytes.length % fieldSize(type) != 0 || bytes.length / fieldSize(type) > INT32_MAX)
      raise(env, "argument", position + ": " + std::to_string(bytes.length) + " bytes are no whole number of elements");
    const auto count = static_cast<int32_t>(bytes.length / fieldSize(type));
    if (match->length > 0 && count < match->length) raise(env, "argument", position + ": \"" + names[k] + "\" has " + std::to_string(match->length) + " elements, not " + std::to_string(count));
    data[k].resize(bytes.length + 8);  // never null, and room for a plugin that reads a word
    if (bytes.length) memcpy(data[k].data(), bytes.data, bytes.length);
    fields.emplace_back(names[k].c_str(), data[k].data(), type, count);
  }
  const PluginFieldCollection collection{static_cast<int32_t>(fields.size()), fields.data()};
  callsReachingNative++;
  auto& creator = *static_cast<Creator*>(call.self.get());
  auto* interface = static_cast<IPluginCreatorInterface*>(creator.object);
  if (creator.v3) {
    auto* plugin = static_cast<IPluginCreatorV3One*>(interface)->createPlugin(name.get(), &collection, phase);
    if (!plugin) call.fail("the creator refused these fields");
    auto resource = ofProcess<Owned<IPluginV3>>(call);
    resource->object = plugin;
    return wrap(env, classInfo<IPluginV3>, resource);
  }
  auto* plugin = static_cast<IPluginCreator*>(interface)->createPlugin(name.get(), &collection);
  if (!plugin) call.fail("the creator refused these fields");
  auto resource = ofProcess<PluginV2>(call);
  resource->object = plugin;
  return wrap(env, classInfo<IPluginV2>, resource);
}

Napi::Value getAllCreators(Call& call) {
  int32_t count = 0;
  callsReachingNative++;
  IPluginCreatorInterface* const* creators = call.as<IPluginRegistry>()->getAllCreators(&count);
  auto list = Napi::Array::New(call.env());
  for (int32_t k = 0; creators && k < count; k++)
    if (creators[k] && isKnown(creators[k])) list.Set(list.Length(), wrapCreator(call, creators[k]));
  return list;
}

Napi::Value getCreator(Call& call) {
  Argument<char const*> name(call, 0), version(call, 1);
  const std::string space = call.given(2) ? stringOf(call, 2, call.info[2]) : "";
  callsReachingNative++;
  auto* creator = call.as<IPluginRegistry>()->getCreator(name.get(), version.get(), space.c_str());
  if (!creator || !isKnown(creator)) return call.env().Null();
  return wrapCreator(call, creator);
}

// NVIDIA's own libnvinfer_plugin registers itself by this function instead of getCreators.
Napi::Value initLibNvInferPlugins(Call& call) {
  Argument<char const*> path(call, 0);
  void* handle = dlopen(path.get(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* reason = dlerror();
    raise(call.env(), "backend", call.where() + ": " + (reason ? reason : "dlopen failed"));
  }
  auto init = reinterpret_cast<bool (*)(void*, char const*)>(dlsym(handle, "initLibNvInferPlugins"));
  if (!init) raise(call.env(), "backend", call.where() + ": " + path.get() + " exports no initLibNvInferPlugins");
  callsReachingNative++;
  if (!init(&logger(), "")) call.fail("the library did not register its plugins");
  call.check();
  return call.env().Undefined();
}

Napi::Value loadLibrary(Call& call) {
  Argument<char const*> path(call, 0);
  callsReachingNative++;
  auto* registry = call.as<IPluginRegistry>();
  int32_t before = 0;
  registry->getAllCreators(&before);
  auto* handle = registry->loadLibrary(path.get());
  if (!handle) call.fail(std::string("TensorRT could not load ") + path.get() + "; is it there, with getCreators and setLoggerFinder exported, and are its own libraries found?");
  auto resource = ofProcess<Resource>(call);
  resource->object = handle;
  auto object = wrap(call.env(), classInfo<PluginLibrary>, resource);
  object.Set("path", Napi::String::New(call.env(), path.get()));
  return object;
}

}  // namespace

Napi::Value pluginRegistry(Napi::Env env, const std::shared_ptr<Library>& library) {
  auto resource = std::make_shared<Resource>();
  // The registry is the process's, and so is the recorder it keeps.
  static auto* session = new std::shared_ptr<Session>(std::make_shared<Session>(library));
  resource->session = *session;
  callsReachingNative++;
  resource->object = library->getPluginRegistry();
  if (!resource->object) raise(env, "backend", "getPluginRegistry: TensorRT has none");
  static_cast<IPluginRegistry*>(resource->object)->setErrorRecorder(&resource->session->recorder);
  return wrap(env, classInfo<IPluginRegistry>, resource);
}

void definePluginRegistry() {
  define<IPluginRegistry>("IPluginRegistry", false, []<class C>(ClassBuilder<C> c) {
    c.custom("loadLibrary", 1, 1, loadLibrary);
    c.custom("initLibNvInferPlugins", 1, 1, initLibNvInferPlugins);
    c.custom("getAllCreators", 0, 0, getAllCreators);
    c.custom("getCreator", 2, 3, getCreator);
    c.custom("isParentSearchEnabled", 0, 0, query<C, &C::isParentSearchEnabled>);
    c.custom("setParentSearchEnabled", 1, 1, assign<C, &C::setParentSearchEnabled, &C::isParentSearchEnabled>);
  });
  define<Creator>("IPluginCreator", false, []<class C>(ClassBuilder<C> c) {
    c.getter("name", [](Call& call) -> Napi::Value { return textValue(call.env(), withCreator(call, [](auto* creator) { return creator->getPluginName(); })); });
    c.getter("version", [](Call& call) -> Napi::Value { return textValue(call.env(), withCreator(call, [](auto* creator) { return creator->getPluginVersion(); })); });
    c.getter("namespace", [](Call& call) -> Napi::Value { return textValue(call.env(), withCreator(call, [](auto* creator) { return creator->getPluginNamespace(); })); });
    c.getter("interfaceKind", [](Call& call) -> Napi::Value { return Napi::String::New(call.env(), static_cast<Creator*>(call.self.get())->v3 ? "V3_ONE" : "V1"); });
    c.custom("getFieldNames", 0, 0, getFieldNames);
    c.custom("createPlugin", 2, 3, createPlugin);
  });
  define<PluginLibrary>("PluginLibrary", false, []<class C>(ClassBuilder<C>) {});
  define<IPluginV2>("IPluginV2", true, []<class C>(ClassBuilder<C> c) {
    c.getter("interfaceKind", [](Call& call) -> Napi::Value { return Napi::String::New(call.env(), "V2"); });
  });
  define<IPluginV3>("IPluginV3", true, []<class C>(ClassBuilder<C> c) {
    c.getter("interfaceKind", [](Call& call) -> Napi::Value { return Napi::String::New(call.env(), "V3"); });
  });
}

}  // namespace trt
