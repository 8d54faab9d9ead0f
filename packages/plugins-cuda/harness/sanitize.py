"""Small launches of every kernel with no other program on the device, for compute-sanitizer: NumPy and the driver, no torch.

    compute-sanitizer --tool memcheck python3 packages/plugins-cuda/harness/sanitize.py [--budget 60]

Each tensor is an allocation of its own, exactly as long as it must be, and every input is copied from the host, so that
memcheck sees its ends and initcheck what was never written. Results are compared with float64, loosely: check.py measures.
The cases come in a random but fixed order; those that `--budget` seconds leave no time for are counted.
"""
import argparse
import ctypes
import os
import pathlib
import random
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
FLOAT32, FLOAT16, BFLOAT16 = range(3)
NONE, LENGTHS, MASK, CU_SEQLENS = range(4)
COLUMN, PACKED, POSITION_IDS = range(3)
TOLERANCE = {FLOAT32: 2e-4, FLOAT16: 2e-2, BFLOAT16: 1e-1}

library = ctypes.CDLL(os.environ.get('TRT_DSL_PLUGINS', str(ROOT / 'build' / 'libtrt_dsl_plugins.so')))
driver = ctypes.CDLL('libcuda.so.1')


def cu(name, *arguments):
    code = getattr(driver, name)(*arguments)
    if code != 0:
        raise SystemExit(f'{name} returned {code}')


def start():
    device, context = ctypes.c_int(), ctypes.c_void_p()
    cu('cuInit', 0)
    cu('cuDeviceGet', ctypes.byref(device), 0)
    cu('cuDevicePrimaryCtxRetain', ctypes.byref(context), device)
    cu('cuCtxSetCurrent', context)


class Memory:
    """The device memory of one case."""

    def __init__(self):
        self.held = []

    def room(self, size):
        pointer = ctypes.c_uint64()
        cu('cuMemAlloc_v2', ctypes.byref(pointer), ctypes.c_size_t(size))
        self.held.append(pointer)
        return ctypes.c_void_p(pointer.value)

    def upload(self, array):
        array = np.ascontiguousarray(array)
        pointer = self.room(array.nbytes)
        cu('cuMemcpyHtoD_v2', ctypes.c_uint64(pointer.value), ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes))
        return pointer

    def download(self, pointer, shape, kind):
        array = np.empty(shape, np.uint32 if kind == FLOAT32 else np.uint16)
        cu('cuMemcpyDtoH_v2', ctypes.c_void_p(array.ctypes.data), ctypes.c_uint64(pointer.value), ctypes.c_size_t(array.nbytes))
        return from_bits(array, kind)

    def free(self):
        for pointer in self.held:
            cu('cuMemFree_v2', pointer)


def to_bits(x, kind):
    if kind == FLOAT16:
        return x.astype(np.float16).view(np.uint16)
    bits = x.astype(np.float32).view(np.uint32)
    return bits if kind == FLOAT32 else (bits >> 16).astype(np.uint16)


def from_bits(bits, kind):
    if kind == FLOAT16:
        return bits.view(np.float16).astype(np.float64)
    if kind == BFLOAT16:
        bits = bits.astype(np.uint32) << 16
    return bits.view(np.float32).astype(np.float64)


def tensor(rng, memory, shape, kind):
    """Its address, and its values as the device sees them."""
    bits = to_bits(rng.standard_normal(shape, dtype=np.float32), kind)
    return memory.upload(bits), from_bits(bits, kind)


def norm(s, gamma, beta):
    centred = s - s.mean(-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5) * gamma + beta


def call(name, *arguments):
    code = getattr(library, name)(*arguments, ctypes.c_void_p(0))
    if code != 0:
        raise SystemExit(f'{name} returned {code}')
    cu('cuCtxSynchronize')


