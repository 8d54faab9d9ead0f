"""BERT by PyTorch, for `bert-squad compare`: reads a request from stdin, writes the outputs as safetensors.

The request is a JSON object:
    config      keyword arguments of transformers' BertConfig
    weights     safetensors files; keys are Hugging Face's names, or those of this project (`encoder/layer_0/…/kernel`)
    task        "question-answering" or "pooled"
    inputs      a safetensors file with input_ids, token_type_ids and attention_mask, int32 [batch, seq]
    precisions  among "float64", "float32", "float16", "bfloat16"
    output      the file to write: keys are `float32/start_logits` and so on, all float32 (float64 where it was computed so)
It prints {"torch", "transformers", "device", "skipped": {precision: reason}}.
Works with torch 1.13 and transformers 4.49, and with torch 2.11 and transformers 5.17.
"""

import json
import re
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForQuestionAnswering, BertModel

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False

OWN_HEADS = {"cls/squad/output_weights": "qa_outputs.weight", "cls/squad/output_bias": "qa_outputs.bias"}


def hugging_face(name, tensor):
    """A weight by this project's name, which is Google's, as Hugging Face has it: name and [out, in] kernels."""
    if name in OWN_HEADS:
        return OWN_HEADS[name], tensor
    new = re.sub(r"layer_(\d+)/", r"layer/\1/", name).replace("/", ".")
    new = new.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    if new.endswith("_embeddings"):
        new += ".weight"
    if new.endswith(".kernel"):
        new, tensor = new[: -len("kernel")] + "weight", tensor.T
    return "bert." + new, tensor


def state_dict(files, task):
    tensors = {}
    for file in files:
        tensors.update(load_file(file))
    if any("/" in name for name in tensors):
        tensors = dict(hugging_face(name, tensor) for name, tensor in tensors.items())
    state = {}
    for name, tensor in tensors.items():
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
        if task == "pooled":
            name = name[len("bert.") :] if name.startswith("bert.") else name
        elif re.match(r"(embeddings|encoder|pooler)\.", name):
            name = "bert." + name
        state[name] = tensor.float().contiguous()
    return state


def model_of(request, precision):
    # Fused attention may compute in another type than it is given; the truth is computed step by step.
    exact = {"attn_implementation": "eager"} if precision in ("float32", "float64") else {}
    config = BertConfig(**request["config"], **exact)
    kind = BertModel if request["task"] == "pooled" else BertForQuestionAnswering
    model = kind(config)
    missing, _ = model.load_state_dict(state_dict(request["weights"], request["task"]), strict=False)
    missing = [name for name in missing if not name.endswith("position_ids")]
    if missing:
        raise SystemExit(f"the weights lack {', '.join(missing[:5])} for PyTorch's {kind.__name__}")
    return model.eval()


def run(model, inputs, precision, device):
    model = model.to(device=device, dtype=getattr(torch, precision))
    with torch.no_grad():
        out = model(**{name: tensor.to(device) for name, tensor in inputs.items()})
    names = [n for n in ("start_logits", "end_logits", "last_hidden_state", "pooler_output") if n in out and out[n] is not None]
    kept = torch.float64 if precision == "float64" else torch.float32
    return {f"{precision}/{name}": out[name].to("cpu", kept).contiguous() for name in names}


def main():
    request = json.load(sys.stdin)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    inputs = {name: tensor.long() for name, tensor in load_file(request["inputs"]).items()}
    outputs, skipped = {}, {}
    for precision in request["precisions"]:
        try:
            outputs.update(run(model_of(request, precision), inputs, precision, device))
        except RuntimeError as error:  # half types lack kernels on some CPUs
            if precision in ("float32", "float64"):
                raise
            skipped[precision] = str(error).splitlines()[0]
    save_file(outputs, request["output"])
    about = {"torch": torch.__version__, "transformers": transformers.__version__, "device": device, "skipped": skipped}
    print(json.dumps(about))


main()
