/**
 * The enumerations of nvinfer1 as strings, in NVIDIA's spelling without the leading k (`kGELU_ERF` is 'GELU_ERF').
 * The addon turns them into the numbers of the headers it was compiled with: a BuilderFlag has other numbers in
 * TensorRT 11 than in 10. `enums.test.ts` holds this table against the headers. A trailing note says which products
 * lack a value.
 */
export const enums = {
  ActivationType: [
    'RELU',
    'SIGMOID',
    'TANH',
    'LEAKY_RELU',
    'ELU',
    'SELU',
    'SOFTSIGN',
    'SOFTPLUS',
    'CLIP',
    'HARD_SIGMOID',
    'SCALED_TANH',
    'THRESHOLDED_RELU',
    'GELU_ERF',
    'GELU_TANH',
  ],
  // not in trt10
  AttentionIOForm: ['PADDED_BHND', 'PACKED_NHD'],
  AttentionNormalizationOp: ['NONE', 'SOFTMAX'],
  BoundingBoxFormat: ['CORNER_PAIRS', 'CENTER_SIZES'],
  BuilderFlag: [
    'FP16',
    'INT8',
    'DEBUG',
    'GPU_FALLBACK',
    'REFIT',
    'DISABLE_TIMING_CACHE',
    'TF32',
    'SPARSE_WEIGHTS',
    'SAFETY_SCOPE',
    'OBEY_PRECISION_CONSTRAINTS',
    'PREFER_PRECISION_CONSTRAINTS',
    'DIRECT_IO',
    'REJECT_EMPTY_ALGORITHMS',
    'VERSION_COMPATIBLE',
    'EXCLUDE_LEAN_RUNTIME',
    'FP8',
    'ERROR_ON_TIMING_CACHE_MISS',
    'BF16',
    'DISABLE_COMPILATION_CACHE',
    'STRIP_PLAN',
    'WEIGHTLESS',
    'REFIT_IDENTICAL',
    'WEIGHT_STREAMING',
    'INT4',
    'REFIT_INDIVIDUAL',
    'STRICT_NANS',
    'MONITOR_MEMORY',
    'FP4',
    'EDITABLE_TIMING_CACHE',
    'DISTRIBUTIVE_INDEPENDENCE',
    'REQUIRE_USER_ALLOCATION',
  ],
  // not in trt10
  CausalMaskKind: ['NONE', 'UPPER_LEFT', 'LOWER_RIGHT'],
  CollectiveOperation: [
    'ALL_REDUCE',
    'ALL_GATHER',
    'BROADCAST',
    'REDUCE',
    'REDUCE_SCATTER',
    'ALL_TO_ALL',
    'GATHER',
    'SCATTER',
  ],
  // not in trt10, trt11
  ComputeCapability: ['NONE', 'CURRENT', 'SM75', 'SM80', 'SM86', 'SM89', 'SM120', 'SM121'],
  // not in trt10, trt11
  CudaGraphStrategy: ['DISABLED', 'WHOLE_GRAPH_CAPTURE'],
  CumulativeOperation: ['SUM'],
  DataType: ['FLOAT', 'HALF', 'INT8', 'INT32', 'BOOL', 'UINT8', 'FP8', 'BF16', 'INT64', 'INT4', 'FP4', 'E8M0'],
  DeviceType: ['GPU', 'DLA'],
  // not in trt10, trt11
  DynamicShapesKernelSpecializationStrategy: ['LAZY', 'EAGER', 'NONE'],
  ElementWiseOperation: [
    'SUM',
    'PROD',
    'MAX',
    'MIN',
    'SUB',
    'DIV',
    'POW',
    'FLOOR_DIV',
    'AND',
    'OR',
    'XOR',
    'EQUAL',
    'GREATER',
    'LESS',
  ],
  EngineCapability: ['STANDARD', 'SAFETY', 'DLA_STANDALONE'],
  EngineStat: ['TOTAL_WEIGHTS_SIZE', 'STRIPPED_WEIGHTS_SIZE'],
  // not in trt10, trt11
  EngineValidity: ['VALID', 'SUBOPTIMAL', 'INVALID'],
  ErrorCode: [
    'SUCCESS',
    'UNSPECIFIED_ERROR',
    'INTERNAL_ERROR',
    'INVALID_ARGUMENT',
    'INVALID_CONFIG',
    'FAILED_ALLOCATION',
    'FAILED_INITIALIZATION',
    'FAILED_EXECUTION',
    'FAILED_COMPUTATION',
    'INVALID_STATE',
    'UNSUPPORTED_STATE',
  ],
  ExecutionContextAllocationStrategy: ['STATIC', 'ON_PROFILE_CHANGE', 'USER_MANAGED'],
  FillOperation: ['LINSPACE', 'RANDOM_UNIFORM', 'RANDOM_NORMAL'],
  GatherMode: ['DEFAULT', 'ELEMENT', 'ND'],
  HardwareCompatibilityLevel: ['NONE', 'AMPERE_PLUS', 'SAME_COMPUTE_CAPABILITY'],
  InterpolationMode: ['NEAREST', 'LINEAR', 'CUBIC'],
  KVCacheMode: ['LINEAR'],
  LayerInformationFormat: ['ONELINE', 'JSON'],
  LayerType: [
    'CONVOLUTION',
    'CAST',
    'ACTIVATION',
    'POOLING',
    'LRN',
    'SCALE',
    'SOFTMAX',
    'DECONVOLUTION',
    'CONCATENATION',
    'ELEMENTWISE',
    'PLUGIN',
    'UNARY',
    'PADDING',
    'SHUFFLE',
    'REDUCE',
    'TOPK',
    'GATHER',
    'MATRIX_MULTIPLY',
    'RAGGED_SOFTMAX',
    'CONSTANT',
    'IDENTITY',
    'PLUGIN_V2',
    'SLICE',
    'SHAPE',
    'PARAMETRIC_RELU',
    'RESIZE',
    'TRIP_LIMIT',
    'RECURRENCE',
    'ITERATOR',
    'LOOP_OUTPUT',
    'SELECT',
    'FILL',
    'QUANTIZE',
    'DEQUANTIZE',
    'CONDITION',
    'CONDITIONAL_INPUT',
    'CONDITIONAL_OUTPUT',
    'SCATTER',
    'EINSUM',
    'ASSERTION',
    'ONE_HOT',
    'NON_ZERO',
    'GRID_SAMPLE',
    'NMS',
    'REVERSE_SEQUENCE',
    'NORMALIZATION',
    'PLUGIN_V3',
    'SQUEEZE',
    'UNSQUEEZE',
    'CUMULATIVE',
    'DYNAMIC_QUANTIZE',
    'ATTENTION_INPUT',
    'ATTENTION_OUTPUT',
    'ROTARY_EMBEDDING',
    'KVCACHE_UPDATE',
    'MOE',
    'DIST_COLLECTIVE',
  ],
  LoopOutput: ['LAST_VALUE', 'CONCATENATE', 'REVERSE'],
  MatrixOperation: ['NONE', 'TRANSPOSE', 'VECTOR'],
  MemoryPoolType: [
    'WORKSPACE',
    'DLA_MANAGED_SRAM',
    'DLA_LOCAL_DRAM',
    'DLA_GLOBAL_DRAM',
    'TACTIC_DRAM',
    'TACTIC_SHARED_MEMORY',
  ],
  MoEActType: ['NONE', 'SILU'],
  NetworkDefinitionCreationFlag: [
    'EXPLICIT_BATCH',
    'STRONGLY_TYPED',
    'PREFER_JIT_PYTHON_PLUGINS',
    'PREFER_AOT_PYTHON_PLUGINS',
  ],
  OptProfileSelector: ['MIN', 'OPT', 'MAX'],
  PaddingMode: ['EXPLICIT_ROUND_DOWN', 'EXPLICIT_ROUND_UP', 'SAME_UPPER', 'SAME_LOWER'],
  PluginFieldType: [
    'FLOAT16',
    'FLOAT32',
    'FLOAT64',
    'INT8',
    'INT16',
    'INT32',
    'CHAR',
    'DIMS',
    'UNKNOWN',
    'BF16',
    'INT64',
    'FP8',
    'INT4',
    'FP4',
  ],
  PoolingType: ['MAX', 'AVERAGE', 'MAX_AVERAGE_BLEND'],
  PreviewFeature: [
    'PROFILE_SHARING_0806',
    'ALIASED_PLUGIN_IO_10_03',
    'RUNTIME_ACTIVATION_RESIZE_10_10',
    'MULTIDEVICE_RUNTIME_10_16',
  ],
  ProfilingVerbosity: ['LAYER_NAMES_ONLY', 'NONE', 'DETAILED'],
  ReduceOperation: ['SUM', 'PROD', 'MAX', 'MIN', 'AVG', 'NONE'],
  ResizeCoordinateTransformation: ['ALIGN_CORNERS', 'ASYMMETRIC', 'HALF_PIXEL'],
  ResizeRoundMode: ['HALF_UP', 'HALF_DOWN', 'FLOOR', 'CEIL'],
  ResizeSelector: ['FORMULA', 'UPPER'],
  RuntimePlatform: ['SAME_AS_BUILD', 'WINDOWS_AMD64'],
  SampleMode: ['STRICT_BOUNDS', 'WRAP', 'CLAMP', 'FILL', 'REFLECT'],
  ScaleMode: ['UNIFORM', 'CHANNEL', 'ELEMENTWISE'],
  ScatterMode: ['ELEMENT', 'ND'],
  SerializationFlag: ['EXCLUDE_WEIGHTS', 'EXCLUDE_LEAN_RUNTIME', 'INCLUDE_REFIT'],
  Severity: ['INTERNAL_ERROR', 'ERROR', 'WARNING', 'INFO', 'VERBOSE'],
  TacticSource: ['CUBLAS', 'CUBLAS_LT', 'CUDNN', 'EDGE_MASK_CONVOLUTIONS', 'JIT_CONVOLUTIONS'],
  TensorFormat: [
    'LINEAR',
    'CHW2',
    'HWC8',
    'CHW4',
    'CHW16',
    'CHW32',
    'DHWC8',
    'CDHW32',
    'HWC',
    'DLA_LINEAR',
    'DLA_HWC4',
    'HWC16',
    'DHWC',
  ],
  TensorIOMode: ['NONE', 'INPUT', 'OUTPUT'],
  TensorLocation: ['DEVICE', 'HOST'],
  TensorRTPhase: ['BUILD', 'RUNTIME'],
  TilingOptimizationLevel: ['NONE', 'FAST', 'MODERATE', 'FULL'],
  TopKOperation: ['MAX', 'MIN'],
  TripLimit: ['COUNT', 'WHILE'],
  UnaryOperation: [
    'EXP',
    'LOG',
    'SQRT',
    'RECIP',
    'ABS',
    'NEG',
    'SIN',
    'COS',
    'TAN',
    'SINH',
    'COSH',
    'ASIN',
    'ACOS',
    'ATAN',
    'ASINH',
    'ACOSH',
    'ATANH',
    'CEIL',
    'FLOOR',
    'ERF',
    'NOT',
    'SIGN',
    'ROUND',
    'ISINF',
    'ISNAN',
  ],
  WeightsRole: ['KERNEL', 'BIAS', 'SHIFT', 'SCALE', 'CONSTANT', 'ANY'],
} as const;

