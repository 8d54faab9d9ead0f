// nvinfer1::ITimingCache.
#include "bind.h"
#include "builder.h"

namespace trt {

using namespace nvinfer1;

void defineTimingCache() {
  define<ITimingCache>("ITimingCache", true, []<class C>(ClassBuilder<C> c) {
    c.custom("serialize", 0, 0, [](Call& call) -> Napi::Value {
      callsReachingNative++;
      std::unique_ptr<IHostMemory> memory(call.as<ITimingCache>()->serialize());
      if (!memory) call.fail("TensorRT could not serialize it");
      auto copy = Napi::Uint8Array::New(call.env(), memory->size());
      if (memory->size()) memcpy(copy.Data(), memory->data(), memory->size());
      call.check();
      return copy;
    });
    c.custom("combine", 2, 2, [](Call& call) -> Napi::Value {
      auto other = resourceOf(call, 0, classInfo<ITimingCache>);
      Argument<bool> ignoreMismatch(call, 1);
      if (other->object == call.self->object) raise(call.env(), "argument", call.where() + ": a cache cannot be combined with itself");  // TensorRT waits for itself
      callsReachingNative++;
      if (!call.as<ITimingCache>()->combine(*static_cast<ITimingCache*>(other->object), ignoreMismatch.get())) call.fail("TensorRT refused to combine them");
      call.check();
      return call.env().Undefined();
    });
    METHOD(reset);
  });
}

}  // namespace trt
