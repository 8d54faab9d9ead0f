"""How far a correct backend may be off: every value carries a bound on its error, and each op says how errors pass it.

The scheme, written down once:

1. A value is (v, e): v is what PyTorch computes in float64 with one rounding to the tensor's type after each op; a
   correct backend's value lies in [v - e, v + e]. Inputs and constants have e = 0, an infinite e means "anything".
2. An op widens the bound as its rule below says: `corners` computes the op at both ends of every input, `together`
   at the upper and the lower ends (enough for ops that rise with all their inputs: data movement, sums, maxima),
   `bilinear` is the product rule; softmax, layer norm, attention and topK have rules of their own. Discontinuous
   ops need nothing special: where the interval straddles a jump the ends differ, and the bound grows to the jump.
3. An op computes in float32 inside, whatever its types: e grows by `slack` * 2^-24 * (magnitude of its terms). The
   slack is the backend's: a few for a CPU, more where exp and erf are approximated; for a sum of n terms at least √n.
   Where a backend computes an op on float16 or bfloat16 in that type, its `own` roundings of that type, for the same
   magnitude, come on top.
4. The result is rounded once: rounding rises, so the bound becomes the distance between the rounded ends. A float
   result gets one more unit in the last place, for a backend that keeps a value unrounded between two layers.
"""

import itertools

import torch

import ops
from rounding import FORMATS, INTEGERS, quantum, round_to

UNIT = 2.0**-24
HALF_UNITS = {'float16': 2.0**-11, 'bfloat16': 2.0**-8}


class Value:
    """A tensor of the graph: type, value, and bound on the error."""

    def __init__(self, dtype, v, e=None):
        self.dtype, self.v = dtype, v
        self.e = torch.zeros_like(v) if e is None else e
        self.exact = e is None or not bool(self.e.any())

    def ends(self):
        if self.exact:
            return [self.v]
        low, high = self.v - self.e, self.v + self.e
        return [low.clamp(0, 1), high.clamp(0, 1)] if self.dtype == 'bool' else [low, high]


def spread(a, b):
    """|a - b|, 0 where they are the same infinity or both NaN, infinite where only one is NaN."""
    same = (a == b) | (torch.isnan(a) & torch.isnan(b))
    difference = (a - b).abs()
    difference = torch.where(torch.isnan(difference), torch.full_like(difference, float('inf')), difference)
    return torch.where(same, torch.zeros_like(difference), difference)


def finite(x):
    return torch.where(torch.isfinite(x), x, torch.zeros_like(x))


def corners(f, a, inputs):
    v = f(a, *[x.v for x in inputs])
    e = torch.zeros_like(v)
    if not all(x.exact for x in inputs):
        for ends in itertools.product(*[x.ends() for x in inputs]):
            e = torch.maximum(e, spread(f(a, *ends), v))
    return v, e


def together(f, a, inputs):
    v = f(a, *[x.v for x in inputs])
    e = torch.zeros_like(v)
    if not all(x.exact for x in inputs):
        for end in (0, -1):
            e = torch.maximum(e, spread(f(a, *[x.ends()[end] for x in inputs]), v))
    return v, e


def bilinear(f, a, inputs):
    x, y, *bias = inputs
    v = f(a, x.v, y.v, *[b.v for b in bias])
    if x.exact and y.exact and all(b.exact for b in bias):
        return v, torch.zeros_like(v)
    e = f(a, x.v.abs(), y.e) + f(a, x.e, y.v.abs() + y.e, *[b.e for b in bias])
    return v, e


def equality(f, a, inputs):
    x, y = inputs
    v = f(a, x.v, y.v)
    doubt = x.e + y.e
    return v, ((doubt > 0) & ~((x.v - y.v).abs() > doubt)).double()


def truth(f, a, inputs):
    (x,) = inputs
    v = f(a, x.v)
    return v, ((x.e > 0) & ~(x.v.abs() > x.e)).double() if x.dtype != 'bool' else x.e


def softmax(f, a, inputs):
    (x,) = inputs
    v = f(a, x.v)
    if v.numel() == 0:
        return v, x.e
    top = x.v.amax(a.axis, keepdim=True)
    doubt = x.e + x.e.amax(a.axis, keepdim=True) + a.slack * UNIT * (1 + (top - x.v))
    return v, (v * torch.expm1(doubt)).clamp(max=1)


def mean(x):
    return x.mean(-1, keepdim=True)


