import { expect, test } from 'vitest';
import { failure } from '../../../test/support/dsl.ts';
import { everyLayer } from '../../../test/support/every-layer.ts';
import { dim, type SymbolicDim } from './dim.ts';
import { legality } from './legality.ts';
import { Network } from './network.ts';
import { opNames, ops } from './ops.ts';
import { withoutPlugins } from './rewrite.ts';
import type { Tensor } from './tensor.ts';
import { verify } from './verify.ts';
import { Weights } from './weights.ts';

function illegal() {
  const net = new Network('bad');
  const x = net.addInput('x', 'float32', [2, 9000]);
  const half = net.addInput('half', 'float16', [4]);
  const scale = net.addInput('scale', 'float32', []);
  const small = net.addInput('small', 'uint8', [4]);
  net.addInput('nothing', 'bool', [1]);
  const block = net.scope('block');
  const { values } = block.addTopK(x, { k: 4000, axis: 1 });
  const q = block.addQuantize(values, 0.5, { dataType: 'int8' });
  net.markOutput(block.addDequantize(q, 0.5, { dataType: 'float32' }), 'y');
  const eight = block.addCast(half, { dataType: 'float8' });
  net.markOutput(block.addCast(eight, { dataType: 'float16' }), 'z');
  net.markOutput(block.addShuffle(small, { reshape: [2, 2] }), 'small_square');
  net.markOutput(net.addConstant(Weights.fromNumbers('int8', [2], [1, 2], 'eights')), 'eights');
  const mixed = net.add(ops.quantize, [half, scale], { dataType: 'int8' });
  net.markOutput(mixed[0]!, 'mixed');
  block.addNeg(x, { name: 'dead' });
  return net.graph();
}

test('every illegal layer is listed, with its path and what to do', () => {
  expect(failure(() => verify(illegal(), 'tensorrt-10.6'))).toMatchInlineSnapshot(`
    "unsupported: graph "bad" is not legal on tensorrt-10.6:
      block/topK: topK(float32[2, 9000]) → float32[2, 4000], int32[2, 4000]: TensorRT takes k ≤ 3840
      block/cast: cast(float16[4]) → float8[4]: what becomes float8 does so by addQuantize
      block/cast_1: cast(float8[4]) → float16[4]: float8 becomes another type by addDequantize
      block/shuffle: shuffle(uint8[4]) → uint8[2, 2]: addCast it to another type before
      eights: constant() → int8[2]: a quantized constant feeds addDequantize only
      quantize: quantize(float16[4], float32[]) → int8[4]: the scale has to be a constant: give a number or weights
      quantize: quantize(float16[4], float32[]) → int8[4]: the scale has to have the input's type: give a number or weights, which adopt it"
  `);
  expect(failure(() => verify(illegal(), 'tensorrt-rtx-1.7')).split('\n').length).toBe(6);
});

test('TensorRT 10 takes int8 or float8 in a network, not both', () => {
  const net = new Network('both');
  const x = net.addInput('x', 'float32', [2, 4]);
  const through = (dataType: 'int8' | 'float8') =>
    net.addDequantize(net.addQuantize(x, 0.5, { dataType }), 0.5, { dataType: 'float32' });
  net.markOutput(through('float8'), 'y');
  expect(verify(net.graph(), 'tensorrt-10.6').warnings).toEqual([]);
  net.markOutput(through('int8'), 'z');
  expect(failure(() => verify(net.graph(), 'tensorrt-10.6'))).toMatchInlineSnapshot(`
    "unsupported: graph "both" is not legal on tensorrt-10.6:
      quantize: quantize(float32[2, 4], float32[]) → float8[2, 4]: TensorRT 10 has no network with both int8 and float8: quantize to one of them
      dequantize: dequantize(float8[2, 4], float32[]) → float32[2, 4]: TensorRT 10 has no network with both int8 and float8: quantize to one of them"
  `);
  expect(verify(net.graph(), 'tensorrt-rtx-1.7').warnings).toEqual([]);
});

test('scales along an axis that TensorRT 10.6 computes wrongly, or builds no engine of', () => {
  type Shape = readonly (number | SymbolicDim)[];
  const quantized = (shape: Shape, dataType: 'float16' | 'float32', type: 'int8' | 'float8' = 'int8') => {
    const net = new Network('axis');
    const x = net.addInput('x', dataType, shape) as Tensor<'float16', 4>;
    const axis = shape.length > 1 ? 1 : 0;
    const scales = Weights.fromNumbers(dataType, [4], [0.1, 0.2, 0.3, 0.4], 'scales') as Weights<'float16', 1>;
    const q = net.addQuantize(x, scales, { dataType: type, axis });
    net.markOutput(net.addDequantize(q, scales, { dataType, axis }), 'y');
    return net.graph();
  };
  const batch = dim('batch');
  const wrong = [
    quantized([1, 4, 7, 6], 'float16'),
    quantized([batch, 4, 7, 6], 'float16'),
    quantized([1, 4], 'float16'),
    quantized([4], 'float32'),
    quantized([1, 4, 7, 6], 'float16', 'float8'),
  ];
  for (const graph of wrong) {
    expect(failure(() => verify(graph, 'tensorrt-10.6'))).toMatch(
      /^unsupported: .*\n {2}quantize: .*: TensorRT 10\.6 cannot, or computes it wrongly: give one scale/,
    );
    for (const target of ['tensorrt-11.2', 'tensorrt-rtx-1.7', 'onnxruntime'] as const)
      expect(verify(graph, target).warnings).toEqual([]);
  }
  const right = [
    quantized([1, 4, 7, 6], 'float32'),
    quantized([batch, 4, 7, 6], 'float16', 'float8'),
    quantized([1, 4, 7], 'float16', 'float8'),
  ];
  for (const graph of right) expect(verify(graph, 'tensorrt-10.6').warnings).toEqual([]);
});

test('what is legal may still be strange', () => {
  expect(verify(illegal(), 'onnxruntime').warnings).toMatchInlineSnapshot(`
    [
      "nothing uses the input "nothing" (bool[1])",
      "no output depends on block/dead: neg(float32[2, 9000]) → float32[2, 9000]",
    ]
  `);
});

test('plugins are illegal where there are none', () => {
  for (const quantized of ['int8', 'float8'] as const)
    expect(verify(everyLayer([quantized]), 'tensorrt-10.6').warnings).toEqual([]);
  expect(failure(() => verify(everyLayer(), 'onnxruntime'))).toMatch(
    /plugins\/Swish: Swish@1\(.*withoutPlugins\(graph\)/,
  );
  for (const target of ['onnxruntime', 'tensorrt-rtx-1.7', 'tensorrt-11.2.0.16'] as const)
    expect(verify(withoutPlugins(everyLayer()), target).warnings).toEqual([]);
});

test('targets', () => {
  for (const target of ['tensorrt', 'tensorrt-x', 'onnx', '', undefined, 'tensorrt-rtx', 'onnxruntime-1'])
    expect(failure(() => verify(everyLayer(), target as never))).toMatch(/^argument: there is no target/);
});

test('the table speaks of ops that there are', () => {
  for (const { ops: named, advice } of legality) {
    for (const op of named) expect(opNames).toContain(op);
    expect(advice).not.toBe('');
  }
});