def layer_norm(rng, memory, kind, parameter, rows, hidden, variant):
    x, values = tensor(rng, memory, (rows, hidden), kind)
    (gamma, g), (beta, b) = (tensor(rng, memory, (hidden,), parameter) for _ in range(2))
    y = memory.room(values.size * (4 if kind == FLOAT32 else 2))
    call('trt_dsl_layer_norm', kind, parameter, x, gamma, beta, y, ctypes.c_int64(rows), hidden, ctypes.c_float(1e-5), variant)
    return memory.download(y, (rows, hidden), kind), norm(values, g, b)


def skip_layer_norm(rng, memory, kind, parameter, rows, hidden, variant):
    (x, values), (skip, more) = (tensor(rng, memory, (rows, hidden), kind) for _ in range(2))
    bias, c = tensor(rng, memory, (hidden,), kind) if rows % 2 else (ctypes.c_void_p(0), 0)
    (gamma, g), (beta, b) = (tensor(rng, memory, (hidden,), parameter) for _ in range(2))
    y, total = (memory.room(values.size * (4 if kind == FLOAT32 else 2)) for _ in range(2))
    call('trt_dsl_skip_layer_norm', kind, parameter, x, skip, bias, gamma, beta, y, total, ctypes.c_int64(rows), hidden,
         ctypes.c_float(1e-5), variant)
    memory.download(total, (rows, hidden), kind)
    return memory.download(y, (rows, hidden), kind), norm(values + more + c, g, b)


