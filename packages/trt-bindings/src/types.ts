/**
 * The objects of TensorRT as the addon exposes them: nvinfer1's interfaces, methods spelt as NVIDIA spells them.
 *
 * What differs from C++, everywhere:
 * - Enumerations are strings (`enums.ts`), sets of flags are arrays of them, Dims are arrays of numbers (−1 is unknown).
 * - A null pointer, a false status, a message in the error recorder or an error in the log becomes a TensorRTError.
 * - A setter is read back; a value that TensorRT did not take is a TensorRTError.
 * - A value of the wrong type or out of range is a TypeError that names method and argument, before TensorRT is called.
 * - A method that the loaded library is too old for is a TensorRTError with code 'unsupported', before it is called.
 * - `close()` may be called twice. What still needs the object (an execution context its engine) keeps it alive
 *   underneath; the handle itself throws TensorRTError with code 'closed' from then on. A network is freed at once,
 *   its tensors and layers with it.
 * - While a builder builds, it and all that came from it (network, layers, tensors, config, profiles) throw
 *   TensorRTError rather than race with the build.
 */
import type {
  ActivationType,
  AttentionNormalizationOp,
  BuilderFlag,
  CausalMaskKind,
  CollectiveOperation,
  ComputeCapability,
  CumulativeOperation,
  DataType,
  DeviceType,
  ElementWiseOperation,
  EngineCapability,
  EngineStat,
  ExecutionContextAllocationStrategy,
  FillOperation,
  GatherMode,
  HardwareCompatibilityLevel,
  KVCacheMode,
  LayerInformationFormat,
  LayerType,
  LoopOutput,
  MatrixOperation,
  MemoryPoolType,
  NetworkDefinitionCreationFlag,
  ErrorCode as NvErrorCode,
  OptProfileSelector,
  PluginFieldType,
  PoolingType,
  PreviewFeature,
  ProfilingVerbosity,
  ReduceOperation,
  RuntimePlatform,
  ScaleMode,
  ScatterMode,
  SerializationFlag,
  Severity,
  TacticSource,
  TensorFormat,
  TensorIOMode,
  TensorLocation,
  TensorRTPhase,
  TilingOptimizationLevel,
  TopKOperation,
  TripLimit,
  UnaryOperation,
  WeightsRole,
} from './enums.ts';
import type {
  IActivationLayer,
  IAssertionLayer,
  ICastLayer,
  IConcatenationLayer,
  IConditionLayer,
  IConstantLayer,
  IConvolutionLayer,
  ICumulativeLayer,
  IDeconvolutionLayer,
  IDequantizeLayer,
  IDistCollectiveLayer,
  IDynamicQuantizeLayer,
  IEinsumLayer,
  IElementWiseLayer,
  IFillLayer,
  IGatherLayer,
  IGridSampleLayer,
  IIdentityLayer,
  IIfConditionalInputLayer,
  IIfConditionalOutputLayer,
  IIteratorLayer,
  IKVCacheUpdateLayer,
  ILoopOutputLayer,
  ILRNLayer,
  IMatrixMultiplyLayer,
  IMoELayer,
  INMSLayer,
  INonZeroLayer,
  INormalizationLayer,
  IOneHotLayer,
  IPaddingLayer,
  IParametricReLULayer,
  IPluginV2Layer,
  IPluginV3Layer,
  IPoolingLayer,
  IQuantizeLayer,
  IRaggedSoftMaxLayer,
  IRecurrenceLayer,
  IReduceLayer,
  IResizeLayer,
  IReverseSequenceLayer,
  IRotaryEmbeddingLayer,
  IScaleLayer,
  IScatterLayer,
  ISelectLayer,
  IShapeLayer,
  IShuffleLayer,
  ISliceLayer,
  ISoftMaxLayer,
  ISqueezeLayer,
  ITopKLayer,
  ITripLimitLayer,
  IUnaryLayer,
  IUnsqueezeLayer,
} from './layer-types.ts';

/** trt10 and trt11 are TensorRT, rtx is TensorRT-RTX 1. */
export type Product = 'trt10' | 'trt11' | 'rtx';
/** At most 8 sizes; −1 where the size is known only at run time. */
export type Dims = readonly number[];
/** Bytes of any view; a DataView or a TypedArray of another element type is read as bytes. */
export type Bytes = ArrayBufferView | ArrayBuffer;

/**
 * nvinfer1::Weights: `data` is read in place, not copied, and kept alive until the network (or refitter) is closed.
 * Do not transfer or resize its buffer before that. The count follows from the byte length and the type.
 */
export interface Weights {
  readonly type: DataType;
  readonly data: Bytes;
}

/** What a layer says of its weights: the number of elements and their type. */
export interface WeightsInfo {
  readonly type: DataType;
  readonly count: number;
}

/** One entry of nvinfer1's error recorder. */
export interface RecordedError {
  readonly code: NvErrorCode;
  readonly message: string;
}

