"""Fill-mask by PyTorch: reads {"model", "texts"} from stdin, prints for each text a list of blanks, each a list of
[token, probability], ten best first."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

request = json.load(sys.stdin)
folder = Path(request["model"])
tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True)
model = BertForMaskedLM(BertConfig(**json.loads((folder / "config.json").read_text())))
model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
model.tie_weights()
model.eval()

answers = []
for text in request["texts"]:
    inputs = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        probabilities = model(**inputs).logits[0].softmax(-1)
    blanks = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero()[:, 0].tolist()
    best = [probabilities[place].topk(10) for place in blanks]
    answers.append([[[tokenizer.convert_ids_to_tokens(int(i)), float(p)] for p, i in zip(*each)] for each in best])
print(json.dumps(answers))
