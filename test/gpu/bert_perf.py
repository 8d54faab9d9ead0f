"""BERT's GPU times by PyTorch in a CUDA graph (scaled_dot_product_attention), to stand beside those of bert-squad's `perf`.

    python3 bert_perf.py base,large float16 1x128,32x128    prints {"torch": version, "cells": [{model, batch, seq, gpu_ms, …}]}
"""

import json
import sys

import torch
from transformers import BertConfig, BertForQuestionAnswering

torch.backends.cuda.matmul.allow_tf32 = False
models, dtype, cells = sys.argv[1:4]
sizes = {
    "base": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
    "large": dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096),
}
rows = []
for name in models.split(","):
    config = BertConfig(**sizes[name], attn_implementation="sdpa")
    model = BertForQuestionAnswering(config).to(getattr(torch, dtype)).cuda().eval()
    for cell in cells.split(","):
        batch, seq = map(int, cell.split("x"))
        ids = torch.randint(1000, 20000, (batch, seq), device="cuda")
        mask = torch.ones_like(ids)
        with torch.no_grad():
            for _ in range(3):
                model(ids, attention_mask=mask)
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            try:
                with torch.cuda.graph(graph):
                    model(ids, attention_mask=mask)
                launch, way = graph.replay, "eager in a CUDA graph"
            except RuntimeError:
                launch, way = (lambda: model(ids, attention_mask=mask)), "eager"
            for _ in range(10):
                launch()
            events = [torch.cuda.Event(enable_timing=True) for _ in range(51)]
            events[0].record()
            for event in events[1:]:
                launch()
                event.record()
            torch.cuda.synchronize()
        times = sorted(a.elapsed_time(b) for a, b in zip(events, events[1:]))
        rows.append({"model": name, "type": dtype, "batch": batch, "seq": seq, "way": way, "gpu_ms": times[len(times) // 2]})
print(json.dumps({"torch": torch.__version__, "cells": rows}))
