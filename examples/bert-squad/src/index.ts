export * from './backends.ts';
export { main } from './cli.ts';
export * from './engine-file.ts';
export * from './model.ts';
export * from './profiles.ts';
