"""Makes BERT-base and BERT-large for question answering with PyTorch, from a seed: `make_models.py FOLDER base large`.

Each is FOLDER/<size>/ with config.json and model.safetensors under Hugging Face's names.
"""

import contextlib
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForQuestionAnswering

SIZES = {
    "base": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
    "large": dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096),
    "tiny": dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256),
}

folder, *names = sys.argv[1:]
device = "cuda" if torch.cuda.is_available() else "cpu"
for name in names:
    torch.manual_seed(1234)
    sizes = dict(vocab_size=30522, max_position_embeddings=512, type_vocab_size=2, hidden_act="gelu", layer_norm_eps=1e-12)
    sizes.update(SIZES[name])
    with torch.device(device) if torch.__version__ >= "2" else contextlib.nullcontext():
        model = BertForQuestionAnswering(BertConfig(**sizes))
    # Gamma and beta as training leaves them, not 1 and 0: a swapped or forgotten one shall show.
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            if "LayerNorm" in key or key.endswith("bias"):
                tensor.add_(0.05 * torch.randn_like(tensor))
    target = Path(folder) / name
    target.mkdir(parents=True, exist_ok=True)
    state = {k: t.detach().cpu().contiguous() for k, t in model.state_dict().items() if not k.endswith("position_ids")}
    save_file(state, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text(json.dumps({"model_type": "bert", **sizes}, indent=1) + "\n")
    print(target, sum(t.numel() for t in state.values()), "parameters")