/** What every native object has. */
export interface NativeObject extends Disposable {
  /** Frees the object, or lets go of it when something made from it still needs it. Calling it again does nothing. */
  close(): void;
  readonly closed: boolean;
}

/** nvinfer1::ITensor. */
export interface ITensor {
  setName(name: string): void;
  getName(): string;
  /** Network inputs only. */
  setDimensions(dimensions: Dims): void;
  /**
   * The shape TensorRT infers, −1 where it depends on run-time sizes.
   * @throws TensorRTError with TensorRT's own words when it can infer none, which is how an illegal layer shows itself
   */
  getDimensions(): Dims;
  getType(): DataType;
  /** TensorRT 10, networks that are not strongly typed. */
  setType(type: DataType): void;
  isNetworkInput(): boolean;
  isNetworkOutput(): boolean;
  isShapeTensor(): boolean;
  isExecutionTensor(): boolean;
  setAllowedFormats(formats: readonly TensorFormat[]): void;
  getAllowedFormats(): readonly TensorFormat[];
  setDimensionName(index: number, name: string): void;
  getDimensionName(index: number): string | null;
  /** Not in rtx. */
  getLocation(): TensorLocation;
}

/** nvinfer1::ILayer. */
export interface ILayer {
  getType(): LayerType;
  setName(name: string): void;
  getName(): string;
  getNbInputs(): number;
  getInput(index: number): ITensor | null;
  getNbOutputs(): number;
  getOutput(index: number): ITensor;
  setInput(index: number, tensor: ITensor): void;
  getOutputType(index: number): DataType;
  /** TensorRT 10, networks that are not strongly typed. */
  setOutputType(index: number, dataType: DataType): void;
  /** Shown in the engine's layer information. */
  setMetadata(metadata: string): void;
  getMetadata(): string;
}

/** nvinfer1::ILoop. */
export interface ILoop {
  addRecurrence(initialValue: ITensor): IRecurrenceLayer;
  addTripLimit(tensor: ITensor, limit: TripLimit): ITripLimitLayer;
  addIterator(tensor: ITensor, axis?: number, reverse?: boolean): IIteratorLayer;
  addLoopOutput(tensor: ITensor, outputKind: LoopOutput, axis?: number): ILoopOutputLayer;
  setName(name: string): void;
  getName(): string;
}

/** nvinfer1::IIfConditional. */
export interface IIfConditional {
  setCondition(condition: ITensor): IConditionLayer;
  addOutput(trueSubgraphOutput: ITensor, falseSubgraphOutput: ITensor): IIfConditionalOutputLayer;
  addInput(input: ITensor): IIfConditionalInputLayer;
  setName(name: string): void;
  getName(): string;
}

/** nvinfer1::IAttention: softmax(query · keyᵀ + mask) · value in one fused kernel; the scale is the caller's. */
export interface IAttention {
  setNormalizationOperation(op: AttentionNormalizationOp): void;
  getNormalizationOperation(): AttentionNormalizationOp;
  setMask(mask: ITensor): void;
  getMask(): ITensor | null;
  setCausal(isCausal: boolean): void;
  getCausal(): boolean;
  /** trt11 and rtx. */
  setCausalKind(kind: CausalMaskKind): void;
  getCausalKind(): CausalMaskKind;
  /** Whether TensorRT may fall back to separate kernels where none is fused. */
  setDecomposable(decomposable: boolean): void;
  getDecomposable(): boolean;
  setInput(index: number, input: ITensor): void;
  getNbInputs(): number;
  getInput(index: number): ITensor | null;
  getNbOutputs(): number;
  getOutput(index: number): ITensor;
  setName(name: string): void;
  getName(): string;
  setMetadata(metadata: string): void;
  getMetadata(): string;
  setNormalizationQuantizeScale(tensor: ITensor): void;
  getNormalizationQuantizeScale(): ITensor | null;
  setNormalizationQuantizeToType(type: DataType): void;
  getNormalizationQuantizeToType(): DataType;
  setNbRanks(nbRanks: number): void;
  getNbRanks(): number;
}

/**
 * nvinfer1::INetworkDefinition. A tensor of another network is refused, and so is a layer whose output TensorRT cannot
 * give a shape (in C++ it returns an object as if all were well). Absent weights are null.
 */
export interface INetworkDefinition extends NativeObject {
  addInput(name: string, type: DataType, dimensions: Dims): ITensor;
  markOutput(tensor: ITensor): void;
  unmarkOutput(tensor: ITensor): void;
  markOutputForShapes(tensor: ITensor): void;
  unmarkOutputForShapes(tensor: ITensor): void;
  markDebug(tensor: ITensor): void;
  unmarkDebug(tensor: ITensor): void;
  isDebugTensor(tensor: ITensor): boolean;
  markUnfusedTensorsAsDebugTensors(): void;
  unmarkUnfusedTensorsAsDebugTensors(): void;
  markWeightsRefittable(name: string): void;
  unmarkWeightsRefittable(name: string): void;
  areWeightsMarkedRefittable(name: string): boolean;
  /** Names weights by the data they were given, for refitting. */
  setWeightsName(weights: Weights, name: string): void;
  removeTensor(tensor: ITensor): void;
  setName(name: string): void;
  getName(): string;
  getNbLayers(): number;
  getLayer(index: number): ILayer;
  getNbInputs(): number;
  getInput(index: number): ITensor;
  getNbOutputs(): number;
  getOutput(index: number): ITensor;
  getFlag(flag: NetworkDefinitionCreationFlag): boolean;

