/** Formats that checkpoints are written in. */
export const formats = ['safetensors', 'npz', 'npy', 'tensorflow'] as const;
export type Format = (typeof formats)[number];
