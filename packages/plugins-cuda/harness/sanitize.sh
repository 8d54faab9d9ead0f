#!/usr/bin/env bash
# compute-sanitizer's four tools over small launches of our kernels, and of no others (sanitize.py), side by side.
#   bash packages/plugins-cuda/harness/sanitize.sh [seconds a tool may take, 80]
# One line a tool; $OUT/sanitize.json, and each tool's log beside it. Exit code 1 if a tool found something or did not end.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-.}; limit=${1:-80}; began=$SECONDS
tools=(memcheck racecheck synccheck initcheck)
mkdir -p "$out"
for tool in "${tools[@]}"; do
  (
    timeout -k 5 "$limit" compute-sanitizer --tool "$tool" --error-exitcode 9 --print-limit 20 \
      python3 "$here/sanitize.py" --budget $((limit - 25)) > "$out/sanitize-$tool.log" 2>&1
    echo $? > "$out/sanitize-$tool.code"
  ) &
done
wait
status=0; rows=()
for tool in "${tools[@]}"; do
  log=$out/sanitize-$tool.log; code=$(cat "$out/sanitize-$tool.code"); rm "$out/sanitize-$tool.code"
  summary=$(grep -E '(ERROR|RACECHECK) SUMMARY' "$log" | tail -1 | sed 's/=* *//')
  ran=$(grep -E '^ran ' "$log" | tail -1)
  verdict=clean
  if [ "$code" = 124 ] || [ "$code" = 137 ]; then verdict='out of time'; elif [ "$code" != 0 ]; then verdict=failed; fi
  [ "$verdict" = clean ] || status=1
  echo "$tool: $verdict; ${summary:-no summary}; ${ran:-did not end}"
  rows+=("{\"tool\": \"$tool\", \"verdict\": \"$verdict\", \"exit\": $code, \"summary\": \"$summary\", \"launches\": \"$ran\"}")
done
printf '{"seconds": %d, "commit": "%s", "tools": [\n  %s' $((SECONDS - began)) "${COMMIT:-}" "${rows[0]}" > "$out/sanitize.json"
printf ',\n  %s' "${rows[@]:1}" >> "$out/sanitize.json"; printf '\n]}\n' >> "$out/sanitize.json"
exit $status