  addActivation(input: ITensor, type: ActivationType): IActivationLayer;
  addAssertion(condition: ITensor, message: string): IAssertionLayer;
  /** TensorRT 10.14, trt11, rtx. Shapes: query [b, h, sq, d], key and value [b, h, sk, d]. */
  addAttention(
    query: ITensor,
    key: ITensor,
    value: ITensor,
    normOp: AttentionNormalizationOp,
    causal: boolean,
  ): IAttention;
  /** trt11, rtx. */
  addAttentionV2(
    query: ITensor,
    key: ITensor,
    value: ITensor,
    normOp: AttentionNormalizationOp,
    causalKind: CausalMaskKind,
  ): IAttention;
  addCast(input: ITensor, toType: DataType): ICastLayer;
  addConcatenation(inputs: readonly ITensor[]): IConcatenationLayer;
  addConstant(dimensions: Dims, weights: Weights): IConstantLayer;
  addConvolutionNd(
    input: ITensor,
    nbOutputMaps: number,
    kernelSize: Dims,
    kernelWeights: Weights | null,
    biasWeights: Weights | null,
  ): IConvolutionLayer;
  /** TensorRT 10.8. */
  addCumulative(
    input: ITensor,
    axis: ITensor,
    operation: CumulativeOperation,
    exclusive: boolean,
    reverse: boolean,
  ): ICumulativeLayer;
  addDeconvolutionNd(
    input: ITensor,
    nbOutputMaps: number,
    kernelSize: Dims,
    kernelWeights: Weights | null,
    biasWeights: Weights | null,
  ): IDeconvolutionLayer;
  addDequantize(input: ITensor, scale: ITensor, outputType: DataType): IDequantizeLayer;
  /** TensorRT 10.16, trt11, rtx 1.4. */
  addDistCollective(
    input: ITensor,
    distCollectiveOp: CollectiveOperation,
    reduceOp: ReduceOperation,
    root: number,
    groups: readonly number[] | null,
  ): IDistCollectiveLayer;
  /** TensorRT 10.8. */
  addDynamicQuantize(
    input: ITensor,
    axis: number,
    blockSize: number,
    outputType: DataType,
    scaleType: DataType,
  ): IDynamicQuantizeLayer;
  /** TensorRT 10.15. */
  addDynamicQuantizeV2(
    input: ITensor,
    blockShape: Dims,
    outputType: DataType,
    scaleType: DataType,
  ): IDynamicQuantizeLayer;
  addEinsum(inputs: readonly ITensor[], equation: string): IEinsumLayer;
  addElementWise(input1: ITensor, input2: ITensor, op: ElementWiseOperation): IElementWiseLayer;
  addFill(dimensions: Dims, op: FillOperation, outputType: DataType): IFillLayer;
  addGather(data: ITensor, indices: ITensor, axis: number): IGatherLayer;
  addGatherV2(data: ITensor, indices: ITensor, mode: GatherMode): IGatherLayer;
  addGridSample(input: ITensor, grid: ITensor): IGridSampleLayer;
  addIdentity(input: ITensor): IIdentityLayer;
  addIfConditional(): IIfConditional;
  /** TensorRT 10.15. */
  addKVCacheUpdate(cache: ITensor, update: ITensor, writeIndices: ITensor, cacheMode: KVCacheMode): IKVCacheUpdateLayer;
  addLoop(): ILoop;
  addLRN(input: ITensor, window: number, alpha: number, beta: number, k: number): ILRNLayer;
  addMatrixMultiply(input0: ITensor, op0: MatrixOperation, input1: ITensor, op1: MatrixOperation): IMatrixMultiplyLayer;
  /** TensorRT 10.16, trt11, rtx 1.4. */
  addMoE(hiddenStates: ITensor, selectedExpertsForTokens: ITensor, scoresForSelectedExperts: ITensor): IMoELayer;
  /** `indicesType` from TensorRT 10.14 on. */
  addNMS(boxes: ITensor, scores: ITensor, maxOutputBoxesPerClass: ITensor, indicesType?: DataType): INMSLayer;
  /** `indicesType` from TensorRT 10.14 on. */
  addNonZero(input: ITensor, indicesType?: DataType): INonZeroLayer;
  addNormalization(input: ITensor, scale: ITensor, bias: ITensor, axesMask: number): INormalizationLayer;
  /** TensorRT 10.15; scale and bias may have any shape that broadcasts. */
  addNormalizationV2(input: ITensor, scale: ITensor, bias: ITensor, axesMask: number): INormalizationLayer;
  addOneHot(indices: ITensor, values: ITensor, depth: ITensor, axis: number): IOneHotLayer;
  addPaddingNd(input: ITensor, prePadding: Dims, postPadding: Dims): IPaddingLayer;
  addParametricReLU(input: ITensor, slope: ITensor): IParametricReLULayer;
  /** trt10 and trt11. */
  addPluginV2(inputs: readonly ITensor[], plugin: IPluginV2): IPluginV2Layer;
  /** trt10 and trt11. */
  addPluginV3(inputs: readonly ITensor[], shapeInputs: readonly ITensor[], plugin: IPluginV3): IPluginV3Layer;
  addPoolingNd(input: ITensor, type: PoolingType, windowSize: Dims): IPoolingLayer;
  addQuantize(input: ITensor, scale: ITensor, outputType: DataType): IQuantizeLayer;
  addRaggedSoftMax(input: ITensor, bounds: ITensor): IRaggedSoftMaxLayer;
  addReduce(input: ITensor, operation: ReduceOperation, reduceAxes: number, keepDimensions: boolean): IReduceLayer;
  addResize(input: ITensor): IResizeLayer;
  addReverseSequence(input: ITensor, sequenceLens: ITensor): IReverseSequenceLayer;
  /** TensorRT 10.15. */
  addRotaryEmbedding(
    input: ITensor,
    cosCache: ITensor,
    sinCache: ITensor,
    interleaved: boolean,
    rotaryEmbeddingDim: number,
  ): IRotaryEmbeddingLayer;
  addScale(
    input: ITensor,
    mode: ScaleMode,
    shift: Weights | null,
    scale: Weights | null,
    power: Weights | null,
  ): IScaleLayer;
  addScaleNd(
    input: ITensor,
    mode: ScaleMode,
    shift: Weights | null,
    scale: Weights | null,
    power: Weights | null,
    channelAxis: number,
  ): IScaleLayer;
  addScatter(data: ITensor, indices: ITensor, updates: ITensor, mode: ScatterMode): IScatterLayer;
  addSelect(condition: ITensor, thenInput: ITensor, elseInput: ITensor): ISelectLayer;
  addShape(input: ITensor): IShapeLayer;
  addShuffle(input: ITensor): IShuffleLayer;
  addSlice(input: ITensor, start: Dims, size: Dims, stride: Dims): ISliceLayer;
  addSoftMax(input: ITensor): ISoftMaxLayer;
  /** TensorRT 10.7. */
  addSqueeze(input: ITensor, axes: ITensor): ISqueezeLayer;
  /** `indicesType` from TensorRT 10.14 on. */
  addTopK(input: ITensor, op: TopKOperation, k: number, reduceAxes: number, indicesType?: DataType): ITopKLayer;
  addUnary(input: ITensor, operation: UnaryOperation): IUnaryLayer;
  /** TensorRT 10.7. */
  addUnsqueeze(input: ITensor, axes: ITensor): IUnsqueezeLayer;
}

