"""Every kernel against PyTorch in float64 over random shapes, types, masks and lengths.

    python3 packages/plugins-cuda/harness/check.py [--cases 500] [--seed 1] [--only attention] [--out check.json]

Writes $OUT/check.json (default: the current folder). Exit code 1 if a case fails; each failure prints its seed, and
`--only NAME --first SEED --cases 1` repeats it.

LayerNorm family: |y - truth| <= 2 ulp of the rounded truth, plus what float32 arithmetic loses where the terms cancel:
16 units of 2^-24 of |gamma| * rstd * (|x| + mean |x| + |x - mean|) + |beta|. Attention: ||y - truth|| <= 1.2 times the
same for torch's scaled_dot_product_attention in the same type. Where the truth is NaN or infinite so is y, and nowhere
else. Outputs are filled with a marker first, in memory with guard zones on both sides.
"""
import argparse
import json
import os
import pathlib
import random
import time

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

import kernels

DEVICE = 'cuda'
GUARD = 256
MARKER = {torch.float32: 0x7FA1B2C3, torch.float16: 0x7DAB, torch.bfloat16: 0x7FAB}  # a NaN nothing else makes
BITS = {torch.float32: torch.int32, torch.float16: torch.int16, torch.bfloat16: torch.int16}
MANTISSA = {torch.float32: 23, torch.float16: 10, torch.bfloat16: 7}
SMALLEST = {torch.float32: -126, torch.float16: -14, torch.bfloat16: -126}


class Failure(Exception):
    pass


def guarded(shape, dtype, shift=0):
    """An output of markers between guard zones; `shift` elements off its 16-byte alignment."""
    size = 1
    for s in shape:
        size *= s
    whole = torch.full((size + 2 * GUARD + shift,), MARKER[dtype], dtype=BITS[dtype], device=DEVICE).view(dtype)
    return whole, whole[GUARD + shift:GUARD + shift + size].view(shape)


def check_guards(whole, part, dtype):
    bits = whole.view(BITS[dtype])
    start = (part.data_ptr() - whole.data_ptr()) // whole.element_size()
    if not bool((bits[:start] == MARKER[dtype]).all()) or not bool((bits[start + part.numel():] == MARKER[dtype]).all()):
        raise Failure('wrote outside its output')
    if bool((part.contiguous().view(BITS[dtype]) == MARKER[dtype]).any()):
        raise Failure('left part of its output unwritten')


def ulp(x, dtype):
    """The distance between neighbours of `dtype` at |x|, in float64."""
    exponent = torch.floor(torch.log2(x.abs().clamp_min(2.0**SMALLEST[dtype])))
    return torch.exp2(exponent - MANTISSA[dtype])


def same_specials(y, truth):
    rounded = truth.to(y.dtype)
    border = torch.finfo(y.dtype).max
    # At the very border of the type's range either side of infinity is right.
    near = (truth.abs() > border * 0.998) & (truth.abs() < border * 1.002)
    if not bool((torch.isnan(y) == torch.isnan(rounded)).all()):
        raise Failure(f'NaN in {int(torch.isnan(y).sum())} places, PyTorch in {int(torch.isnan(rounded).sum())}')
    differs = (torch.isinf(y) != torch.isinf(rounded)) | (torch.isinf(y) & (torch.sign(y) != torch.sign(rounded)))
    if bool((differs & ~near).any()):
        raise Failure(f'infinite in {int(torch.isinf(y).sum())} places, PyTorch in {int(torch.isinf(rounded).sum())}')
    return torch.isfinite(y) & torch.isfinite(rounded)


def norm_truth(s, gamma, beta, epsilon):
    """LayerNorm in float64, and what float32 arithmetic may lose of it."""
    mean = s.mean(-1, keepdim=True)
    centred = s - mean
    rstd = torch.rsqrt((centred * centred).mean(-1, keepdim=True) + epsilon)
    truth = centred * rstd * gamma.double() + beta.double()
    lost = 16 * 2.0**-24 * (gamma.double().abs() * rstd * (s.abs() + s.abs().mean(-1, keepdim=True) + centred.abs()) + beta.double().abs())
    return truth, lost


