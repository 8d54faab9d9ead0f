// Moving bytes and nothing else: what a kernel that reads and writes as much is measured against.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace trt_dsl {

constexpr int kMoveVariants = 4;

/**
 * Writes `writes` bytes after reading `reads` of them, at most twice as many as are written; both are multiples of 16.
 * `variant` is how many 16-byte reads a thread has under way: 1, 2, 4, 8 for 0 to 3.
 */
cudaError_t moveBytes(void const* from, int64_t reads, void* to, int64_t writes, int variant, cudaStream_t stream);

constexpr int kGatherVariants = 8;

/**
 * y[i] = table[ids[i]] for rows of `bytes`, a multiple of 16, and nothing else. `variant` is as moveBytes', and from 4 on
 * the same with stores that are the first to leave L2. Ids are trusted.
 */
cudaError_t gatherRows(void const* table, int32_t const* ids, int64_t rows, int bytes, void* y, int variant,
                       cudaStream_t stream);

}  // namespace trt_dsl