def layer_norm(f, a, inputs):
    x, gamma, beta = inputs
    inner = a.slack * UNIT
    v = f(a, x.v, gamma.v, beta.v)
    centred = x.v - mean(x.v)
    centred_e = x.e + mean(x.e) + inner * (x.v.abs() + mean(x.v.abs()))
    variance = mean(centred**2)
    variance_e = mean(2 * centred.abs() * centred_e + centred_e**2) + inner * variance
    inverse = (variance + a.epsilon) ** -0.5
    inverse_e = ((variance - variance_e).clamp(min=0) + a.epsilon) ** -0.5 - inverse + inner * inverse
    z = centred * inverse
    z_e = centred.abs() * inverse_e + centred_e * (inverse + inverse_e)
    return v, gamma.v.abs() * z_e + gamma.e * (z.abs() + z_e) + beta.e


def attention(f, a, inputs):
    """The parts' rules one after the other; a half type may be rounded between them."""
    query, key, value, *mask = inputs
    dtype = query.dtype
    names = a.__class__(slack=a.slack, transposeA=False, transposeB=True, axis=-1)
    scores, e = bilinear(ops.OPS['matmul'], names, [query, key])
    e = e + a.slack * UNIT * ops.OPS['matmul'](names, query.v.abs(), key.v.abs())
    scores, e = a.scale * scores, abs(a.scale) * e
    for m in mask:
        scores, e = scores + m.v, e + m.e
    scores = Value(dtype, scores, e + 2 * quantum(dtype, scores))
    p, e = softmax(ops.OPS['softmax'], names, [scores])
    p = Value(dtype, p, e + 2 * quantum(dtype, p))
    names.transposeB = False
    _, e = bilinear(ops.OPS['matmul'], names, [p, value])
    return f(a, query.v, key.v, value.v, *[m.v for m in mask]), e


def product(f, a, inputs):
    (x,) = inputs
    v = f(a, x.v)
    return v, f(a, x.v.abs() + x.e) - f(a, x.v.abs())


def gather(f, a, inputs):
    x, index = inputs
    size = x.v.shape[a.axis]
    safe = index.v.clamp(0, max(size - 1, 0))
    v, e = f(a, x.v, safe), f(a, x.e, safe)
    doubt = (index.e > 0).double().reshape(index.v.shape + (1,) * (x.v.dim() - a.axis - 1))
    return v, torch.where(doubt.expand(v.shape) > 0, torch.full_like(e, float('inf')), e)


def top_k(f, a, inputs):
    """Values move no further than the inputs; an index is sure only where its value is apart from both neighbours."""
    (x,) = inputs
    ordered, order = torch.sort(x.v, dim=a.axis, descending=a.largest, stable=True)
    e = x.e.gather(a.axis, order)
    gap = (ordered.diff(dim=a.axis)).abs()
    doubt = e.narrow(a.axis, 0, e.shape[a.axis] - 1) + e.narrow(a.axis, 1, e.shape[a.axis] - 1)
    close = ((gap <= doubt) & (doubt > 0)).double()
    edge = torch.zeros_like(close.narrow(a.axis, 0, 0) if close.shape[a.axis] == 0 else close.narrow(a.axis, 0, 1))
    if close.shape[a.axis] == 0:
        unsure = torch.zeros_like(order, dtype=torch.float64)
    else:
        unsure = torch.cat([edge, close], a.axis) + torch.cat([close, edge], a.axis)
    index_e = torch.where(unsure > 0, torch.full_like(ordered, float('inf')), torch.zeros_like(ordered))
    values_e = x.e.amax(a.axis, keepdim=True).expand(ordered.shape)
    first = [t.narrow(a.axis, 0, a.k) for t in (ordered, values_e, order.double(), index_e)]
    return [(first[0], first[1]), (first[2], first[3])]


def by_operation(rules, default):
    return lambda f, a, inputs: rules.get(a.operation, default)(f, a, inputs)


RULES = {
    'elementwise': by_operation({'equal': equality}, corners),
    'unary': corners,
    'activation': corners,
    'select': corners,
    'cast': lambda f, a, inputs: (truth if a.kind == 'bool' else together)(f, a, inputs),
    'quantize': corners,
    'dequantize': corners,
    'reduce': by_operation({'prod': product}, together),
    'pooling': together,
    'matmul': bilinear,
    'convolution': bilinear,
    'softmax': softmax,
    'layerNorm': layer_norm,
    'attention': attention,
    'topK': top_k,
    'gather': gather,
    'shape': lambda f, a, inputs: (f(a, inputs[0].v), torch.zeros(inputs[0].v.dim(), dtype=torch.float64)),
}  # everything else moves data: `together`

