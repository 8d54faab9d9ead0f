import { type HostTensor, TrtDslError } from '@trt-dsl/dsl';
import type { BertConfig } from './config.ts';
import { type Encoding, stack } from './tokenizer/index.ts';

/** What a BERT's inputs are fed, by their names. */
export type BertFeeds = {
  readonly input_ids: HostTensor<'int32'>;
  readonly token_type_ids: HostTensor<'int32'>;
  readonly attention_mask: HostTensor<'int32'>;
};

/**
 * Encodings of equal length as the network's feeds, each int32 `[batch, seq]`.
 * @param config the model's, so that a text which is too long for it is told here; without it, by the engine that runs
 * @throws TrtDslError 'argument' if their lengths differ, or the model has fewer positions
 */
export function feedsOf(encodings: readonly Encoding[], config?: Pick<BertConfig, 'maxPositions'>): BertFeeds {
  const { batch, seq, inputIds, tokenTypeIds, attentionMask } = stack(encodings);
  if (config && seq > config.maxPositions)
    throw new TrtDslError(
      'argument',
      `the text${batch > 1 ? 's have' : ' has'} ${seq} tokens, the model ${config.maxPositions} positions: encode with ` +
        `{ maxLength: ${config.maxPositions} }, which cuts the text and leaves what is beyond in \`overflowing\``,
    );
  const tensor = (data: Int32Array): HostTensor<'int32'> => ({ dataType: 'int32', shape: [batch, seq], data });
  return {
    input_ids: tensor(inputIds),
    token_type_ids: tensor(tokenTypeIds),
    attention_mask: tensor(attentionMask),
  };
}
