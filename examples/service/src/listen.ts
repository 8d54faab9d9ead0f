import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';

/**
 * Lets a server listen.
 * @returns the port, where 0 stood for any
 * @throws TrtDslError 'argument' if it cannot
 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new TrtDslError('argument', `cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}
