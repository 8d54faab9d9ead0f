#!/usr/bin/env bash
# Everything that needs a GPU, each step with a log and a time limit, spread over the GPUs of this machine:
#
#   TENSORRT_ROOT=… COMMIT=… [CACHES=…] [SKIP='overhead peers'] bash test/gpu/all.sh BUNDLE MINILM OUT [SECONDS]
#
# Run it in the repository's root. BUNDLE is what tools/scripts/bundle.mjs made (with the plugins' library), MINILM what
# minilm-folder.js made, OUT takes results, logs and steps.log. CACHES keeps tactic timings, a file a step (default
# OUT/caches); with them engines build several times as fast. SKIP names steps, PLUGINS the plugins' parts. README.md says
# how each is made.
# Streams a to d take a GPU each, one after the other where there are fewer. After SECONDS (900) no step goes on.
set -uo pipefail
[ $# -ge 3 ] || { sed -n 2,10p "$0"; exit 2; }
repository=$PWD
mkdir -p "$3"
bundle=$(cd "$1" && pwd) minilm=$(cd "$2" && pwd) out=$(cd "$3" && pwd) limit=${4:-900}
caches=${CACHES:-$out/caches}
mkdir -p "$caches"
export OUT=$out APP=$bundle TRT_DSL_PLUGINS=${TRT_DSL_PLUGINS:-$bundle/node_modules/@trt-dsl/plugins-cuda/build/libtrt_dsl_plugins.so}
cp "$repository"/test/gpu/*.py "$bundle/gpu/"
cp "$repository"/test/gpu/*.txt "$bundle/"
cd "$bundle" || exit 1

# step NAME SECONDS COMMAND…: its output to NAME.log, how it ended to steps.log; a timing cache of its own
step() {
  local name=$1 most=$2 begun=$SECONDS left=$((limit - SECONDS))
  shift 2
  if [[ " ${SKIP:-} " == *" $name "* ]]; then return; fi
  if [ "$left" -lt 15 ]; then echo "$stream $name: no time" >>"$out/steps.log"; return; fi
  TIMING_CACHE=$caches/${name%%:*} timeout -k 5 $((most < left ? most : left)) "$@" >"$out/$name.log" 2>&1
  echo "$stream $name: exit $? after $((SECONDS - begun)) s" >>"$out/steps.log"
}
gpu=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1)
graphs=(--worker "$repository/test/support/pytorch/worker.py" --device "$gpu")
squad() { step "squad:$1" "$2" env CELLS="${3:-}" BUDGET="$2" OUT="$out/squad" WORK="$bundle/squad" bash "$repository/examples/bert-squad/gpu/run.sh" "$1"; }
quantize() { step "quantize-$1-$2" 500 node gpu/quantize.js "$1" "$2" "$3" "$1-$2"; }

stream_a() { # correctness
  step minilm 300 node gpu/minilm.js "$minilm" "$minilm/ids.json" float16,float32,bfloat16
  step tests-engine 90 node --test gpu/engine.test.js
  step mutation 250 env OMP_NUM_THREADS=1 node mutation/tools/mutation/run.js tensorrt --jobs 24 --budget 200 \
    --out "$out/results-tensorrt.md" "${graphs[@]}"
  step tests 280 node --test --test-concurrency=3 gpu/{binding,commands,cuda,legality,network-adds,options,plans,refit,slot}.test.js
  step fuzz 200 node --expose-gc "$repository/packages/trt-bindings/fuzz/child.mjs" \
    "$bundle/node_modules/@trt-dsl/trt-bindings/build/trt10/trt.node" "$(ls "$TENSORRT_ROOT"/lib*/libnvinfer.so.10 | head -n 1)" 1 100000 "$out/fuzz-journal"
}
stream_b() { # quantized BERT, the float16 it is held against first; :sequence-first in all that it may help
  local fp8=float16,float8:gemm,float8:gemm:sequence-first,float8:residual,float8:residual:sequence-first
  local int8=int8:gemm,int8:gemm:sequence-first,int8:full,int8:accurate,int8:accurate:sequence-first
  local more=float16:sequence-first,int8:residual,int8:residual:sequence-first
  quantize base 32x128 $fp8,$int8,$more,float8:gemm:plugins,int8:gemm:plugins,float8:residual:sequence-first:plugins,int8:gemm:smooth,float8:full
  quantize base 128x128 $fp8,$int8,$more,float8:gemm:plugins,int8:gemm:plugins
  quantize base 32x384 float16,float8:gemm,float8:gemm:sequence-first,float8:gemm:plugins,int8:gemm,int8:gemm:sequence-first,int8:gemm:plugins
  quantize large 32x128 $fp8,$int8,float8:gemm:plugins,int8:gemm:plugins
}
stream_c() { # bert-squad's tables, and PyTorch's times beside them; the service
  step service 150 bash -c "cd '$repository' && node '$bundle/bench/main.js' service --seconds 3 --name h200-service --device '$gpu' -- --backend tensorrt --precision fp16 --lanes 2 --max-tokens 16384 --model '$minilm'"
  step peers 60 python3 gpu/bert_perf.py base float16 1x128,32x128,128x128,32x384
  squad compare-base 300
  squad perf-base 700 "1x128 8x128 128x128 32x384 1x384 8x384 128x384"
  squad fp32 200
  squad compare-large 400
  for phase in plugins tiny int8; do squad $phase 200; done
}
stream_d() { # plugins: kernels alone, in TensorRT, in BERT
  step harness 300 env OUT="$out/harness" bash -c "mkdir -p '$out/harness'; cd '$repository' && bash packages/plugins-cuda/harness/all.sh"
  step plugins 900 node gpu/plugins.js "${PLUGINS:-kernels,bert,layers}" 800
}

gpus=$(nvidia-smi -L | wc -l)
run() {
  for stream in "${@:2}"; do
    CUDA_VISIBLE_DEVICES=$1 "stream_$stream"
  done
}
[ "$gpus" -gt 0 ] || { echo 'no GPU' >&2; exit 1; }
# What an engine costs the host is measured before anything else runs; the others want all GPUs.
stream=alone CUDA_VISIBLE_DEVICES=0 step overhead 200 node gpu/overhead.js
stream=alone step devices 90 node --test gpu/devices.test.js
stream=alone step properties 400 env OMP_NUM_THREADS=1 node properties/properties/run.js tensorrt --count 1000 \
  --jobs $((12 * gpus)) --gpus "$gpus" --group 4 --budget 350 --tries 0 --explain 0 --out "$out/property-tensorrt.json" "${graphs[@]}"
case $gpus in
  1) run 0 a b d c & ;;
  2 | 3) run 0 a d & run 1 b c & ;;
  *) run 0 a & run 1 b & run 2 c & run 3 d & ;;
esac
wait
cat "$out/steps.log"
! grep -qvE 'exit 0' "$out/steps.log"
