"""Computes graphs of the DSL with PyTorch: frames in on stdin, frames out on stdout, until stdin ends.

A frame is the length of a JSON header (4 bytes, little-endian), the header, and the bytes its tensors lie in.

    → { "jobs": [{ "graph": <toJson>, "slack": 4, "own": {op: n}, "runs": [{ "sizes": {name: n}, "feeds": {name: tensor} }] }], "bytes": n }
    ← { "jobs": [{ "runs": [{ name: { "shape", "value", "bound", "state" } }] } | { "error": text }], "bytes": n }

`tensor` is {"dataType", "shape", "offset", "bytes"} into the frame's bytes; `value` and `bound` are offsets of float64
elements; `bounds.py` says what they mean. `state` says whether an output can tell right from wrong.
"""

import base64
import json
import math
import struct
import sys
import traceback
from types import SimpleNamespace

import torch

from bounds import Value, apply
from ops import RESULT_TYPE
from rounding import FORMATS, INTEGERS, decode


def evaluate_dim(text, sizes):
    """`2*batch*seq - 1` at these sizes."""
    total = 0
    for term in text.replace(' ', '').replace('-', '+-').split('+'):
        if term:
            factors = [int(f) if f.lstrip('-').isdigit() else sizes[f] for f in term.split('*')]
            total += math.prod(factors)
    return total


def attribute(value, sizes):
    """A JSON attribute as Python has it: dims become numbers, constants tensors; a plugin's body stays JSON."""
    if isinstance(value, list):
        return [attribute(part, sizes) for part in value]
    if not isinstance(value, dict):
        return value
    if 'dim' in value:
        return evaluate_dim(value['dim'], sizes)
    if 'number' in value:
        return float(value['number'].replace('Infinity', 'inf'))
    if 'graph' in value:
        return value['graph']
    if 'weights' in value:
        return Value(value['dataType'], decode(value['dataType'], value['shape'], base64.b64decode(value['base64'])))
    return {key: attribute(part, sizes) for key, part in value['fields'].items()}


class Attributes(SimpleNamespace):
    """Attributes that the graph leaves out are None."""

    def __getattr__(self, name):
        return None


def compute(graph, sizes, feeds, slack, own):
    """The graph's outputs by name, as Values. `feeds`: Values by name, or in the order of the inputs."""
    tensors = []
    order = iter(feeds.values())
    for node in graph['nodes']:
        op = node['op']
        try:
            a = Attributes(**{key: attribute(value, sizes) for key, value in node['attributes'].items()})
            inputs = [tensors[i] for i in node['inputs']]
            if op == 'input':
                tensors.append(feeds[node['name']] if node['name'] in feeds else next(order))
            elif op == 'constant':
                tensors.append(a.weights)
            elif op == 'plugin':
                inner = {f'input_{i}': value for i, value in enumerate(inputs)}
                tensors.extend(compute(a.body, sizes, inner, slack, own).values())
            else:
                types = [x.dtype for x in inputs]
                a.slack, a.own, a.integer = slack, own.get(op, 0), bool(types) and types[0] in INTEGERS
                if op == 'cast':
                    a.kind = 'bool' if a.dataType == 'bool' else 'float' if a.dataType in FORMATS else 'integer'
                dtype = RESULT_TYPE.get(op, lambda a, types: types[0])(a, types)
                tensors.extend(apply(op, a, inputs, dtype))
        except Exception as error:
            raise RuntimeError(f'{node["name"]} ({op}): {error}') from error
    return {name: tensors[i] for name, i in graph['outputs'].items()}


def state(x):
    """'good', or why this output shows nothing: empty, all NaN, constant, saturated, or vague (bounds too wide)."""
    v = x.v[torch.isfinite(x.v)]
    if x.v.numel() == 0:
        return 'empty'
    if v.numel() * 2 < x.v.numel():
        return 'not finite'
    width = v.max() - v.min()
    if width == 0:
        return 'constant'
    ends = {'int8': 127, 'float8': 448}.get(x.dtype) or (FORMATS[x.dtype][2] if x.dtype in FORMATS else None)
    if ends and (v.abs() >= ends).double().mean() > 0.5:
        return 'saturated'
    e = x.e[torch.isfinite(x.v)]
    if (e > 0.02 * width).double().mean() > 0.5:
        return 'vague'
    return 'good'


def run(job, tensors):
    results = []
    for one in job['runs']:
        feeds = {name: Value(t['dataType'], tensors(t)) for name, t in one['feeds'].items()}
        results.append(compute(job['graph'], one['sizes'], feeds, job['slack'], job.get('own', {})))
    return results


def answer(header, body):
    payload = bytearray()

    def tensors(t):
        return decode(t['dataType'], t['shape'], body[t['offset'] : t['offset'] + t['bytes']])

    def store(tensor):
        offset = len(payload)
        payload.extend(bytes(tensor.contiguous().numpy().tobytes()) if tensor.numel() else b'')
        return offset

    jobs = []
    for job in header['jobs']:
        try:
            jobs.append(
                {
                    'runs': [
                        {
                            name: {'shape': list(x.v.shape), 'value': store(x.v), 'bound': store(x.e), 'state': state(x)}
                            for name, x in outputs.items()
                        }
                        for outputs in run(job, tensors)
                    ]
                }
            )
        except Exception:
            jobs.append({'error': traceback.format_exc(limit=-3)})
    return {'jobs': jobs, 'bytes': len(payload)}, payload


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    hello = json.dumps({'torch': torch.__version__}).encode()
    target.write(struct.pack('<I', len(hello)) + hello)
    target.flush()
    while True:
        prefix = source.read(4)
        if len(prefix) < 4:
            return
        header = json.loads(source.read(struct.unpack('<I', prefix)[0]))
        body = source.read(header['bytes'])
        reply, payload = answer(header, body)
        text = json.dumps(reply).encode()
        target.write(struct.pack('<I', len(text)) + text + payload)
        target.flush()


if __name__ == '__main__':
    main()
