import type { Product } from '../tensorrt/products.ts';

/** A file, as it must be. */
export interface Artifact {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A folder of headers in a Rust crate. */
export interface HeaderArtifact {
  readonly product: Product;
  /** The folder's name, in the crate and in the cache. */
  readonly folder: string;
  readonly crate: { readonly name: string; readonly version: string };
  /** How many files it has. */
  readonly files: number;
  /** SHA-256 of what `sha256sum` prints for all its files, relative to it, in byte order of their paths. */
  readonly sha256: string;
}

/** The libraries of one product and version, and the package that holds them. */
export interface LibraryArtifact {
  readonly product: Product;
  readonly version: string;
  /** The folder's name in the cache. */
  readonly folder: string;
  readonly source:
    | { readonly registry: 'pypi'; readonly package: string; readonly version: string; readonly platform: string }
    | { readonly registry: 'maven'; readonly coordinates: string };
  readonly archive: Artifact;
  /** Where in the archive the files are. */
  readonly prefix: string;
  readonly files: readonly Artifact[];
  readonly licence: string;
  /** What a person should know before relying on them. */
  readonly note?: string;
}

export const headers: readonly HeaderArtifact[] = [
  {
    product: 'tensorrt-rtx',
    folder: 'TRT-RTX-1.7',
    crate: { name: 'trtx-sys', version: '0.9.1' },
    files: 13,
    sha256: '88095ff91358bc76b964909f752ad2cbda52212b7843736d53d6e3078d7db5fd',
  },
  {
    product: 'tensorrt-10',
    folder: 'TRT-Enterprise-10.16',
    crate: { name: 'trtx-sys', version: '0.5.0' },
    files: 18,
    sha256: '4f8b3f7b662b3d799ac8ab27383d1aa8dee2fe489c7ce5c352c32f1193edd78a',
  },
  {
    product: 'tensorrt-11',
    folder: 'TRT-Enterprise-11.4',
    crate: { name: 'trtx-sys', version: '0.9.1' },
    files: 21,
    sha256: '891d9562d42a55d6a7081519343a4d83e31952d3cea7ae8a9bad3ce6cffcf9a6',
  },
];

/** Two type definitions that stand in for the CUDA toolkit's header of that name; in every crate above. */
export const cudaHeader: Artifact = {
  name: 'cuda_runtime_api.h',
  bytes: 96,
  sha256: '717316e2482ec9cbd5708553964781d20abafa37cfac0bd66c1b59817e55e811',
};

export const headerLicence = 'Apache-2.0 (NVIDIA, TensorRT headers)';

const tensorrtLicence =
  "NVIDIA's Software License Agreement for TensorRT (docs.nvidia.com/deeplearning/tensorrt); using the libraries accepts it";

export const libraries: readonly LibraryArtifact[] = [
  {
    product: 'tensorrt-rtx',
    version: '1.7.1',
    folder: 'rtx-1.7',
    source: {
      registry: 'pypi',
      package: 'tensorrt-rtx-cu13-libs',
      version: '1.7.1.116',
      platform: 'manylinux_2_28_x86_64',
    },
    archive: {
      name: 'tensorrt_rtx_cu13_libs-1.7.1.116-py3-none-manylinux_2_28_x86_64.whl',
      bytes: 95_153_708,
      sha256: 'e3fd45fed001240d63304e77a2d4006319b839994237cb294b6e7ad72acaabcd',
    },
    prefix: 'tensorrt_rtx_libs/',
    files: [
      {
        name: 'libtensorrt_onnxparser_rtx.so.1',
        bytes: 4_097_984,
        sha256: '27be1f67ef28683b54390b6cbc7ec3efc75b39c8ebc4c683cb8603bcfd0b8896',
      },
      {
        name: 'libtensorrt_rtx.so.1',
        bytes: 234_013_248,
        sha256: 'a74fa3974f1892b65a53b06a14ffcb15758ac51c12135ada84490f53f67e1051',
      },
    ],
    licence: tensorrtLicence,
  },
  {
    product: 'tensorrt-10',
    version: '10.6.0',
    folder: 'trt-10.6',
    source: { registry: 'maven', coordinates: 'org.bytedeco:tensorrt:10.6-1.5.11:jar:linux-x86_64-redist' },
    archive: {
      name: 'tensorrt-10.6-1.5.11-linux-x86_64-redist.jar',
      bytes: 1_090_347_946,
      sha256: 'e7979693541f996bc284335b05f5e890a82b8b3aba50d680e1343a139cf291c4',
    },
    prefix: 'org/bytedeco/tensorrt/linux-x86_64/',
    files: [
      {
        name: 'libnvinfer.so.10',
        bytes: 233_099_232,
        sha256: 'f78b8f1962da16466df8ace14418886a5dedcfa9cf0af82fe36677229fbff420',
      },
      {
        name: 'libnvinfer_builder_resource.so.10.6.0',
        bytes: 1_430_118_240,
        sha256: 'a8739cdbf89ade0b3a2e66e4ca5123c46a0ce4be77d38ff5c9ceb1dbb317e00e',
      },
      {
        name: 'libnvinfer_plugin.so.10',
        bytes: 33_439_456,
        sha256: 'ca7562273a0783035849d0163a905f1f8ccfdc46e17e9e942b70239ec1251374',
      },
      {
        name: 'libnvinfer_vc_plugin.so.10',
        bytes: 946_688,
        sha256: 'f0d24e2ce74d6e30a33c9fd306d156cde65b16ee27e4799eccd5a978852b9ab4',
      },
      {
        name: 'libnvonnxparser.so.10',
        bytes: 4_066_992,
        sha256: 'd33b38ec4a98a89721aea507ddb4a648f43ae1cbbd4d22808b7c88d740caad8f',
      },
    ],
    licence: tensorrtLicence,
  },
  {
    product: 'tensorrt-11',
    version: '11.2.1',
    folder: 'trt-11.2',
    source: { registry: 'maven', coordinates: 'org.bytedeco:tensorrt:11.2-1.5.14:jar:linux-x86_64-redist' },
    archive: {
      name: 'tensorrt-11.2-1.5.14-linux-x86_64-redist.jar',
      bytes: 556_440_161,
      sha256: '909dea6c768a0db60ab53d76d9f089c78cada1b55ad5d3d78b308b140f669f6d',
    },
    prefix: 'org/bytedeco/tensorrt/linux-x86_64/',
    files: [
      {
        name: 'libnvinfer.so.11',
        bytes: 686_588_712,
        sha256: 'c70022d8f3151add6e7404afb3ab053c7313a2a10e7fbdbf89946c014386a677',
      },
      {
        name: 'libnvinfer_builder_resource_ptx.so.11.2.1',
        bytes: 243_756_656,
        sha256: '39009c6b945561afb77ea6ea2736253e4e6ce4c8cfc0e0800cbb2abb2bfed220',
      },
      {
        name: 'libnvinfer_plugin.so.11',
        bytes: 47_231_176,
        sha256: 'c83f5583105c9f028da838cfa4de3a47665e6ddac38892dcc736023dc1ac4d60',
      },
      {
        name: 'libnvinfer_vc_plugin.so.11',
        bytes: 950_000,
        sha256: '3ec10cd8aafa0480ebbf23cadcb54da8ccc8d56d08207880db81787314119617',
      },
      {
        name: 'libnvonnxparser.so.11',
        bytes: 3_819_424,
        sha256: 'dfc95a15ec9eb73ca3a4cb1806ab4bdf97e8ea97022028eab818ea7287b73928',
      },
    ],
    licence: tensorrtLicence,
    note: 'ships the ptx builder resource only: good for loading and version checks; to build engines install NVIDIA TensorRT 11 and set TENSORRT_ROOT',
  },
];
