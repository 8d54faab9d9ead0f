import type { Report } from '../command.ts';
export async function doctor(_options: unknown, _context: unknown): Promise<Report> {
  return { json: {}, text: '' };
}
