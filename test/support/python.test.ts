import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findPython } from './python.ts';

describe('findPython', () => {
  it('finds a Python that computes with PyTorch', async () => {
    const sum = 'import torch; print((torch.ones(2, 3) @ torch.ones(3, 2)).sum().item())';
    expect(execFileSync(await findPython(), ['-c', sum], { encoding: 'utf8' })).toBe('12.0\n');
  });

  it('finds one whose transformers runs a BERT', async () => {
    const bert = `
import torch
from transformers import BertConfig, BertModel
model = BertModel(BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, vocab_size=20))
print(tuple(model.eval()(torch.tensor([[1, 2, 3]])).last_hidden_state.shape))`;
    const python = await findPython(['torch', 'transformers', 'onnx', 'safetensors', 'numpy']);
    expect(execFileSync(python, ['-W', 'ignore', '-c', bert], { encoding: 'utf8' })).toBe('(1, 3, 8)\n');
  });

  it('says what each Python lacks and how to install it', async () => {
    await expect(findPython(['torch', 'no_such_module_anywhere'])).rejects.toThrow(
      /lacks no_such_module_anywhere.*npx trt-dsl setup --pytorch.*PYTHON/,
    );
  });
});
