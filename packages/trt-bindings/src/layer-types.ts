/**
 * The layers of a TensorRT network: one interface for each of nvinfer1's, with its methods in NVIDIA's spelling.
 *
 * Every setter throws TensorRTError when TensorRT logged an error or kept another value than it was given; in C++ most
 * of them return void and only log. Every method throws TensorRTError (code 'closed') once the network is closed, and
 * 'unsupported' before it is called when the loaded library is older than the method.
 */
import type {
  ActivationType,
  AttentionIOForm,
  BoundingBoxFormat,
  CumulativeOperation,
  DataType,
  ElementWiseOperation,
  FillOperation,
  GatherMode,
  InterpolationMode,
  KVCacheMode,
  LoopOutput,
  MatrixOperation,
  MoEActType,
  PaddingMode,
  PoolingType,
  ReduceOperation,
  ResizeCoordinateTransformation,
  ResizeRoundMode,
  ResizeSelector,
  SampleMode,
  ScaleMode,
  ScatterMode,
  TopKOperation,
  TripLimit,
  UnaryOperation,
} from './enums.ts';
import type { Dims, IAttention, IIfConditional, ILayer, ILoop, ITensor, Weights, WeightsInfo } from './types.ts';

/** nvinfer1::IConvolutionLayer. */
export interface IConvolutionLayer extends ILayer {
  setNbOutputMaps(nbOutputMaps: number): void;
  getNbOutputMaps(): number;
  setNbGroups(nbGroups: number): void;
  getNbGroups(): number;
  setKernelWeights(weights: Weights): void;
  getKernelWeights(): WeightsInfo;
  setBiasWeights(weights: Weights): void;
  getBiasWeights(): WeightsInfo;
  setPrePadding(padding: Dims): void;
  getPrePadding(): Dims;
  setPostPadding(padding: Dims): void;
  getPostPadding(): Dims;
  setPaddingMode(paddingMode: PaddingMode): void;
  getPaddingMode(): PaddingMode;
  setKernelSizeNd(kernelSize: Dims): void;
  getKernelSizeNd(): Dims;
  setStrideNd(stride: Dims): void;
  getStrideNd(): Dims;
  setPaddingNd(padding: Dims): void;
  getPaddingNd(): Dims;
  setDilationNd(dilation: Dims): void;
  getDilationNd(): Dims;
}

/** nvinfer1::IActivationLayer. */
export interface IActivationLayer extends ILayer {
  setActivationType(type: ActivationType): void;
  getActivationType(): ActivationType;
  setAlpha(alpha: number): void;
  setBeta(beta: number): void;
  getAlpha(): number;
  getBeta(): number;
}

/** nvinfer1::IPoolingLayer. */
export interface IPoolingLayer extends ILayer {
  setPoolingType(type: PoolingType): void;
  getPoolingType(): PoolingType;
  setBlendFactor(blendFactor: number): void;
  getBlendFactor(): number;
  setAverageCountExcludesPadding(exclusive: boolean): void;
  getAverageCountExcludesPadding(): boolean;
  setPrePadding(padding: Dims): void;
  getPrePadding(): Dims;
  setPostPadding(padding: Dims): void;
  getPostPadding(): Dims;
  setPaddingMode(paddingMode: PaddingMode): void;
  getPaddingMode(): PaddingMode;
  setWindowSizeNd(windowSize: Dims): void;
  getWindowSizeNd(): Dims;
  setStrideNd(stride: Dims): void;
  getStrideNd(): Dims;
  setPaddingNd(padding: Dims): void;
  getPaddingNd(): Dims;
}

/** nvinfer1::ILRNLayer. */
export interface ILRNLayer extends ILayer {
  setWindowSize(windowSize: number): void;
  getWindowSize(): number;
  setAlpha(alpha: number): void;
  getAlpha(): number;
  setBeta(beta: number): void;
  getBeta(): number;
  setK(k: number): void;
  getK(): number;
}

