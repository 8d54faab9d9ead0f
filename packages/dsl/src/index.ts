export * from './convert.ts';
export * from './data-type.ts';
export * from './errors.ts';
export type * from './ranks.ts';
export * from './weights.ts';
