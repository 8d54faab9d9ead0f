// A multiprocessor in plain C++, slow and exact: enough of CUDA to run the kernels of this package on a CPU.
//
// Every thread of a block is a fiber. A warp-wide operation or a barrier puts down what it brings, yields until the others
// are there, and goes on. Background copies land only when they are waited for, so that a missing wait shows; reading
// device memory outside a registered buffer, or shared memory outside the block's, ends the program.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include <setjmp.h>
#include <ucontext.h>

#define __device__
#define __host__
#define __global__
#define __forceinline__ inline
#define __shared__ static  // one block runs at a time; extern __shared__ is replaced when sources are prepared
#define __align__(n) alignas(n)
#define __launch_bounds__(...)

using std::max;
using std::min;

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct float2 {
  float x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

namespace emulate {

[[noreturn]] inline void fail(char const* what) {
  std::fprintf(stderr, "emulation: %s\n", what);
  std::abort();
}

/** Buffers a kernel may touch, start to size. */
inline std::map<char const*, size_t>& buffers() {
  static std::map<char const*, size_t> all;
  return all;
}
inline void checkGlobal(void const* at, size_t bytes) {
  char const* const p = static_cast<char const*>(at);
  auto next = buffers().upper_bound(p);
  if (next == buffers().begin()) fail("device memory below every buffer");
  auto const& [start, size] = *--next;
  if (p + bytes > start + size) fail("device memory outside a buffer");
}

struct Slot {  // what a lane brings to a warp-wide operation
  uint32_t words[16];
};
struct Copy {
  char* to;
  char bytes[16];
};
/** A place to go on from; after the first time by longjmp, which, unlike swapcontext, makes no system call. */
struct Place {
  ucontext_t first;
  jmp_buf jump;
  bool started = false;
};
struct Fiber {
  Place place;
  std::vector<char> stack;
  unsigned thread = 0;
  bool done = false;
  std::vector<Copy> open;                 // copies not committed
  std::vector<std::vector<Copy>> groups;  // committed, oldest first
};
struct Gathering {
  int arrived = 0;
  uint64_t generation = 0;
};
struct Warp {
  Gathering gathering;
  Slot slots[32];
};

struct Block {
  dim3 index, size, grid;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Warp> warps;
  Gathering barrier;
  int alive = 0;
  std::vector<char> shared;
  Place scheduler;
  Fiber* current = nullptr;
  std::function<void()> body;
};
inline Block* block = nullptr;

__attribute__((noinline)) inline void change(Place& from, Place& to) {
  from.started = true;
  if (_setjmp(from.jump) != 0) return;
  if (to.started) _longjmp(to.jump, 1);
  setcontext(&to.first);
}

inline void yield() { change(block->current->place, block->scheduler); }

inline void gather(Gathering& g, int expected) {
  uint64_t const mine = g.generation;
  if (++g.arrived == expected) {
    g.arrived = 0;
    ++g.generation;
    return;
  }
  while (g.generation == mine) yield();
}

inline unsigned lane() { return block->current->thread % 32; }
inline Warp& warp() { return block->warps[block->current->thread / 32]; }

/** Every lane brings words; `use` sees all lanes' and runs before anybody brings the next. */
template <typename Use>
auto exchange(Slot const& mine, Use const& use) {
  Warp& w = warp();
  w.slots[lane()] = mine;
  gather(w.gathering, 32);
  auto result = use(w.slots);
  gather(w.gathering, 32);
  return result;
}

inline void entry() {
  block->body();
  block->current->done = true;
  --block->alive;
  yield();
}

template <typename Kernel, typename... Arguments>
void launch(Kernel kernel, dim3 grid, dim3 size, size_t sharedBytes, void*, Arguments... arguments) {
  static std::vector<std::unique_ptr<Fiber>> pool;
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        Block here;
        block = &here;
        here.index = dim3(x, y, z);
        here.size = size;
        here.grid = grid;
        here.shared.assign(sharedBytes + 128, char(0xFF));  // NaN in every type
        here.warps.resize(size.x / 32);
        here.alive = int(size.x);
        here.body = [&] { kernel(arguments...); };
        while (here.fibers.size() < size.x) {
          if (pool.empty()) {
            here.fibers.push_back(std::make_unique<Fiber>());
            here.fibers.back()->stack.resize(128 * 1024);
          } else {
            here.fibers.push_back(std::move(pool.back()));
            pool.pop_back();
          }
          Fiber& fiber = *here.fibers.back();
          fiber.thread = unsigned(here.fibers.size() - 1);
          fiber.done = false;
          fiber.open.clear();
          fiber.groups.clear();
          fiber.place.started = false;
          getcontext(&fiber.place.first);
          fiber.place.first.uc_stack.ss_sp = fiber.stack.data();
          fiber.place.first.uc_stack.ss_size = fiber.stack.size();
          fiber.place.first.uc_link = nullptr;
          makecontext(&fiber.place.first, entry, 0);
        }
        // Backwards and forwards in turn, so that no result hangs on the order of threads.
        for (uint64_t round = 0; here.alive > 0; ++round) {
          if (round > 10'000'000) fail("a barrier that not every thread reaches");
          for (size_t i = 0; i < here.fibers.size(); ++i) {
            Fiber& fiber = *here.fibers[round % 2 == 0 ? i : here.fibers.size() - 1 - i];
            if (fiber.done) continue;
            here.current = &fiber;
            change(here.scheduler, fiber.place);
          }
        }
        for (auto& fiber : here.fibers) pool.push_back(std::move(fiber));
      }
    }
  }
  block = nullptr;
}

