"""Answers by PyTorch, in the most straightforward way: reads {"model", "cases": [{"question", "passage"}], options} from
stdin and prints for each case [{"text", "span", "probability"}, …], best first, and the answer.

Windows come from transformers' fast tokenizer, logits from BertForQuestionAnswering one window at a time, spans from the
whole matrix of start and end positions. Spans count code points.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForQuestionAnswering, BertTokenizerFast

request = json.load(sys.stdin)
folder = Path(request["model"])
tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True)
model = BertForQuestionAnswering(BertConfig(**json.loads((folder / "config.json").read_text())))
model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
model.eval()
size, stride, best, longest = (request[k] for k in ("sequenceLength", "docStride", "nBestSize", "maxAnswerLength"))


def windows_of(question, passage):
    room = size - len(tokenizer(question, add_special_tokens=False)["input_ids"]) - 3
    return tokenizer(
        question, passage, truncation="only_second", max_length=size, stride=max(room - stride, 0),
        return_overflowing_tokens=True, return_offsets_mapping=True,
    )


def context(windows, w, token):
    """How much context a token (by its place in the passage) has in a window."""
    offsets = [o for o, s in zip(windows["offset_mapping"][w], windows.sequence_ids(w)) if s == 1]
    if token not in offsets:
        return -1.0
    at = offsets.index(token)
    return min(at, len(offsets) - 1 - at) + 0.01 * len(offsets)


def answer(question, passage):
    windows = windows_of(question, passage)
    count = len(windows["input_ids"])
    found = []
    for w in range(count):
        inputs = {k: torch.tensor([windows[k][w]]) for k in ("input_ids", "token_type_ids", "attention_mask")}
        with torch.no_grad():
            out = model(**inputs)
        start, end = out.start_logits[0].double(), out.end_logits[0].double()
        starts = set(start.topk(min(best, len(start))).indices.tolist())
        ends = set(end.topk(min(best, len(end))).indices.tolist())
        offsets, sequence = windows["offset_mapping"][w], windows.sequence_ids(w)
        for i in starts:
            if sequence[i] != 1:
                continue
            contexts = [context(windows, v, offsets[i]) for v in range(count)]
            if contexts.index(max(contexts)) != w:
                continue
            for j in ends:
                if sequence[j] == 1 and i <= j < i + longest:
                    span = (offsets[i][0], offsets[j][1])
                    found.append((float(start[i] + end[j]), passage[span[0] : span[1]], span))
    found.sort(key=lambda each: -each[0])
    distinct = list({text: (score, text, span) for score, text, span in reversed(found)}.values())
    distinct = sorted(distinct, key=lambda each: -each[0])[:best]
    probabilities = torch.softmax(torch.tensor([score for score, _, _ in distinct], dtype=torch.float64), 0).tolist()
    return {
        "windows": count,
        "nBest": [{"text": t, "span": s, "probability": p} for (_, t, s), p in zip(distinct, probabilities)],
    }


print(json.dumps([answer(case["question"], case["passage"]) for case in request["cases"]]))
