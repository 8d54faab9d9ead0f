#!/usr/bin/env bash
# bert-squad on a GPU: logits against PyTorch, then the table of times. Run it in the repository's root on the GPU's host.
#
#   APP=… OUT=results TENSORRT_ROOT=… TIMING_CACHE=… COMMIT=… examples/bert-squad/gpu/run.sh [phase…]
#
# APP            folder that tools/scripts/bundle.mjs made
# OUT            where results go (default results); each step writes its own file at once, and the merged bert-squad.json and .md
# WORK           where models and engines go, gigabytes that later runs use again (default $OUT/work)
# TIMING_CACHE   tactic timings to read and extend (default $OUT/timing.cache); with a warm one engines build several times as fast
# BUDGET         seconds after which no step begins, and steps end (default 250)
# BACKEND        tensorrt by default; onnx tries the script without a GPU
# MODELS         "base large" by default
#
# Phases in order of importance: compare-base compare-large perf-base fp32 plugins int8 tiny perf-large. Those named are run,
# else all. All but two measure the plain network (--plugins none): plugins times base in fp16 at 32 × 128 with what
# `--plugins auto` takes, and without, and holds its logits against PyTorch; int8 times base in int8 and fp8, without and with
# all plugins.
# A step whose result is in $OUT already is skipped: run it again with the same OUT to go on.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
fixtures=$here/../fixtures
: "${APP:?is not set: name the folder that tools/scripts/bundle.mjs made}"
OUT=${OUT:-results}
BUDGET=${BUDGET:-250}
BACKEND=${BACKEND:-tensorrt}
MODELS=${MODELS:-base large}
CELLS=${CELLS:-32x128 1x128 128x128 8x128 1x384 32x384 8x384 128x384}
work=${WORK:-$OUT/work}
mkdir -p "$OUT" "$work"
OUT=$(cd "$OUT" && pwd)
work=$(cd "$work" && pwd)
export TIMING_CACHE=${TIMING_CACHE:-$OUT/timing.cache}
export PYTHON=${PYTHON:-$(command -v python3)}
package=$APP/node_modules/@trt-dsl/example-bert-squad
[ -e "$package/python/reference.py" ] || cp -r "$here/../python" "$package/" || exit 1
failed=0

left() { echo $((BUDGET - SECONDS)); }

# step NAME RESULT COMMAND…: runs the command unless its result is there or the time is up.
step() {
  local name=$1 result=$2 begun=$SECONDS
  shift 2
  if [ -e "$result" ]; then echo "== $name: done before"; return 0; fi
  if [ "$(left)" -lt 8 ]; then echo "== $name: skipped, $(left) s left"; return 75; fi
  echo "== $name ($(left) s left)"
  timeout -k 5 "$(left)" "$@" || { local status=$?; failed=1; echo "== $name: ended with $status after $((SECONDS - begun)) s"; return $status; }
  echo "== $name: $((SECONDS - begun)) s"
}

squad() { node "$package/bin/bert-squad.js" "$@"; }
export -f squad
export package
merge() { node "$here/merge.mjs" "$OUT"; }
run() { step "$1" "$2" bash -c 'squad "$@"' squad "${@:3}"; }

models() {
  step "make $1" "$work/models/$1/config.json" "$PYTHON" "$here/make_models.py" "$work/models" "$1"
}

# compare MODEL PRECISION: build at 32 × 128, logits against PyTorch, answers to a few questions, times of that cell
compare() {
  local model=$1 precision=$2 engine=$work/$1-$2.engine
  [ -e "$OUT/compare-$model-$precision.json" ] && [ -e "$OUT/perf-$model-$precision-32x128.json" ] && return
  models "$model" || return
  run "build $model $precision" "$engine.json" build -m "$work/models/$model" -v "$fixtures/huggingface/vocab.txt" -o "$engine" \
    -b 32:32:32 -s 128:128:128 --precision "$precision" --plugins none --backend "$BACKEND" --timing-cache "$TIMING_CACHE" || return
  run "compare $model $precision" "$OUT/compare-$model-$precision.json" compare -e "$engine" -o "$OUT/compare-$model-$precision.json"
  merge
  run "perf $model $precision 32x128" "$OUT/perf-$model-$precision-32x128.json" perf -e "$engine" --duration 2 \
    -o "$OUT/perf-$model-$precision-32x128.json"
  run "infer $model $precision" "$OUT/predictions-$model-$precision.json" infer -e "$engine" -sq "$fixtures/squad.json" \
    -o "$OUT/predictions-$model-$precision.json"
  run "evaluate $model $precision" "$OUT/evaluated-$model-$precision" evaluate "$OUT/predictions-$model-$precision.json" \
    -sq "$fixtures/squad.json"
  merge
}