inline char* sharedMemory() {
  return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(block->shared.data()) + 127) / 128 * 128);
}
inline char* sharedAt(uint32_t offset, size_t bytes) {
  if (offset + bytes + 128 > block->shared.size()) fail("shared memory outside the block's");
  return sharedMemory() + offset;
}

}  // namespace emulate

#define threadIdx (dim3(emulate::block->current->thread, 0, 0))
#define blockIdx (emulate::block->index)
#define blockDim (emulate::block->size)
#define gridDim (emulate::block->grid)

inline void __syncthreads() { emulate::gather(emulate::block->barrier, emulate::block->alive); }
inline void __syncwarp() {
  emulate::exchange({}, [](emulate::Slot const*) { return 0; });
}

template <typename T>
T __shfl_sync(unsigned, T value, int from) {
  emulate::Slot slot{};
  std::memcpy(slot.words, &value, sizeof value);
  return emulate::exchange(slot, [&](emulate::Slot const* all) {
    T result;
    std::memcpy(&result, all[from & 31].words, sizeof result);
    return result;
  });
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int distance) {
  return __shfl_sync(mask, value, int(emulate::lane()) ^ distance);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance) {
  int const from = int(emulate::lane()) - int(distance);
  return __shfl_sync(mask, value, from < 0 ? int(emulate::lane()) : from);
}
inline unsigned __ballot_sync(unsigned, bool predicate) {
  emulate::Slot slot{};
  slot.words[0] = predicate;
  return emulate::exchange(slot, [](emulate::Slot const* all) {
    unsigned bits = 0;
    for (int i = 0; i < 32; ++i) bits |= all[i].words[0] << i;
    return bits;
  });
}
inline int atomicMax(int* at, int value) {
  int const old = *at;
  *at = max(old, value);
  return old;
}
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(unsigned(x)); }
inline float __int_as_float(int bits) {
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}
inline float __uint_as_float(unsigned bits) { return __int_as_float(int(bits)); }
inline unsigned __float_as_uint(float x) {
  unsigned bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x) * (1.0f + 1.2e-7f); }  // as far off as the device's may be
inline size_t __cvta_generic_to_shared(void const* p) { return size_t(static_cast<char const*>(p) - emulate::sharedMemory()); }
