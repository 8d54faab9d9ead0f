"""all-MiniLM-L6-v2 by PyTorch: reads {"model": folder, "texts": [...]} from stdin, prints one {"ids", "embedding"} a text."""

import json
import sys

import torch
from transformers import BertModel, BertTokenizerFast

request = json.load(sys.stdin)
tokenizer = BertTokenizerFast.from_pretrained(request["model"])
model = BertModel.from_pretrained(request["model"], attn_implementation="eager").eval()

answers = []
for text in request["texts"]:
    ids = tokenizer(text, max_length=256, truncation=True)["input_ids"]
    with torch.no_grad():
        hidden = model(torch.tensor([ids])).last_hidden_state[0]
    mean = hidden.mean(0)
    answers.append({"ids": ids, "embedding": (mean / mean.norm()).tolist()})
json.dump(answers, sys.stdout)
