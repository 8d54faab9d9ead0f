import type { TensorRT } from '../types.ts';

/** Whether there is an NVIDIA driver. */
export function hasDriver(tensorrt: TensorRT): boolean {
  try {
    tensorrt.cuda();
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes a GPU the one on which the next builder or runtime is made: a thread has one such choice, and the last engine
 * that ran may have left another. Without a driver there is nothing to choose.
 * @param device the GPU's number, 0 by default
 * @throws TensorRTError 'backend' if there is no such GPU, or one is asked for where there is no driver
 */
export function chooseDevice(tensorrt: TensorRT, device: number | undefined): void {
  if (device === undefined && !hasDriver(tensorrt)) return;
  tensorrt.cuda().device(device ?? 0);
}