/** nvinfer1::IOptimizationProfile; it belongs to its builder. */
export interface IOptimizationProfile {
  setDimensions(inputName: string, select: OptProfileSelector, dims: Dims): void;
  getDimensions(inputName: string, select: OptProfileSelector): Dims | null;
  /** For shape tensors that are inputs. Int64 from TensorRT 10.11 on (setShapeValuesV2), int32 before. */
  setShapeValues(inputName: string, select: OptProfileSelector, values: readonly number[]): void;
  getShapeValues(inputName: string, select: OptProfileSelector): readonly number[] | null;
  getNbShapeValues(inputName: string): number;
  setExtraMemoryTarget(target: number): void;
  getExtraMemoryTarget(): number;
  isValid(): boolean;
}

/** nvinfer1::ITimingCache. */
export interface ITimingCache extends NativeObject {
  /** A copy of the cache's bytes. */
  serialize(): Uint8Array;
  combine(inputCache: ITimingCache, ignoreMismatch: boolean): void;
  reset(): void;
}

/** nvinfer1::IBuilderConfig. */
export interface IBuilderConfig extends NativeObject {
  setAvgTimingIterations(avgTiming: number): void;
  getAvgTimingIterations(): number;
  setEngineCapability(capability: EngineCapability): void;
  getEngineCapability(): EngineCapability;
  setFlag(flag: BuilderFlag): void;
  clearFlag(flag: BuilderFlag): void;
  getFlag(flag: BuilderFlag): boolean;
  /** Exactly these flags. */
  setFlags(flags: readonly BuilderFlag[]): void;
  getFlags(): readonly BuilderFlag[];
  setDeviceType(layer: ILayer, deviceType: DeviceType): void;
  getDeviceType(layer: ILayer): DeviceType;
  isDeviceTypeSet(layer: ILayer): boolean;
  resetDeviceType(layer: ILayer): void;
  canRunOnDLA(layer: ILayer): boolean;
  setDLACore(dlaCore: number): void;
  getDLACore(): number;
  setDefaultDeviceType(deviceType: DeviceType): void;
  getDefaultDeviceType(): DeviceType;
  reset(): void;
  /** @returns the profile's index */
  addOptimizationProfile(profile: IOptimizationProfile): number;
  getNbOptimizationProfiles(): number;
  setProfilingVerbosity(verbosity: ProfilingVerbosity): void;
  getProfilingVerbosity(): ProfilingVerbosity;
  /** Exactly these sources; those that the product lacks are a TypeError. */
  setTacticSources(tacticSources: readonly TacticSource[]): void;
  getTacticSources(): readonly TacticSource[];
  /** An empty cache, or one from `ITimingCache.serialize()`'s bytes. */
  createTimingCache(blob?: Bytes | null): ITimingCache;
  setTimingCache(cache: ITimingCache, ignoreMismatch: boolean): void;
  /** The cache that was set, or null. */
  getTimingCache(): ITimingCache | null;
  /** In bytes. */
  setMemoryPoolLimit(pool: MemoryPoolType, poolSize: number): void;
  getMemoryPoolLimit(pool: MemoryPoolType): number;
  setPreviewFeature(feature: PreviewFeature, enable: boolean): void;
  getPreviewFeature(feature: PreviewFeature): boolean;
  /** 0 to 5; of a greater number TensorRT makes 5, which throws here. */
  setBuilderOptimizationLevel(level: number): void;
  getBuilderOptimizationLevel(): number;
  setHardwareCompatibilityLevel(level: HardwareCompatibilityLevel): void;
  getHardwareCompatibilityLevel(): HardwareCompatibilityLevel;
  /** Plugin libraries to carry inside the plan. */
  setPluginsToSerialize(paths: readonly string[]): void;
  getPluginsToSerialize(): readonly string[];
  setMaxAuxStreams(nbStreams: number): void;
  getMaxAuxStreams(): number;
  setRuntimePlatform(runtimePlatform: RuntimePlatform): void;
  getRuntimePlatform(): RuntimePlatform;
  setMaxNbTactics(maxNbTactics: number): void;
  getMaxNbTactics(): number;
  setTilingOptimizationLevel(level: TilingOptimizationLevel): void;
  getTilingOptimizationLevel(): TilingOptimizationLevel;
  setL2LimitForTiling(size: number): void;
  getL2LimitForTiling(): number;
  /** trt10, trt11. */
  setRemoteAutoTuningConfig(config: string): void;
  getRemoteAutoTuningConfig(): string | null;
  /** trt11 11.1, rtx 1.6. */
  setBuildRoute(buildRoute: string): void;
  getBuildRoute(): string | null;
  getAllBuildRoutes(): string | null;
  /** rtx: how many compute capabilities the engine is for. */
  setNbComputeCapabilities(nb: number): void;
  getNbComputeCapabilities(): number;
  /** rtx. */
  setComputeCapability(computeCapability: ComputeCapability, index: number): void;
  getComputeCapability(index: number): ComputeCapability;
}

