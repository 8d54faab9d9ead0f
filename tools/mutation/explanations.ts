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
  'range: Add with its first two inputs swapped': commutes,
  'range: Squeeze skipped': "ONNX Runtime's Range takes a list of one number for the number that the standard wants",
  'range: Mul with its first two inputs swapped': commutes,
  'shuffle: Add with its first two inputs swapped': commutes,
  'shuffle: Mul with its first two inputs swapped': commutes,
  'slice: Add with its first two inputs swapped': commutes,
  'slice: Mul with its first two inputs swapped': commutes,
  'topK: TopK without sorted': isDefault,
};

/** The sizes of a shape tensor, one by one; the scale of attention; the 0 that keeps two layers apart. */
const oneNumber = 'the constants of this row are single numbers';
const placeholder = "true is TensorRT's default, and this axis is never empty";
const noZero = 'it says what a 0 means, and this reshape has none';
const oneSize = 'the slice takes one size of a shape: it makes no step';
const wideByItself =
  'TensorRT 10.6 computes it in float32 without the casts too: sums and products that no half type holds (rare.ts) are right';
const tensorrt: Explanations = {
  'attention: addConstant with its weights reversed': oneNumber,
  'attention: addElementWise with tensors 1 and 2 swapped': commutes,
  'concatenation: addConstant with its weights reversed': oneNumber,
  'concatenation: addElementWise with tensors 1 and 2 swapped': commutes,
  'cumulativeSum: addConstant with its weights reversed': oneNumber,
  'elementwise and: addElementWise with tensors 1 and 2 swapped': commutes,
  'elementwise equal: addElementWise with tensors 1 and 2 swapped': commutes,
  'elementwise max: addElementWise with tensors 1 and 2 swapped': commutes,
  'elementwise min: addElementWise with tensors 1 and 2 swapped': commutes,
  'elementwise or: addElementWise with tensors 1 and 2 swapped': commutes,
  'elementwise prod: addElementWise with tensors 1 and 2 swapped': commutes,
  'elementwise sum: addElementWise with tensors 1 and 2 swapped': commutes,
  'expand: addConstant with its weights reversed': oneNumber,
  'expand: addElementWise with tensors 1 and 2 swapped': commutes,
  'layerNorm: addShuffle.setZeroIsPlaceholder skipped': placeholder,
  'layerNorm: addShuffle.setZeroIsPlaceholder with another value': noZero,
  'operand of lower rank: addConstant with its weights reversed': oneNumber,
  'operand of lower rank: addElementWise with tensors 1 and 2 swapped': commutes,
  'operand of lower rank: addSlice with another stride': oneSize,
  'pooling max: attribute includePadding changed': 'a maximum has no use for it',
  'quantize: addConstant with its weights reversed': oneNumber,
  'quantize: addElementWise with tensors 1 and 2 swapped': commutes,
  'range: addConstant with its weights reversed': oneNumber,
  'range: addElementWise with tensors 1 and 2 swapped': commutes,
  'range: addSlice with another stride': oneSize,
  'reduce mean: addCast skipped': wideByItself,
  'reduce prod: addCast skipped': wideByItself,
  'reduce sum: addCast skipped': wideByItself,
  'shuffle: addConstant with its weights reversed': oneNumber,
  'shuffle: addElementWise with tensors 1 and 2 swapped': commutes,
  'shuffle: addSlice with another stride': oneSize,
  'slice: addConstant with its weights reversed': oneNumber,
  'slice: addElementWise with tensors 1 and 2 swapped': commutes,
  'softmax: addShuffle.setZeroIsPlaceholder with another value': noZero,
  'topK: addConstant with its weights reversed': oneNumber,
  'topK: addShuffle.setZeroIsPlaceholder skipped': placeholder,
  'topK: addShuffle.setZeroIsPlaceholder with another value': noZero,
  'topK: addSlice with another stride': oneSize,
};

/** Why mutations change nothing that a test could see: by the backend's name and `row: mistake`. */
export const explanations: Readonly<Record<string, Explanations>> = { onnx, tensorrt, rtx: tensorrt };
