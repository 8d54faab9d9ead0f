const commutes = 'the operation commutes: the result is the same';
const isDefault = "the value is ONNX's default";

type Explanations = Readonly<Record<string, string>>;

const onnx: Explanations = {
  'activation geluErf: Gelu without approximate': isDefault,
  'attention: Mul with its first two inputs swapped': commutes,
  'attention: Add with its first two inputs swapped': commutes,
  'attention: Softmax without axis': isDefault,
  'convolution: Conv without kernel_shape': "ONNX infers it from the kernel's shape",
  'dequantize: attribute dataType taken for another':
    'the lowering does not read it: the result has the type of the scale, which the DSL requires to be the same',
  'elementwise and: And with its first two inputs swapped': commutes,
  'elementwise div: Equal with its first two inputs swapped': commutes,
  'elementwise equal: Equal with its first two inputs swapped': commutes,
  'elementwise max: Max with its first two inputs swapped': commutes,
  'elementwise min: Min with its first two inputs swapped': commutes,
  'elementwise or: Or with its first two inputs swapped': commutes,
  'elementwise prod: Mul with its first two inputs swapped': commutes,
  'elementwise sum: Add with its first two inputs swapped': commutes,
  'layerNorm: LayerNormalization without axis': isDefault,
  'pooling max: attribute includePadding changed': 'a maximum has no use for it',
  'expand: Add with its first two inputs swapped': commutes,
  'expand: Mul with its first two inputs swapped': commutes,
  'shuffle: Add with its first two inputs swapped': commutes,
  'shuffle: Mul with its first two inputs swapped': commutes,
  'slice: Add with its first two inputs swapped': commutes,
  'slice: Mul with its first two inputs swapped': commutes,
  'topK: TopK without sorted': isDefault,
};

const tensorrt: Explanations = {};

/** Why mutations change nothing that a test could see: by the backend's name and `row: mistake`. */
export const explanations: Readonly<Record<string, Explanations>> = { onnx, tensorrt };
