// What all layer classes have.
#pragma once
#include "bind.h"

namespace trt {

Napi::Value layerInput(Call& call);
Napi::Value layerOutput(Call& call);
Napi::Value layerSetInput(Call& call);

// A class of layers: ILayer's methods and its own.
template <class L, class Definition>
void defineLayer(const char* name, Definition definition) {
  define<L>(name, false, [&]<class C>(ClassBuilder<C> c) {
    METHOD(getType);
    PROPERTY(Name);
    METHOD(getNbInputs);
    METHOD(getNbOutputs);
    c.custom("getInput", 1, 1, layerInput);
    c.custom("getOutput", 1, 1, layerOutput);
    c.custom("setInput", 2, 2, layerSetInput);
    METHOD(getOutputType);
    METHOD(setOutputType);
    PROPERTY(Metadata);
    PROPERTY(NbRanks);
    definition(c);
  });
}

template <class L>
void defineLayer(const char* name) {
  defineLayer<L>(name, []<class C>(ClassBuilder<C>) {});
}

#define LAYER(type, ...) defineLayer<nvinfer1::type>(#type, []<class C>(ClassBuilder<C> c) { __VA_ARGS__ })
#define PLAIN_LAYER(type) defineLayer<nvinfer1::type>(#type)

}  // namespace trt
