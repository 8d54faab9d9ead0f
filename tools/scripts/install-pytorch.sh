#!/bin/sh
# Gives the tests a Python with PyTorch, transformers, onnx and safetensors: .cache/python/bin/python.
#
# On Debian and Ubuntu, as root, PyTorch is the system's package (146 MB) and .cache/python a virtual environment on top
# of it; elsewhere PyTorch comes from PyPI (3 GB) into that environment. Quiet, asks nothing, may be run again at any time:
# when nothing is missing it ends at once. A Python of your own that has all four wins: set PYTHON to its path.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
requirements=$root/test/support/python
environment=$root/.cache/python
stamp=$environment/installed
log=$root/.cache/install-pytorch.log

# has PYTHON MODULE...: looks for the modules without importing them, which takes milliseconds.
has() {
  has_python=$1
  shift
  "$has_python" -c 'import sys; from importlib.util import find_spec; sys.exit(not all(map(find_spec, sys.argv[1:])))' \
    "$@" >/dev/null 2>&1
}

# quietly COMMAND...: its output goes to the log, whose end is shown where the command fails.
quietly() {
  "$@" >>"$log" 2>&1 && return
  echo "install-pytorch: failed: $*" >&2
  tail -n 15 "$log" >&2
  echo "install-pytorch: all of it is in $log; mend the cause and run tools/scripts/install-pytorch.sh again" >&2
  exit 1
}

# Only what was asked for is put there: no recommended packages, no questions, a wait where another apt-get is at work, and
# another try where the network fails.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5 "$@"
}

system_pytorch() {
  /usr/bin/python3 -c 'import torch, numpy, venv, ensurepip' >/dev/null 2>&1 && return
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  echo 'install-pytorch: apt-get install python3-torch (146 MB)'
  apt update >>"$log" 2>&1 || true # an old list of packages may do
  apt install --no-install-recommends python3-torch libopenblas0 python3-numpy python3-venv >>"$log" 2>&1 || return 1
  /usr/bin/python3 -c 'import torch' >>"$log" 2>&1
}

if [ -n "${PYTHON:-}" ] && has "$PYTHON" torch numpy transformers onnx safetensors; then exit; fi

wanted=$(cat "$requirements"/requirements*.txt | cksum)
[ -x "$environment/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit

mkdir -p "$root/.cache"
if [ "${INSTALL_PYTORCH_LOCKED:-}" != 1 ] && command -v flock >/dev/null; then
  INSTALL_PYTORCH_LOCKED=1 exec flock "$root/.cache/install-pytorch.lock" "$0" # two at once: the second waits
fi
: >"$log"

if system_pytorch; then
  echo 'install-pytorch: virtual environment .cache/python on the system'\''s PyTorch'
  quietly /usr/bin/python3 -m venv --clear --system-site-packages "$environment"
else
  echo 'install-pytorch: virtual environment .cache/python with PyTorch from PyPI (3 GB, minutes)'
  quietly python3 -m venv --clear "$environment"
  quietly "$environment/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    -r "$requirements/requirements-torch.txt"
fi
quietly "$environment/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
  -r "$requirements/requirements.txt"
quietly "$environment/bin/python" -c 'import torch, transformers, onnx, safetensors; from transformers import BertModel'
echo "$wanted" >"$stamp"