def emb_layer_norm(rng, memory, kind, parameter, rows, hidden, variant):
    words, places, kinds = 50, rows + 1, 2
    sequence = rows // 10 if rows % 10 == 0 else rows  # as positions by column have it
    (word, w), (position, p), (token_type, t) = (tensor(rng, memory, (n, hidden), kind) for n in (words, places, kinds))
    (gamma, g), (beta, b) = (tensor(rng, memory, (hidden,), parameter) for _ in range(2))
    source = [COLUMN, PACKED, POSITION_IDS][rows % 3]
    id_type = np.int64 if rows % 2 else np.int32
    ids, types = rng.integers(0, words, rows).astype(id_type), rng.integers(0, kinds, rows).astype(id_type)
    at = np.arange(rows) % sequence
    where, batch = ctypes.c_void_p(0), 0
    if source == PACKED:
        starts = np.array([0, 0, rows // 3, rows], np.int32)
        at = np.concatenate([np.arange(rows // 3), np.arange(rows - rows // 3)])
        where, batch = memory.upload(starts), 3
    elif source == POSITION_IDS:
        at = rng.integers(0, places, rows)
        where = memory.upload(at.astype(id_type))
    truth = norm(w[ids] + p[at] + t[types], g, b)
    ids[rows // 2] = words  # outside the table: that row is NaN
    truth[rows // 2] = np.nan
    y = memory.room(truth.size * (4 if kind == FLOAT32 else 2))
    call('trt_dsl_emb_layer_norm', kind, parameter, int(id_type == np.int64), memory.upload(ids), memory.upload(types), where,
         source, word, position, token_type, gamma, beta, y, ctypes.c_int64(rows), sequence, batch, words, places, kinds, hidden,
         ctypes.c_float(1e-5), variant)
    return memory.download(y, (rows, hidden), kind), truth


def attention(rng, memory, kind, mask_kind, batch, sequence, size, variant):
    heads = 2
    hidden = heads * size
    qkv, values = tensor(rng, memory, (batch * sequence, 3 * hidden), kind)
    visible = np.ones((batch, sequence), bool)
    starts = np.arange(batch + 1) * sequence
    mask = ctypes.c_void_p(0)
    if mask_kind == LENGTHS:
        lengths = rng.integers(0, sequence + 1, batch).astype(np.int32)
        visible = np.arange(sequence)[None] < lengths[:, None]
        mask = memory.upload(lengths)
    elif mask_kind == MASK:
        visible = rng.random((batch, sequence)) < 0.5
        mask = memory.upload(visible.astype(np.int32))
    elif mask_kind == CU_SEQLENS:
        inner = np.sort(rng.integers(0, batch * sequence, batch - 1))
        starts = np.concatenate([[0], inner, [max(0, batch * sequence - 3)]]).astype(np.int32)
        starts = np.maximum.accumulate(np.minimum(starts, starts[-1]))
        mask = memory.upload(starts)
    y = memory.room(batch * sequence * hidden * 2)
    packed = mask_kind == CU_SEQLENS
    call('trt_dsl_qkv_to_context', kind, qkv, y, mask_kind, mask, batch, 0 if packed else sequence,
         batch * sequence if packed else 0, heads, size, ctypes.c_float(size**-0.5), variant)
    truth = np.zeros((batch * sequence, hidden))
    for i in range(batch):
        a, b = int(starts[i]), int(starts[i + 1])
        seen = np.arange(a, b) if packed else a + np.flatnonzero(visible[i])
        for h in range(heads):
            q, k, v = (values[:, part * hidden + h * size:part * hidden + (h + 1) * size] for part in range(3))
            if b > a and len(seen):
                score = q[a:b] @ k[seen].T * size**-0.5
                weight = np.exp(score - score.max(-1, keepdims=True))
                truth[a:b, h * size:(h + 1) * size] = weight / weight.sum(-1, keepdims=True) @ v[seen]
    return memory.download(y, (batch * sequence, hidden), kind), truth


def cases():
    types = [(FLOAT32, FLOAT32), (FLOAT16, FLOAT16), (FLOAT16, FLOAT32), (BFLOAT16, BFLOAT16), (BFLOAT16, FLOAT32)]
    number = 0
    for case in (layer_norm, skip_layer_norm, emb_layer_norm):
        for hidden in (8, 100, 384, 760, 768, 1024, 2048, 16384):
            for kind, parameter in types:
                rows = (1, 7, 45, 3, 150)[number % 5] if hidden <= 2048 else 2
                schedules = library.trt_dsl_emb_schedules() if case is emb_layer_norm else library.trt_dsl_norm_schedules()
                yield case, (kind, parameter, rows, hidden, number % (schedules + 1) - 1)
                number += 1
    columns = library.trt_dsl_emb_schedules() - 1
    for hidden, rows in ((384, 150), (384, 3), (768, 150), (768, 12000)):  # the last: runs of some tokens of one position
        for kind, parameter in types[1:]:
            yield emb_layer_norm, (kind, parameter, rows, hidden, columns)
    for size in (32, 64, 96, 128):
        for variant in range(-1, library.trt_dsl_qkv_to_context_variants(size)):
            for mask_kind in (NONE, LENGTHS, MASK, CU_SEQLENS):
                sequence = (1, 17, 64, 150)[number % 4]
                yield attention, ((FLOAT16, BFLOAT16)[number % 2], mask_kind, 2 + number % 2, sequence, size, variant)
                number += 1
    # y above half of an H200's L2 cache: stored evict-first.
    for case in (layer_norm, skip_layer_norm, emb_layer_norm):
        yield case, (FLOAT16, FLOAT16, 16020, 1024, -1)
    yield emb_layer_norm, (FLOAT16, FLOAT16, 21360, 768, columns)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--budget', type=float, default=60, help='seconds after which no case begins')
    options = parser.parse_args()
    start()
    all_cases = list(cases())
    random.Random(1).shuffle(all_cases)
    began, ran, wrong = time.monotonic(), 0, 0
    for number, (case, arguments) in enumerate(all_cases):
        if time.monotonic() - began > options.budget:
            break
        memory = Memory()
        found, truth = case(np.random.default_rng(number), memory, *arguments)
        ran += 1
        if not np.allclose(found, truth, rtol=TOLERANCE[arguments[0]], atol=TOLERANCE[arguments[0]], equal_nan=True):
            wrong += 1
            print(f'{case.__name__}{arguments}: off by {np.nanmax(np.abs(found - truth)):.3g}')
        memory.free()
    print(f'ran {ran} of {len(all_cases)} launches, {wrong} wrong', flush=True)
    raise SystemExit(1 if wrong else 0)


if __name__ == '__main__':
    main()
