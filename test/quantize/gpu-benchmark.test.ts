import { readFileSync } from 'node:fs';
import { bert, bertBase, bertLarge, randomParameters } from '@trt-dsl/bert-model';
import { type Graph, quantize, type RecipeName, readCalibrationCache, recipes, smooth, verify } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import { gemmTable } from '../gpu/layer-information.ts';

// test/gpu/quantize.ts needs a GPU; what it stands on does not.
describe('the GPU benchmark', () => {
  it.each([
    ['base', bertBase],
    ['large', bertLarge],
  ] as const)('has ranges for each recipe of BERT-%s in float16, legal on TensorRT 10.6', (name, config) => {
    const file = `test/gpu/quantize-ranges-${name}.txt`;
    const { ranges } = readCalibrationCache(readFileSync(file, 'utf8'), file);
    const [graph, turned] = [false, true].map(
      (sequenceFirst): Graph =>
        bert(randomParameters('float16'), config, { task: 'question-answering', sequenceFirst }),
    ) as [Graph, Graph];
    for (const recipe of Object.keys(recipes) as RecipeName[]) {
      const made = quantize(graph, { dataType: 'int8', recipe, ranges });
      expect(verify(made, 'tensorrt-10.6').warnings).toEqual([]);
      const linear = made.nodes.filter(({ op, name: path }) => op === 'dequantize' && path.includes('kernel'));
      expect(linear).toHaveLength((recipe === 'accurate' ? 5 : 6) * config.layers);
      const places = ({ nodes }: Graph) => nodes.filter(({ op }) => op === 'quantize').length;
      expect(places(quantize(turned, { dataType: 'int8', recipe, ranges }))).toBe(places(made));
    }
    const smoothed = quantize(smooth(graph, { ranges }), { dataType: 'int8', ranges });
    expect(smoothed.nodes.filter(({ name: path }) => path.endsWith('/smooth'))).toHaveLength(2 * config.layers);
  });

  it('counts the products in layer information', () => {
    const half = { 'Format/Datatype': 'Half' };
    const layer = (name: string) => ({
      Name: name,
      LayerType: 'gemm',
      Inputs: [{ 'Format/Datatype': 'Int8' }, half],
      Outputs: [half],
      TacticName: 'sm90_xmma_gemm_i8f16',
    });
    const other = { Name: 'softmax', LayerType: 'kgen', Inputs: [half], Outputs: [half], TacticName: '__myl_Softmax' };
    const information = JSON.stringify({ Layers: [layer('fc_1'), other, layer('fc_2'), 'by name only gemm'] });
    expect(gemmTable(information)).toEqual([
      {
        layer_type: 'gemm',
        inputs: ['Int8', 'Half'],
        outputs: ['Half'],
        tactic: 'sm90_xmma_gemm_i8f16',
        count: 2,
        example: 'fc_1',
      },
    ]);
  });
});
