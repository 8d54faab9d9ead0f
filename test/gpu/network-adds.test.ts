// Every add* of the network on the TensorRT in hand: TensorRT 10 on a GPU, or TRT_PRODUCT=rtx anywhere.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import type { IBuilder, INetworkDefinition, IPluginV2, IPluginV3, PluginField } from '@trt-dsl/trt-bindings';
import { fixture, networkAdds } from '../support/network-adds.ts';
import { backend, driver, product, save } from './support.ts';

const { tensorrt } = backend;
const builder: IBuilder = tensorrt.createInferBuilder();
const counts = { built: 0, refused: [] as string[], absent: [] as string[] };
after(() => {
  builder.close();
  save('network-adds', { ...counts, version: tensorrt.version });
});

const network = (): INetworkDefinition => builder.createNetworkV2(product === 'trt10' ? ['STRONGLY_TYPED'] : []);
const unsupported = (error: Error & { code?: string }, method: string): boolean => {
  assert.equal(error.code, 'unsupported', error.message);
  assert.ok(error.message.includes(method) && error.message.includes('since'), error.message);
  return true;
};

for (const [method, [add, expected]] of Object.entries(networkAdds(tensorrt)))
  test(method, () => {
    using net = network();
    if (!(method in net)) {
      assert.equal(tensorrt.supports('INetworkDefinition', method), false);
      counts.absent.push(method); // the product's headers have none
      return;
    }
    if (!tensorrt.supports('INetworkDefinition', method)) {
      assert.throws(
        () => add(fixture(net)),
        (error: Error) => unsupported(error, method),
      );
      counts.refused.push(method);
      return;
    }
    const layer = add(fixture(net));
    const outputs = Array.from({ length: layer.getNbOutputs() }, (_, i) => layer.getOutput(i));
    assert.deepEqual(
      outputs.map((tensor) => [tensor.getType(), tensor.getDimensions()]),
      expected,
    );
    counts.built++;
  });

test('what is newer than 10.6 is known to be', { skip: tensorrt.versionNumber >= 100700 || product === 'rtx' }, () => {
  for (const method of ['addAttention', 'addSqueeze', 'addUnsqueeze', 'addCumulative', 'addDynamicQuantize', 'addMoE'])
    assert.equal(tensorrt.supports('INetworkDefinition', method), false, method);
  using net = network();
  const x = net.addInput('x', 'FLOAT', [2, 16]);
  using config = builder.createBuilderConfig();
  for (const [method, call] of [
    ['addNonZero', () => net.addNonZero(x, 'INT64')],
    ['addTopK', () => net.addTopK(x, 'MAX', 3, 1 << 1, 'INT64')],
    ['setTilingOptimizationLevel', () => config.setTilingOptimizationLevel('FULL')],
    ['setL2LimitForTiling', () => config.setL2LimitForTiling(1 << 20)],
    ['setRemoteAutoTuningConfig', () => config.setRemoteAutoTuningConfig('x')],
  ] as const)
    assert.throws(call, (error: Error) => unsupported(error, method), method);
  assert.equal(net.getNbLayers(), 0);
});

const pluginLibrary = join(dirname(tensorrt.libraryPath), 'libnvinfer_plugin.so.10');
const noPlugins = driver() === undefined ? 'no GPU' : existsSync(pluginLibrary) ? false : `no ${pluginLibrary}`;

const int = (name: string, value: number): PluginField => ({ name, type: 'INT32', data: Int32Array.of(value) });
const float = (name: string, ...values: number[]): PluginField => ({
  name,
  type: 'FLOAT32',
  data: Float32Array.from(values),
});

