// Makes a JavaScript method out of a pointer to a member function of nvinfer1: arguments and results are converted
// according to the C++ signature.
#pragma once
#include <cmath>
#include <cstring>

#include "enums.h"
#include "network.h"

namespace trt {

// ── JavaScript → C++ ────────────────────────────────────────────────────────────────────────────────────────────────

struct ByteView {
  void* data = nullptr;
  size_t length = 0;
  Napi::Object buffer;  // the ArrayBuffer or SharedArrayBuffer
};
// The bytes of a TypedArray, DataView or ArrayBuffer (none once its buffer was transferred); false for another value.
bool viewOf(Napi::Env env, Napi::Value value, ByteView& view);
// An ArrayBuffer over memory that `release` frees. Where it is too large for Node it throws, and the memory is freed.
Napi::ArrayBuffer externalBuffer(Napi::Env env, void* data, size_t size, std::function<void()> release);
// The bytes of argument `i` (or of `value`, a part of it).
ByteView bytesOf(const Call& call, size_t i, Napi::Value value, const char* expected = "a TypedArray, a DataView or an ArrayBuffer");
inline ByteView bytesOf(const Call& call, size_t i) { return bytesOf(call, i, call.info[i]); }

int64_t integerOf(const Call& call, size_t i, Napi::Value value, int64_t min, int64_t max, const char* expected);
std::string stringOf(const Call& call, size_t i, Napi::Value value, size_t limit = 4095);
nvinfer1::Dims dimsOf(const Call& call, size_t i);
nvinfer1::Permutation permutationOf(const Call& call, size_t i);
// Weights in place. `pinned` tells what to keep alive, after the call succeeded.
nvinfer1::Weights weightsOf(const Call& call, size_t i, std::vector<Pin>& pinned);
std::shared_ptr<Resource> tensorOf(Call& call, size_t i, Napi::Value value);

template <class T>
struct Argument;

template <class T, int64_t Min, int64_t Max>
struct IntegerArgument {
  T value;
  IntegerArgument(Call& call, size_t i, const char* expected) : value(static_cast<T>(integerOf(call, i, call.info[i], Min, Max, expected))) {}
  T get() { return value; }
};
template <>
struct Argument<int32_t> : IntegerArgument<int32_t, INT32_MIN, INT32_MAX> {
  Argument(Call& call, size_t i) : IntegerArgument(call, i, "an int32") {}
};
template <>
struct Argument<uint32_t> : IntegerArgument<uint32_t, 0, UINT32_MAX> {
  Argument(Call& call, size_t i) : IntegerArgument(call, i, "a uint32") {}
};
template <>
struct Argument<int64_t> : IntegerArgument<int64_t, INT64_MIN, INT64_MAX> {
  Argument(Call& call, size_t i) : IntegerArgument(call, i, "an integer") {}
};
template <>
struct Argument<size_t> : IntegerArgument<size_t, 0, INT64_MAX> {
  Argument(Call& call, size_t i) : IntegerArgument(call, i, "an integer of at least 0") {}
};
template <>
struct Argument<bool> {
  bool value;
  Argument(Call& call, size_t i) {
    if (!call.info[i].IsBoolean()) call.refuse(i, "a boolean");
    value = call.info[i].As<Napi::Boolean>();
  }
  bool get() { return value; }
};
template <>
struct Argument<double> {
  double value;
  Argument(Call& call, size_t i) {
    if (!call.info[i].IsNumber()) call.refuse(i, "a number");
    value = call.info[i].As<Napi::Number>().DoubleValue();
  }
  double get() { return value; }
};
template <>
struct Argument<float> : Argument<double> {
  using Argument<double>::Argument;
  float get() { return static_cast<float>(value); }
};
template <>
struct Argument<char const*> {
  std::string value;
  Argument(Call& call, size_t i) : value(stringOf(call, i, call.info[i])) {}
  char const* get() { return value.c_str(); }
};
template <>
struct Argument<nvinfer1::Dims> {
  nvinfer1::Dims value;
  Argument(Call& call, size_t i) : value(dimsOf(call, i)) {}
  nvinfer1::Dims const& get() { return value; }
};
template <>
struct Argument<nvinfer1::Permutation> {
  nvinfer1::Permutation value;
  Argument(Call& call, size_t i) : value(permutationOf(call, i)) {}
  nvinfer1::Permutation get() { return value; }
};
template <>
struct Argument<nvinfer1::Weights> {
  Call& call;
  size_t index;
  std::vector<Pin> pinned;
  nvinfer1::Weights value;
  Argument(Call& c, size_t i) : call(c), index(i), value(weightsOf(c, i, pinned)) {}
  // The network keeps the buffer, or, where there is none (a refitter), the object itself.
  nvinfer1::Weights get() {
    Resource* holder = call.self->network() ? call.self->network() : call.self.get();
    for (Pin& pin : pinned) {
      if (pin.isGone()) call.refuse(index, "weights whose buffer is still there; a later argument transferred it");
      holder->pins.push_back(std::move(pin));
    }
    pinned.clear();
    return value;
  }
};
template <>
struct Argument<nvinfer1::ITensor> {
  std::shared_ptr<Resource> value;
  Argument(Call& call, size_t i) : value(tensorOf(call, i, call.info[i])) {}
  nvinfer1::ITensor& get() { return *static_cast<nvinfer1::ITensor*>(value->object); }
};
template <>
struct Argument<nvinfer1::ITensor*> : Argument<nvinfer1::ITensor> {
  using Argument<nvinfer1::ITensor>::Argument;
  nvinfer1::ITensor* get() { return static_cast<nvinfer1::ITensor*>(value->object); }
};
template <>
struct Argument<nvinfer1::ILayer const*> {
  std::shared_ptr<Resource> value;
  Argument(Call& call, size_t i) : value(layerOf(call, i)) {}
  nvinfer1::ILayer const* get() { return static_cast<nvinfer1::ILayer*>(value->object); }
};
template <class E>
  requires std::is_enum_v<E>
struct Argument<E> {
  E value;
  Argument(Call& call, size_t i) : value(enumOf<E>(call, i, call.info[i])) {}
  E get() { return value; }
};

// An array of tensors of the same network.
struct TensorsArgument {
  std::vector<std::shared_ptr<Resource>> keep;
  std::vector<nvinfer1::ITensor*> tensors;
  TensorsArgument(Call& call, size_t i);
};

// ── C++ → JavaScript ────────────────────────────────────────────────────────────────────────────────────────────────

Napi::Value dimsValue(Napi::Env env, nvinfer1::Dims const& dims);  // null for an invalid one
Napi::Value weightsValue(Napi::Env env, nvinfer1::Weights const& weights);
inline Napi::Value textValue(Napi::Env env, char const* text) { return text ? Napi::Value(Napi::String::New(env, text)) : env.Null(); }

inline Napi::Value toValue(Call& call, bool value) { return Napi::Boolean::New(call.env(), value); }
template <class T>
  requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
Napi::Value toValue(Call& call, T value) {
  return Napi::Number::New(call.env(), static_cast<double>(value));
}
inline Napi::Value toValue(Call& call, char const* value) { return textValue(call.env(), value); }
inline Napi::Value toValue(Call& call, nvinfer1::Dims const& value) { return dimsValue(call.env(), value); }
inline Napi::Value toValue(Call& call, nvinfer1::Weights const& value) { return weightsValue(call.env(), value); }
Napi::Value toValue(Call& call, nvinfer1::Permutation const& value);
template <class E>
  requires std::is_enum_v<E>
Napi::Value toValue(Call& call, E value) {
  return nameOf(call.env(), value);
}
Napi::Value toValue(Call& call, nvinfer1::ITensor* value);
template <class T>
  requires std::is_pointer_v<T>
Napi::Value toValue(Call& call, T value) {
  using Part = std::remove_const_t<std::remove_pointer_t<T>>;
  if (!value) return call.env().Null();
  auto network = std::static_pointer_cast<NetworkResource>(call.self->network()->shared_from_this());
  if constexpr (std::is_base_of_v<nvinfer1::ILayer, Part>)
    return wrapLayer(call.env(), network, value);
  else
    return wrapPart(call.env(), classInfo<Part>, network, value);
}

// ── methods ─────────────────────────────────────────────────────────────────────────────────────────────────────────

template <class M>
struct Signature;
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) noexcept> {
  using Result = R;
  template <template <class...> class T>
  using Apply = T<std::remove_cvref_t<A>...>;
  static constexpr size_t arity = sizeof...(A);
};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) const noexcept> : Signature<R (C::*)(A...) noexcept> {};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...)> : Signature<R (C::*)(A...) noexcept> {};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) const> : Signature<R (C::*)(A...) noexcept> {};

