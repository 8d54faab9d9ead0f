"""Each kernel's time beside torch's and beside the limit of memory or arithmetic.

    python3 packages/plugins-cuda/harness/bench.py [--quick] [--only attention]

Writes $OUT/bench.json (default: the current folder). Every time is the median of 20 replays of a CUDA graph that launches
the operation once on each of several input sets, together larger than the L2 cache (at most 64 sets), over their number.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

import kernels

DEVICE = 'cuda'
ROTATE_BYTES = 200e6
BACKENDS = {'flash': SDPBackend.FLASH_ATTENTION, 'cudnn': SDPBackend.CUDNN_ATTENTION,
            'efficient': SDPBackend.EFFICIENT_ATTENTION}


def time_graph(launches, replays=20):
    """Microseconds per launch, the median of `replays`."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for launch in launches[:2]:
            launch()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for launch in launches:
            launch()
    for _ in range(3):
        graph.replay()
    times = []
    for _ in range(replays):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) * 1000 / len(launches))
    return statistics.median(times)


def sets_for(size):
    return max(2, min(64, math.ceil(ROTATE_BYTES / size)))


def peaks():
    a = torch.empty(2 << 30, dtype=torch.uint8, device=DEVICE)
    b = torch.empty_like(a)
    copy = time_graph([lambda: b.copy_(a)] * 2)
    m = torch.randn(8192, 8192, device=DEVICE, dtype=torch.float16)
    n = torch.randn(8192, 8192, device=DEVICE, dtype=torch.float16)
    product = time_graph([lambda: m @ n] * 2)
    return {'copy_tb_per_s': 2 * a.numel() / copy / 1e6, 'float16_tflop_per_s': 2 * 8192**3 / product / 1e6}


