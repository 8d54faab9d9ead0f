// From a data type known at run time to one known when compiling.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "types.h"

namespace trt_dsl {

template <typename T>
struct Tag {
  using Type = T;
};

/** Calls `run(Tag<element>, Tag<parameter>)`; parameters are float32 or of the element's type, else an error. */
template <typename Run>
cudaError_t dispatch(Type element, Type parameter, Run const& run) {
  if (parameter != Type::kFloat32 && parameter != element) return cudaErrorInvalidValue;
  bool const full = parameter == Type::kFloat32;
  switch (element) {
    case Type::kFloat32: return run(Tag<float>{}, Tag<float>{});
    case Type::kFloat16: return full ? run(Tag<__half>{}, Tag<float>{}) : run(Tag<__half>{}, Tag<__half>{});
    case Type::kBFloat16:
      return full ? run(Tag<__nv_bfloat16>{}, Tag<float>{}) : run(Tag<__nv_bfloat16>{}, Tag<__nv_bfloat16>{});
  }
  return cudaErrorInvalidValue;
}

}  // namespace trt_dsl
