"""ONNX's own tests of ops, those that consist of ops that are given by name, as JSON lines on stdout."""

import base64
import json
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402

ops, newest = set(sys.argv[2:]), int(sys.argv[1])
types = {"float32", "float16", "int8", "uint8", "int32", "int64", "bool"}


def tensor(name, value):
    array = np.ascontiguousarray(value)
    data = base64.b64encode(array.tobytes()).decode()
    return {"name": name, "dataType": str(array.dtype), "shape": np.shape(value), "base64": data}


for case in collect_testcases(None):
    graph = case.model.graph
    inputs, outputs = case.data_sets[0]
    if not {node.op_type for node in graph.node} <= ops:
        continue
    if any(entry.version > newest for entry in case.model.opset_import):
        continue
    if any(str(getattr(value, "dtype", None)) not in types for value in [*inputs, *outputs]):
        continue
    line = {
        "name": case.name,
        "model": base64.b64encode(case.model.SerializeToString()).decode(),
        "inputs": [tensor(info.name, value) for info, value in zip(graph.input, inputs)],
        "outputs": [tensor(info.name, value) for info, value in zip(graph.output, outputs)],
    }
    print(json.dumps(line))
