#!/usr/bin/env bash
# Runs the kernels on the CPU: prepares their sources for the emulation beside it and tests them. Needs g++ 12 or later.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); package=$(cd "$here/../.." && pwd)
work=${1:-$package/build/emulate}
rm -rf "$work"; mkdir -p "$work/common" "$work/harness/emulate"
cp "$package"/common/*.{cuh,h} "$work/common"; cp "$here"/{tensor_cores,memory}.cuh "$work/common"
cp "$here"/*_test.cc "$work/harness/emulate"
kernels=(layer-norm skip-layer-norm emb-layer-norm qkv-to-context)
for kernel in "${kernels[@]}"; do mkdir -p "$work/$kernel"; cp "$package/$kernel"/*.cu* "$work/$kernel"; done
# Two things that only nvcc can read: a launch, and shared memory of a size given at launch.
sed -i -E 's/(\w+)<<<(.*)>>>\(/emulate::launch(\1, \2, /; s/extern __shared__ .*unsigned char shared\[\];/unsigned char* const shared = reinterpret_cast<unsigned char*>(emulate::sharedMemory());/' "$work"/*/kernel.cu "$work/common/normalize_launch.cuh"
build() { g++ -std=c++17 -O2 -g -w -fno-strict-aliasing -I "$here/cuda" -x c++ "$@"; }
build "$work"/{layer-norm,skip-layer-norm,emb-layer-norm}/kernel.cu "$work/harness/emulate/normalize_test.cc" -o "$work/normalize_test" &
build "$work/qkv-to-context/kernel.cu" "$work/harness/emulate/attention_test.cc" -o "$work/attention_test"
wait $!
"$work/normalize_test"
"$work/attention_test"
