// Reads nvinfer1's headers: the interfaces with their methods, and the enumerations. For tests and for the README's table.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findHeaders } from './build.mjs';

const files = ['NvInferRuntimeBase.h', 'NvInferPluginBase.h', 'NvInferRuntime.h', 'NvInfer.h'];

/** The text of a product's headers without comments; undefined where they are not there. */
export function headerText(product) {
  const found = findHeaders(product);
  if (found === undefined) return undefined;
  return files
    .map((file) => join(found.folder, file))
    .filter(existsSync)
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
    .replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
    .replace(/#if ENABLE_FEATURE_\w+[\s\S]*?#endif/g, '');
}

/** The body of the braces that open before `start`. */
function body(text, start) {
  let depth = 1;
  let end = start;
  while (depth > 0) {
    if (text[end] === '{') depth++;
    else if (text[end] === '}') depth--;
    end++;
  }
  return text.slice(start, end - 1);
}

/** Without what stands in inner braces; `;` takes their place. */
function outermost(text) {
  let depth = 0;
  let result = '';
  for (const c of text) {
    if (c === '{') {
      if (depth++ === 0) result += ';';
    } else if (c === '}') depth--;
    else if (depth === 0) result += c;
  }
  return result;
}

/** Interface → { base, methods: names }. Constructors, destructors and operators are left out. */
export function interfaces(text) {
  const result = new Map();
  for (const match of text.matchAll(
    /\bclass\s+(?:TRT_DEPRECATED\s+)?(I\w+)\s*(?:final)?\s*(?::\s*public\s+([\w:]+))?[^;{]*\{/g,
  )) {
    const [whole, name, base] = match;
    const methods = new Set();
    for (const statement of outermost(body(text, match.index + whole.length)).split(';')) {
      const found = /(?<![~\w])(\w+)\s*\(/.exec(
        statement.replace(/^\s*(public|protected|private):/, '').replaceAll(/\s+/g, ' '),
      );
      const method = found?.[1];
      if (
        method &&
        method !== name &&
        !statement.includes('~') &&
        !statement.includes('operator') &&
        method !== 'defined'
      )
        methods.add(method);
    }
    result.set(name, { base, methods: [...methods] });
  }
  return result;
}

/** Enumeration → values without the leading k, in order. */
export function enumerations(text) {
  const result = new Map();
  for (const [, name, values] of text.matchAll(/enum\s+class\s+(\w+)[^{;]*\{([^}]*)\}/g))
    result.set(
      name,
      values
        .split(',')
        .map((value) => /^\s*k(\w+)/.exec(value)?.[1])
        .filter(Boolean),
    );
  return result;
}
