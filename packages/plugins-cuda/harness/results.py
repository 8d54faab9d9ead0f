"""Makes bench/results/plugins-kernels.json and the README's tables of what all.sh left.

    python3 packages/plugins-cuda/harness/results.py FOLDER [--note TEXT]

Each part of the file names its commit. A part that FOLDER does not have stays as it was, file and tables; of what `bench.py
--only emb` left, embLayerNorm's rows take the place of the file's, and norm's `emb_layer_norm` names that run.
"""
import argparse
import json
import pathlib
import re

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
RESULTS = PACKAGE.parents[1] / 'bench' / 'results' / 'plugins-kernels.json'
UNIT = ('LayerNorm family: ulp of the rounded float64 truth; attention: error over that of torch '
        'scaled_dot_product_attention')


def rounded(x):
    if isinstance(x, float):
        return float(f'{x:.5g}')
    if isinstance(x, dict):
        return {k: rounded(v) for k, v in x.items()}
    return [rounded(v) for v in x] if isinstance(x, list) else x


def load(path):
    return rounded(json.loads(path.read_text())) if path.exists() else None


def command(report):
    return re.sub(r'\S*(packages/plugins-cuda)', r'\1', report['command'])


def checks(folder):
    """All check-*.json as one."""
    plugins, refusals, commit = {}, {'tried': 0, 'accepted': []}, None
    for path in sorted(folder.glob('check-*.json')):
        report = load(path)
        commit = report['commit']
        refusals = report['refusals']
        for name, found in report['plugins'].items():
            so_far = plugins.setdefault(name, {'passed': 0, 'failed': 0, 'worst': 0.0})
            so_far['passed'] += found['passed']
            so_far['failed'] += found['failed']
            so_far['worst'] = max(so_far['worst'], found['worst'])
    return {'commit': commit, 'unit': UNIT, 'plugins': plugins, 'refusals': refusals} if plugins else None


def table(head, rows):
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(str(cell) for cell in line) + ' |' for line in lines)


def norm_table(norm):
    names = {'layer_norm': 'layerNorm', 'skip_layer_norm': 'skipLayerNorm, bias', 'emb_layer_norm': 'embLayerNorm'}
    compiled = {(r['plugin'], r['tokens']): r['torch_compile_us'] for r in norm.get('torch_compile', [])}
    at = {(r['plugin'], r['tokens']): r for r in norm['rows'] if r['hidden'] == 768 and r['type'] == 'float16'}
    rows = []
    beside = {'of the gather': lambda r: f'{100 * r["share_of_gather"]:.0f} %', 'pairs': lambda r: f'{r["pairs_us"]:.1f}'}
    for tokens in sorted({t for _, t in at}):
        line = [tokens]
        for name in names:
            r = at[name, tokens]
            theirs = compiled.get((name, tokens))
            line += [f'{r["us"]:.1f}', f'{r["torch_eager_us"]:.1f}' + (f', {theirs:.1f}' if theirs else ''),
                     f'{100 * r["share_of_move"]:.0f} %']
        r = at['emb_layer_norm', tokens]
        rows.append(line + [show(r) if 'gather_us' in r else '' for show in beside.values()])
    return table(['tokens', *(cell for name in names.values() for cell in (name, 'torch', 'of the copy')), *beside], rows)


def share_table(norm):
    """From 4096 tokens: the least share of the same-bytes copy, and how many rows reach 70 % of it and of the memory."""
    names = ['layer_norm', 'skip_layer_norm', 'emb_layer_norm']
    long = [r for r in norm['rows'] if r['tokens'] >= 4096]

    def line(share, wanted, **of):
        rows = {name: [r for r in long if r['plugin'] == name and all(r[k] == v for k, v in of.items())] for name in names}
        if wanted is None:
            return [f'{100 * min(r[share] for r in rows[name]):.1f} %' for name in names]
        return [f'{sum(r[share] >= wanted for r in rows[name])} of {len(rows[name])}' for name in names]

    kinds = sorted({(r['hidden'], r['type']) for r in long})
    gathered = [r['share_of_gather'] for r in long if 'share_of_gather' in r]
    rows = [[f'least of the copy, {hidden} {kind}', *line('share_of_move', None, hidden=hidden, type=kind)] for hidden, kind in kinds]
    rows += [['rows of at least 70 % of the copy', *line('share_of_move', 0.7)],
             ['rows of at least 70 % of the memory', *line('share_of_memory', 0.7)]]
    if gathered:
        rows += [['least of the gather', '', '', f'{100 * min(gathered):.1f} %'],
                 ['rows of at least 70 % of the gather', '', '', f'{sum(g >= 0.7 for g in gathered)} of {len(gathered)}']]
    return table(['', 'layerNorm', 'skipLayerNorm, bias', 'embLayerNorm'], rows)


def with_new_rows(norm, bench):
    """The file's norm with embLayerNorm's rows from a run of nothing else."""
    run = {'command': command(bench), 'commit': bench['commit'], 'limits': bench['limits']}
    kept = [r for r in norm['rows'] if r['plugin'] != 'emb_layer_norm']
    rest = {k: v for k, v in norm.items() if k != 'rows'}
    return {**rest, 'emb_layer_norm': run, 'rows': kept + bench['norm']}


