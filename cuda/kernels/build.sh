#!/bin/sh
# Compiles the kernels to PTX; run by `go generate`. Needs clang-19:
#   apt-get install -y --no-install-recommends clang-19
# No CUDA toolkit: no header, no device library and no ptxas is used. Denormals
# are flushed to zero and products are contracted to fma. PTX of ISA 6.3 for
# sm_75 is what every driver from 410 on and every GPU from Turing on can load;
# tensor.cu and stream*.cu need sm_80.
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang-19}
out=${1:-.}
for src in *.cu; do
  name=${src%.cu}
  arch=sm_75 ptx=63
  case "$name" in tensor | stream*) arch=sm_80 ptx=70 ;; esac
  "$clang" -x cuda --cuda-device-only -nocudainc -nocudalib --cuda-gpu-arch=$arch --cuda-feature=+ptx$ptx \
    -O3 -fcuda-flush-denormals-to-zero -ffp-contract=fast -Wall -Wno-unused-const-variable -Wno-unknown-cuda-version \
    -S -o "$out/$name.ptx.full" "$src"
  # Without the lines that say where inline assembly begins and ends.
  grep -v '^	// \(begin\|end\) inline asm$' "$out/$name.ptx.full" >"$out/$name.ptx"
  rm "$out/$name.ptx.full"
  # An indexed array that did not fit into registers would live there.
  if grep -q '\.local' "$out/$name.ptx"; then
    echo "$name: local memory in the PTX" >&2
    exit 1
  fi
done