// Calls M with the arguments of the call, and hands the result to `done`.
template <class C, auto M, class... A>
struct Invoke {
  template <size_t... I>
  static auto run(Call& call, std::index_sequence<I...>) {
    std::tuple<Argument<A>...> arguments{Argument<A>(call, I)...};
    callsReachingNative++;
    return (call.as<C>()->*M)(std::get<I>(arguments).get()...);
  }
  static auto run(Call& call) { return run(call, std::index_sequence_for<A...>{}); }
};

template <class C, auto M>
struct Bind {
  template <class... A>
  using Invocation = Invoke<C, M, A...>;
  using S = Signature<decltype(M)>;
  static auto run(Call& call) { return S::template Apply<Invocation>::run(call); }
};

// A method whose result is the JavaScript value: getters, questions, makers.
template <class C, auto M>
Napi::Value query(Call& call) {
  auto value = Bind<C, M>::run(call);
  Napi::Value result = toValue(call, value);
  call.check();
  return result;
}

// A method that does something: false is an error.
template <class C, auto M>
Napi::Value act(Call& call) {
  if constexpr (std::is_same_v<typename Signature<decltype(M)>::Result, bool>) {
    if (!Bind<C, M>::run(call)) call.fail("TensorRT refused it");
  } else {
    Bind<C, M>::run(call);
  }
  call.check();
  return call.env().Undefined();
}

