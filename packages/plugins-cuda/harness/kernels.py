"""The kernels of libtrt_dsl_plugins.so on torch tensors, without TensorRT."""
import ctypes
import os
import pathlib

import torch

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIBRARY = pathlib.Path(os.environ.get('TRT_DSL_PLUGINS', ROOT / 'build' / 'libtrt_dsl_plugins.so'))
TYPES = {torch.float32: 0, torch.float16: 1, torch.bfloat16: 2}
NONE, LENGTHS, MASK, CU_SEQLENS = range(4)  # KeyMask
COLUMN, PACKED, POSITION_IDS = range(3)  # PositionSource

_lib = ctypes.CDLL(str(LIBRARY))
_lib.trt_dsl_error.restype = ctypes.c_char_p


class KernelError(Exception):
    pass


def _pointer(tensor):
    if tensor is None:
        return ctypes.c_void_p(0)
    assert tensor.is_cuda and tensor.is_contiguous()
    return ctypes.c_void_p(tensor.data_ptr())


def _call(name, *arguments):
    stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
    code = getattr(_lib, name)(*arguments, stream)
    if code != 0:
        raise KernelError(f'{name}: {_lib.trt_dsl_error(code).decode()} ({code})')


def _int(x):
    return ctypes.c_int(x)


def layer_norm(x, gamma, beta, epsilon=1e-12, out=None, variant=-1):
    y = torch.empty_like(x) if out is None else out
    hidden = x.shape[-1]
    _call('trt_dsl_layer_norm', _int(TYPES[x.dtype]), _int(TYPES[gamma.dtype]), _pointer(x), _pointer(gamma), _pointer(beta),
          _pointer(y), ctypes.c_int64(x.numel() // hidden), _int(hidden), ctypes.c_float(epsilon), _int(variant))
    return y


def skip_layer_norm(x, skip, gamma, beta, bias=None, epsilon=1e-12, out=None, total=None, variant=-1):
    y = torch.empty_like(x) if out is None else out
    hidden = x.shape[-1]
    _call('trt_dsl_skip_layer_norm', _int(TYPES[x.dtype]), _int(TYPES[gamma.dtype]), _pointer(x), _pointer(skip),
          _pointer(bias), _pointer(gamma), _pointer(beta), _pointer(y), _pointer(total),
          ctypes.c_int64(x.numel() // hidden), _int(hidden), ctypes.c_float(epsilon), _int(variant))
    return y


def emb_layer_norm(ids, token_types, words, positions, types, gamma, beta, source=COLUMN, where=None, epsilon=1e-12, out=None,
                   variant=-1):
    hidden = words.shape[-1]
    y = torch.empty(*ids.shape, hidden, dtype=words.dtype, device=ids.device) if out is None else out
    _call('trt_dsl_emb_layer_norm', _int(TYPES[words.dtype]), _int(TYPES[gamma.dtype]), _int(ids.dtype == torch.int64),
          _pointer(ids), _pointer(token_types), _pointer(where), _int(source), _pointer(words), _pointer(positions),
          _pointer(types), _pointer(gamma), _pointer(beta), _pointer(y), ctypes.c_int64(ids.numel()), _int(ids.shape[-1]),
          _int(where.numel() - 1 if source == PACKED else 0), _int(words.shape[0]), _int(positions.shape[0]),
          _int(types.shape[0]), _int(hidden), ctypes.c_float(epsilon), _int(variant))
    return y


def attention(qkv, heads, head_size, kind=NONE, mask=None, scale=None, variant=-1, out=None):
    """qkv [batch, sequence, 3 * heads * head_size], or [total, …] with kind=CU_SEQLENS."""
    packed = kind == CU_SEQLENS
    hidden = heads * head_size
    context = torch.empty(*qkv.shape[:-1], hidden, dtype=qkv.dtype, device=qkv.device) if out is None else out
    batch = mask.numel() - 1 if packed else qkv.shape[0]
    _call('trt_dsl_qkv_to_context', _int(TYPES[qkv.dtype]), _pointer(qkv), _pointer(context), _int(kind), _pointer(mask),
          _int(batch), _int(0 if packed else qkv.shape[1]), _int(qkv.shape[0] if packed else 0), _int(heads),
          _int(head_size), ctypes.c_float(head_size**-0.5 if scale is None else scale), _int(variant))
    return context


def norm_schedules():
    return _lib.trt_dsl_norm_schedules()


def emb_schedules():
    """Those of the family, and emb_layer_norm's own."""
    return _lib.trt_dsl_emb_schedules()


def move(source, reads, target, writes, variant):
    """Reads and writes that many bytes, and nothing else."""
    _call('trt_dsl_move', _pointer(source), ctypes.c_int64(reads), _pointer(target), ctypes.c_int64(writes), _int(variant))


def move_variants():
    return _lib.trt_dsl_move_variants()


def gather(table, ids, target, variant):
    """target[i] = table[ids[i]], and nothing else."""
    _call('trt_dsl_gather', _pointer(table), _pointer(ids), ctypes.c_int64(ids.numel()),
          _int(table.shape[-1] * table.element_size()), _pointer(target), _int(variant))


def gather_variants():
    return _lib.trt_dsl_gather_variants()


def variants(head_size):
    return _lib.trt_dsl_qkv_to_context_variants(_int(head_size))