def check_norm(y, truth, lost):
    finite = same_specials(y, truth)
    error = (y.double() - truth).abs()
    step = ulp(truth, y.dtype)
    excess = torch.where(finite, (error - lost) / step, torch.zeros_like(error))
    worst = max(0.0, float(excess.max())) if excess.numel() else 0.0
    if not worst <= 2:
        raise Failure(f'{worst:.2f} ulp from the truth')
    return worst


def pick_hidden(rng):
    return rng.choice([768, 1024, 384, 128, 256, 512, 64, 8, 1, 2, 3, 7, 9, 31, 33, 100, 257, 760, 776, 1000, 1032, 1536, 2048,
                       3072, 4096, 4104, 5000, 5120, 8192, 12288, 16384, 16392, rng.randint(1, 2000), 8 * rng.randint(1, 600)])


def pick_variant(rng):
    return rng.choice([-1, -1, rng.randrange(kernels.norm_schedules())])


def pick_types(rng):
    dtype = rng.choice([torch.float32, torch.float16, torch.bfloat16])
    return dtype, rng.choice([dtype, torch.float32])


def values(rng, shape, dtype, special=True):
    """Normal values of some spread and offset; sometimes a NaN or infinity, sometimes rows that are constant."""
    spread = 10.0 ** rng.uniform(-3, 1.5)
    offset = rng.choice([0.0, 0.0, 1.0, -20.0]) * spread
    x = torch.randn(shape, device=DEVICE) * spread + offset
    if special and x.numel() and rng.random() < 0.15:
        flat = x.view(-1)
        for _ in range(rng.randint(1, 3)):
            flat[rng.randrange(flat.numel())] = rng.choice([float('nan'), float('inf'), float('-inf')])
    if special and x.numel() and rng.random() < 0.1:
        x[..., :] = x[..., :1]
    return x.to(dtype)


def affine(rng, hidden, dtype):
    gamma = (1 + 0.5 * torch.randn(hidden, device=DEVICE)).to(dtype)
    beta = (rng.choice([0.0, 0.1, 2.0]) * torch.randn(hidden, device=DEVICE)).to(dtype)
    return gamma, beta


def offset_copy(rng, x):
    """Sometimes x at an address that is no multiple of 16."""
    if rng.random() > 0.1:
        return x
    room = torch.empty(x.numel() + 1, dtype=x.dtype, device=x.device)
    room[1:] = x.view(-1)
    return room[1:].view(x.shape)


