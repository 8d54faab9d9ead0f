import { SymbolicDim } from './dim.ts';
import { Graph } from './graph.ts';
import type { Node } from './node.ts';
import type { Tensor } from './tensor.ts';
import { Weights } from './weights.ts';

/** What stands between the brackets: attributes that are part of the op's label are left out. */
const labels: { readonly [Op in Node['op']]?: (node: Node<Op>) => string } = {
  elementwise: (node) => node.attributes.operation,
  unary: (node) => node.attributes.operation,
  activation: (node) => node.attributes.type,
  reduce: (node) => `reduce_${node.attributes.operation}`,
  pooling: (node) => `${node.attributes.operation}_pooling`,
  plugin: (node) => `${node.attributes.plugin}@${node.attributes.version}`,
};
const labelled = new Set(['operation', 'type', 'plugin', 'version', 'body']);

/** The word by which a listing calls a node: `sum` for an elementwise sum, else the op's name. */
export const labelOf = (node: Node): string =>
  (labels[node.op] as ((node: Node) => string) | undefined)?.(node) ?? node.op;

function formatAttribute(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatAttribute).join(', ')}]`;
  if (value instanceof SymbolicDim || value instanceof Weights) return String(value);
  if (value instanceof Graph) return value.name;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, part]) => `${key}=${formatAttribute(part)}`)
      .join(' ')}}`;
  return String(value);
}

/** `axis=-1 keepDimensions=true`: a node's attributes, without those that its label says, false ones and empty ones. */
export const formatAttributes = (node: Node): string =>
  Object.entries(node.attributes)
    .filter(([key, value]) => !labelled.has(key) && value !== false && value !== '' && formatAttribute(value) !== '{}')
    .map(([key, value]) => `${key}=${formatAttribute(value)}`)
    .join(' ');

/**
 * A listing of the graph that a person can read and a test can assert: a line per layer under its scope's heading,
 * constants inline as `@name`, each output's type at the right, `# name` where the name is not the op's own.
 */
export function print(graph: Graph): string {
  const constants = new Map(
    graph.nodes.flatMap((node) => (node.op === 'constant' ? [[node.outputs[0]!, node.name] as const] : [])),
  );
  const numbers = new Map<Tensor, string>();
  for (const node of graph.nodes)
    if (node.op !== 'constant') for (const output of node.outputs) numbers.set(output, `%${numbers.size}`);
  const lines = [`network ${graph.name}`];
  for (const [name, tensor] of graph.inputs)
    lines.push(columns(`  ${numbers.get(tensor)} = input ${name}`, String(tensor)));
  let heading = '';
  for (const node of graph.nodes) {
    if (node.op === 'constant' || node.op === 'input') continue;
    const scope = node.name.slice(0, node.name.lastIndexOf('/') + 1);
    if (scope !== heading && scope !== '') lines.push(scope);
    else if (scope !== heading) lines.push('/');
    heading = scope;
    const reference = (tensor: Tensor): string => {
      const constant = constants.get(tensor);
      if (constant === undefined) return numbers.get(tensor)!;
      return `@${constant.startsWith(scope) ? constant.slice(scope.length) : constant}`;
    };
    const label = labelOf(node);
    const call = `${label}(${node.inputs.map(reference).join(', ')})`;
    const left =
      `  ${node.outputs.map((o) => numbers.get(o)).join(', ')} = ${call} ${formatAttributes(node)}`.trimEnd();
    const own = node.name.slice(scope.length).replace(/_\d+$/, '');
    const comment = own === label.replace(/@.*/, '') || own === node.op ? '' : `  # ${node.name.slice(scope.length)}`;
    lines.push(columns(left, node.outputs.map(String).join(', ')) + comment);
  }
  if (heading !== '') lines.push('/');
  for (const [name, tensor] of graph.outputs) {
    const constant = constants.get(tensor);
    lines.push(
      columns(`  output ${name} = ${constant === undefined ? numbers.get(tensor) : `@${constant}`}`, String(tensor)),
    );
  }
  return `${lines.join('\n')}\n`;
}

const columns = (left: string, right: string): string => `${left.padEnd(48)}  ${right}`;
