"""Tiny random BERTs with each head, by Hugging Face: python heads.py FOLDER writes FOLDER/<head>/ (config.json,
model.safetensors, expected.json: ids, mask and types that were fed, and the logits)."""

import json
import pathlib
import sys

import torch
import transformers

heads = {
    "question-answering": transformers.BertForQuestionAnswering,
    "masked-lm": transformers.BertForMaskedLM,
    "next-sentence": transformers.BertForNextSentencePrediction,
    "sequence-classification": transformers.BertForSequenceClassification,
    "token-classification": transformers.BertForTokenClassification,
    "pooled": transformers.BertModel,
}
root = pathlib.Path(sys.argv[1])
torch.manual_seed(20)
for at, (task, kind) in enumerate(heads.items()):
    config = transformers.BertConfig(
        vocab_size=67, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        max_position_embeddings=17, type_vocab_size=3, num_labels=4 if "classification" in task else 2, layer_norm_eps=1e-6,
        hidden_act=["gelu", "gelu_new", "relu"][at % 3], attn_implementation="eager", pad_token_id=0,
    )
    model = kind(config).eval()
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    ids = torch.randint(1, 67, (3, 11))
    mask = torch.tensor([[1] * 11, [1] * 7 + [0] * 4, [0, 1] + [1] * 8 + [0]])
    types = torch.randint(0, 3, (3, 11))
    with torch.no_grad():
        found = model(ids, attention_mask=mask, token_type_ids=types)
    outputs = {name: found[name].flatten().tolist() for name in found.keys()}
    folder = root / task
    model.save_pretrained(folder, safe_serialization=True)
    fed = {"ids": ids.flatten().tolist(), "mask": mask.flatten().tolist(), "types": types.flatten().tolist()}
    json.dump({"shape": [3, 11], **fed, "outputs": outputs}, open(folder / "expected.json", "w"))
