"""Each kernel's time beside torch's and beside the limit of memory or arithmetic.

    python3 packages/plugins-cuda/harness/bench.py [--quick] [--only norm|emb|attention|packed] [--variants] [--compile]

Writes $OUT/bench.json (default: the current folder). Every time is the median of 20 replays of a CUDA graph that launches
the operation once on each of several input sets, over their number. The LayerNorm family's sets are together four times
the L2 cache, so that all data comes from memory; beside each time stands that of a kernel which reads and writes as many
bytes and does nothing else, in the same state of the cache, and beside embLayerNorm's that of one which copies the ids' rows
of the table (gather_us); pairs_us is embLayerNorm's on pairs of texts, us on single ones. `--only emb` is embLayerNorm's
rows of norm, every schedule. Attention's sets are at least 200 MB, but at most 64.
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
MEMORY_TB_PER_S = {'H200': 4.8, 'H100 80GB': 3.35}  # what NVIDIA says of the memory
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
    a = torch.empty(2 << 30, dtype=torch.uint8, device=DEVICE).random_()
    b = torch.empty_like(a)
    moved = [time_graph([lambda: kernels.move(a, a.numel(), b, b.numel(), v)] * 2) for v in range(kernels.move_variants())]
    copy = time_graph([lambda: b.copy_(a)] * 2)
    m = torch.randn(8192, 8192, device=DEVICE, dtype=torch.float16)
    n = torch.randn(8192, 8192, device=DEVICE, dtype=torch.float16)
    product = time_graph([lambda: m @ n] * 2)
    memory = next((tb for name, tb in MEMORY_TB_PER_S.items() if name in torch.cuda.get_device_name()), None)
    return {'copy_tb_per_s': 2 * a.numel() / min(copy, *moved) / 1e6, 'torch_copy_tb_per_s': 2 * a.numel() / copy / 1e6,
            'memory_tb_per_s': memory, 'float16_tflop_per_s': 2 * 8192**3 / product / 1e6}


class Pool:
    """Memory several times the L2 cache, handed out in turn, so that what a launch touches was not touched lately."""

    def __init__(self, bytes_a_launch):
        self.l2 = torch.cuda.get_device_properties(0).L2_cache_size
        self.sets = max(2, math.ceil(4 * self.l2 / bytes_a_launch))

    def tensors(self, shape, dtype):
        room = torch.randn(self.sets, *shape, device=DEVICE, dtype=torch.float16 if dtype != torch.float32 else dtype)
        return list(room.to(dtype).unbind(0))


def norm_work(tokens, hidden, dtype):
    """Name to a function to (sets, bytes read, bytes written, ours(set, variant), torch's(function, set), torch's function, and
    what else to time, a name to its ways of set of which the fastest counts) for each of the family."""
    element = torch.finfo(dtype).bits // 8
    size = tokens * hidden * element
    gamma, beta, bias = (torch.randn(hidden, device=DEVICE, dtype=dtype) for _ in range(3))
    norm = [(hidden,), gamma, beta, 1e-12]

    def layer_norm():
        pool = Pool(2 * size)
        x, y = (pool.tensors((tokens, hidden), dtype) for _ in range(2))

        def theirs(x, shape, gamma, beta, epsilon):
            return F.layer_norm(x, shape, gamma, beta, epsilon)
        return (pool.sets, size, size, lambda i, v: kernels.layer_norm(x[i], gamma, beta, out=y[i], variant=v),
                lambda f, i: f(x[i], *norm), theirs, {})

    def skip_layer_norm():
        pool = Pool(3 * size)
        x, s, y = (pool.tensors((tokens, hidden), dtype) for _ in range(3))

        def theirs(x, s, bias, shape, gamma, beta, epsilon):
            return F.layer_norm(x + s + bias, shape, gamma, beta, epsilon)
        return (pool.sets, 2 * size, size,
                lambda i, v: kernels.skip_layer_norm(x[i], s[i], gamma, beta, bias, out=y[i], variant=v),
                lambda f, i: f(x[i], s[i], bias, *norm), theirs, {})

    def emb_layer_norm():
        vocabulary, sequence = 30522, 128
        shape = (tokens // sequence, sequence)
        pool = Pool(2 * size)
        y = pool.tensors((*shape, hidden), dtype)
        # As many tables as it takes for one to have left the cache when its turn comes again.
        tables = [torch.randn(vocabulary, hidden, device=DEVICE, dtype=dtype)
                  for _ in range(min(pool.sets, math.ceil(4 * pool.l2 / (vocabulary * hidden * element)) + 1))]
        positions, types = (torch.randn(n, hidden, device=DEVICE, dtype=dtype) for n in (512, 2))
        ids = [torch.randint(0, vocabulary, shape, device=DEVICE, dtype=torch.int32) for _ in range(pool.sets)]
        # Two texts a sentence, the second from anywhere on: what BERT's tasks with pairs have.
        pairs = (torch.arange(sequence, device=DEVICE) >= torch.randint(0, sequence, (shape[0], 1), device=DEVICE)).int()
        zero, place = torch.zeros_like(ids[0]), torch.arange(sequence, device=DEVICE, dtype=torch.int32)
        distinct = sum(int(i.unique().numel()) for i in ids) // len(ids)  # rows of the table that a launch must read

        def theirs(ids, place, zero, words, positions, types, shape, gamma, beta, epsilon):
            sum_of_rows = F.embedding(ids, words) + F.embedding(place, positions) + F.embedding(zero, types)
            return F.layer_norm(sum_of_rows, shape, gamma, beta, epsilon)

        def ours(i, v, token_types=zero):
            kernels.emb_layer_norm(ids[i], token_types, tables[i % len(tables)], positions, types, gamma, beta, out=y[i], variant=v)
        more = {'gather_us': [lambda i, v=v: kernels.gather(tables[i % len(tables)], ids[i], y[i], v)
                              for v in range(kernels.gather_variants())],
                'pairs_us': [lambda i: ours(i, -1, pairs)]}
        return (pool.sets, (distinct + sequence + 1) * hidden * element + 8 * tokens, size, ours,
                lambda f, i: f(ids[i], place, zero, tables[i % len(tables)], positions, types, *norm), theirs, more)

    return {'layer_norm': layer_norm, 'skip_layer_norm': skip_layer_norm, 'emb_layer_norm': emb_layer_norm}


def move_us(reads, writes):
    """The fastest plain kernel that reads and writes as many bytes, in the same state of the cache."""
    # At most two reads a write: a few tokens have more, the tables' rows for positions and types.
    reads, writes = (n // 16 * 16 for n in (min(reads, 2 * writes), writes))
    sets = Pool(reads + writes).sets
    a = torch.empty(sets, reads, device=DEVICE, dtype=torch.uint8).random_().unbind(0)
    b = torch.empty(sets, writes, device=DEVICE, dtype=torch.uint8).unbind(0)
    return min(time_graph([lambda i=i: kernels.move(a[i], reads, b[i], writes, v) for i in range(sets)])
               for v in range(kernels.move_variants()))


def normalisation(limits, options, only=None):
    rows = []
    if options.quick:
        work = [(768, t, torch.float16) for t in (4096, 16384)]
    else:
        work = [(hidden, tokens, dtype) for hidden in (768, 1024, 384) for tokens in (4096, 16384, 49152)
                for dtype in (torch.float16, torch.bfloat16, torch.float32)]
        work += [(768, tokens, torch.float16) for tokens in (128, 1024)]
    if options.compile:
        work = [(768, tokens, torch.float16) for tokens in (16384, 4096)]
    for hidden, tokens, dtype in work:
        for name, make in norm_work(tokens, hidden, dtype).items():
            if only not in (None, name):
                continue
            sets, reads, writes, ours, theirs, function, more = make()
            if options.compile:
                compiled = torch.compile(function, dynamic=False)
                us = time_graph([lambda i=i: theirs(compiled, i) for i in range(sets)])
                rows.append({'plugin': name, 'tokens': tokens, 'hidden': hidden, 'type': str(dtype)[6:], 'torch_compile_us': us})
                print(f'{name:16} {tokens:6}x{hidden:<5} torch.compile {us:8.2f} us', flush=True)
                yield rows
                continue
            moved = reads + writes
            schedules = kernels.emb_schedules() if name == 'emb_layer_norm' else kernels.norm_schedules()
            variants = range(schedules) if options.variants else []
            row = {'plugin': name, 'tokens': tokens, 'hidden': hidden, 'type': str(dtype)[6:], 'cache': 'cold', 'sets': sets,
                   'bytes_read': reads, 'bytes_written': writes,
                   'us': time_graph([lambda i=i: ours(i, -1) for i in range(sets)]), 'move_us': move_us(reads, writes),
                   'torch_eager_us': time_graph([lambda i=i: theirs(function, i) for i in range(sets)]),
                   'schedules_us': [time_graph([lambda i=i: ours(i, v) for i in range(sets)]) for v in variants]}
            row |= {key: min(time_graph([lambda i=i: way(i) for i in range(sets)]) for way in ways) for key, ways in more.items()}
            if 'gather_us' in row:
                row['share_of_gather'] = row['gather_us'] / row['us']
            row['tb_per_s'] = moved / row['us'] / 1e6
            row['share_of_move'] = row['move_us'] / row['us']
            row['share_of_memory'] = row['tb_per_s'] / limits['memory_tb_per_s'] if limits['memory_tb_per_s'] else None
            rows.append(row)
            print(f'{name:16} {tokens:6}x{hidden:<5}{row["type"]:9}{row["us"]:7.2f} us {row["tb_per_s"]:5.2f} TB/s  '
                  f'move {row["move_us"]:7.2f} ({100 * row["share_of_move"]:3.0f} %)  '
                  f'peak {100 * (row["share_of_memory"] or 0):3.0f} %  torch {row["torch_eager_us"]:7.2f}  '
                  f'{" ".join(f"{t:.2f}" for t in row["schedules_us"])}'
                  f'{"".join(f"  {key[:-3]} {row[key]:.2f}" for key in more)}', flush=True)
            yield rows


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
        yield rows


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
        yield rows


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
    parser.add_argument('--only', choices=['norm', 'emb', 'attention', 'packed'])
    parser.add_argument('--variants', action='store_true', help='every schedule of the LayerNorm family, too')
    parser.add_argument('--compile', action='store_true', help='torch.compile of the LayerNorm family, and nothing else')
    parser.add_argument('--out', default='bench.json')
    options = parser.parse_args()
    torch.manual_seed(0)
    limits = peaks()
    print(f'copy {limits["copy_tb_per_s"]:.2f} TB/s, float16 product {limits["float16_tflop_per_s"]:.0f} TFLOP/s')
    report = {'command': ' '.join(['python3', *sys.argv]), 'commit': commit(), 'device': torch.cuda.get_device_name(),
              'driver': subprocess.run(['nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader'],
                                       capture_output=True, text=True).stdout.split('\n')[0],
              'torch': torch.__version__, 'cuda': torch.version.cuda, 'l2_bytes': torch.cuda.get_device_properties(0).L2_cache_size,
              'limits': limits}
    parts = {'norm': lambda: normalisation(limits, options), 'attention': lambda: attention(limits, options.quick),
             'packed': lambda: packed(options.quick)}
    names = ['norm'] if options.compile else [options.only] if options.only else list(parts)
    parts['emb'] = lambda: normalisation(limits, options, 'emb_layer_norm')
    for name in names:
        options.variants = options.variants or name == 'emb'
        for so_far in parts[name]():  # what is done is kept if time runs out
            report['norm' if name == 'emb' else name] = so_far
            (pathlib.Path(os.environ.get('OUT', '.')) / options.out).write_text(json.dumps(report, indent=1))


if __name__ == '__main__':
    main()
