"""Tiny BERTs with the layouts of base (12 layers) and large (24), their numbers by name: the same on every machine."""

import hashlib

import numpy as np

LAYOUTS = {
    "base": {"layers": 12, "hidden": 12, "heads": 3},
    "large": {"layers": 24, "hidden": 8, "heads": 2},
}
VOCABULARY, POSITIONS, LABELS = 31, 16, 2


def config(layout):
    """bert_config.json of Google, and config.json of Hugging Face."""
    sizes = LAYOUTS[layout]
    return {
        "vocab_size": VOCABULARY,
        "hidden_size": sizes["hidden"],
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": sizes["heads"],
        "intermediate_size": 4 * sizes["hidden"],
        "hidden_act": "gelu",
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "initializer_range": 0.02,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
    }


def numbers(name, shape):
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
    values = np.random.RandomState(seed).standard_normal(shape)
    if name.endswith("gamma"):
        return (1 + 0.1 * values).astype(np.float32)
    return ((0.3 if len(shape) == 2 else 0.1) * values).astype(np.float32)


def weights(layout):
    """Everything that google-research/bert names, and NVIDIA's SQuAD head; kernels are [in, out]."""
    hidden, layers = LAYOUTS[layout]["hidden"], LAYOUTS[layout]["layers"]
    shapes = {
        "bert/embeddings/word_embeddings": (VOCABULARY, hidden),
        "bert/embeddings/position_embeddings": (POSITIONS, hidden),
        "bert/embeddings/token_type_embeddings": (2, hidden),
        "bert/pooler/dense/kernel": (hidden, hidden),
        "bert/pooler/dense/bias": (hidden,),
        "cls/predictions/transform/dense/kernel": (hidden, hidden),
        "cls/predictions/transform/dense/bias": (hidden,),
        "cls/predictions/output_bias": (VOCABULARY,),
        "cls/seq_relationship/output_weights": (2, hidden),
        "cls/seq_relationship/output_bias": (2,),
        "cls/squad/output_weights": (2, hidden),
        "cls/squad/output_bias": (2,),
        "output_weights": (LABELS, hidden),
        "output_bias": (LABELS,),
    }
    norms = ["bert/embeddings", "cls/predictions/transform"]
    for layer in range(layers):
        at = f"bert/encoder/layer_{layer}"
        dense = {f"attention/self/{part}": (hidden, hidden) for part in ("query", "key", "value")}
        dense |= {
            "attention/output/dense": (hidden, hidden),
            "intermediate/dense": (hidden, 4 * hidden),
            "output/dense": (4 * hidden, hidden),
        }
        for name, shape in dense.items():
            shapes[f"{at}/{name}/kernel"] = shape
            shapes[f"{at}/{name}/bias"] = shape[1:]
        norms += [f"{at}/attention/output", f"{at}/output"]
    for norm in norms:
        shapes[f"{norm}/LayerNorm/gamma"] = shapes[f"{norm}/LayerNorm/beta"] = (hidden,)
    return {name: numbers(f"{layout}/{name}", shape) for name, shape in shapes.items()}


def demo_names(variables, merged):
    """The dictionary of trt_helper and NVIDIA's demo; `merged` puts query, key and value side by side."""
    named = {}
    for name, array in variables.items():
        short = name.removeprefix("bert/")
        if short.startswith("encoder/layer_"):
            short = "l" + short.removeprefix("encoder/layer_")
        elif name.startswith("bert/"):
            short = f"bert/{short}"
        elif name.startswith("output_"):
            short = f"classifier/{name}"
        named[short.replace("/", "_").replace("LayerNorm", "layernorm")] = array
    if merged:
        for name in [name for name in named if "_query_" in name]:
            parts = [named.pop(name.replace("_query_", f"_{part}_")) for part in ("query", "key", "value")]
            named[name.replace("_query_", "_qkv_")] = np.concatenate(parts, axis=-1)
    return named


def torch_names(variables):
    """Hugging Face's state dict of all heads together; kernels are [out, in]."""
    named = {}
    for name, array in variables.items():
        new = name.replace("layer_", "layer/")
        new = new.replace("LayerNorm/gamma", "LayerNorm/weight").replace("LayerNorm/beta", "LayerNorm/bias")
        new = new.replace("cls/squad/output_weights", "qa_outputs/weight").replace("cls/squad/output_bias", "qa_outputs/bias")
        new = new.replace("cls/predictions/output_bias", "cls/predictions/bias")
        new = new.replace("seq_relationship/output_weights", "seq_relationship/weight")
        new = new.replace("seq_relationship/output_bias", "seq_relationship/bias")
        if name.startswith("output_"):
            new = "classifier/weight" if name == "output_weights" else "classifier/bias"
        if new.endswith("_embeddings"):
            new += "/weight"
        if new.endswith("/kernel"):
            new, array = new.removesuffix("kernel") + "weight", np.ascontiguousarray(array.T)
        named[new.replace("/", ".")] = array
    return named
