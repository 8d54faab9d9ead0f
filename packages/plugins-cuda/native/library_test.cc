// The plugin library as TensorRT sees it, without TensorRT and without a GPU: loads it, creates every plugin, and asks for
// its types, formats, fields and shapes, right and wrong.
//
//   g++ -std=c++17 -I HEADERS -I CUDA_HEADERS library_test.cc -ldl && ./a.out libtrt_dsl_plugins.so
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <dlfcn.h>

#include <NvInferRuntime.h>

using namespace nvinfer1;

namespace {

int passed = 0;
int failed = 0;

void expect(bool condition, std::string const& what) {
  condition ? ++passed : ++failed;
  if (!condition) std::printf("failed: %s\n", what.c_str());
}

std::map<std::string, IPluginCreatorV3One*> creators;

struct Options {
  std::map<std::string, float> numbers;
  std::map<std::string, std::string> texts;
};

IPluginV3* create(std::string const& name, Options const& options) {
  std::vector<PluginField> fields;
  for (auto const& [key, value] : options.numbers) fields.push_back({key.c_str(), &value, PluginFieldType::kFLOAT32, 1});
  for (auto const& [key, value] : options.texts) {
    fields.push_back({key.c_str(), value.data(), PluginFieldType::kCHAR, int32_t(value.size())});
  }
  PluginFieldCollection const collection{int32_t(fields.size()), fields.data()};
  return creators.at(name)->createPlugin("layer", &collection, TensorRTPhase::kBUILD);
}

template <typename T>
T* capability(IPluginV3* plugin, PluginCapabilityType type) {
  return static_cast<T*>(plugin->getCapabilityInterface(type));
}
IPluginV3OneBuild* buildOf(IPluginV3* plugin) { return capability<IPluginV3OneBuild>(plugin, PluginCapabilityType::kBUILD); }
IPluginV3OneRuntime* runtimeOf(IPluginV3* plugin) {
  return capability<IPluginV3OneRuntime>(plugin, PluginCapabilityType::kRUNTIME);
}

PluginTensorDesc tensor(std::vector<int64_t> const& dims, DataType type) {
  PluginTensorDesc desc{};
  desc.dims.nbDims = int32_t(dims.size());
  for (size_t i = 0; i < dims.size(); ++i) desc.dims.d[i] = dims[i];
  desc.type = type;
  desc.format = TensorFormat::kLINEAR;
  return desc;
}

bool takesShapes(IPluginV3* plugin, std::vector<PluginTensorDesc> const& in) {
  return runtimeOf(plugin)->onShapeChange(in.data(), int32_t(in.size()), nullptr, 0) == 0;
}

/** Whether every input and output is of a type the plugin takes beside those before it. */
bool takesTypes(IPluginV3* plugin, std::vector<DataType> const& in, std::vector<DataType> const& out) {
  std::vector<DynamicPluginTensorDesc> all(in.size() + out.size());
  for (size_t i = 0; i < all.size(); ++i) all[i].desc = tensor({8}, i < in.size() ? in[i] : out[i - in.size()]);
  bool good = true;
  for (size_t i = 0; i < all.size(); ++i) {
    good = good && buildOf(plugin)->supportsFormatCombination(int32_t(i), all.data(), int32_t(in.size()), int32_t(out.size()));
  }
  return good;
}

/** Serializes, creates anew for the runtime, serializes again: the same bytes. */
bool survivesSerialization(std::string const& name, IPluginV3* plugin) {
  auto const bytes = [](IPluginV3* p) {
    std::map<std::string, std::string> all;
    PluginFieldCollection const* const fields = runtimeOf(p)->getFieldsToSerialize();
    for (int32_t i = 0; i < fields->nbFields; ++i) {
      PluginField const& field = fields->fields[i];
      size_t const size = field.type == PluginFieldType::kCHAR ? 1 : 4;
      all[field.name] = std::string(static_cast<char const*>(field.data), size * field.length);
    }
    return all;
  };
  IPluginV3* const clone = plugin->clone();
  IPluginV3* const again =
      creators.at(name)->createPlugin("layer", runtimeOf(clone)->getFieldsToSerialize(), TensorRTPhase::kRUNTIME);
  bool const same = again != nullptr && bytes(again) == bytes(plugin);
  delete clone;
  delete again;
  return same;
}

constexpr DataType F = DataType::kFLOAT;
constexpr DataType H = DataType::kHALF;
constexpr DataType B = DataType::kBF16;
constexpr DataType I = DataType::kINT32;
constexpr DataType L = DataType::kINT64;

void layerNorm() {
  IPluginV3* const p = create("TrtDslLayerNorm", {{{"epsilon", 1e-12f}}, {}});
  expect(p != nullptr && survivesSerialization("TrtDslLayerNorm", p), "LayerNorm is created and serialized");
  expect(takesTypes(p, {H, F, F}, {H}) && takesTypes(p, {B, B, B}, {B}) && takesTypes(p, {F, F, F}, {F}), "LayerNorm's types");
  expect(!takesTypes(p, {F, H, H}, {F}) && !takesTypes(p, {H, F, H}, {H}) && !takesTypes(p, {H, B, B}, {H}) &&
             !takesTypes(p, {I, F, F}, {I}) && !takesTypes(p, {H, H, H}, {F}),
         "LayerNorm refuses other types");
  expect(takesShapes(p, {tensor({2, 7, 768}, H), tensor({768}, F), tensor({768}, F)}), "LayerNorm of [2, 7, 768]");
  expect(!takesShapes(p, {tensor({2, 7, 768}, H), tensor({767}, F), tensor({768}, F)}), "LayerNorm refuses gamma [767]");
  expect(!takesShapes(p, {tensor({2, 768}, H), tensor({768}, F)}), "LayerNorm refuses two inputs");
  expect(create("TrtDslLayerNorm", {}) == nullptr, "LayerNorm needs epsilon");
  expect(create("TrtDslLayerNorm", {{{"epsilon", -1.0f}}, {}}) == nullptr, "LayerNorm refuses a negative epsilon");
  delete p;
}

void skipLayerNorm() {
  IPluginV3* const p = create("TrtDslSkipLayerNorm", {{{"epsilon", 1e-5f}, {"bias", 1.0f}, {"sum", 1.0f}}, {}});
  expect(p != nullptr && survivesSerialization("TrtDslSkipLayerNorm", p), "SkipLayerNorm is created and serialized");
  expect(buildOf(p)->getNbOutputs() == 2, "SkipLayerNorm with sum has two outputs");
  expect(takesTypes(p, {H, H, F, F, H}, {H, H}) && !takesTypes(p, {H, H, F, F, F}, {H, H}) &&
             !takesTypes(p, {H, F, F, F, H}, {H, H}) && !takesTypes(p, {H, H, F, F}, {H, H}),
         "SkipLayerNorm's types");
  PluginTensorDesc const x = tensor({5, 64}, H), v = tensor({64}, H);
  expect(takesShapes(p, {x, x, v, v, v}), "SkipLayerNorm of [5, 64]");
  expect(!takesShapes(p, {x, tensor({4, 64}, H), v, v, v}), "SkipLayerNorm refuses a skip of another shape");
  expect(!takesShapes(p, {x, x, v, v, tensor({65}, H)}), "SkipLayerNorm refuses bias [65]");
  expect(create("TrtDslSkipLayerNorm", {{{"epsilon", 1e-5f}, {"bias", 2.0f}}, {}}) == nullptr, "SkipLayerNorm: bias is 0 or 1");
  delete p;
}

void embLayerNorm() {
  IPluginV3* const p = create("TrtDslEmbLayerNorm", {{{"epsilon", 1e-12f}}, {{"positions", "column"}}});
  expect(p != nullptr && survivesSerialization("TrtDslEmbLayerNorm", p), "EmbLayerNorm is created and serialized");
  expect(takesTypes(p, {I, I, H, H, H, F, F}, {H}) && takesTypes(p, {L, L, B, B, B, B, B}, {B}), "EmbLayerNorm's types");
  expect(!takesTypes(p, {I, L, H, H, H, F, F}, {H}) && !takesTypes(p, {H, H, H, H, H, F, F}, {H}) &&
             !takesTypes(p, {I, I, H, F, H, F, F}, {H}),
         "EmbLayerNorm refuses other types");
  PluginTensorDesc const ids = tensor({2, 9}, I), words = tensor({100, 64}, H), places = tensor({16, 64}, H),
                         types = tensor({2, 64}, H), v = tensor({64}, F);
  expect(takesShapes(p, {ids, ids, words, places, types, v, v}), "EmbLayerNorm of [2, 9]");
  expect(!takesShapes(p, {tensor({2, 17}, I), tensor({2, 17}, I), words, places, types, v, v}),
         "EmbLayerNorm refuses more columns than positions");
  expect(!takesShapes(p, {ids, ids, words, tensor({16, 65}, H), types, v, v}), "EmbLayerNorm refuses tables of two widths");
  IPluginV3* const packed = create("TrtDslEmbLayerNorm", {{{"epsilon", 1e-12f}}, {{"positions", "cu_seqlens"}}});
  expect(packed != nullptr && takesTypes(packed, {L, L, H, H, H, F, F, I}, {H}), "EmbLayerNorm, packed: types");
  PluginTensorDesc const flat = tensor({18}, I);
  expect(takesShapes(packed, {flat, flat, words, places, types, v, v, tensor({3}, I)}), "EmbLayerNorm, packed: shapes");
  expect(!takesShapes(packed, {flat, flat, words, places, types, v, v}), "EmbLayerNorm, packed, needs cu_seqlens");
  expect(create("TrtDslEmbLayerNorm", {{{"epsilon", 0.0f}}, {{"positions", "rotary"}}}) == nullptr,
         "EmbLayerNorm refuses an unknown source of positions");
  delete p;
  delete packed;
}

void qkvToContext() {
  IPluginV3* const p = create("TrtDslQkvToContext", {{{"heads", 12.0f}}, {{"mask", "lengths"}}});
  expect(p != nullptr && survivesSerialization("TrtDslQkvToContext", p), "QkvToContext is created and serialized");
  expect(takesTypes(p, {H, I}, {H}) && takesTypes(p, {B, I}, {B}) && !takesTypes(p, {F, I}, {F}) && !takesTypes(p, {H, L}, {H}),
         "QkvToContext's types");
  PluginTensorDesc const lengths = tensor({2}, I);
  expect(takesShapes(p, {tensor({2, 4096, 2304}, H), lengths}), "QkvToContext of [2, 4096, 3 * 768]");
  expect(!takesShapes(p, {tensor({2, 4097, 2304}, H), lengths}), "QkvToContext refuses 4097 tokens");
  expect(!takesShapes(p, {tensor({2, 128, 2305}, H), lengths}), "QkvToContext refuses a width that heads do not divide");
  expect(!takesShapes(p, {tensor({2, 128, 3 * 12 * 80}, H), lengths}), "QkvToContext refuses head size 80");
  expect(!takesShapes(p, {tensor({2, 128, 2304}, H), tensor({3}, I)}), "QkvToContext refuses three lengths for two rows");
  expect(!takesShapes(p, {tensor({256, 2304}, H), lengths}), "QkvToContext refuses rank 2 when it is not packed");
  IPluginV3* const packed = create("TrtDslQkvToContext", {{{"heads", 12.0f}}, {{"mask", "cu_seqlens"}}});
  expect(packed != nullptr && takesShapes(packed, {tensor({9000, 2304}, H), tensor({33}, I)}), "QkvToContext, packed");
  expect(create("TrtDslQkvToContext", {{}, {{"mask", "none"}}}) == nullptr, "QkvToContext needs heads");
  expect(create("TrtDslQkvToContext", {{{"heads", 2.5f}}, {}}) == nullptr, "QkvToContext refuses two and a half heads");
  expect(create("TrtDslQkvToContext", {{{"heads", 2.0f}}, {{"mask", "causal"}}}) == nullptr, "QkvToContext refuses another mask");
  delete p;
  delete packed;
}

}  // namespace