def attention_table(part):
    shown = [r for r in part['rows'] if r['heads'] == 12 and r['head_size'] == 64 and r['type'] == 'float16']
    rows = []
    for r in shown:
        times = [r['mask_us'], r['lengths_us'], r['torch_mask_us'].get('cudnn'), r['torch_mask_us'].get('efficient'), r['us'],
                 r['torch_us'].get('cudnn'), r['torch_us'].get('flash')]
        rows.append([f'{r["batch"]}×{r["sequence"]}', *('' if t is None else f'{t:.1f}' for t in times)])
    return table(['batch × sequence', 'mask', 'lengths', 'cuDNN, mask', 'efficient, mask', 'none', 'cuDNN, none', 'flash, none'], rows)


def packed_table(part):
    rows = [[r['batch'], f'{r["mean_length"]:.0f}',
             *(f'{t:.1f}' for t in (r['packed_us'], r['padded_lengths_us'], r['torch_varlen_us'], r['torch_padded_mask_us']['cudnn']))]
            for r in part['rows']]
    return table(['sequences', 'mean length', 'packed', 'padded to 384, lengths', 'torch varlen', 'cuDNN, padded, mask'], rows)


def check_text(result):
    plugins, tools = result['check']['plugins'], result['sanitize']['tools']
    norm = max(found['worst'] for name, found in plugins.items() if name != 'attention')
    cases = min(found['passed'] + found['failed'] for found in plugins.values())
    failed = sum(found['failed'] for found in plugins.values())
    launches = re.search(r'ran (\d+)', tools[0]['launches'])
    unclean = [f'{tool["tool"]} is {tool["verdict"]}' for tool in tools if tool['verdict'] != 'clean']
    clean = f'{", ".join(tool["tool"] for tool in tools)} find nothing over {launches[1] if launches else 0} launches'
    return (f'Of {cases} random cases a plugin {failed if failed else "none"} fail{"" if failed else "s"}: the LayerNorm family is within '
            f'{norm:.2f} ulp of the rounded truth (2 allowed), attention\nhas at most {plugins["attention"]["worst"]:.2f} times the error of '
            f"torch's own (1.2 allowed). Of compute-sanitizer\'s tools,\n{', '.join(unclean) if unclean else clean}.")


def one_line_rows(value, depth=0):
    """JSON with one line for each row of a table."""
    if isinstance(value, dict) and depth < 2:
        inner = ',\n'.join(' ' * (depth + 1) + json.dumps(k) + ': ' + one_line_rows(v, depth + 1) for k, v in value.items())
        return '{\n' + inner + '\n' + ' ' * depth + '}'
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return '[\n' + ',\n'.join(' ' * (depth + 1) + json.dumps(v) for v in value) + '\n' + ' ' * depth + ']'
    return json.dumps(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--note', help='what else to know about this run')
    options = parser.parse_args()
    folder = options.folder
    result = json.loads(RESULTS.read_text())
    bench, compiled, sanitize, check = load(folder / 'bench.json'), load(folder / 'compile.json'), load(folder / 'sanitize.json'), checks(folder)
    parts = {}
    only_emb = bench is not None and 'norm' in bench and all(r['plugin'] == 'emb_layer_norm' for r in bench['norm'])
    if only_emb:
        parts['norm'] = with_new_rows(result['norm'], bench)
    elif bench and 'norm' in bench:
        parts['norm'] = {'command': command(bench), 'commit': bench['commit'], 'limits': bench['limits'],
                         'torch_compile': compiled['norm'] if compiled else [], 'rows': bench['norm']}
    for name in ['attention', 'packed']:
        if bench and name in bench:
            parts[name] = {'command': command(bench), 'commit': bench['commit'], 'rows': bench[name]}
    if check:
        parts['check'] = {'command': 'packages/plugins-cuda/harness/check.py, 500 cases a plugin', **check}
    if sanitize:
        parts['sanitize'] = {'command': 'packages/plugins-cuda/harness/sanitize.sh', **sanitize}
    if options.note:
        result['note'] = options.note
    if bench and not only_emb:
        result['commit'] = bench['commit']
        result['device'] = {'gpu': bench['device'], 'driver': bench['driver'].split('\n')[0], 'torch': bench['torch'],
                            'cuda': bench['cuda'], 'l2_bytes': bench['l2_bytes']}
        result['note'] = options.note
    result['command'] = 'packages/plugins-cuda/harness/all.sh'
    result.update(parts)
    order = ['benchmark', 'command', 'commit', 'note', 'device', 'check', 'sanitize', 'norm', 'nsight_compute', 'attention', 'packed']
    RESULTS.write_text(one_line_rows({k: result[k] for k in order if result.get(k)}) + '\n')

    readme = PACKAGE / 'README.md'
    text = readme.read_text()
    tables = {'norm': norm_table, 'share': share_table, 'attention': attention_table, 'packed': packed_table}
    texts = {name: make(parts[source]) for name, make in tables.items() if (source := 'norm' if name == 'share' else name) in parts}
    if check and sanitize:
        texts['check'] = check_text(parts)
    for name, inner in texts.items():
        text, count = re.subn(rf'(<!-- {name} -->\n).*?(<!-- end -->)', lambda m: f'{m[1]}{inner}\n{m[2]}', text, flags=re.S)
        if count != 1:
            raise SystemExit(f'README.md: expected one table between <!-- {name} --> and <!-- end -->, found {count}')
    readme.write_text(text)
    print(', '.join(parts) or 'nothing', 'from', folder)


if __name__ == '__main__':
    main()