def pick_rows(rng, hidden):
    rows = rng.choice([1, 2, 3, 4, 5, 31, 128, 384, 1000, 1056, 1057, 4096, rng.randint(1, 3000)])
    return max(1, min(rows, 6_000_000 // hidden))


def layer_norm(rng):
    hidden = pick_hidden(rng)
    dtype, parameter = pick_types(rng)
    rows = pick_rows(rng, hidden)
    epsilon = rng.choice([1e-12, 1e-5, 1e-3])
    x = offset_copy(rng, values(rng, (rows, hidden), dtype))
    gamma, beta = affine(rng, hidden, parameter)
    whole, y = guarded((rows, hidden), dtype, rng.choice([0, 0, 0, 1]))
    kernels.layer_norm(x, gamma, beta, epsilon, out=y, variant=pick_variant(rng))
    check_guards(whole, y, dtype)
    return check_norm(y, *norm_truth(x.double(), gamma, beta, epsilon))


def skip_layer_norm(rng):
    hidden = pick_hidden(rng)
    dtype, parameter = pick_types(rng)
    rows = pick_rows(rng, hidden)
    epsilon = rng.choice([1e-12, 1e-5, 1e-3])
    x = offset_copy(rng, values(rng, (rows, hidden), dtype))
    skip = offset_copy(rng, values(rng, (rows, hidden), dtype))
    bias = values(rng, (hidden,), dtype, special=False) if rng.random() < 0.5 else None
    gamma, beta = affine(rng, hidden, parameter)
    whole, y = guarded((rows, hidden), dtype)
    whole_sum, total = guarded((rows, hidden), dtype) if rng.random() < 0.5 else (None, None)
    kernels.skip_layer_norm(x, skip, gamma, beta, bias, epsilon, out=y, total=total, variant=pick_variant(rng))
    check_guards(whole, y, dtype)
    s = x.double() + skip.double() + (0 if bias is None else bias.double())
    lost = 2.0**-22 * (x.double().abs() + skip.double().abs() + (0 if bias is None else bias.double().abs()))
    if total is not None:
        check_guards(whole_sum, total, dtype)
        check_norm(total, s, lost)
    truth, allowed = norm_truth(s, gamma, beta, epsilon)
    centred = s - s.mean(-1, keepdim=True)
    rstd = torch.rsqrt((centred * centred).mean(-1, keepdim=True) + epsilon)
    return check_norm(y, truth, allowed + gamma.double().abs() * rstd * (lost + lost.mean(-1, keepdim=True)))


def emb_layer_norm(rng):
    hidden = rng.choice([384, 768]) if rng.random() < 0.4 else pick_hidden(rng)  # what goes down the columns, more often
    dtype, parameter = pick_types(rng)
    epsilon = rng.choice([1e-12, 1e-5])
    id_type = rng.choice([torch.int32, torch.int64])
    vocabulary, places, kinds = rng.choice([1, 7, 1000]), rng.choice([1, 16, 512]), rng.choice([1, 2])
    words, positions, types = (values(rng, (n, hidden), dtype, special=False) for n in (vocabulary, places, kinds))
    gamma, beta = affine(rng, hidden, parameter)
    source = rng.choice([kernels.COLUMN, kernels.PACKED, kernels.POSITION_IDS])
    broken = rng.random() < 0.3  # some ids, types or positions out of range
    zero_from = None
    where = None
    if source == kernels.PACKED:
        lengths = [rng.choice([0, 1, places, rng.randint(0, places)]) + (rng.random() < 0.1 if broken else 0)
                   for _ in range(rng.choice([1, 2, 5, 40]))]
        starts = [0]
        for n in lengths:
            starts.append(starts[-1] + n)
        total = starts[-1] + rng.choice([0, 0, 5])
        where = torch.tensor(starts, dtype=torch.int32, device=DEVICE)
        shape = (max(total, 1),)
        zero_from = starts[-1]
        position = torch.full(shape, 0, device=DEVICE, dtype=torch.int64)
        for a, b in zip(starts, starts[1:]):
            position[a:b] = torch.arange(b - a, device=DEVICE)
    else:
        shape = (rng.choice([1, 2, 9, 32, 200]), rng.randint(1, places + (3 if broken else 0)))
        if hidden in (384, 768) and source == kernels.COLUMN and rng.random() < 0.2:
            shape = (120_000_000 // hidden // shape[1], shape[1])  # so many that a warp's run is more than 32 rows
        elif shape[0] == 200 and hidden > 1024:
            shape = (9, shape[1])
        position = torch.arange(shape[1], device=DEVICE).expand(shape).contiguous()
        if source == kernels.POSITION_IDS:
            position = torch.randint(0, places, shape, device=DEVICE)
    ids = torch.randint(0, vocabulary, shape, device=DEVICE)
    token_types = torch.randint(0, kinds, shape, device=DEVICE)
    if broken:
        wrong = [-1, -2**31, 2**31 - 1] + ([2**40, -2**63] if id_type == torch.int64 else [])
        for _ in range(3):
            target, limit = rng.choice([(ids, vocabulary), (token_types, kinds)] +
                                       ([(position, places)] if source == kernels.POSITION_IDS else []))
            target.view(-1)[rng.randrange(target.numel())] = rng.choice(wrong + [limit, limit])
    if source == kernels.POSITION_IDS:
        where = position.to(id_type)
    whole, y = guarded((*shape, hidden), dtype)
    kernels.emb_layer_norm(ids.to(id_type), token_types.to(id_type), words, positions, types, gamma, beta, source, where,
                           epsilon, out=y, variant=rng.choice([*range(-1, kernels.emb_schedules())] + [kernels.emb_schedules() - 1] * 2))
    check_guards(whole, y, dtype)
    bad = (ids < 0) | (ids >= vocabulary) | (token_types < 0) | (token_types >= kinds) | (position < 0) | (position >= places)
    parts = [words[ids.masked_fill(bad, 0)].double(), positions[position.masked_fill(bad, 0)].double(),
             types[token_types.masked_fill(bad, 0)].double()]
    s = sum(parts)
    size = sum(p.abs() for p in parts)
    truth, allowed = norm_truth(s, gamma, beta, epsilon)
    centred = s - s.mean(-1, keepdim=True)
    rstd = torch.rsqrt((centred * centred).mean(-1, keepdim=True) + epsilon)
    lost = 2.0**-22 * (size + size.mean(-1, keepdim=True))
    truth[bad] = float('nan')
    if zero_from is not None:
        truth[zero_from:] = 0
    return check_norm(y, truth, allowed + gamma.double().abs() * rstd * lost)


def sdpa(q, k, v, scale, keep):
    """torch's own, on [batch, heads, sequence, size]; `keep` is a bool mask of keys or None.

    $REFERENCE=math takes torch's plain products instead of whichever fused kernel suits (sanitize.sh: those of cuDNN are
    not clean themselves)."""
    if os.environ.get('REFERENCE') == 'math':
        with sdpa_kernel(SDPBackend.MATH):
            return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, scale=scale)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, scale=scale)


def truth_of(q, k, v, scale, keep):
    q, k, v = q.double(), k.double(), v.double()
    score = q @ k.transpose(-1, -2) * scale
    if keep is not None:
        score = score.masked_fill(~keep, float('-inf'))
    probability = torch.softmax(score, -1)
    if keep is not None:
        probability = probability.masked_fill(~keep.any(-1, keepdim=True), 0)
    return probability @ v


def split(qkv, heads, size):
    """[batch, sequence, 3 * hidden] to three of [batch, heads, sequence, size]."""
    b, s, _ = qkv.shape
    return qkv.view(b, s, 3, heads, size).permute(2, 0, 3, 1, 4)


def merge(context):
    b, h, s, d = context.shape
    return context.transpose(1, 2).reshape(b, s, h * d)


def check_attention(y, truth, theirs):
    """Relative L2 error against torch's, in all and of the worst row; a row's may be up to twice torch's worst row's."""
    finite = same_specials(y, truth) & torch.isfinite(theirs)
    zero = torch.zeros((), dtype=torch.float64, device=y.device)
    mine = torch.where(finite, y.double() - truth, zero)
    torchs = torch.where(finite, theirs.double() - truth, zero)
    size = float(torch.where(finite, truth, zero).norm())
    # Rounding the exact result costs half an ulp at worst, 0.29 on average: the floor where torch happens to be exact.
    floor = 0.29 * float(torch.where(finite, ulp(truth, y.dtype), zero).norm())
    a, b = float(mine.norm()), max(float(torchs.norm()), floor)
    if not a <= 1.2 * b:
        raise Failure(f'error {a / max(size, 1e-30):.2e} relative, torch {b / max(size, 1e-30):.2e}: ratio {a / b:.3f}')
    if mine.numel():
        row, theirs_row = float(mine.norm(dim=-1).max()), float(torchs.norm(dim=-1).max())
        row_floor = float(torch.where(finite, ulp(truth, y.dtype), zero).norm(dim=-1).max())
        if not row <= 2 * max(theirs_row, row_floor):
            raise Failure(f'worst row {row:.2e} against torch\'s {theirs_row:.2e}')
    return a / max(b, 1e-30)


def attention(rng):
    size = rng.choice([32, 64, 64, 96, 128])
    dtype = rng.choice([torch.float16, torch.bfloat16])
    heads = rng.choice([1, 2, 3, 12])
    scale = rng.choice([None, None, 1.0, 0.05])
    variant = rng.choice([-1] + list(range(kernels.variants(size))))
    kind = rng.choice([kernels.NONE, kernels.LENGTHS, kernels.MASK, kernels.CU_SEQLENS])
    spread = rng.choice([0.3, 1.0, 1.0, 3.0])
    factor = size**-0.5 if scale is None else scale
    hidden = heads * size
    if kind == kernels.CU_SEQLENS:
        longest = rng.choice([3, 70, 300, 600])
        lengths = [rng.choice([0, 1, 16, 63, 64, 65, 128, longest, rng.randint(0, longest)]) for _ in
                   range(rng.choice([1, 2, 7, 31, 32, 33, 70]))]
        starts = [0]
        for n in lengths:
            starts.append(starts[-1] + n)
        total = starts[-1] + rng.choice([0, 0, 1, 70])
        qkv = (torch.randn(max(total, 1), 3 * hidden, device=DEVICE) * spread).to(dtype)
        qkv[starts[-1]:] = float('nan')  # what belongs to no sequence may be anything
        mask = torch.tensor(starts, dtype=torch.int32, device=DEVICE)
        whole, y = guarded((qkv.shape[0], hidden), dtype)
        kernels.attention(qkv, heads, size, kind, mask, scale, variant, out=y)
        check_guards(whole, y, dtype)
        truth = torch.zeros(qkv.shape[0], hidden, dtype=torch.float64, device=DEVICE)
        theirs = torch.zeros_like(truth)
        for a, b in zip(starts, starts[1:]):
            if a < b:
                q, k, v = split(qkv[None, a:b], heads, size)
                truth[a:b] = merge(truth_of(q, k, v, factor, None))[0]
                theirs[a:b] = merge(sdpa(q, k, v, factor, None))[0].double()
        if bool((y[starts[-1]:] != 0).any()):
            raise Failure('tokens of no sequence are not zeros')
        return check_attention(y, truth, theirs)

    sequence = rng.choice([1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 200, 384, 512, 1000, rng.randint(1, 700)])
    batch = rng.choice([1, 2, 3, 8]) if sequence <= 512 else 1
    if rng.random() < 0.01:
        batch, heads, sequence = 1, 1, 4096
        hidden = size
    qkv = (torch.randn(batch, sequence, 3 * hidden, device=DEVICE) * spread).to(dtype)
    mask = keep = None
    if kind == kernels.LENGTHS:
        mask = torch.randint(0, sequence + 1, (batch,), device=DEVICE, dtype=torch.int32)
        if rng.random() < 0.2:
            mask[rng.randrange(batch)] = rng.choice([0, -3, sequence + 9])
        visible = torch.arange(sequence, device=DEVICE)[None] < mask[:, None]
    elif kind == kernels.MASK:
        share = rng.choice([0.02, 0.5, 0.95])
        visible = torch.rand(batch, sequence, device=DEVICE) < share
        if rng.random() < 0.3:
            visible[rng.randrange(batch)] = False
        if rng.random() < 0.3:
            visible[:, rng.randrange(sequence):] = False
        mask = visible.int() * rng.choice([1, -1, 7])
    if kind != kernels.NONE:
        keep = visible[:, None, None, :]
    if rng.random() < 0.15:  # infinities in Q or K, NaN anywhere (an infinite value times a probability of 1e-20 is moot)
        parts = qkv.view(batch, sequence, 3, hidden)
        for _ in range(rng.randint(1, 3)):
            which = rng.randrange(3)
            parts[rng.randrange(batch), rng.randrange(sequence), which, rng.randrange(hidden)] = rng.choice(
                [float('nan')] + [float('inf'), float('-inf')] * (which < 2))
    q, k, v = split(qkv, heads, size)
    whole, y = guarded((batch, sequence, hidden), dtype)
    kernels.attention(qkv, heads, size, kind, mask, scale, variant, out=y)
    check_guards(whole, y, dtype)
    if keep is None:
        truth, theirs = truth_of(q, k, v, factor, None), sdpa(q, k, v, factor, None)
    else:
        # A value that no query may see is not read by us; 0 · NaN would be NaN in PyTorch's product.
        hidden_value = ~visible[:, None, :, None]
        k, v = k.masked_fill(hidden_value, 0), v.masked_fill(hidden_value, 0)
        bounded = keep.expand(batch, 1, sequence, sequence)
        truth, theirs = truth_of(q, k, v, factor, bounded), sdpa(q, k, v, factor, bounded)
        theirs = theirs.masked_fill(~keep.any(-1, keepdim=True), 0)
        truth = truth.masked_fill(~keep.any(-1, keepdim=True), 0)
    return check_attention(y, merge(truth), merge(theirs))


CASES = {'layer_norm': layer_norm, 'skip_layer_norm': skip_layer_norm, 'emb_layer_norm': emb_layer_norm, 'attention': attention}


def refusals():
    """What is outside the limits is an error, not a launch."""
    qkv = torch.randn(1, 8, 3 * 80, device=DEVICE, dtype=torch.float16)
    attempts = {
        'head size 80': lambda: kernels.attention(qkv, 1, 80),
        'float32 attention': lambda: kernels.attention(torch.randn(1, 8, 192, device=DEVICE), 1, 64),
        'sequence 4097': lambda: kernels.attention(torch.zeros(1, 4097, 96, device=DEVICE, dtype=torch.float16), 1, 32),
        'scale 0': lambda: kernels.attention(torch.zeros(1, 8, 96, device=DEVICE, dtype=torch.float16), 1, 32, scale=0.0),
        'gamma of another half type': lambda: kernels.layer_norm(
            torch.zeros(4, 8, device=DEVICE, dtype=torch.float16), *(torch.zeros(8, device=DEVICE, dtype=torch.bfloat16),) * 2),
    }
    accepted = []
    for name, attempt in attempts.items():
        try:
            attempt()
            accepted.append(name)
        except kernels.KernelError:
            pass
    return {'tried': len(attempts), 'accepted': accepted}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cases', type=int, default=500)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--first', type=int, default=None, help='the seed of the first case')
    parser.add_argument('--only', default=None, choices=list(CASES))
    parser.add_argument('--out', default='check.json')
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # REFERENCE=math rounds as the others do
    report = {'device': torch.cuda.get_device_name(), 'torch': torch.__version__, 'commit': os.environ.get('COMMIT', ''),
              'cases': options.cases, 'seed': options.seed, 'plugins': {}}
    failed = 0
    for name, case in CASES.items():
        if options.only not in (None, name):
            continue
        began = time.time()
        worst, total, failures = 0.0, 0.0, []
        for i in range(options.cases):
            seed = options.first + i if options.first is not None else options.seed * 1_000_000 + i
            torch.manual_seed(seed)
            try:
                result = case(random.Random(seed))
                worst, total = max(worst, result), total + result
                torch.cuda.synchronize()
            except Failure as error:
                failures.append({'seed': seed, 'message': str(error)})
        failed += len(failures)
        report['plugins'][name] = {'passed': options.cases - len(failures), 'failed': len(failures), 'worst': worst,
                                   'mean': total / options.cases, 'seconds': time.time() - began, 'failures': failures[:50]}
        print(f'{name:16} {options.cases - len(failures)} passed, {len(failures)} failed, worst {worst:.3f}, '
              f'mean {total / options.cases:.3f} ({time.time() - began:.0f} s)', flush=True)
        for failure in failures[:8]:
            print(f'    seed {failure["seed"]}: {failure["message"]}')
    report['refusals'] = refusals()
    failed += len(report['refusals']['accepted'])
    print('refused', report['refusals'])
    out = pathlib.Path(os.environ.get('OUT', '.')) / options.out
    out.write_text(json.dumps(report, indent=1))
    print('PASS' if failed == 0 else f'FAIL ({failed})')
    raise SystemExit(1 if failed else 0)


if __name__ == '__main__':
    main()