bool same(nvinfer1::Dims const& a, nvinfer1::Dims const& b);
bool same(nvinfer1::Weights const& a, nvinfer1::Weights const& b);
bool same(nvinfer1::Permutation const& a, nvinfer1::Permutation const& b);
inline bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }
inline bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
inline bool same(char const* a, char const* b) { return a == b || (a && b && strcmp(a, b) == 0); }
template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T> || std::is_pointer_v<T>)
bool same(T a, T b) {
  return a == b;
}

// ISliceLayer::setStart, setSize and setStride take away the tensor that gave the value before; where it is the data too,
// that goes with it, and TensorRT crashes over the missing input later. (IFillLayer's first input is such a value.)
template <class C>
struct RestoreDataInput {
  explicit RestoreDataInput(C*) {}
};
template <class C>
  requires(std::is_base_of_v<nvinfer1::ILayer, C> && !std::is_same_v<C, nvinfer1::IFillLayer>)
struct RestoreDataInput<C> {
  C* layer;
  nvinfer1::ITensor* data;
  explicit RestoreDataInput(C* l) : layer(l), data(l->getNbInputs() > 0 ? l->getInput(0) : nullptr) {}
  ~RestoreDataInput() {
    if (data && layer->getInput(0) != data) layer->setInput(0, *data);
  }
};

// A setter of one value, held against its getter afterwards: most of nvinfer1's setters return void and only log.
template <class C, auto Set, auto Get>
Napi::Value assign(Call& call) {
  using S = Signature<decltype(Set)>;
  using G = Signature<decltype(Get)>;
  auto one = []<class A>(Call& c, std::type_identity<A>) {
    Argument<A> argument(c, 0);
    C* object = c.as<C>();
    const RestoreDataInput<C> restore(object);
    callsReachingNative++;
    if constexpr (std::is_same_v<typename S::Result, bool>) {
      if (!(object->*Set)(argument.get())) c.fail("TensorRT refused " + describe(c.info[0]));
    } else {
      (object->*Set)(argument.get());
    }
    c.check();
    if (c.method.owner && G::arity == 0) {
      auto kept = (object->*Get)();
      if constexpr (std::is_same_v<A, nvinfer1::ITensor>) {
        if (kept != &argument.get()) c.fail("TensorRT kept another tensor");
      } else {
        if (!same(kept, static_cast<decltype(kept)>(argument.get()))) {
          std::string text = Napi::Value(toValue(c, kept)).ToString().Utf8Value();
          c.fail("TensorRT did not take " + Napi::Value(c.info[0]).ToString().Utf8Value() + ", it kept " + text);
        }
      }
    }
  };
  using Only = typename S::template Apply<std::tuple>;
  one(call, std::type_identity<std::tuple_element_t<0, Only>>{});
  return call.env().Undefined();
}

inline bool asksSomething(const std::string& name) {
  for (const char* prefix : {"get", "is", "has", "are", "can", "all", "add", "create"})
    if (name.compare(0, strlen(prefix), prefix) == 0) return true;
  return false;
}

// Collects the methods of class C.
template <class C>
struct ClassBuilder {
  ClassInfo& cls;
  template <auto M>
  void method(const char* name) {
    constexpr size_t arity = Signature<decltype(M)>::arity;
    if constexpr (std::is_void_v<typename Signature<decltype(M)>::Result>)
      addMethod(cls, name, act<C, M>, arity, arity);
    else if (asksSomething(name))
      addMethod(cls, name, query<C, M>, arity, arity);
    else if constexpr (std::is_same_v<typename Signature<decltype(M)>::Result, bool>)
      addMethod(cls, name, act<C, M>, arity, arity);
    else
      addMethod(cls, name, query<C, M>, arity, arity);
  }
  template <auto Set, auto Get>
  void property(const char* set, const char* get) {
    addMethod(cls, set, assign<C, Set, Get>, 1, 1);
    addMethod(cls, get, query<C, Get>, 0, 0);
  }
  void custom(const char* name, size_t min, size_t max, Function function, bool whileBusy = false) { addMethod(cls, name, function, min, max, whileBusy); }
  void getter(const char* name, Function function) { addMethod(cls, name, function, 0, 0, true, true); }
};

// Inside `[]<class C>(ClassBuilder<C> c)`: what a product's headers lack is left out.
#define METHOD(name) \
  if constexpr (requires { &C::name; }) c.template method<&C::name>(#name)
#define PROPERTY(name)                                       \
  if constexpr (requires { &C::set##name; &C::get##name; })  \
  c.template property<&C::set##name, &C::get##name>("set" #name, "get" #name)

template <class C, class Definition>
void define(const char* name, bool closeable, Definition definition) {
  defineClass(classInfo<C>, name, closeable);
  definition(ClassBuilder<C>{classInfo<C>});
}

}  // namespace trt
