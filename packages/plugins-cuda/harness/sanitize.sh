#!/usr/bin/env bash
# compute-sanitizer over a reduced check: memcheck (out of bounds), racecheck and synccheck (shared memory), initcheck off.
#   bash packages/plugins-cuda/harness/sanitize.sh [cases]
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-.}; cases=${1:-12}; status=0
export PYTORCH_NO_CUDA_MEMORY_CACHING=1   # one allocation a tensor, so that memcheck sees its ends
# Only our kernels, where this version can choose.
filter=(); compute-sanitizer --help 2>&1 | grep -q -- "--kernel-name " && filter=(--kernel-name kernel_substring=trt_dsl)
for tool in memcheck racecheck synccheck; do
  mkdir -p "$out/$tool"
  OUT="$out/$tool" timeout 170 compute-sanitizer --tool "$tool" --error-exitcode 9 "${filter[@]}" \
    python3 "$here/check.py" --cases "$cases" --seed 7 > "$out/$tool/log.txt" 2>&1
  code=$?
  [ $code -eq 0 ] || status=1
  echo "$tool: exit $code; $(grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' "$out/$tool/log.txt" | tail -1)"
  grep -E 'passed|Invalid|hazard|FAIL' "$out/$tool/log.txt" | head -8
done
exit $status
