export * from './models/minilm.ts';
