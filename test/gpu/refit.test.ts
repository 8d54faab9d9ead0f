// Plans whose weights can be replaced, and plans without weights.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IBuilder, IRuntime } from '@trt-dsl/trt-bindings';
import { agrees, kernel, nativePlan, otherKernel, rows, runNative, width } from './native-mlp.ts';
import { backend, driver, save } from './support.ts';

const onGpu = { skip: driver() ? false : 'no GPU' };
const refused = { name: 'TensorRTError' };
const figures: Record<string, unknown> = {};
let builder: IBuilder;
let runtime: IRuntime;
before(() => {
  if (onGpu.skip) return;
  builder = backend.tensorrt.createInferBuilder();
  runtime = backend.tensorrt.createInferRuntime();
});
after(() => {
  runtime?.close();
  builder?.close();
  if (!onGpu.skip) save('refit', figures);
});

for (const by of ['name', 'layer'])
  test(`refitted weights change the result, by ${by}`, onGpu, async () => {
    const named = by === 'name';
    using refittable = runtime.deserializeCudaEngine(await nativePlan(builder, { flags: ['REFIT'], named }));
    assert.equal(refittable.isRefittable(), true);
    const x = rows(3);
    agrees(runNative(refittable, x), x);
    using refitter = refittable.createRefitter();
    const all = { weights: refitter.getAllWeights(), layers: refitter.getAll() };
    figures[`refittable by ${by}`] = all;
    const give = (data: Float32Array): void => {
      if (named) refitter.setNamedWeights('kernel', { type: 'FLOAT', data });
      else refitter.setWeights('kernel layer 0', 'CONSTANT', { type: 'FLOAT', data });
    };
    if (named) {
      assert.ok(all.weights.includes('kernel'));
      assert.deepEqual(refitter.getWeightsPrototype('kernel'), { type: 'FLOAT', count: width * width });
      assert.throws(() => refitter.setNamedWeights('none', { type: 'FLOAT', data: kernel }), refused);
    } else assert.deepEqual(all.layers, [{ layerName: 'kernel layer 0', role: 'CONSTANT' }]);
    assert.throws(() => give(new Float32Array(7)), refused);
    give(otherKernel);
    assert.deepEqual(refitter.getMissingWeights(), []);
    refitter.refitCudaEngine();
    agrees(runNative(refittable, x), x, otherKernel);
    give(kernel);
    refitter.refitCudaEngine();
    agrees(runNative(refittable, x), x);
  });

test('an engine without REFIT has no refitter', onGpu, async () => {
  using engine = runtime.deserializeCudaEngine(await nativePlan(builder));
  assert.throws(() => engine.createRefitter(), refused);
});

test('a stripped plan computes once it is refitted', onGpu, async () => {
  using stripped = runtime.deserializeCudaEngine(await nativePlan(builder, { flags: ['REFIT', 'STRIP_PLAN'] }));
  using refitter = stripped.createRefitter();
  figures['missing_in_stripped'] = refitter.getMissingWeights();
  refitter.setNamedWeights('kernel', { type: 'FLOAT', data: kernel });
  refitter.refitCudaEngine();
  agrees(runNative(stripped, rows(4)), rows(4));
});

test('a stripped plan lacks the weights', onGpu, async () => {
  const stripped = await nativePlan(builder, { flags: ['REFIT', 'STRIP_PLAN'] });
  const whole = await nativePlan(builder, { flags: ['REFIT'] });
  figures['plan_bytes'] = { whole: whole.length, stripped: stripped.length };
  assert.ok(whole.length - stripped.length > 0.8 * kernel.byteLength, `${whole.length} and ${stripped.length} bytes`);
});
