#include "enums.h"

namespace trt {

int64_t enumArgument(const Call& call, size_t i, Napi::Value value, const char* name, const EnumEntry* entries, size_t count) {
  if (value.IsString()) {
    const std::string text = value.As<Napi::String>().Utf8Value();
    for (size_t k = 0; k < count; k++)
      if (text == entries[k].name) return entries[k].value;
  }
  std::string expected = std::string("a ") + name + " (";
  for (size_t k = 0; k < count; k++) expected += (k ? ", '" : "'") + std::string(entries[k].name) + "'";
  raiseType(call.env(), call.where() + ": argument " + std::to_string(i + 1) + " must be " + expected + "), not " + describe(value));
}

Napi::Value enumName(Napi::Env env, int64_t value, const EnumEntry* entries, size_t count) {
  for (size_t k = 0; k < count; k++)
    if (entries[k].value == value) return Napi::String::New(env, entries[k].name);
  return Napi::String::New(env, std::to_string(value));  // newer than these headers
}

namespace {

template <class E>
void put(Napi::Env env, Napi::Object tables) {
  auto list = Napi::Array::New(env);
  for (const EnumEntry& entry : EnumTable<E>::entries) list.Set(list.Length(), Napi::String::New(env, entry.name));
  tables.Set(EnumTable<E>::name, list);
}

}  // namespace

Napi::Object enumTables(Napi::Env env) {
  auto tables = Napi::Object::New(env);
#define ENUM_BEGIN(E) put<names::E##_>(env, tables);
#define VALUE(E, V)
#define ENUM_END(E)
#include "enums.inc"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END
  return tables;
}

}  // namespace trt
