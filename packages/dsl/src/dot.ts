import type { Graph } from './graph.ts';
import { formatAttributes, labelOf } from './print.ts';
import type { Tensor } from './tensor.ts';

const quote = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** The graph in Graphviz's DOT: a box per layer, a frame per scope, each edge labelled with the tensor's type. */
export function toDot(graph: Graph): string {
  const makers = new Map<Tensor, number>();
  const lines = [
    `digraph ${quote(graph.name)} {`,
    '  rankdir=TB; node [shape=box, style=rounded, fontname="sans-serif"];',
  ];
  const shown = graph.nodes.filter((node) => node.op !== 'constant');
  let open: readonly string[] = [];
  for (const node of shown) {
    const path = node.op === 'input' ? [] : node.name.split('/').slice(0, -1);
    const common = path.findIndex((part, i) => part !== open[i]);
    const shared = common < 0 ? Math.min(path.length, open.length) : common;
    lines.push(...open.slice(shared).map(() => '  }'));
    path.slice(shared).forEach((part, i) => {
      const full = path.slice(0, shared + i + 1).join('/');
      lines.push(`  subgraph ${quote(`cluster ${full} ${node.id}`)} { label=${quote(part)}; color=gray;`);
    });
    open = path;
    const text = [
      node.op === 'input' ? `input ${node.name}` : labelOf(node),
      node.op === 'input' ? '' : formatAttributes(node),
    ];
    lines.push(`  n${node.id} [label=${quote(text.filter(Boolean).join('\n'))}];`);
    for (const output of node.outputs) makers.set(output, node.id);
  }
  lines.push(...open.map(() => '  }'));
  for (const node of shown)
    for (const input of node.inputs)
      if (makers.has(input)) lines.push(`  n${makers.get(input)} -> n${node.id} [label=${quote(String(input))}];`);
  [...graph.outputs].forEach(([name, tensor], i) => {
    lines.push(`  out${i} [label=${quote(`output ${name}`)}, shape=ellipse];`);
    if (makers.has(tensor)) lines.push(`  n${makers.get(tensor)} -> out${i} [label=${quote(String(tensor))}];`);
  });
  return `${lines.join('\n')}\n}\n`;
}
