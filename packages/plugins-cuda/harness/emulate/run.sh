#!/usr/bin/env bash
# Runs the kernels on the CPU: prepares their sources for the emulation beside it and tests them. Needs g++ 12 or later.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); package=$(cd "$here/../.." && pwd)
work=${1:-$package/build/emulate}
rm -rf "$work"; mkdir -p "$work/qkv-to-context" "$work/common" "$work/harness/emulate"
cp "$package"/common/*.{cuh,h} "$work/common"; cp "$package"/qkv-to-context/kernel.cu* "$work/qkv-to-context"
cp "$here/attention_test.cc" "$work/harness/emulate"
cp "$here/tensor_cores.cuh" "$work/common/tensor_cores.cuh"
# Two things that only nvcc can read: a launch, and shared memory of a size given at launch.
sed -i -E 's/(\w+)<<<(.*)>>>\(/emulate::launch(\1, \2, /; s/extern __shared__ .*unsigned char shared\[\];/unsigned char* const shared = reinterpret_cast<unsigned char*>(emulate::sharedMemory());/' "$work/qkv-to-context/kernel.cu"
g++ -std=c++17 -O2 -g -w -I "$here/cuda" -x c++ "$work/qkv-to-context/kernel.cu" "$work/harness/emulate/attention_test.cc" -o "$work/attention_test"
"$work/attention_test"