# perf MODEL PRECISION BATCHxSEQ [PLUGINS]: an engine for that cell with random weights; with plugins, a file of its own
perf() {
  local plugins=${4:-none} kind=$2
  [ "$plugins" = none ] || kind=$2-plugins
  local result=$OUT/perf-$1-$kind-$3.json
  run "perf $1 $kind $3" "$result" perf --random-weights "$1" --precision "$2" --plugins $plugins \
    --backend "$BACKEND" -b "${3%x*}" -s "${3#*x}" --duration 2 --timing-cache "$TIMING_CACHE" -o "$result"
  merge
}

# plugins MODEL: in fp16 at 32 × 128, with plugins and without; logits against PyTorch, through the engine's file
plugins() {
  perf "$1" fp16 32x128 auto
  perf "$1" fp16 32x128
  local engine=$work/$1-fp16-plugins.engine
  [ -e "$OUT/compare-$1-fp16-plugins.json" ] && return
  models "$1" || return
  run "build $1 fp16 with plugins" "$engine.json" build -m "$work/models/$1" -v "$fixtures/huggingface/vocab.txt" -o "$engine" \
    -b 32:32:32 -s 128:128:128 --precision fp16 --plugins auto --backend "$BACKEND" --timing-cache "$TIMING_CACHE" || return
  run "compare $1 fp16 with plugins" "$OUT/compare-$1-fp16-plugins.json" compare -e "$engine" \
    -o "$OUT/compare-$1-fp16-plugins.json"
  merge
}

# The committed tiny model through every command; its answers are known.
tiny() {
  local source engine
  for source in tensorflow/model.ckpt-1 npy huggingface; do
    engine=$work/tiny-${source%%/*}.engine
    run "build tiny $source" "$engine.json" build -m "$fixtures/$source" -o "$engine" -b 1:8:16 -s 16:64:96 \
      --precision fp16 --plugins none --backend "$BACKEND" --timing-cache "$TIMING_CACHE" || return
    run "infer tiny $source" "$OUT/predictions-tiny-${source%%/*}.json" infer -e "$engine" -sq "$fixtures/squad.json" \
      -o "$OUT/predictions-tiny-${source%%/*}.json"
    run "evaluate tiny $source" "$OUT/evaluated-tiny-${source%%/*}" evaluate "$OUT/predictions-tiny-${source%%/*}.json" \
      -sq "$fixtures/squad.json" --reference-f1 100
  done
  run "compare tiny" "$OUT/compare-tiny-fp16.json" compare -e "$engine" -o "$OUT/compare-tiny-fp16.json"
  [ "$BACKEND" = onnx ] || run "inspect tiny" "$OUT/inspect-tiny.txt" inspect -e "$engine" --profile -o "$OUT/inspect-tiny.txt"
}

phase() {
  case $1 in
    compare-*) for precision in fp16 fp32; do compare "${1#compare-}" $precision; done ;;
    tiny) tiny ;;
    fp32) perf base fp32 1x128 ;; # the other cell in float32, 32 × 128, is part of compare-base
    plugins) plugins base ;;
    int8) for plugins in none 'embLayerNorm skipLayerNorm qkvToContext'; do for precision in int8 fp8; do perf base $precision 32x128 "$plugins"; done; done ;;
    perf-*) for cell in $CELLS; do perf "${1#perf-}" fp16 "$cell"; done ;;
    *) echo "no phase $1: compare-MODEL tiny perf-MODEL fp32 plugins int8" >&2; exit 2 ;;
  esac
}

phases=("$@")
if [ $# -eq 0 ]; then
  read -ra names <<<"$MODELS"
  phases=()
  for name in "${names[@]}"; do phases+=("compare-$name"); done
  phases+=("perf-${names[0]}" fp32 plugins int8 tiny)
  for name in "${names[@]:1}"; do phases+=("perf-$name"); done
fi
for each in "${phases[@]}"; do phase "$each"; done
merge
cp -f "$TIMING_CACHE" "$OUT/timing.cache" 2>/dev/null
cat "$OUT/bert-squad.md"
echo "== all in $SECONDS s; $([ $failed -eq 0 ] && echo passed || echo 'something failed')"
exit $failed
