"""The BERTs of bert.py as everything but TensorFlow: python sources.py FOLDER writes FOLDER/<layout>/ with

    npy/, merged.npz      the demo's dictionary, as a folder of .npy, and with query, key and value merged
    huggingface/<class>/  config.json and model.safetensors by save_pretrained
    untied/               a BertForMaskedLM whose decoder has weights of its own
    squad.onnx            a BertForQuestionAnswering by torch.onnx.export
    expected.json         what is fed, and PyTorch's logits by class
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
import transformers
from bert import LAYOUTS, VOCABULARY, config, demo_names, torch_names, weights

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()

CLASSES = ["BertForQuestionAnswering", "BertForMaskedLM", "BertForPreTraining", "BertForSequenceClassification"]
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def inputs():
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(1, VOCABULARY, (2, 9), generator=generator)
    mask = torch.ones(2, 9, dtype=torch.int64)
    mask[1, 6:] = 0
    types = torch.zeros(2, 9, dtype=torch.int64)
    types[:, 5:] = 1
    return ids, mask, types


def load(layout, name, state, **more):
    settings = transformers.BertConfig(**config(layout), attn_implementation="eager", **more)
    model = getattr(transformers, name)(settings).eval()
    missing, _ = model.load_state_dict(state, strict=False)
    missing = [key for key in missing if "position_ids" not in key and "predictions.decoder" not in key]
    assert not missing, missing
    return model


def results(model):
    with torch.no_grad():
        found = model(**dict(zip(INPUTS, inputs())))
    return {key: value.flatten().tolist() for key, value in found.items()}


class Squad(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        found = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return found.start_logits, found.end_logits


def export(model, path):
    outputs = ["start_logits", "end_logits"]
    torch.onnx.export(
        Squad(model).eval(),
        inputs(),
        str(path),
        opset_version=14,
        input_names=INPUTS,
        output_names=outputs,
        dynamic_axes={name: {0: "batch", 1: "seq"} for name in INPUTS + outputs},
    )


def write(layout, folder):
    variables = weights(layout)
    (folder / "npy").mkdir(parents=True)
    (folder / "bert_config.json").write_text(json.dumps(config(layout)))
    for name, array in demo_names(variables, merged=False).items():
        np.save(folder / "npy" / f"{name}.npy", array)
    np.savez(folder / "merged.npz", **demo_names(variables, merged=True))
    state = {name: torch.from_numpy(array.copy()) for name, array in torch_names(variables).items()}
    expected = {}
    for name in CLASSES:
        model = load(layout, name, state)
        model.save_pretrained(folder / "huggingface" / name, safe_serialization=True)
        expected[name] = results(model)
        if name == "BertForQuestionAnswering":
            export(model, folder / "squad.onnx")
    untied = load(layout, "BertForMaskedLM", state, tie_word_embeddings=False)
    decoder = untied.cls.predictions.decoder
    with torch.no_grad():
        decoder.weight.copy_(torch.randn(decoder.weight.shape, generator=torch.Generator().manual_seed(5)))
        decoder.bias.copy_(state["cls.predictions.bias"])
    untied.save_pretrained(folder / "untied", safe_serialization=True)
    expected["untied"] = results(untied)
    fed = {key: {"shape": list(value.shape), "values": value.flatten().tolist()} for key, value in zip(INPUTS, inputs())}
    (folder / "expected.json").write_text(json.dumps({"inputs": fed, "outputs": expected}))


if __name__ == "__main__":
    for layout in LAYOUTS:
        write(layout, Path(sys.argv[1]) / layout)
