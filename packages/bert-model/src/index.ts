export * from './attention.ts';
export * from './batch.ts';
export * from './config.ts';
export * from './embeddings.ts';
export * from './encoder.ts';
export * from './heads.ts';
export * from './kernels.ts';
export * from './layers.ts';
export * from './merge.ts';
export {
  type BertGraph,
  type BertOptions,
  type BertOutputs,
  type BertTask,
  bert,
  bertTasks,
} from './model.ts';
export * from './names.ts';
export * from './open.ts';
export * from './packed.ts';
export { randomParameters } from './random.ts';
export * from './squad/index.ts';
export * from './tokenizer/index.ts';