def normalisation(limits, quick):
    rows = []
    for hidden in ([768] if quick else [768, 1024, 384]):
        for tokens in ([4096, 16384] if quick else [128, 1024, 4096, 16384, 49152]):
            for dtype in ([torch.float16] if quick or hidden != 768 else [torch.float16, torch.bfloat16, torch.float32]):
                element = torch.finfo(dtype).bits // 8
                gamma, beta, bias = (torch.randn(hidden, device=DEVICE, dtype=dtype) for _ in range(3))
                words = torch.randn(30522, hidden, device=DEVICE, dtype=dtype)
                positions = torch.randn(512, hidden, device=DEVICE, dtype=dtype)
                types = torch.randn(2, hidden, device=DEVICE, dtype=dtype)
                count = sets_for(3 * tokens * hidden * element)
                x = [torch.randn(tokens, hidden, device=DEVICE, dtype=dtype) for _ in range(count)]
                s = [torch.randn(tokens, hidden, device=DEVICE, dtype=dtype) for _ in range(count)]
                y = [torch.empty_like(x[0]) for _ in range(count)]
                ids = [torch.randint(0, 30522, (tokens // 128, 128), device=DEVICE, dtype=torch.int32) for _ in range(count)]
                zero = torch.zeros_like(ids[0])
                place = torch.arange(128, device=DEVICE, dtype=torch.int32)
                size = tokens * hidden * element
                seen = min(30522, tokens)  # rows of the word table that a batch touches, at most
                table = {
                    'layer_norm': (2 * size, lambda i: kernels.layer_norm(x[i], gamma, beta, out=y[i]),
                                   lambda i: F.layer_norm(x[i], (hidden,), gamma, beta, 1e-12)),
                    'skip_layer_norm': (3 * size, lambda i: kernels.skip_layer_norm(x[i], s[i], gamma, beta, bias, out=y[i]),
                                        lambda i: F.layer_norm(x[i] + s[i] + bias, (hidden,), gamma, beta, 1e-12)),
                    'emb_layer_norm': (size + seen * hidden * element + 8 * tokens,
                                       lambda i: kernels.emb_layer_norm(ids[i], zero, words, positions, types, gamma, beta,
                                                                        out=y[i].view(*ids[i].shape, hidden)),
                                       lambda i: F.layer_norm(F.embedding(ids[i], words) + F.embedding(place, positions) +
                                                              F.embedding(zero, types), (hidden,), gamma, beta, 1e-12)),
                }
                for name, (size_moved, ours, theirs) in table.items():
                    us = time_graph([lambda i=i: ours(i) for i in range(count)])
                    torch_us = time_graph([lambda i=i: theirs(i) for i in range(count)])
                    rows.append({'plugin': name, 'tokens': tokens, 'hidden': hidden, 'type': str(dtype)[6:], 'us': us,
                                 'torch_eager_us': torch_us, 'bytes': size_moved, 'tb_per_s': size_moved / us / 1e6,
                                 'share_of_copy': size_moved / us / 1e6 / limits['copy_tb_per_s']})
                    print(f'{name:16} {tokens:6}x{hidden:<5} {str(dtype)[6:]:9} {us:8.2f} us  torch {torch_us:8.2f}  '
                          f'{100 * rows[-1]["share_of_copy"]:5.1f} % of copy', flush=True)
    return rows


def torch_attention(qkv, heads, size, keep, backend):
    b, s, _ = qkv.shape
    q, k, v = qkv.view(b, s, 3, heads, size).permute(2, 0, 3, 1, 4)
    with sdpa_kernel(backend):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep)


def try_time(launches):
    try:
        return time_graph(launches)
    except Exception:  # a backend that does not take these inputs says so in many ways
        torch.cuda.synchronize()
        return None


def attention(limits, quick):
    rows = []
    shapes = [(1, 128), (4, 128), (8, 128), (32, 128), (128, 128), (1, 384), (8, 384), (32, 384), (128, 384), (1, 512), (8, 512),
              (32, 512), (8, 1024), (1, 4096), (4, 4096)]
    models = [(12, 64)]
    work = [(heads, size, b, s, dtype) for heads, size in models for b, s in shapes for dtype in [torch.float16]]
    work += [(16, 64, b, s, torch.float16) for b, s in [(1, 128), (32, 128), (128, 128), (1, 384), (32, 384)]]
    work += [(12, 64, b, s, torch.bfloat16) for b, s in [(32, 128), (32, 384)]]
    work += [(heads, size, b, s, torch.float16) for heads, size in [(12, 32), (8, 96), (8, 128)]
             for b, s in [(1, 128), (32, 128), (32, 512)]]
    if quick:
        work = [(12, 64, b, s, torch.float16) for b, s in [(1, 128), (32, 128), (128, 128), (1, 384), (32, 384), (32, 512)]]
    for heads, size, b, s, dtype in work:
        hidden = heads * size
        moved = b * s * 4 * hidden * 2
        flop = 4 * b * heads * s * s * size
        count = sets_for(moved)
        qkv = [torch.randn(b, s, 3 * hidden, device=DEVICE, dtype=dtype) for _ in range(count)]
        y = [torch.empty(b, s, hidden, device=DEVICE, dtype=dtype) for _ in range(count)]
        lengths = torch.randint(max(1, s // 4), s + 1, (b,), device=DEVICE, dtype=torch.int32)
        mask = (torch.arange(s, device=DEVICE)[None] < lengths[:, None]).int()
        keep = mask.bool()[:, None, None, :].expand(b, 1, s, s)
        floor = max(moved / limits['copy_tb_per_s'] / 1e6, flop / limits['float16_tflop_per_s'] / 1e6)
        row = {'plugin': 'attention', 'heads': heads, 'head_size': size, 'batch': b, 'sequence': s, 'type': str(dtype)[6:],
               'bytes': moved, 'flop': flop, 'limit_us': floor, 'variants_us': [], 'torch_us': {}, 'torch_mask_us': {}}

        def ours(kind, m, variant=-1):
            return time_graph([lambda i=i: kernels.attention(qkv[i], heads, size, kind, m, variant=variant, out=y[i])
                               for i in range(count)])

        row['us'] = ours(kernels.NONE, None)
        row['lengths_us'] = ours(kernels.LENGTHS, lengths)
        row['mask_us'] = ours(kernels.MASK, mask)
        row['variants_us'] = [ours(kernels.NONE, None, v) for v in range(kernels.variants(size))]
        for name, backend in BACKENDS.items():
            row['torch_us'][name] = try_time([lambda i=i: torch_attention(qkv[i], heads, size, None, backend)
                                              for i in range(count)])
            if name != 'flash':
                row['torch_mask_us'][name] = try_time([lambda i=i: torch_attention(qkv[i], heads, size, keep, backend)
                                                       for i in range(count)])
        rows.append(row)

        def best(times):
            known = {k: t for k, t in times.items() if t is not None}
            return '/'.join(f'{k[:2]} {t:.1f}' for k, t in known.items()) or 'none'

        print(f'{b:4}x{s:<5}{heads:3}x{size:<4}{row["type"]:9}{row["us"]:8.2f} us  limit {floor:7.2f}  torch {best(row["torch_us"])}  '
              f'| lengths {row["lengths_us"]:.1f} mask {row["mask_us"]:.1f} torch {best(row["torch_mask_us"])}  '
              f'| variants {" ".join(f"{t:.1f}" for t in row["variants_us"])}', flush=True)
    return rows


def packed(quick):
    """Lengths as SQuAD's features have them, mean about 160 of at most 384: padded against packed."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        varlen_attn = None
    rows = []
    heads, size = 12, 64
    for b in ([32] if quick else [8, 32, 128]):
        generator = torch.Generator().manual_seed(b)
        lengths = (torch.exp(torch.randn(b, generator=generator) * 0.42) * 147).int().clamp(30, 384)
        starts = torch.cat([torch.zeros(1, dtype=torch.int32), lengths.cumsum(0).int()]).to(DEVICE)
        total, s, hidden = int(lengths.sum()), 384, heads * size
        count = sets_for(b * s * 4 * hidden * 2)
        qkv = [torch.randn(b, s, 3 * hidden, device=DEVICE, dtype=torch.float16) for _ in range(count)]
        flat = [torch.randn(total, 3 * hidden, device=DEVICE, dtype=torch.float16) for _ in range(count)]
        on_device = lengths.to(DEVICE)
        keep = (torch.arange(s, device=DEVICE)[None] < on_device[:, None])[:, None, None, :].expand(b, 1, s, s)
        row = {'batch': b, 'mean_length': total / b, 'padded_to': s}
        row['padded_lengths_us'] = time_graph([lambda i=i: kernels.attention(qkv[i], heads, size, kernels.LENGTHS, on_device)
                                               for i in range(count)])
        row['packed_us'] = time_graph([lambda i=i: kernels.attention(flat[i], heads, size, kernels.CU_SEQLENS, starts)
                                       for i in range(count)])
        row['packed_variants_us'] = [time_graph([lambda i=i: kernels.attention(flat[i], heads, size, kernels.CU_SEQLENS, starts,
                                                                               variant=v) for i in range(count)])
                                     for v in range(kernels.variants(size))]
        row['torch_padded_mask_us'] = {name: try_time([lambda i=i: torch_attention(qkv[i], heads, size, keep, BACKENDS[name])
                                                       for i in range(count)]) for name in ['cudnn', 'efficient']}
        if varlen_attn is not None:
            parts = [f.view(total, 3, heads, size).unbind(1) for f in flat]
            longest = int(lengths.max())
            row['torch_varlen_us'] = try_time([lambda i=i: varlen_attn(*parts[i], starts, starts, longest, longest)
                                               for i in range(count)])
        rows.append(row)
        print('packed', {k: v if not isinstance(v, float) else round(v, 2) for k, v in row.items()}, flush=True)
    return rows


def commit():
    if os.environ.get('COMMIT'):
        return os.environ['COMMIT']
    try:
        return subprocess.run(['git', 'rev-parse', 'HEAD'], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--only', choices=['norm', 'attention', 'packed'])
    options = parser.parse_args()
    torch.manual_seed(0)
    limits = peaks()
    print(f'copy {limits["copy_tb_per_s"]:.2f} TB/s, float16 product {limits["float16_tflop_per_s"]:.0f} TFLOP/s')
    report = {'command': ' '.join(['python3', *sys.argv]), 'commit': commit(), 'device': torch.cuda.get_device_name(),
              'driver': subprocess.run(['nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader'],
                                       capture_output=True, text=True).stdout.strip(),
              'torch': torch.__version__, 'cuda': torch.version.cuda, 'limits': limits}
    wanted = [options.only] if options.only else ['attention', 'packed', 'norm']
    for name in wanted:
        report[name] = {'norm': lambda: normalisation(limits, options.quick), 'attention': lambda: attention(limits, options.quick),
                        'packed': lambda: packed(options.quick)}[name]()
        (pathlib.Path(os.environ.get('OUT', '.')) / 'bench.json').write_text(json.dumps(report, indent=1))


if __name__ == '__main__':
    main()