/** A step of a build: a phase begins (`steps` many), advances, or ends. Phases nest. */
export interface BuildProgress {
  readonly event: 'start' | 'step' | 'finish';
  readonly phase: string;
  /** The phase this one is part of, or null. */
  readonly parent: string | null;
  /** event 'start': how many steps will follow; 'step': which one ended, from 0. */
  readonly steps: number;
  readonly step: number;
}

export interface BuildOptions {
  /** Called on the event loop, in order, while the build goes on in its own thread. */
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  /** Ends the build at TensorRT's next step; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** nvinfer1::IBuilder. */
export interface IBuilder extends NativeObject {
  createNetworkV2(flags?: readonly NetworkDefinitionCreationFlag[]): INetworkDefinition;
  createBuilderConfig(): IBuilderConfig;
  createOptimizationProfile(): IOptimizationProfile;
  /**
   * Builds in a thread of its own.
   * @returns the plan, in TensorRT's own memory (not copied)
   */
  buildSerializedNetwork(
    network: INetworkDefinition,
    config: IBuilderConfig,
    options?: BuildOptions,
  ): Promise<Uint8Array<ArrayBuffer>>;
  isNetworkSupported(network: INetworkDefinition, config: IBuilderConfig): boolean;
  reset(): void;
  setMaxThreads(maxThreads: number): void;
  getMaxThreads(): number;
  getMaxDLABatchSize(): number;
  getNbDLACores(): number;
}

/** nvinfer1::IRuntime. */
export interface IRuntime extends NativeObject {
  deserializeCudaEngine(plan: Bytes): ICudaEngine;
  /** The same in a thread of its own. The plan is kept until it is done. */
  deserializeCudaEngineAsync(plan: Bytes): Promise<ICudaEngine>;
  setDLACore(dlaCore: number): void;
  getDLACore(): number;
  getNbDLACores(): number;
  setMaxThreads(maxThreads: number): void;
  getMaxThreads(): number;
  setTemporaryDirectory(path: string): void;
  getTemporaryDirectory(): string | null;
  /** Lets plans bring plugin libraries and the lean runtime, which is code: only for plans you trust. */
  setEngineHostCodeAllowed(allowed: boolean): void;
  getEngineHostCodeAllowed(): boolean;
  getPluginRegistry(): IPluginRegistry;
}

/** nvinfer1::ICudaEngine. */
export interface ICudaEngine extends NativeObject {
  getName(): string;
  getNbIOTensors(): number;
  getIOTensorName(index: number): string;
  getTensorShape(tensorName: string): Dims;
  getTensorDataType(tensorName: string): DataType;
  getTensorLocation(tensorName: string): TensorLocation;
  getTensorIOMode(tensorName: string): TensorIOMode;
  isShapeInferenceIO(tensorName: string): boolean;
  getTensorFormat(tensorName: string, profileIndex?: number): TensorFormat;
  getTensorFormatDesc(tensorName: string, profileIndex?: number): string;
  getTensorBytesPerComponent(tensorName: string, profileIndex?: number): number;
  getTensorComponentsPerElement(tensorName: string, profileIndex?: number): number;
  getTensorVectorizedDim(tensorName: string, profileIndex?: number): number;
  getAliasedInputTensor(tensorName: string): string | null;
  getNbLayers(): number;
  getNbOptimizationProfiles(): number;
  getProfileShape(tensorName: string, profileIndex: number, select: OptProfileSelector): Dims;
  /** The values of an input shape tensor in a profile, or null where it is none. */
  getProfileTensorValues(
    tensorName: string,
    profileIndex: number,
    select: OptProfileSelector,
  ): readonly number[] | null;
  getEngineCapability(): EngineCapability;
  getTacticSources(): readonly TacticSource[];
  getProfilingVerbosity(): ProfilingVerbosity;
  getHardwareCompatibilityLevel(): HardwareCompatibilityLevel;
  getNbAuxStreams(): number;
  isRefittable(): boolean;
  isDebugTensor(name: string): boolean;
  /** Bytes of scratch memory that a context needs, for user-managed memory. */
  getDeviceMemorySizeV2(): number;
  getDeviceMemorySizeForProfileV2(profileIndex: number): number;
  getStreamableWeightsSize(): number;
  setWeightStreamingBudgetV2(gpuMemoryBudget: number): void;
  getWeightStreamingBudgetV2(): number;
  getWeightStreamingAutomaticBudget(): number;
  getWeightStreamingScratchMemorySize(): number;
  getEngineStat(stat: EngineStat): number;
  createExecutionContext(strategy?: ExecutionContextAllocationStrategy): IExecutionContext;
  createEngineInspector(): IEngineInspector;
  createRefitter(): IRefitter;
  /** The plan, or with flags a plan without what they exclude. */
  serialize(flags?: readonly SerializationFlag[]): Uint8Array<ArrayBuffer>;
}

/** nvinfer1::IEngineInspector. */
export interface IEngineInspector extends NativeObject {
  /** With a context the shapes are those set in it; null takes it away. */
  setExecutionContext(context: IExecutionContext | null): void;
  getLayerInformation(layerIndex: number, format: LayerInformationFormat): string;
  getEngineInformation(format: LayerInformationFormat): string;
}

/** nvinfer1::IRefitter. Weights are read in place and kept alive until it is closed. */
export interface IRefitter extends NativeObject {
  setWeights(layerName: string, role: WeightsRole, weights: Weights): void;
  setNamedWeights(name: string, weights: Weights): void;
  unsetNamedWeights(name: string): void;
  getMissing(): readonly { readonly layerName: string; readonly role: WeightsRole }[];
  getAll(): readonly { readonly layerName: string; readonly role: WeightsRole }[];
  getMissingWeights(): readonly string[];
  getAllWeights(): readonly string[];
  getWeightsPrototype(weightsName: string): WeightsInfo;
  setWeightsValidation(weightsValidation: boolean): void;
  getWeightsValidation(): boolean;
  setMaxThreads(maxThreads: number): void;
  getMaxThreads(): number;
  refitCudaEngine(): void;
}

/** One layer's time in one execution. */
export interface LayerTime {
  readonly layerName: string;
  readonly ms: number;
}

/** nvinfer1::IExecutionContext. Memory, streams and events given to it stay alive as long as it uses them. */
export interface IExecutionContext extends NativeObject {
  setName(name: string): void;
  getName(): string;
  setDebugSync(sync: boolean): void;
  getDebugSync(): boolean;
  /** Scratch memory for a context created with 'USER_MANAGED'; may be shared by contexts that never run at once. */
  setDeviceMemoryV2(memory: CudaMemory, size: number): void;
  /** Bytes that the shapes now set need; more precise than the engine's number. */
  updateDeviceMemorySizeForShapes(): number;
  getOptimizationProfile(): number;
  setOptimizationProfileAsync(profileIndex: number, stream: CudaStream): void;
  setInputShape(tensorName: string, dims: Dims): void;
  /** Throws while it depends on what is not yet set. */
  getTensorShape(tensorName: string): Dims;
  getTensorStrides(tensorName: string): Dims;
  allInputDimensionsSpecified(): boolean;
  /** Names of the inputs whose shape (or shape values) are still missing; empty when all shapes could be inferred. */
  inferShapes(): readonly string[];
  /**
   * `memory` is device memory, or pinned host memory for a tensor whose location is 'HOST' (shape tensors).
   * It must be large enough for the tensor at its current shape: checked by enqueueV3.
   */
  setTensorAddress(tensorName: string, memory: CudaMemory | PinnedMemory, byteOffset?: number): void;
  getMaxOutputSize(tensorName: string): number;
  /** Enqueues on the stream, after checking that every tensor has an address large enough. */
  enqueueV3(stream: CudaStream): void;
  setInputConsumedEvent(event: CudaEvent | null): void;
  setPersistentCacheLimit(size: number): void;
  getPersistentCacheLimit(): number;
  setNvtxVerbosity(verbosity: ProfilingVerbosity): void;
  getNvtxVerbosity(): ProfilingVerbosity;
  setAuxStreams(streams: readonly CudaStream[]): void;
  setTensorDebugState(name: string, flag: boolean): void;
  getDebugState(name: string): boolean;
  setAllTensorsDebugState(flag: boolean): void;
  setUnfusedTensorsDebugState(flag: boolean): void;
  getUnfusedTensorsDebugState(): boolean;
  /** Starts (true) or ends (false) collecting per-layer times; nvinfer1::IProfiler. */
  setProfiler(enabled: boolean): void;
  /** Layer times collected since the last call; enqueueV3 reports when the stream has been synchronized. */
  takeLayerTimes(): readonly LayerTime[];
  setEnqueueEmitsProfile(enqueueEmitsProfile: boolean): void;
  getEnqueueEmitsProfile(): boolean;
  reportToProfiler(): void;
  /** One compound native call for a whole run at the shapes and profile now set. */
  createExecutionSlot(options: ExecutionSlotOptions): ExecutionSlot;
}

/** Where one input or output tensor lives on the host and on the device during a run. */
export interface SlotBinding {
  readonly name: string;
  readonly host: PinnedMemory;
  readonly hostOffset?: number;
  readonly device: CudaMemory;
  readonly deviceOffset?: number;
  /** Bytes to copy each run; at least what the tensor's current shape needs. */
  readonly byteLength: number;
}

export interface ExecutionSlotOptions {
  readonly stream: CudaStream;
  readonly inputs: readonly SlotBinding[];
  readonly outputs: readonly SlotBinding[];
  /**
   * Capture copies in, execution and copies out as one CUDA graph, after one execution outside of it. It holds for
   * the context's shapes, addresses and profile of this moment.
   */
  readonly graph?: boolean;
}

/**
 * A run of a context with its buffers: copies inputs to pinned memory, to the device, executes, copies back.
 * `inputs[i]` belongs to the i-th input binding; null means that its pinned memory holds the data already. `outputs[i]`
 * receives the i-th output; null leaves it in pinned memory.
 */
export interface ExecutionSlot extends NativeObject {
  readonly usesGraph: boolean;
  /** Blocks the event loop until the results are there. */
  runSync(inputs: readonly (Bytes | null)[], outputs: readonly (Bytes | null)[]): void;
  /** Inputs are read before it returns; waits in the slot's own thread. One run at a time. */
  run(inputs: readonly (Bytes | null)[], outputs: readonly (Bytes | null)[]): Promise<void>;
}

/** A value for a plugin's field; the TypedArray's elements must be those of `type`. */
export interface PluginField {
  readonly name: string;
  readonly type: PluginFieldType;
  readonly data: Bytes;
}

/** A plugin creator found in the registry. */
export interface IPluginCreator {
  readonly name: string;
  readonly version: string;
  readonly namespace: string;
  /** 'V1' creates IPluginV2, 'V3_ONE' creates IPluginV3. */
  readonly interfaceKind: string;
  getFieldNames(): readonly { readonly name: string; readonly type: PluginFieldType; readonly length: number }[];
  /** Throws TensorRTError when the creator refuses the fields. `phase` is for V3 creators, 'BUILD' by default. */
  createPlugin(name: string, fields: readonly PluginField[], phase?: TensorRTPhase): IPluginV2 | IPluginV3;
}

export interface IPluginV2 extends NativeObject {
  readonly interfaceKind: 'V2';
}

export interface IPluginV3 extends NativeObject {
  readonly interfaceKind: 'V3';
}

/** nvinfer1::IPluginRegistry, of the process. */
export interface IPluginRegistry {
  /** Registers the plugins of a shared library; needed before a plan that uses them is deserialized. */
  loadLibrary(pluginPath: string): PluginLibrary;
  /** Registers the plugins of NVIDIA's libnvinfer_plugin, which loadLibrary does not take. */
  initLibNvInferPlugins(libraryPath: string): void;
  getAllCreators(): readonly IPluginCreator[];
  getCreator(pluginName: string, pluginVersion: string, pluginNamespace?: string): IPluginCreator | null;
  isParentSearchEnabled(): boolean;
  setParentSearchEnabled(enabled: boolean): void;
}

/** A loaded plugin library. It stays loaded until the process ends: plugins and plans refer to its code. */
export interface PluginLibrary {
  readonly path: string;
}

/** What the driver says of a GPU. */
export interface DeviceInfo {
  readonly index: number;
  readonly name: string;
  /** As in '9.0'. */
  readonly computeCapability: string;
  readonly totalMemory: number;
  readonly multiprocessors: number;
  readonly uuid: string;
}

/** The CUDA driver (libcuda), opened at run time. */
export interface Cuda {
  /** As in 13000 for 13.0. */
  readonly driverVersion: number;
  readonly devices: readonly DeviceInfo[];
  /** The device's primary context, retained once; made current on every thread that works with it. */
  device(index?: number): CudaDevice;
}

export interface CudaDevice {
  /** Its place in `Cuda.devices`. */
  readonly index: number;
  /** Free and total bytes of device memory. */
  memGetInfo(): { readonly free: number; readonly total: number };
  memAlloc(byteLength: number): CudaMemory;
  /** From the stream-ordered pool. */
  memAllocAsync(byteLength: number, stream: CudaStream): CudaMemory;
  /** Pinned (page-locked) host memory, which copies without an intermediate step. */
  memAllocHost(byteLength: number): PinnedMemory;
  createStream(): CudaStream;
  createEvent(): CudaEvent;
  synchronize(): void;
}

/** Device memory; freed when it is closed and nothing uses it. */
export interface CudaMemory extends NativeObject {
  readonly byteLength: number;
}

/** Page-locked host memory. Its buffer is detached when it is closed. */
export interface PinnedMemory extends NativeObject {
  readonly byteLength: number;
  readonly buffer: ArrayBuffer;
}

export interface CudaStream extends NativeObject {
  synchronize(): void;
  /** Waits in a thread, not on the event loop. */
  synchronizeAsync(): Promise<void>;
  /** Whether all work enqueued so far is done. */
  query(): boolean;
  /** A stream that waits for an event of another stream's capture takes part in that capture. */
  waitEvent(event: CudaEvent): void;
  /** Copies bytes; the host side must be pinned memory, so that it may happen later. */
  memcpyHtoDAsync(
    destination: CudaMemory,
    destinationOffset: number,
    source: PinnedMemory,
    sourceOffset: number,
    byteLength: number,
  ): void;
  memcpyDtoHAsync(
    destination: PinnedMemory,
    destinationOffset: number,
    source: CudaMemory,
    sourceOffset: number,
    byteLength: number,
  ): void;
  memcpyDtoDAsync(
    destination: CudaMemory,
    destinationOffset: number,
    source: CudaMemory,
    sourceOffset: number,
    byteLength: number,
  ): void;
  memsetD8Async(destination: CudaMemory, destinationOffset: number, value: number, byteLength: number): void;
  /**
   * Calls `enqueue` (enqueueV3 and copies on this stream) and keeps what it enqueued as a graph, without running it. Slots
   * do not run in it, and it is refused while a run goes on in this stream.
   */
  capture(enqueue: () => void): CudaGraph;
}

export interface CudaEvent extends NativeObject {
  record(stream: CudaStream): void;
  synchronize(): void;
  query(): boolean;
  /** Milliseconds from `start` to this event; both must have happened. */
  elapsedSince(start: CudaEvent): number;
}

/** An instantiated CUDA graph; what it refers to stays alive with it. */
export interface CudaGraph extends NativeObject {
  launch(stream: CudaStream): void;
}

/** Told what TensorRT logs. */
export type Logger = (severity: Severity, message: string) => void;

/** A loaded TensorRT library. */
export interface TensorRT {
  readonly product: Product;
  /** As in '10.6.0', from the library itself. */
  readonly version: string;
  /** getInferLibVersion(): major · 10000 + minor · 100 + patch. */
  readonly versionNumber: number;
  readonly libraryPath: string;
  /** nvinfer1::createInferBuilder. TensorRT 10 and 11 need a GPU for it, TensorRT-RTX does not. */
  createInferBuilder(): IBuilder;
  createInferRuntime(): IRuntime;
  getPluginRegistry(): IPluginRegistry;
  /** Whether product and library have a method, as in `supports('INetworkDefinition', 'addAttention')`. */
  supports(interfaceName: string, method: string): boolean;
  /** Whether this product's headers have a value, as in `hasEnumValue('ComputeCapability', 'SM120')`. */
  hasEnumValue(enumeration: string, value: string): boolean;
  /** The CUDA driver; throws TensorRTError that says what to install where there is none. */
  cuda(): Cuda;
}
