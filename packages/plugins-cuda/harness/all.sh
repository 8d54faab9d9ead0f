#!/usr/bin/env bash
# What needs a GPU, in one command and at most 250 seconds; results in $OUT (flat), one line a step at the end.
#   OUT=… CUDA_VISIBLE_DEVICES=3 bash packages/plugins-cuda/harness/all.sh
# Needs the built library (build/libtrt_dsl_plugins.so or $TRT_DSL_PLUGINS), python3 with torch, compute-sanitizer; no TensorRT.
# Alone on the device: bench (both families), then torch.compile's times. Then at once: 500 cases a plugin, and the sanitizers.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export OUT=${OUT:-.}; mkdir -p "$OUT"
began=$SECONDS
export PATH=$PATH:/usr/local/cuda/bin
step() { # name, seconds, command: its output to a log, its end to a line
  local name=$1 limit=$2 start=$SECONDS; shift 2
  timeout -k 5 "$limit" "$@" > "$OUT/$name.log" 2>&1
  local code=$? how
  case $code in 0) how=done ;; 124 | 137) how='OUT OF TIME' ;; *) how="FAILED ($code)" ;; esac
  echo "$name: $how after $((SECONDS - start)) of $limit s" >> "$OUT/steps.txt"
}
: > "$OUT/steps.txt"
step bench 100 python3 "$here/bench.py" --variants
step compile 35 python3 "$here/bench.py" --compile --out compile.json
check() { step "check-$1-$2" 95 python3 "$here/check.py" --only "$1" --first "$2" --cases 250 --out "check-$1-$2.json"; }
for plugin in layer_norm skip_layer_norm emb_layer_norm attention; do
  for first in 1000000 1000250; do check "$plugin" "$first" & done
done
step sanitize 95 bash "$here/sanitize.sh" 85 &
wait
cat "$OUT/bench.log"; tail -n 12 "$OUT"/check-*.log "$OUT/compile.log" "$OUT/sanitize.log"
cat "$OUT/steps.txt"; echo "all: $((SECONDS - began)) s"
! grep -qvE ': done after' "$OUT/steps.txt"
