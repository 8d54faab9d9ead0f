export * from './models/minilm.ts';
export { findPython } from './python.ts';