int main(int count, char** arguments) {
  void* const library = count > 1 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (library == nullptr) {
    std::printf("cannot load the library: %s\n", count > 1 ? dlerror() : "no path given");
    return 2;
  }
  auto* const getCreators = reinterpret_cast<IPluginCreatorInterface* const* (*)(int32_t&)>(dlsym(library, "getCreators"));
  expect(getCreators != nullptr && dlsym(library, "setLoggerFinder") != nullptr, "the two functions TensorRT looks for");
  if (getCreators == nullptr) return 1;
  int32_t number = 0;
  IPluginCreatorInterface* const* const all = getCreators(number);
  for (int32_t i = 0; i < number; ++i) {
    expect(std::strcmp(all[i]->getInterfaceInfo().kind, "PLUGIN CREATOR_V3ONE") == 0, "a V3 creator");
    auto* const creator = static_cast<IPluginCreatorV3One*>(all[i]);
    creators[creator->getPluginName()] = creator;
    expect(std::strcmp(creator->getPluginVersion(), "1") == 0 && std::strcmp(creator->getPluginNamespace(), "") == 0,
           "version 1, default namespace");
  }
  expect(creators.size() == 4, "four creators");
  layerNorm();
  skipLayerNorm();
  embLayerNorm();
  qkvToContext();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