/** nvinfer1::IScaleLayer. */
export interface IScaleLayer extends ILayer {
  setMode(mode: ScaleMode): void;
  getMode(): ScaleMode;
  setShift(shift: Weights): void;
  getShift(): WeightsInfo;
  setScale(scale: Weights): void;
  getScale(): WeightsInfo;
  setPower(power: Weights): void;
  getPower(): WeightsInfo;
  getChannelAxis(): number;
  setChannelAxis(channelAxis: number): void;
}

/** nvinfer1::ISoftMaxLayer. */
export interface ISoftMaxLayer extends ILayer {
  setAxes(axes: number): void;
  getAxes(): number;
}

/** nvinfer1::IConcatenationLayer. */
export interface IConcatenationLayer extends ILayer {
  setAxis(axis: number): void;
  getAxis(): number;
}

/** nvinfer1::IDeconvolutionLayer. */
export interface IDeconvolutionLayer extends ILayer {
  setNbOutputMaps(nbOutputMaps: number): void;
  getNbOutputMaps(): number;
  setNbGroups(nbGroups: number): void;
  getNbGroups(): number;
  setKernelWeights(weights: Weights): void;
  getKernelWeights(): WeightsInfo;
  setBiasWeights(weights: Weights): void;
  getBiasWeights(): WeightsInfo;
  setPrePadding(padding: Dims): void;
  getPrePadding(): Dims;
  setPostPadding(padding: Dims): void;
  getPostPadding(): Dims;
  setPaddingMode(paddingMode: PaddingMode): void;
  getPaddingMode(): PaddingMode;
  setKernelSizeNd(kernelSize: Dims): void;
  getKernelSizeNd(): Dims;
  setStrideNd(stride: Dims): void;
  getStrideNd(): Dims;
  setPaddingNd(padding: Dims): void;
  getPaddingNd(): Dims;
  setDilationNd(dilation: Dims): void;
  getDilationNd(): Dims;
}

/** nvinfer1::IElementWiseLayer. */
export interface IElementWiseLayer extends ILayer {
  setOperation(op: ElementWiseOperation): void;
  getOperation(): ElementWiseOperation;
}

/** nvinfer1::IGatherLayer. */
export interface IGatherLayer extends ILayer {
  setGatherAxis(axis: number): void;
  getGatherAxis(): number;
  setNbElementWiseDims(elementWiseDims: number): void;
  getNbElementWiseDims(): number;
  setMode(mode: GatherMode): void;
  getMode(): GatherMode;
}

/** nvinfer1::IPluginV2Layer. */
export interface IPluginV2Layer extends ILayer {}

/** nvinfer1::IPluginV3Layer. */
export interface IPluginV3Layer extends ILayer {}

/** nvinfer1::IUnaryLayer. */
export interface IUnaryLayer extends ILayer {
  setOperation(op: UnaryOperation): void;
  getOperation(): UnaryOperation;
}

/** nvinfer1::IReduceLayer. */
export interface IReduceLayer extends ILayer {
  setOperation(op: ReduceOperation): void;
  getOperation(): ReduceOperation;
  setReduceAxes(reduceAxes: number): void;
  getReduceAxes(): number;
  setKeepDimensions(keepDimensions: boolean): void;
  getKeepDimensions(): boolean;
}

/** nvinfer1::IPaddingLayer. */
export interface IPaddingLayer extends ILayer {
  setPrePaddingNd(padding: Dims): void;
  getPrePaddingNd(): Dims;
  setPostPaddingNd(padding: Dims): void;
  getPostPaddingNd(): Dims;
}

/** nvinfer1::IShuffleLayer. */
export interface IShuffleLayer extends ILayer {
  setFirstTranspose(permutation: readonly number[]): void;
  getFirstTranspose(): readonly number[];
  setReshapeDimensions(dimensions: Dims): void;
  getReshapeDimensions(): Dims;
  setSecondTranspose(permutation: readonly number[]): void;
  getSecondTranspose(): readonly number[];
  setZeroIsPlaceholder(zeroIsPlaceholder: boolean): void;
  getZeroIsPlaceholder(): boolean;
}

