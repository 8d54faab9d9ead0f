import { type Subject, subjects } from '../../test/properties/backends.ts';
import type { GraphCase } from '../../test/properties/generate/case.ts';
import { generate } from '../../test/properties/generate/generate.ts';
import { legalCases, legalPart } from '../../test/properties/legal.ts';
import { rareCases } from '../../test/properties/rare.ts';
import type { Lowering } from './lowering.ts';

/** A backend whose lowerings are broken. */
export interface Target {
  readonly title: string;
  /** where its table is */
  readonly table: string;
  readonly subject: Subject;
  readonly lowering: Lowering;
  /** whether its engines run here; else a mistake shows only if no engine comes of it */
  readonly runs: boolean;
  /** graphs that share an engine */
  readonly group: number;
  /** small graphs that a mistake is tried on, unless asked for another number */
  readonly most: number;
  /** whether a part of a graph is one that it can have */
  readonly takes: (one: GraphCase) => boolean;
  readonly draw: (count: number) => readonly GraphCase[];
  /** graphs to try first, of what random ones show nowhere */
  readonly rare: readonly GraphCase[];
}

type Open = () => Promise<Target>;

const tensorrt =
  (name: 'tensorrt' | 'rtx', title: string): Open =>
  async () => {
    const { TensorRTLowering } = await import('./tensorrt.ts');
    const subject = await subjects[name]!();
    const takes = (one: GraphCase): boolean => legalPart(one, subject.target) === one;
    return {
      title,
      table: 'packages/trt-bindings/src/lowering',
      subject,
      lowering: await TensorRTLowering.open(name === 'rtx' ? 'rtx' : 'trt10'),
      runs: name !== 'rtx',
      group: 5,
      most: 16,
      takes,
      draw: (count) => legalCases(1, count, subject.target, subject.excluded),
      rare: rareCases().filter(takes),
    };
  };

/** The backends, by the names that the properties have for them. */
export const targets: Readonly<Record<string, Open>> = {
  onnx: async () => {
    const { OnnxLowering } = await import('./onnx.ts');
    return {
      title: 'ONNX',
      table: 'packages/onnx-backend/src/lower',
      subject: await subjects['onnx']!(),
      lowering: await OnnxLowering.open(),
      runs: true,
      group: 1,
      most: 60,
      takes: () => true,
      draw: (count) => Array.from({ length: count }, (_, i) => generate(1 + i)),
      rare: rareCases(),
    };
  },
  tensorrt: tensorrt('tensorrt', 'TensorRT'),
  rtx: tensorrt('rtx', 'TensorRT-RTX'),
};
