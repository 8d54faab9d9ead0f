"""all-MiniLM-L6-v2 by PyTorch on the GPU, in each type: writes {type: [embedding, …]} for rows of ids read from a file."""

import json
import sys

import torch
from transformers import BertModel

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
folder, ids_file, out_file = sys.argv[1:]
rows = json.load(open(ids_file))
longest = max(map(len, rows))
ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows]).cuda()
mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows]).cuda()
answers = {}
for name in ["float64", "float32", "float16", "bfloat16"]:
    model = BertModel.from_pretrained(folder, attn_implementation="eager").to(getattr(torch, name)).cuda().eval()
    with torch.no_grad():
        hidden = model(ids, attention_mask=mask).last_hidden_state.double()
    weight = mask.double().unsqueeze(-1)
    mean = (hidden * weight).sum(1) / weight.sum(1)
    answers[name] = (mean / mean.norm(dim=1, keepdim=True)).cpu().tolist()
json.dump(answers, open(out_file, "w"))
