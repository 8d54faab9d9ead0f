// Which method of nvinfer1 is bound for which product: from the addons and the headers, as the README's table.
//   node scripts/methods.mjs         prints it
//   node scripts/methods.mjs --write puts it into README.md
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { addonPath } from './build.mjs';
import { headerText, interfaces } from './headers.mjs';

export const productNames = ['trt10', 'trt11', 'rtx'];

/** Methods left out on purpose, and why. `*` stands for any interface. */
export const unbound = [
  ['*', /^(set|get)ErrorRecorder$|^getLogger$|^getInterfaceInfo$/, 'the binding’s own: reports become TensorRTError'],
  ['*', /Allocator$/, 'memory management in callbacks on TensorRT’s threads'],
  ['*', /DebugListener$/, 'callbacks on TensorRT’s threads'],
  [
    '*',
    /Int8Calibrator$|CalibrationProfile$|uantizationFlags?$|AlgorithmSelector$/,
    'implicit quantization and algorithm selectors, which TensorRT 11 removed',
  ],
  [
    '*',
    /DynamicRange|dynamicRangeIsSet|BroadcastAcrossBatch$|^hasImplicitBatchDimension$|^allInputShapesSpecified$/,
    'deprecated, without effect in strongly typed networks',
  ],
  [
    'ILayer',
    /Precision$|precisionIsSet|outputTypeIsSet|resetOutputType/,
    'deprecated, without effect in strongly typed networks',
  ],
  ['ITensor', /^setLocation$/, 'deprecated, without effect'],
  ['IBuilder', /^platformHas/, 'deprecated; ask the device'],
  [
    'IBuilder',
    /^setGpuAllocator$|^buildSerializedNetworkToStream$|^buildEngineWithConfig$/,
    'buildSerializedNetwork does it',
  ],
  ['IBuilder', /^getPluginRegistry$/, 'TensorRT.getPluginRegistry, the same one'],
  ['IBuilderConfig', /ProgressMonitor$/, 'buildSerializedNetwork({ onProgress, signal })'],
  ['IBuilderConfig', /ProfileStream$/, 'TensorRT’s own stream serves'],
  ['IBuilderConfig', /PluginToSerialize$|NbPluginsToSerialize$/, 'getPluginsToSerialize, a list'],
  ['ITimingCache', /^query|^update$/, 'editing single entries'],
  ['INetworkDefinition', /^getFlags$|^getBuilder$/, 'getFlag; the builder is at hand'],
  ['IOptimizationProfile', /ShapeValuesV2$/, 'setShapeValues and getShapeValues choose it'],
  ['IOptimizationProfile', /ProfileStream$/, 'TensorRT’s own stream serves'],
  ['IRuntime', /TempfileControlFlags$|^loadRuntime$|DLAWorkspace/, 'for lean runtimes and DLA'],
  [
    'IRuntime',
    /^getEngine(HeaderSize|Validity)$|DeferredWeightsLoading$/,
    'deserializeCudaEngine says why a plan is refused',
  ],
  [
    'IRefitter',
    /^getNamedWeights$|^getWeightsLocation$|^refitCudaEngineAsync$|^releaseRefitResources$/,
    'weights stay on the host; refitCudaEngine',
  ],
  ['ICudaEngine', /SerializationConfig$|^serializeWithConfig$/, 'serialize(flags)'],
  [
    'ICudaEngine',
    /RuntimeConfig$|WeightsManager$|^areWeightsLoaded$|^(un)?loadWeights/,
    'TensorRT-RTX’s just-in-time compilation and deferred weights',
  ],
  ['ICudaEngine', /^createExecutionContextWithoutDeviceMemory$/, "createExecutionContext('USER_MANAGED')"],
  [
    'ICudaEngine',
    /^getDeviceMemorySize(ForProfile)?$|^getProfileTensorValuesV2$|WeightStreamingBudget$|^getMinimumWeightStreamingBudget$/,
    'the newer form is bound',
  ],
  ['IExecutionContext', /^getProfiler$/, 'takeLayerTimes'],
  [
    'IExecutionContext',
    /^getEngine$|^executeV2$|RuntimeConfig$|^setDeviceMemory$/,
    'the engine is at hand; enqueueV3; setDeviceMemoryV2',
  ],
  [
    'IExecutionContext',
    /TensorAddress$|^getInputConsumedEvent$/,
    'setTensorAddress; addresses do not cross to JavaScript',
  ],
  [
    'IExecutionContext',
    /^setCommunicator$|^isStreamCapturable$/,
    'several devices; createExecutionSlot tries the capture',
  ],
  ['IEngineInspector', /^getExecutionContext$/, 'the context is at hand'],
  ['IPluginV2Layer', /^getPlugin$/, 'the plugin is at hand'],
  ['IPluginV3Layer', /^getPlugin$/, 'the plugin is at hand'],
];

