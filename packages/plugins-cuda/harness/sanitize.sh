#!/usr/bin/env bash
# compute-sanitizer over a reduced check: memcheck (out of bounds), racecheck and synccheck (shared memory), initcheck off.
#   bash packages/plugins-cuda/harness/sanitize.sh [cases]
# The reference is torch's plain products: its fused attention (cuDNN's) has races of its own, and fails under synccheck.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-.}; cases=${1:-12}; status=0
export PYTORCH_NO_CUDA_MEMORY_CACHING=1   # one allocation a tensor, so that memcheck sees its ends
export REFERENCE=math
# Only our kernels, by whichever name this version has for the option.
help=$(compute-sanitizer --help 2>&1); filter=()
for option in --kernel-name --kernel-regex --filter; do
  if [ ${#filter[@]} -eq 0 ] && grep -qw -- "$option" <<< "$help"; then filter=("$option" kns=trt_dsl); fi
done
echo "kernels: ${filter[*]:-all}"
for tool in memcheck racecheck synccheck; do
  mkdir -p "$out/$tool"
  OUT="$out/$tool" timeout 170 compute-sanitizer --tool "$tool" --error-exitcode 9 "${filter[@]}" \
    python3 "$here/check.py" --cases "$cases" --seed 7 > "$out/$tool/log.txt" 2>&1
  code=$?
  # What is reported in a kernel that is not ours is the reference's.
  ours=$(grep -cE '=========.*(access|Error|Barrier|Race).*trt_dsl' "$out/$tool/log.txt")
  [ $code -eq 0 ] || status=1
  echo "$tool: exit $code; $(grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' "$out/$tool/log.txt" | tail -1); $ours lines name our kernels"
  grep -E 'passed|Invalid|hazard|FAIL' "$out/$tool/log.txt" | head -8
done
exit $status
