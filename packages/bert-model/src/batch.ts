import type { HostTensor } from '@trt-dsl/dsl';
import { type Encoding, stack } from './tokenizer/index.ts';

/** What a BERT's inputs are fed, by their names. */
export type BertFeeds = {
  readonly input_ids: HostTensor<'int32'>;
  readonly token_type_ids: HostTensor<'int32'>;
  readonly attention_mask: HostTensor<'int32'>;
};

/** Encodings of equal length as the network's feeds, each int32 `[batch, seq]`. */
export function feedsOf(encodings: readonly Encoding[]): BertFeeds {
  const { batch, seq, inputIds, tokenTypeIds, attentionMask } = stack(encodings);
  const tensor = (data: Int32Array): HostTensor<'int32'> => ({ dataType: 'int32', shape: [batch, seq], data });
  return {
    input_ids: tensor(inputIds),
    token_type_ids: tensor(tokenTypeIds),
    attention_mask: tensor(attentionMask),
  };
}