/** Interfaces that have no class of their own in the addon, and what stands for them. */
const elsewhere =
  /^(IVersionedInterface|INoCopy|IErrorRecorder|ILogger|ILoggerFinder|IProfiler|IProgressMonitor|IHostMemory|ISerializationConfig|IRuntimeConfig|IRuntimeCache|IWeightsManager|IStreamReader|IStreamWriter|IStreamReaderV2|IOutputAllocator|IGpuAllocator|IGpuAsyncAllocator|IDebugListener|IDimensionExpr|IExprBuilder|IPlugin.*|IInt8.*|IAlgorithm.*|ILoopBoundaryLayer|IIfConditionalBoundaryLayer|IAttentionBoundaryLayer)$/;

export const reasonFor = (name, method) =>
  unbound.find(
    ([interfaceName, pattern]) => (interfaceName === '*' || interfaceName === name) && pattern.test(method),
  )?.[2];

/** interface → method → product → since (0: always), undefined where the headers have it and it is not bound. */
export function survey() {
  const require = createRequire(import.meta.url);
  const result = new Map();
  for (const product of productNames) {
    const text = headerText(product);
    if (text === undefined) throw new Error(`no headers for ${product}: run npx trt-dsl setup`);
    const bound = require(addonPath(product)).methods();
    for (const [name, { methods }] of interfaces(text)) {
      if (elsewhere.test(name)) continue;
      for (const method of methods) {
        if (!result.has(name)) result.set(name, new Map());
        const rows = result.get(name);
        if (!rows.has(method)) rows.set(method, {});
        rows.get(method)[product] = bound[name]?.[method];
      }
    }
  }
  return result;
}

const version = (since) => {
  const digits = [Math.floor(since / 10000), Math.floor(since / 100) % 100, since % 100];
  return digits[2] === 0 ? digits.slice(0, 2).join('.') : digits.join('.');
};
const cell = (row, product) =>
  !(product in row)
    ? '–'
    : row[product] === undefined
      ? 'not bound'
      : row[product] === 0
        ? 'yes'
        : version(row[product]);
const everywhere = (row) => productNames.every((product) => cell(row, product) === 'yes');
const nowhere = (row) =>
  productNames.every((product) => !['yes'].includes(cell(row, product)) && !/^\d/.test(cell(row, product)));

/** The table as Markdown. */
export function table() {
  const all = survey();
  const lines = [
    '### INetworkDefinition: what adds layers',
    '',
    `| method | ${productNames.join(' | ')} |`,
    '|---|---|---|---|',
  ];
  const network = all.get('INetworkDefinition');
  for (const method of [...network.keys()].filter((m) => m.startsWith('add')).sort())
    lines.push(`| ${method} | ${productNames.map((p) => cell(network.get(method), p)).join(' | ')} |`);
  lines.push(
    '',
    '### All interfaces',
    '',
    '| interface | in all three | in some (trt10, trt11, rtx) | left out |',
    '|---|---|---|---|',
  );
  for (const name of [...all.keys()].sort()) {
    const rows = [...all.get(name)].filter(([method]) => name !== 'INetworkDefinition' || !method.startsWith('add'));
    if (rows.length === 0) continue;
    const list = (keep) => rows.filter(([, row]) => keep(row)).sort(([a], [b]) => (a < b ? -1 : 1));
    const some = list((row) => !everywhere(row) && !nowhere(row)).map(
      ([method, row]) => `${method} (${productNames.map((p) => cell(row, p)).join(', ')})`,
    );
    lines.push(
      `| ${name} | ${list(everywhere)
        .map(([m]) => m)
        .join(', ')} | ${some.join(', ')} | ${list(nowhere)
        .map(([m]) => m)
        .join(', ')} |`,
    );
  }
  return lines.join('\n');
}

export const marks = ['<!-- methods: written by scripts/methods.mjs -->', '<!-- end of methods -->'];

/** README.md with the table put between its marks. */
export function readmeWithTable(readme) {
  const [start, end] = marks.map((mark) => readme.indexOf(mark));
  if (start < 0 || end < start) throw new Error(`README.md lacks the lines ${marks.join(' and ')}`);
  return `${readme.slice(0, start + marks[0].length)}\n\n${table()}\n\n${readme.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = fileURLToPath(new URL('../README.md', import.meta.url));
  if (process.argv.includes('--write')) writeFileSync(path, readmeWithTable(readFileSync(path, 'utf8')));
  else console.log(table());
}
