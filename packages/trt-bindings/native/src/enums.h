// Enumerations as strings; see enums.inc.
#pragma once
#include "core.h"

namespace trt {

using Severity = nvinfer1::ILogger::Severity;

struct EnumEntry {
  const char* name;
  int64_t value;
};

// The name and the values of E, the values in the order of the headers.
template <class E>
struct EnumTable;

namespace names {
using namespace nvinfer1;
using trt::Severity;
#define ENUM_BEGIN(E) using E##_ = E;
#define VALUE(E, V)
#define ENUM_END(E)
#include "enums.inc"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END
}  // namespace names

#define ENUM_BEGIN(E)                        \
  template <>                                \
  struct EnumTable<names::E##_> {            \
    static constexpr const char* name = #E;  \
    static constexpr EnumEntry entries[] = {
#define VALUE(E, V) {#V, static_cast<int64_t>(names::E##_::k##V)},
#define ENUM_END(E) \
  }                 \
  ;                 \
  }                 \
  ;
#include "enums.inc"
#undef ENUM_BEGIN
#undef VALUE
#undef ENUM_END

// The value named by argument `i`, or TypeError that lists the names.
int64_t enumArgument(const Call& call, size_t i, Napi::Value value, const char* name, const EnumEntry* entries, size_t count);
Napi::Value enumName(Napi::Env env, int64_t value, const EnumEntry* entries, size_t count);
// {DataType: ['FLOAT', …], …}
Napi::Object enumTables(Napi::Env env);

template <class E>
E enumOf(const Call& call, size_t i, Napi::Value value) {
  using T = EnumTable<E>;
  return static_cast<E>(enumArgument(call, i, value, T::name, T::entries, std::size(T::entries)));
}

template <class E>
Napi::Value nameOf(Napi::Env env, E value) {
  using T = EnumTable<E>;
  return enumName(env, static_cast<int64_t>(value), T::entries, std::size(T::entries));
}

// An array of names ↔ a mask with bit `1 << value` for each.
template <class E>
uint32_t maskOf(const Call& call, size_t i) {
  if (!call.info[i].IsArray()) call.refuse(i, std::string("an array of ") + EnumTable<E>::name);
  auto list = call.info[i].As<Napi::Array>();
  uint32_t mask = 0;
  for (uint32_t k = 0; k < list.Length(); k++) mask |= 1U << static_cast<uint32_t>(enumOf<E>(call, i, list.Get(k)));
  return mask;
}

template <class E>
Napi::Value namesOf(Napi::Env env, uint32_t mask) {
  auto list = Napi::Array::New(env);
  uint32_t seen = 0;
  for (const EnumEntry& entry : EnumTable<E>::entries) {
    const uint32_t bit = 1U << entry.value;
    if ((mask & bit) == 0 || (seen & bit) != 0) continue;
    seen |= bit;
    list.Set(list.Length(), Napi::String::New(env, entry.name));
  }
  return list;
}

}  // namespace trt
