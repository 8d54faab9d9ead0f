import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '@trt-dsl/dsl';
import { type DeviceInfo, loadAddon } from '@trt-dsl/trt-bindings';
import { products } from '../tensorrt/products.ts';
import type { Check } from './check.ts';

interface Gpu {
  readonly name: string;
  readonly computeCapability: string;
  /** in bytes */
  readonly memory: number;
}

interface Cuda {
  readonly gpus: readonly Gpu[];
  /** NVIDIA's driver, as in `580.65.06`; undefined where nvidia-smi is not at hand. */
  readonly driver: string | undefined;
  /** The newest CUDA it takes, as in `13.0`; undefined where no addon is built. */
  readonly cuda: string | undefined;
  /** What the addon says where it cannot use the driver. */
  readonly problem: string | undefined;
}

/** The driver and its GPUs, as the addon sees them; as nvidia-smi tells where no addon is built. */
export async function lookForGpus(): Promise<Cuda> {
  const [smi, addon] = [await askNvidiaSmi(), askAddon()];
  const gpus = 'devices' in addon ? addon.devices.map((each) => ({ ...each, memory: each.totalMemory })) : smi.gpus;
  return {
    gpus,
    driver: smi.driver,
    cuda: 'devices' in addon ? version(addon.driverVersion) : undefined,
    problem: 'problem' in addon ? addon.problem : undefined,
  };
}

/** 13000 is 13.0. */
const version = (number: number): string => `${Math.floor(number / 1000)}.${Math.floor((number % 1000) / 10)}`;

/** Asks the first addon that is built, whatever its product: the driver is the same. */
function askAddon(): { driverVersion: number; devices: readonly DeviceInfo[] } | { problem: string | undefined } {
  for (const { addon } of Object.values(products)) {
    try {
      loadAddon(addon);
    } catch {
      continue;
    }
    try {
      const { driverVersion, devices } = loadAddon(addon).cuda();
      return { driverVersion, devices };
    } catch (error) {
      return { problem: messageOf(error).split('\n')[0] };
    }
  }
  return { problem: undefined };
}

async function askNvidiaSmi(): Promise<{ readonly gpus: readonly Gpu[]; readonly driver: string | undefined }> {
  const query = ['--query-gpu=name,compute_cap,memory.total,driver_version', '--format=csv,noheader,nounits'];
  const { stdout } = await promisify(execFile)('nvidia-smi', query).catch(() => ({ stdout: '' }));
  const rows = stdout.split('\n').filter(Boolean);
  const gpus = rows.map((row) => {
    const [name = '', computeCapability = '', mebibytes = ''] = row.split(', ');
    return { name, computeCapability, memory: Number(mebibytes) * 2 ** 20 };
  });
  return { gpus, driver: rows[0]?.split(', ')[3] };
}

export function driver({ driver, cuda, problem }: Cuda): Check {
  const found = [driver && `NVIDIA driver ${driver}`, cuda && `CUDA ${cuda}`].filter(Boolean).join(', ');
  if (found && !problem) return { name: 'driver', ok: true, found, details: { driver, cuda } };
  return {
    name: 'driver',
    ok: false,
    found: problem ?? 'no NVIDIA driver answers (nvidia-smi)',
    neededFor: 'running engines',
    repair: 'on a machine with an NVIDIA GPU, install its driver: apt-get install nvidia-driver',
  };
}

/** GPUs that TensorRT-RTX was seen to refuse. */
const refusedByRtx: readonly string[] = ['9.0'];

export function gpu({ gpus }: Cuda): Check {
  const neededFor = 'running engines; building them needs none with TensorRT-RTX';
  if (gpus.length === 0) return { name: 'gpu', ok: false, found: 'none', neededFor };
  const found = gpus.map(({ name, computeCapability, memory }) => {
    const rtx = refusedByRtx.includes(computeCapability) ? '; TensorRT-RTX refuses it, take tensorrt-10' : '';
    return `${name} (compute capability ${computeCapability}, ${(memory / 2 ** 30).toFixed(0)} GiB${rtx})`;
  });
  return { name: 'gpu', ok: true, found: found.join('; '), details: { gpus } };
}