one = torch.ones_like


def growth(a, terms):
    """By what a sum of many terms, one after the other, exceeds the slack: n roundings up and down are about √n of one."""
    return max(1, terms**0.5 / a.slack)


def per_element(x, v):
    return x.numel() / max(v.numel(), 1)


# Magnitude of the terms that float32 arithmetic inside an op rounds; ops that are not here are exact or see to it themselves.
MAGNITUDE = {
    'elementwise': {
        'sum': lambda a, v, x, y: x.abs() + y.abs(),
        'sub': lambda a, v, x, y: x.abs() + y.abs(),
        'prod': lambda a, v, x, y: v.abs(),
        'div': lambda a, v, x, y: v.abs(),
        'pow': lambda a, v, x, y: v.abs() * (1 + (y * x.log()).abs()),
    },
    'unary': {
        'exp': lambda a, v, x: v * (1 + x.abs()),
        'log': lambda a, v, x: v.abs() + 0.25,
        'sqrt': lambda a, v, x: v,
        'recip': lambda a, v, x: v.abs(),
        'erf': lambda a, v, x: one(v),
    },
    'activation': {
        'sigmoid': lambda a, v, x: one(v),
        'tanh': lambda a, v, x: one(v),
        'geluErf': lambda a, v, x: x.abs(),
        'geluTanh': lambda a, v, x: x.abs(),
    },
    'reduce': {
        'sum': lambda a, v, x: ops.REDUCE['sum'](x.abs(), a.axes, a.keepDimensions) * growth(a, per_element(x, v)),
        'mean': lambda a, v, x: ops.REDUCE['mean'](x.abs(), a.axes, a.keepDimensions) * growth(a, per_element(x, v)),
        'prod': lambda a, v, x: v.abs(),
    },
    'cumulativeSum': lambda a, v, x: ops.OPS['cumulativeSum'](a, x.abs()) * growth(a, x.shape[a.axis]),
    'pooling': {'average': lambda a, v, x: ops.OPS['pooling'](a, x.abs())},
    'range': lambda a, v: abs(a.start) + (v - a.start).abs(),
    'quantize': lambda a, v, x, scale: v.abs(),
    'dequantize': lambda a, v, x, scale: v.abs(),
    'layerNorm': lambda a, v, x, gamma, beta: v.abs() + beta.abs(),
    'matmul': lambda a, v, x, y: ops.OPS['matmul'](a, x.abs(), y.abs()) * growth(a, x.shape[-2 if a.transposeA else -1]),
    'attention': lambda a, v, q, k, value, *m: value.abs().amax(-2, keepdim=True).expand(v.shape),
    'convolution': lambda a, v, x, w, *b: ops.OPS['convolution'](a, x.abs(), w.abs(), *[t.abs() for t in b]),
}


def rounded(op, dtype, v):
    """The op's one rounding: to the result's type, and for int8 to the nearest integer in its range."""
    if op == 'quantize' and dtype == 'int8':
        return torch.round(v).clamp(-128, 127)
    return round_to(dtype, v)


def apply(op, a, inputs, dtype):
    """One op on values with bounds: a list of Values, of type `dtype` (topK's second is int32)."""
    results = RULES.get(op, together)(ops.OPS[op], a, inputs)
    if op == 'topK':
        (v, e), (index, index_e) = results
        return [Value(dtype, v, e), Value('int32', index, index_e)]
    v, e = results
    magnitude = MAGNITUDE.get(op)
    if isinstance(magnitude, dict):
        magnitude = magnitude.get(a.operation if op != 'activation' else a.type)
    first = inputs[0].dtype if inputs else dtype
    floats = first in FORMATS or dtype in FORMATS
    if magnitude and floats:
        unit = a.slack * UNIT + a.own * HALF_UNITS.get(first, 0)
        e = e + finite(unit * magnitude(a, v, *[x.v for x in inputs]))
    # Only arithmetic rounds; moved data is of its type already.
    if dtype in INTEGERS | {'bool'} and op != 'quantize' or not (magnitude or op == 'cast' or op == 'softmax'):
        return [Value(dtype, v, e if bool(e.any()) else None)]
    centre = rounded(op, dtype, v)
    e = torch.maximum(spread(rounded(op, dtype, v + e), centre), spread(rounded(op, dtype, v - e), centre))
    if dtype in ('float32', 'float16', 'bfloat16') and not (op == 'cast' and bool((centre == v).all())):
        e = e + finite(quantum(dtype, centre))
    return [Value(dtype, centre, e)]
