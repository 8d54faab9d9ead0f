"""What each op of the DSL means in PyTorch: one line in one table. Everything is computed in float64.

`a` holds the node's attributes, its dims already numbers, and `integer`: whether the first input is of an integer type.
Booleans are 0 and 1.
"""

import torch

ELEMENTWISE = {
    'sum': lambda a, x, y: x + y,
    'sub': lambda a, x, y: x - y,
    'prod': lambda a, x, y: x * y,
    'div': lambda a, x, y: torch.div(x, y, rounding_mode='trunc' if a.integer else None),
    'pow': lambda a, x, y: torch.pow(x, y),
    'min': lambda a, x, y: torch.minimum(x, y),
    'max': lambda a, x, y: torch.maximum(x, y),
    'equal': lambda a, x, y: (x == y).double(),
    'less': lambda a, x, y: (x < y).double(),
    'greater': lambda a, x, y: (x > y).double(),
    'and': lambda a, x, y: torch.minimum(x, y),
    'or': lambda a, x, y: torch.maximum(x, y),
}
UNARY = {
    'exp': torch.exp,
    'log': torch.log,
    'sqrt': torch.sqrt,
    'recip': torch.reciprocal,
    'abs': torch.abs,
    'neg': torch.neg,
    'erf': torch.erf,
    'not': lambda x: 1 - x,
}
ACTIVATION = {
    'relu': torch.relu,
    'sigmoid': torch.sigmoid,
    'tanh': torch.tanh,
    'geluErf': torch.nn.functional.gelu,
    'geluTanh': lambda x: torch.nn.functional.gelu(x, approximate='tanh'),
}
REDUCE = {
    'sum': torch.sum,
    'mean': torch.mean,
    'max': torch.amax,
    'min': torch.amin,
    'prod': lambda x, axes, keep: product(x, axes, keep),
}
CAST = {'float': lambda x: x, 'integer': torch.trunc, 'bool': lambda x: (x != 0).double()}

OPS = {
    'elementwise': lambda a, x, y: ELEMENTWISE[a.operation](a, x, y),
    'unary': lambda a, x: UNARY[a.operation](x),
    'activation': lambda a, x: ACTIVATION[a.type](x),
    'cast': lambda a, x: CAST[a.kind](x),
    'select': lambda a, condition, x, y: torch.where(condition != 0, x, y),
    'quantize': lambda a, x, scale: x / along(a.axis, scale, x),
    'dequantize': lambda a, x, scale: x * along(a.axis, scale, x),
    'reduce': lambda a, x: REDUCE[a.operation](x, a.axes, a.keepDimensions),
    'softmax': lambda a, x: torch.softmax(x, a.axis),
    'layerNorm': lambda a, x, gamma, beta: torch.layer_norm(x, x.shape[-1:], gamma, beta, a.epsilon),
    'matmul': lambda a, x, y: torch.matmul(transposed(x, a.transposeA), transposed(y, a.transposeB)),
    'attention': lambda a, q, k, v, m=0.0: torch.softmax(a.scale * q @ transposed(k, True) + m, -1) @ v,
    'convolution': lambda a, x, w, b=None: torch.conv2d(x, w, b, a.stride, a.padding, a.dilation, a.groups),
    'pooling': lambda a, x: POOLING[a.operation](a, x),
    'cumulativeSum': lambda a, x: cumulative_sum(x, a.axis, a.exclusive, a.reverse),
    'topK': lambda a, x: torch.sort(x, dim=a.axis, descending=a.largest)[0].narrow(a.axis, 0, a.k),
    'gather': lambda a, x, i: x.index_select(a.axis, i.long().flatten()).reshape(
        x.shape[: a.axis] + i.shape + x.shape[a.axis + 1 :]
    ),
    'concatenation': lambda a, *xs: torch.cat(xs, a.axis),
    'expand': lambda a, x: x.expand(a.shape),
    'slice': lambda a, x: x[tuple(slice(s, s + n * t, t) for s, n, t in zip(a.start, a.size, a.stride))],
    'shuffle': lambda a, x: permuted(reshaped(permuted(x, a.firstTranspose), a.reshape), a.secondTranspose),
    'shape': lambda a, x: torch.tensor(x.shape, dtype=torch.float64),
    'range': lambda a: a.start + a.step * torch.arange(a.size, dtype=torch.float64),
}

POOLING = {
    'max': lambda a, x: torch.max_pool2d(x, a.window, a.stride, a.padding),
    'average': lambda a, x: torch.nn.functional.avg_pool2d(
        x, a.window, a.stride, a.padding, count_include_pad=a.includePadding
    ),
}


def along(axis, scale, x):
    """One scale for each element of an axis, or one for all, so that it broadcasts to x."""
    return scale if axis is None else scale.reshape([-1 if i == axis else 1 for i in range(x.dim())])


def transposed(x, wanted):
    return x.transpose(-1, -2) if wanted else x


def permuted(x, permutation):
    return x if permutation is None else x.permute(permutation)


def reshaped(x, shape):
    return x if shape is None else x.reshape(shape)


def cumulative_sum(x, axis, exclusive, reverse):
    if reverse:
        return cumulative_sum(x.flip(axis), axis, exclusive, False).flip(axis)
    if exclusive:
        x = torch.cat([torch.zeros_like(x.narrow(axis, 0, 1)), x.narrow(axis, 0, x.shape[axis] - 1)], axis)
    return x.cumsum(axis)


def product(x, axes, keep):
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, axis, keep)
    return x


# The type of what comes out, where it is not the first input's.
RESULT_TYPE = {
    'elementwise': lambda a, types: 'bool' if a.operation in ('equal', 'less', 'greater') else types[0],
    'cast': lambda a, types: a.dataType,
    'quantize': lambda a, types: a.dataType,
    'dequantize': lambda a, types: a.dataType,
    'select': lambda a, types: types[1],
    'shape': lambda a, types: 'int64',
    'range': lambda a, types: a.dataType,
}
