export { type Addon, addonPath, loadAddon } from './addon.ts';
export * from './enums.ts';
export * from './errors.ts';
export { findLibrary, libraryFiles } from './find-library.ts';
export type * from './layer-types.ts';
export { isInstalled, type LoadOptions, loadTensorRT } from './load.ts';
export type * from './types.ts';
