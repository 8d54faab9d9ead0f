"""Random BERTs by Hugging Face, and what they compute: JSON in on stdin, JSON out on stdout.

    → { "models": [{ "folder", "seed", "config": <config.json>, "batches": [{ "ids", "types", "mask" }] }] }
    ← [[{ "hidden": [batch][seq][hidden], "pooled": [batch][hidden] }]]

Weights lie in the folder afterwards (model.safetensors, config.json); the outputs are computed in float64.
"""

import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel


def made(seed, config):
    """A BERT whose weights are far from their initial values, so that every one of them matters."""
    torch.manual_seed(seed)
    model = BertModel(BertConfig(**config, attn_implementation='eager')).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            spread = 0.3 / p.shape[-1] ** 0.25 if p.dim() == 2 else 0.2
            p.copy_(torch.randn(p.shape) * spread + (1 if name.endswith('LayerNorm.weight') else 0))
    return model


def main():
    torch.set_num_threads(1)
    answers = []
    for one in json.load(sys.stdin)['models']:
        model = made(one['seed'], one['config'])
        os.makedirs(one['folder'], exist_ok=True)
        state = {name: tensor.contiguous() for name, tensor in model.state_dict().items() if 'position_ids' not in name}
        save_file(state, os.path.join(one['folder'], 'model.safetensors'))
        with open(os.path.join(one['folder'], 'config.json'), 'w') as file:
            json.dump({'model_type': 'bert', **one['config']}, file)
        model.double()
        results = []
        for batch in one['batches']:
            ids, types, mask = (torch.tensor(batch[key]) for key in ('ids', 'types', 'mask'))
            with torch.no_grad():
                out = model(input_ids=ids, token_type_ids=types, attention_mask=mask)
            results.append({'hidden': out.last_hidden_state.tolist(), 'pooled': out.pooler_output.tolist()})
        answers.append(results)
    json.dump(answers, sys.stdout)


if __name__ == '__main__':
    main()
