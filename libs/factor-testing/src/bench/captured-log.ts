import type { LoggerService } from '@nestjs/common';
import { inspect } from 'node:util';

const CONSOLE = ['debug', 'error', 'info', 'log', 'warn'] as const;

/** Keeps everything that is logged, by Nest's loggers and while `listening` also by `console`. */
export class CapturedLog implements LoggerService {
  readonly #lines: string[] = [];

  /** All of it. */
  get text(): string {
    return this.#lines.join('\n');
  }

  log(...what: unknown[]): void {
    this.#keep(what);
  }

  error(...what: unknown[]): void {
    this.#keep(what);
  }

  warn(...what: unknown[]): void {
    this.#keep(what);
  }

  debug(...what: unknown[]): void {
    this.#keep(what);
  }

  verbose(...what: unknown[]): void {
    this.#keep(what);
  }

  fatal(...what: unknown[]): void {
    this.#keep(what);
  }

  /** Runs work while `console` is kept instead of shown. */
  async listening<T>(work: () => Promise<T>): Promise<T> {
    const real = { ...globalThis.console };
    const kept = Object.fromEntries(
      CONSOLE.map((method) => [method, (...what: unknown[]) => this.#keep(what)]),
    );
    Object.assign(globalThis.console, kept);
    try {
      return await work();
    } finally {
      Object.assign(globalThis.console, real);
    }
  }

  #keep(what: readonly unknown[]): void {
    this.#lines.push(what.map((part) => (typeof part === 'string' ? part : inspect(part))).join(' '));
  }
}
