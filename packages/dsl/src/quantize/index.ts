export {
  type CalibrationData,
  type CalibrationOptions,
  calibrate,
  collectHistograms,
  type ObserveOptions,
} from './calibrate.ts';
export { type Calibration, type CalibrationRun, collectCalibration, quantizeCalibrated } from './calibration.ts';
export * from './calibration-cache.ts';
export * from './calibration-file.ts';
export { type Histogram, histogramBins } from './histogram.ts';
export { findPoints, type Points, type QuantizedLayer, quantizedTensors, type Selection } from './points.ts';
export { type QuantizeOptions, quantize } from './quantize.ts';
export { type QuantizedWeights, quantizeWeights, roundedScale } from './quantize-weights.ts';
export { largestQuantized, type Ranges } from './ranges.ts';
export { type Recipe, type RecipeName, recipes } from './recipes.ts';
export { rangeOf, type ScaleMethod, type ScaleOptions, scaleMethods, usualMethods } from './scale-methods.ts';
export { type ChannelRanges, collectChannelRanges, type SmoothOptions, smooth } from './smooth.ts';
export { splitAttention } from './split-attention.ts';
export { weightsChecksum } from './weights-checksum.ts';
