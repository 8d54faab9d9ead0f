"""What each plugin computes, in PyTorch and float64: jobs as JSON on stdin, outputs on stdout."""
import json
import sys

import torch
import torch.nn.functional as F


def tensor(x):
    integer = x['type'].startswith('int')
    return torch.tensor(x['values'], dtype=torch.int64 if integer else torch.float64).reshape(x['shape'])


def layer_norm(inputs, fields):
    x, gamma, beta = inputs
    return [F.layer_norm(x, gamma.shape, gamma, beta, fields['epsilon'])]


def skip_layer_norm(inputs, fields):
    x, skip, gamma, beta, *bias = inputs
    s = x + skip + sum(bias)
    y = F.layer_norm(s, gamma.shape, gamma, beta, fields['epsilon'])
    return [y, s] if fields.get('sum') else [y]


def emb_layer_norm(inputs, fields):
    ids, kinds, words, positions, types, gamma, beta, *where = inputs
    source = fields.get('positions', 'column')
    starts = where[0].tolist() if source == 'cu_seqlens' else []
    if source == 'position_ids':
        at = where[0]
    elif source == 'cu_seqlens':
        at = torch.cat([torch.arange(b - a) for a, b in zip(starts, starts[1:])] + [torch.zeros(len(ids) - starts[-1]).long()])
    else:
        at = torch.arange(ids.shape[1]).expand(ids.shape)
    y = F.layer_norm(F.embedding(ids, words) + F.embedding(at, positions) + F.embedding(kinds, types), gamma.shape, gamma, beta,
                     fields['epsilon'])
    if starts:
        y[starts[-1]:] = 0
    return [y]


def attend(qkv, heads, keep, scale):
    """One sequence: qkv [seq, 3 * hidden], keep [seq] or None."""
    s, width = qkv.shape
    q, k, v = qkv.reshape(s, 3, heads, width // 3 // heads).permute(1, 2, 0, 3)
    score = q @ k.transpose(-1, -2) * (scale or (width // 3 // heads)**-0.5)
    if keep is not None:
        if not keep.any():
            return torch.zeros(s, width // 3, dtype=qkv.dtype)
        score = score.masked_fill(~keep, float('-inf'))
    return (torch.softmax(score, -1) @ v).transpose(0, 1).reshape(s, width // 3)


def qkv_to_context(inputs, fields):
    qkv, *where = inputs
    mask = fields.get('mask', 'none')
    def one(part, keep=None):
        return attend(part, fields['heads'], keep, fields.get('scale', 0))

    if mask == 'cu_seqlens':
        starts = where[0].tolist()
        parts = [one(qkv[a:b]) for a, b in zip(starts, starts[1:])]
        return [torch.cat(parts + [torch.zeros(len(qkv) - starts[-1], qkv.shape[1] // 3, dtype=qkv.dtype)])]
    keep = [None] * len(qkv)
    if mask == 'lengths':
        keep = [torch.arange(qkv.shape[1]) < n for n in where[0]]
    elif mask == 'mask':
        keep = [row != 0 for row in where[0]]
    return [torch.stack([one(part, k) for part, k in zip(qkv, keep)])]


jobs = json.load(sys.stdin)
json.dump([[y.reshape(-1).tolist() for y in globals()[job['op']]([tensor(x) for x in job['inputs']], job['fields'])]
           for job in jobs], sys.stdout)