/** nvinfer1::ISliceLayer. */
export interface ISliceLayer extends ILayer {
  setStart(start: Dims): void;
  getStart(): Dims;
  setSize(size: Dims): void;
  getSize(): Dims;
  setStride(stride: Dims): void;
  getStride(): Dims;
  setMode(mode: SampleMode): void;
  getMode(): SampleMode;
  setAxes(axes: Dims): void;
  getAxes(): Dims;
}

/** nvinfer1::IShapeLayer. */
export interface IShapeLayer extends ILayer {}

/** nvinfer1::ITopKLayer. */
export interface ITopKLayer extends ILayer {
  setOperation(op: TopKOperation): void;
  getOperation(): TopKOperation;
  setK(k: number): void;
  getK(): number;
  setReduceAxes(reduceAxes: number): void;
  getReduceAxes(): number;
  setIndicesType(type: DataType): void;
  getIndicesType(): DataType;
}

/** nvinfer1::IMatrixMultiplyLayer. */
export interface IMatrixMultiplyLayer extends ILayer {
  setOperation(index: number, op: MatrixOperation): void;
  getOperation(index: number): MatrixOperation;
}

/** nvinfer1::INonZeroLayer. */
export interface INonZeroLayer extends ILayer {
  setIndicesType(type: DataType): void;
  getIndicesType(): DataType;
}

/** nvinfer1::IRaggedSoftMaxLayer. */
export interface IRaggedSoftMaxLayer extends ILayer {}

/** nvinfer1::IIdentityLayer. */
export interface IIdentityLayer extends ILayer {}

/** nvinfer1::ICastLayer. */
export interface ICastLayer extends ILayer {
  setToType(toType: DataType): void;
  getToType(): DataType;
}

/** nvinfer1::IConstantLayer. */
export interface IConstantLayer extends ILayer {
  setWeights(weights: Weights): void;
  getWeights(): WeightsInfo;
  setDimensions(dimensions: Dims): void;
  getDimensions(): Dims;
}

/** nvinfer1::IParametricReLULayer. */
export interface IParametricReLULayer extends ILayer {}

/** nvinfer1::IResizeLayer. */
export interface IResizeLayer extends ILayer {
  setScales(scales: readonly number[]): void;
  /** The scales that were set; empty when the output dimensions were. */
  getScales(): readonly number[];
  setOutputDimensions(dimensions: Dims): void;
  getOutputDimensions(): Dims;
  setResizeMode(interpolationMode: InterpolationMode): void;
  getResizeMode(): InterpolationMode;
  setCoordinateTransformation(coordTransform: ResizeCoordinateTransformation): void;
  getCoordinateTransformation(): ResizeCoordinateTransformation;
  setSelectorForSinglePixel(selector: ResizeSelector): void;
  getSelectorForSinglePixel(): ResizeSelector;
  setNearestRounding(value: ResizeRoundMode): void;
  getNearestRounding(): ResizeRoundMode;
  setCubicCoeff(A: number): void;
  getCubicCoeff(): number;
  setExcludeOutside(excludeFlag: boolean): void;
  getExcludeOutside(): boolean;
}

/** nvinfer1::ILoopBoundaryLayer. */
export interface ILoopBoundaryLayer extends ILayer {
  getLoop(): ILoop;
}

/** nvinfer1::IIfConditionalBoundaryLayer. */
export interface IIfConditionalBoundaryLayer extends ILayer {
  getConditional(): IIfConditional;
}

/** nvinfer1::IConditionLayer. */
export interface IConditionLayer extends IIfConditionalBoundaryLayer {}

/** nvinfer1::IIfConditionalOutputLayer. */
export interface IIfConditionalOutputLayer extends IIfConditionalBoundaryLayer {}

/** nvinfer1::IIfConditionalInputLayer. */
export interface IIfConditionalInputLayer extends IIfConditionalBoundaryLayer {}

/** nvinfer1::IRecurrenceLayer. */
export interface IRecurrenceLayer extends ILoopBoundaryLayer {}

/** nvinfer1::ILoopOutputLayer. */
export interface ILoopOutputLayer extends ILoopBoundaryLayer {
  getLoopOutput(): LoopOutput;
  setAxis(axis: number): void;
  getAxis(): number;
}

