"""Data types: how stored bytes become float64 values, and how float64 values round to a type."""

import torch

# digits of the significand, exponent of the smallest normal, largest finite, what lies beyond it
FORMATS = {
    'float32': (24, -126, 3.4028234663852886e38, float('inf')),
    'float16': (11, -14, 65504.0, float('inf')),
    'bfloat16': (8, -126, 3.3895313892515355e38, float('inf')),
    'float8': (4, -6, 448.0, 448.0),
}
INTEGERS = {'int8', 'uint8', 'int32', 'int64'}
STORED = {
    'float32': torch.float32,
    'float16': torch.float16,
    'bfloat16': torch.bfloat16,
    'float8': torch.uint8,
    'int8': torch.int8,
    'uint8': torch.uint8,
    'int32': torch.int32,
    'int64': torch.int64,
    'bool': torch.uint8,
}


def quantum(dtype, v):
    """The distance between neighbours of `dtype` around v: its unit in the last place."""
    digits, least, _, _ = FORMATS[dtype]
    exponent = torch.frexp(v)[1].double()
    exponent = torch.where(torch.isfinite(v) & (v != 0), exponent, torch.full_like(exponent, -2000.0))
    return torch.pow(torch.tensor(2.0, dtype=torch.float64), exponent.clamp(min=least + 1) - digits)


def round_to(dtype, v):
    """v rounded once to a float type, ties to even; other types' values are exact already."""
    if dtype not in FORMATS:
        return v
    _, _, largest, beyond = FORMATS[dtype]
    step = quantum(dtype, v)
    rounded = torch.where(torch.isfinite(v), torch.round(v / step) * step, v)
    return torch.where(rounded.abs() > largest, torch.sign(v) * beyond, rounded)


def decode(dtype, shape, data):
    """Stored bytes (row-major, little-endian) as a float64 tensor."""
    if len(data) == 0:
        return torch.zeros(shape, dtype=torch.float64)
    stored = torch.frombuffer(bytearray(data), dtype=STORED[dtype])
    if dtype == 'float8':
        bits = stored.long()
        exponent, mantissa = ((bits >> 3) & 15).double(), (bits & 7).double()
        two = torch.tensor(2.0, dtype=torch.float64)
        size = torch.where(exponent == 0, mantissa * 2.0**-9, (1 + mantissa / 8) * torch.pow(two, exponent - 7))
        size = torch.where((bits & 127) == 127, torch.full_like(size, float('nan')), size)
        value = torch.where(bits >= 128, -size, size)
    else:
        value = stored.double()
    return value.reshape(shape)