/** NVIDIA's plugins that need few inputs: their versions, fields, inputs and the output's shape. */
const plugins = [
  {
    name: 'CustomGeluPluginDynamic',
    versions: ['1', '2'],
    fields: [int('type_id', 0)],
    inputs: [{ type: 'FLOAT', dims: [2, 8, 16] }],
    output: [2, 8, 16],
  },
  {
    name: 'InstanceNormalization_TRT',
    versions: ['1', '3'],
    fields: [
      float('epsilon', 1e-5),
      float('scales', 1, 1, 1),
      float('bias', 0, 0, 0),
      int('relu', 0),
      float('alpha', 0),
    ],
    inputs: [{ type: 'FLOAT', dims: [2, 3, 8, 8] }],
    output: [2, 3, 8, 8],
  },
  {
    name: 'ROIAlign_TRT',
    versions: ['1', '2'],
    fields: [
      int('coordinate_transformation_mode', 1),
      int('mode', 1),
      int('output_height', 2),
      int('output_width', 2),
      int('sampling_ratio', 0),
      float('spatial_scale', 1),
    ],
    inputs: [
      { type: 'FLOAT', dims: [1, 3, 8, 8] },
      { type: 'FLOAT', dims: [5, 4] },
      { type: 'INT32', dims: [5] },
    ],
    output: [5, 3, 2, 2],
  },
] as const;

test("NVIDIA's plugins, by addPluginV2 and addPluginV3", { skip: noPlugins }, (context) => {
  const registry = tensorrt.getPluginRegistry();
  registry.initLibNvInferPlugins(pluginLibrary);
  const all = registry.getAllCreators();
  assert.ok(all.length > 20, `${all.length} creators`);
  const kinds = new Set(all.map(({ interfaceKind }) => interfaceKind));
  const works: Record<string, string[]> = { V2: [], V3: [] };
  const failures: string[] = [];
  for (const { name, versions, fields, inputs, output } of plugins)
    for (const version of versions) {
      const creator = registry.getCreator(name, version);
      if (!creator) continue;
      try {
        assert.ok(creator.getFieldNames().length > 0);
        const declared = creator.getFieldNames().map((field) => field.name);
        const made = creator.createPlugin(
          'tested',
          fields.filter((field) => declared.includes(field.name)),
        );
        using plugin = made as IPluginV2 | IPluginV3;
        using net = network();
        const tensors = inputs.map(({ type, dims }, i) => net.addInput(`in ${i}`, type, dims));
        const layer =
          plugin.interfaceKind === 'V3' ? net.addPluginV3(tensors, [], plugin) : net.addPluginV2(tensors, plugin);
        assert.equal(layer.getType(), plugin.interfaceKind === 'V3' ? 'PLUGIN_V3' : 'PLUGIN_V2');
        assert.deepEqual([layer.getOutput(0).getType(), layer.getOutput(0).getDimensions()], ['FLOAT', output]);
        works[plugin.interfaceKind]!.push(`${name}@${version}`);
      } catch (error) {
        failures.push(`${name}@${version} (${creator.interfaceKind}): ${(error as Error).message}`);
      }
    }
  context.diagnostic(JSON.stringify({ creators: all.length, works, failures }));
  save(
    'nvidia-plugins',
    {
      creators: all.map(({ name, version, interfaceKind }) => `${name}@${version} ${interfaceKind}`),
      works,
      failures,
    },
    JSON.stringify({ works, failures }),
  );
  for (const [kind, needed] of [
    ['V2', 'V1'],
    ['V3', 'V3_ONE'],
  ] as const)
    if (kinds.has(needed))
      assert.ok(works[kind]!.length > 0, `no ${kind} plugin could be added: ${failures.join('\n')}`);
});

test('a plugin refuses fields it does not have', { skip: noPlugins }, () => {
  const registry = tensorrt.getPluginRegistry();
  registry.initLibNvInferPlugins(pluginLibrary);
  const creator = registry.getCreator('CustomGeluPluginDynamic', '1');
  assert.ok(creator);
  assert.throws(() => creator.createPlugin('x', [int('no such field', 1)]), /has no field "no such field"; it has/);
  assert.throws(() => creator.createPlugin('x', [float('type_id', 1)]), /"type_id" is INT32, not FLOAT32/);
  assert.throws(() => creator.createPlugin('x', []), { name: 'TensorRTError' });
  assert.equal(registry.getCreator('no such plugin', '1'), null);
  assert.throws(() => registry.loadLibrary(join(dirname(pluginLibrary), 'missing.so')), { name: 'TensorRTError' });
  assert.throws(() => registry.initLibNvInferPlugins(tensorrt.libraryPath), /initLibNvInferPlugins|register/);
});