/** nvinfer1::ITripLimitLayer. */
export interface ITripLimitLayer extends ILoopBoundaryLayer {
  getTripLimit(): TripLimit;
}

/** nvinfer1::IIteratorLayer. */
export interface IIteratorLayer extends ILoopBoundaryLayer {
  setAxis(axis: number): void;
  getAxis(): number;
  setReverse(reverse: boolean): void;
  getReverse(): boolean;
}

/** nvinfer1::ISelectLayer. */
export interface ISelectLayer extends ILayer {}

/** nvinfer1::IAssertionLayer. */
export interface IAssertionLayer extends ILayer {
  setMessage(message: string): void;
  getMessage(): string;
}

/** nvinfer1::IFillLayer. */
export interface IFillLayer extends ILayer {
  setDimensions(dimensions: Dims): void;
  getDimensions(): Dims;
  setOperation(op: FillOperation): void;
  getOperation(): FillOperation;
  setAlpha(alpha: number): void;
  getAlpha(): number;
  setBeta(beta: number): void;
  getBeta(): number;
  setAlphaInt64(alpha: number): void;
  getAlphaInt64(): number;
  setBetaInt64(beta: number): void;
  getBetaInt64(): number;
  isAlphaBetaInt64(): boolean;
  setToType(toType: DataType): void;
  getToType(): DataType;
}

/** nvinfer1::IQuantizeLayer. */
export interface IQuantizeLayer extends ILayer {
  getAxis(): number;
  setAxis(axis: number): void;
  setBlockShape(blockShape: Dims): void;
  getBlockShape(): Dims;
  setToType(toType: DataType): void;
  getToType(): DataType;
}

/** nvinfer1::IDequantizeLayer. */
export interface IDequantizeLayer extends ILayer {
  getAxis(): number;
  setAxis(axis: number): void;
  setBlockShape(blockShape: Dims): void;
  getBlockShape(): Dims;
  setToType(toType: DataType): void;
  getToType(): DataType;
}

/** nvinfer1::IDynamicQuantizeLayer. */
export interface IDynamicQuantizeLayer extends ILayer {
  setToType(toType: DataType): void;
  getToType(): DataType;
  setScaleType(scaleType: DataType): void;
  getScaleType(): DataType;
  setAxis(axis: number): void;
  getAxis(): number;
  setBlockSize(size: number): void;
  getBlockSize(): number;
  setBlockShape(blockShape: Dims): void;
  getBlockShape(): Dims;
}

/** nvinfer1::IEinsumLayer. */
export interface IEinsumLayer extends ILayer {
  setEquation(equation: string): void;
  getEquation(): string;
}

/** nvinfer1::IScatterLayer. */
export interface IScatterLayer extends ILayer {
  setMode(mode: ScatterMode): void;
  getMode(): ScatterMode;
  setAxis(axis: number): void;
  getAxis(): number;
}

/** nvinfer1::IOneHotLayer. */
export interface IOneHotLayer extends ILayer {
  setAxis(axis: number): void;
  getAxis(): number;
}

/** nvinfer1::IGridSampleLayer. */
export interface IGridSampleLayer extends ILayer {
  setInterpolationMode(mode: InterpolationMode): void;
  getInterpolationMode(): InterpolationMode;
  setAlignCorners(alignCorners: boolean): void;
  getAlignCorners(): boolean;
  setSampleMode(mode: SampleMode): void;
  getSampleMode(): SampleMode;
}

/** nvinfer1::INMSLayer. */
export interface INMSLayer extends ILayer {
  setBoundingBoxFormat(fmt: BoundingBoxFormat): void;
  getBoundingBoxFormat(): BoundingBoxFormat;
  setTopKBoxLimit(limit: number): void;
  getTopKBoxLimit(): number;
  setIndicesType(type: DataType): void;
  getIndicesType(): DataType;
}

/** nvinfer1::IReverseSequenceLayer. */
export interface IReverseSequenceLayer extends ILayer {
  setBatchAxis(batchAxis: number): void;
  getBatchAxis(): number;
  setSequenceAxis(sequenceAxis: number): void;
  getSequenceAxis(): number;
}