export type EnumName = keyof typeof enums;
/** The values of one nvinfer1 enumeration, as in `EnumValue<'DataType'>`. */
export type EnumValue<E extends EnumName> = (typeof enums)[E][number];

export type ActivationType = EnumValue<'ActivationType'>;
export type AttentionIOForm = EnumValue<'AttentionIOForm'>;
export type AttentionNormalizationOp = EnumValue<'AttentionNormalizationOp'>;
export type BoundingBoxFormat = EnumValue<'BoundingBoxFormat'>;
export type BuilderFlag = EnumValue<'BuilderFlag'>;
export type CausalMaskKind = EnumValue<'CausalMaskKind'>;
export type CollectiveOperation = EnumValue<'CollectiveOperation'>;
export type ComputeCapability = EnumValue<'ComputeCapability'>;
export type CudaGraphStrategy = EnumValue<'CudaGraphStrategy'>;
export type CumulativeOperation = EnumValue<'CumulativeOperation'>;
export type DataType = EnumValue<'DataType'>;
export type DeviceType = EnumValue<'DeviceType'>;
export type DynamicShapesKernelSpecializationStrategy = EnumValue<'DynamicShapesKernelSpecializationStrategy'>;
export type ElementWiseOperation = EnumValue<'ElementWiseOperation'>;
export type EngineCapability = EnumValue<'EngineCapability'>;
export type EngineStat = EnumValue<'EngineStat'>;
export type EngineValidity = EnumValue<'EngineValidity'>;
export type ErrorCode = EnumValue<'ErrorCode'>;
export type ExecutionContextAllocationStrategy = EnumValue<'ExecutionContextAllocationStrategy'>;
export type FillOperation = EnumValue<'FillOperation'>;
export type GatherMode = EnumValue<'GatherMode'>;
export type HardwareCompatibilityLevel = EnumValue<'HardwareCompatibilityLevel'>;
export type InterpolationMode = EnumValue<'InterpolationMode'>;
export type KVCacheMode = EnumValue<'KVCacheMode'>;
export type LayerInformationFormat = EnumValue<'LayerInformationFormat'>;
export type LayerType = EnumValue<'LayerType'>;
export type LoopOutput = EnumValue<'LoopOutput'>;
export type MatrixOperation = EnumValue<'MatrixOperation'>;
export type MemoryPoolType = EnumValue<'MemoryPoolType'>;
export type MoEActType = EnumValue<'MoEActType'>;
export type NetworkDefinitionCreationFlag = EnumValue<'NetworkDefinitionCreationFlag'>;
export type OptProfileSelector = EnumValue<'OptProfileSelector'>;
export type PaddingMode = EnumValue<'PaddingMode'>;
export type PluginFieldType = EnumValue<'PluginFieldType'>;
export type PoolingType = EnumValue<'PoolingType'>;
export type PreviewFeature = EnumValue<'PreviewFeature'>;
export type ProfilingVerbosity = EnumValue<'ProfilingVerbosity'>;
export type ReduceOperation = EnumValue<'ReduceOperation'>;
export type ResizeCoordinateTransformation = EnumValue<'ResizeCoordinateTransformation'>;
export type ResizeRoundMode = EnumValue<'ResizeRoundMode'>;
export type ResizeSelector = EnumValue<'ResizeSelector'>;
export type RuntimePlatform = EnumValue<'RuntimePlatform'>;
export type SampleMode = EnumValue<'SampleMode'>;
export type ScaleMode = EnumValue<'ScaleMode'>;
export type ScatterMode = EnumValue<'ScatterMode'>;
export type SerializationFlag = EnumValue<'SerializationFlag'>;
export type Severity = EnumValue<'Severity'>;
export type TacticSource = EnumValue<'TacticSource'>;
export type TensorFormat = EnumValue<'TensorFormat'>;
export type TensorIOMode = EnumValue<'TensorIOMode'>;
export type TensorLocation = EnumValue<'TensorLocation'>;
export type TensorRTPhase = EnumValue<'TensorRTPhase'>;
export type TilingOptimizationLevel = EnumValue<'TilingOptimizationLevel'>;
export type TopKOperation = EnumValue<'TopKOperation'>;
export type TripLimit = EnumValue<'TripLimit'>;
export type UnaryOperation = EnumValue<'UnaryOperation'>;
export type WeightsRole = EnumValue<'WeightsRole'>;