/** nvinfer1::INormalizationLayer. */
export interface INormalizationLayer extends ILayer {
  setEpsilon(eps: number): void;
  getEpsilon(): number;
  setAxes(axesMask: number): void;
  getAxes(): number;
  setNbGroups(nbGroups: number): void;
  getNbGroups(): number;
  /** Not in trt11, rtx. */
  setComputePrecision(type: DataType): void;
  /** Not in trt11, rtx. */
  getComputePrecision(): DataType;
  isV2(): boolean;
}

/** nvinfer1::ISqueezeLayer. */
export interface ISqueezeLayer extends ILayer {}

/** nvinfer1::IUnsqueezeLayer. */
export interface IUnsqueezeLayer extends ILayer {}

/** nvinfer1::ICumulativeLayer. */
export interface ICumulativeLayer extends ILayer {
  setOperation(op: CumulativeOperation): void;
  getOperation(): CumulativeOperation;
  setExclusive(exclusive: boolean): void;
  getExclusive(): boolean;
  setReverse(reverse: boolean): void;
  getReverse(): boolean;
}

/** nvinfer1::IAttentionBoundaryLayer. */
export interface IAttentionBoundaryLayer extends ILayer {
  getAttention(): IAttention;
}

/** nvinfer1::IAttentionInputLayer. */
export interface IAttentionInputLayer extends IAttentionBoundaryLayer {}

/** nvinfer1::IAttentionOutputLayer. */
export interface IAttentionOutputLayer extends IAttentionBoundaryLayer {}

/** nvinfer1::IRotaryEmbeddingLayer. */
export interface IRotaryEmbeddingLayer extends ILayer {
  setInterleaved(interleaved: boolean): void;
  getInterleaved(): boolean;
  setRotaryEmbeddingDim(rotaryEmbeddingDim: number): void;
  getRotaryEmbeddingDim(): number;
}

/** nvinfer1::IKVCacheUpdateLayer. */
export interface IKVCacheUpdateLayer extends ILayer {
  setCacheMode(cacheMode: KVCacheMode): void;
  getCacheMode(): KVCacheMode;
  /** Not in trt10. */
  setUpdateForm(form: AttentionIOForm): void;
  /** Not in trt10. */
  getUpdateForm(): AttentionIOForm;
  /** Not in trt10. */
  setUpdateLengths(lengths: ITensor): void;
  /** Not in trt10. */
  getUpdateLengths(): ITensor | null;
}

/** nvinfer1::IMoELayer. */
export interface IMoELayer extends ILayer {
  setGatedWeights(
    fcGateWeights: ITensor,
    fcUpWeights: ITensor,
    fcDownWeights: ITensor,
    activationType: MoEActType,
  ): void;
  setGatedBiases(fcGateBiases: ITensor, fcUpBiases: ITensor, fcDownBiases: ITensor): void;
  setActivationType(activationType: MoEActType): void;
  getActivationType(): MoEActType;
  setQuantizationStatic(fcDownActivationScale: ITensor, dataType: DataType): void;
  setQuantizationDynamicDblQ(
    fcDownActivationDblQScale: ITensor,
    dataType: DataType,
    blockShape: Dims,
    dynQOutputScaleType: DataType,
  ): void;
  setQuantizationToType(type: DataType): void;
  getQuantizationToType(): DataType;
  setQuantizationBlockShape(blockShape: Dims): void;
  getQuantizationBlockShape(): Dims;
  setDynQOutputScaleType(type: DataType): void;
  getDynQOutputScaleType(): DataType;
  setSwigluParams(limit: number, alpha: number, beta: number): void;
  setSwigluParamLimit(limit: number): void;
  getSwigluParamLimit(): number;
  setSwigluParamAlpha(alpha: number): void;
  getSwigluParamAlpha(): number;
  setSwigluParamBeta(beta: number): void;
  getSwigluParamBeta(): number;
  setInput(index: number, tensor: ITensor): void;
}

/** nvinfer1::IDistCollectiveLayer. */
export interface IDistCollectiveLayer extends ILayer {}
