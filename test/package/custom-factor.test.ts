import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendCode } from '../factories/codes.js';
import { answer } from '../factories/factors.js';
import { freshDatabase } from '../factories/database.js';
import { beginLogin, register } from '../factories/people.js';
import { type Ending, type ProductProcess, ROOT, runProcess, startProcess } from '../factories/process.js';
import { WIDE_LIMITS } from '../factories/traffic.js';
import { startAsDocumented } from '../docs/running-service.js';
import { runSession } from '../docs/shell-session.js';

const run = promisify(execFile);
const EXAMPLE = join(ROOT, 'examples/custom-factor');
const MINUTE = 60_000;

/** A second factor of the same package, which has something injected, in a Nest module of its own. */
const OFFICE = `
  import { FactorProvider } from '@countersign/factor-kit';
  import { Injectable, Module } from '@nestjs/common';
  import { GridCardFactor } from './grid-card.factor.js';

  @Injectable()
  export class Printer {
    readonly name = 'the office printer';
  }

  @FactorProvider({ type: 'office_card', contract: 1, amr: ['otp'] })
  @Injectable()
  export class OfficeCardFactor extends GridCardFactor {
    constructor(private readonly printer: Printer) {
      super();
    }

    override enrol() {
      const { secret, show } = super.enrol();
      return { secret, show: { ...show, printer: this.printer.name } };
    }
  }

  @Module({ providers: [Printer, OfficeCardFactor] })
  export class OfficeModule {}
`;

describe("a stranger's factor", () => {
  let project: string;
  const npm = (...args: readonly string[]): Promise<unknown> =>
    run('npm', [...args], {
      cwd: project,
      env: { ...process.env, npm_config_update_notifier: 'false' },
      maxBuffer: 64 * 1024 * 1024,
    }).catch((error: unknown) => {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`npm ${args.join(' ')} failed\n${stdout}\n${stderr}`);
    });

  beforeAll(async () => {
    // Outside of the repository, where nothing of ours is found by accident.
    project = mkdtempSync(join(tmpdir(), 'countersign-stranger-'));
    cpSync(EXAMPLE, project, { recursive: true });
    writeFileSync(join(project, 'src/office.ts'), OFFICE);
    const tarballs = await packed();
    expect(tarballs).toHaveLength(2);
    const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await npm('install', ...quietly, ...tarballs);
    await npm('run', 'build');
  }, 6 * MINUTE);
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it(
    'is held to its contract in a project of its own, by the packages alone',
    async () => {
      // Neither told to be under test nor given a PostgreSQL: the suite starts its own.
      const ours = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST_)/.test(name));
      const args = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', '--outputFile=report.json'];
      await run(process.execPath, args, { cwd: project, env: Object.fromEntries(ours) }).catch(
        (error: unknown) => error,
      );
      const report = JSON.parse(readFileSync(join(project, 'report.json'), 'utf8')) as {
        numPassedTests: number;
        numFailedTests: number;
      };
      expect(report.numFailedTests).toBe(0);
      expect(report.numPassedTests).toBeGreaterThan(18);
    },
    2 * MINUTE,
  );

  it(
    'finds whole types in both packages',
    async () => {
      const config = {
        extends: './tsconfig.json',
        // Of declarations that are skipped, an import that is not there is no error.
        compilerOptions: { skipLibCheck: false, lib: ['ES2024', 'DOM'], noEmit: true, rootDir: '.' },
        include: ['src', 'test'],
      };
      writeFileSync(join(project, 'tsconfig.whole.json'), JSON.stringify(config));
      const { stdout } = await run('npx', ['tsc', '-p', 'tsconfig.whole.json', '--pretty', 'false'], {
        cwd: project,
      }).catch((error: unknown) => error as { stdout: string });
      expect(
        stdout.split('\n').filter((line) => /^(src|test|node_modules\/@countersign)\//.test(line)),
      ).toEqual([]);
    },
    MINUTE,
  );

  const start = async (modules: string, cwd = ROOT): Promise<ProductProcess> =>
    startProcess({
      cwd,
      env: {
        NODE_ENV: 'test',
        DATABASE_URL: await freshDatabase(),
        MASTER_KEY: randomBytes(32).toString('base64'),
        BOOTSTRAP_ADMIN_EMAIL: 'admin@example.com',
        BOOTSTRAP_ADMIN_PASSWORD: 'a long enough first password',
        FACTOR_MODULES: modules,
        LOG_LEVEL: 'error',
        ...WIDE_LIMITS,
      },
    });

  it.each([
    ['by its path', () => [join(project, 'dist/index.js'), ROOT] as const],
    ['by a path from where the service is started', () => ['./dist/index.js', project] as const],
    ['by its name, where it is installed', () => ['countersign-factor-grid-card', project] as const],
  ])(
    'is loaded %s into an unmodified build and used over HTTP',
    async (_how, where) => {
      const [modules, cwd] = where();
      const service = await (await start(modules, cwd)).ready();
      try {
        const { client } = service;
        const person = await register(service);
        const { accessToken: token } = person;
        const types = await client.get('/v1/factor-types', { token });
        expect(types.body.data).toContainEqual(
          expect.objectContaining({ type: 'grid_card', title: 'Grid card' }),
        );
        const contract = await client.get('/openapi.json');
        expect(contract.body.components.schemas).toHaveProperty('GridCardEnrolment');

        const enrolled = await client.post('/v1/me/factors', { type: 'grid_card' }, { token });
        expect(enrolled.status).toBe(201);
        const { card, cells, id } = enrolled.body as { card: string; cells: string[]; id: string };
        const activated = await client.post(
          `/v1/me/factors/${id}/activate`,
          { code: readOff(card, cells) },
          { token },
        );
        expect(activated.status).toBe(200);
        expect(activated.body.factor).toMatchObject({ hint: '50 cells, 3 at a time', isDefault: true });
        expect(activated.body.backupCodes).toHaveLength(10);

        const challenge = await beginLogin(service as never, person);
        const asked = await sendCode({ client }, challenge, id);
        expect(asked.status).toBe(200);
        const code = readOff(card, asked.body.cells as string[]);
        expect((await answer({ client } as never, challenge, { code: '55 55 55' })).status).toBe(422);
        expect((await answer({ client } as never, challenge, { code })).status).toBe(200);
        expect((await answer({ client } as never, challenge, { code })).status).toBe(410);
        const other = await beginLogin(service as never, person);
        expect((await answer({ client } as never, other, { code })).status).toBe(422);
      } finally {
        await service.stop();
      }
    },
    MINUTE,
  );

  it('gets what its own Nest module provides, injected', async () => {
    const service = await (await start('./dist/index.js,./dist/office.js', project)).ready();
    try {
      const { accessToken: token } = await register(service);
      const enrolled = await service.client.post('/v1/me/factors', { type: 'office_card' }, { token });
      expect(enrolled.body).toMatchObject({ printer: 'the office printer' });
      const types = await service.client.get('/v1/factor-types', { token });
      expect((types.body.data as { type: string }[]).map(({ type }) => type)).toEqual(
        expect.arrayContaining(['grid_card', 'office_card', 'totp']),
      );
    } finally {
      await service.stop();
    }
  });

  it.each<[string, string, string | undefined, RegExp]>([
    ['cannot be found', './nowhere.js', undefined, /FACTOR_MODULES: \.\/nowhere\.js cannot be found from/],
    ['is not installed', '@acme/nothing', undefined, /FACTOR_MODULES: @acme\/nothing cannot be found from/],
    [
      'exports no factor',
      './odd.mjs',
      'export const answer = 42;',
      /odd\.mjs exports no factor: export a class/,
    ],
    ['cannot be read', './odd.mjs', 'export class {', /odd\.mjs cannot be imported: .*SyntaxError/s],
    ['throws', './odd.mjs', 'throw new Error("no licence");', /odd\.mjs cannot be imported: .*no licence/s],
  ])('that %s stops the start with a sentence', async (_what, name, source, sentence) => {
    if (source !== undefined) writeFileSync(join(project, 'odd.mjs'), source);
    const service = await start(name, project);
    const { code, output }: Ending = await service.ended;
    expect(code).toBe(1);
    expect(output).toMatch(sentence);
  });

  it('is known to the command line too', async () => {
    const { code, output } = await runProcess({
      command: [process.execPath, join(ROOT, 'dist/apps/api/src/cli/main.js')],
      args: ['admin', '--email', 'someone@example.com'],
      cwd: project,
      env: {
        NODE_ENV: 'test',
        DATABASE_URL: await freshDatabase(),
        MASTER_KEY: randomBytes(32).toString('base64'),
        FACTOR_MODULES: './dist/index.js',
      },
    });
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('is an administrator now'),
    });
  });
});

describe('the guide to a factor of your own', () => {
  let project: string;
  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'countersign-guide-'));
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  const page = readFileSync(join(ROOT, 'docs/custom-factors.md'), 'utf8');

  it(
    'leads from an empty folder to a factor that keeps the contract',
    async () => {
      await packed();
      // The suite that the page runs starts its own PostgreSQL.
      const ours = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST_)/.test(name));
      const env = { ...Object.fromEntries(ours), COUNTERSIGN: ROOT, npm_config_prefer_offline: 'true' };
      const done: string[] = [];
      for (const step of stepsOf(page)) {
        if (step.kind === 'file') {
          mkdirSync(dirname(join(project, step.path)), { recursive: true });
          writeFileSync(join(project, step.path), step.text);
          done.push(step.path);
          continue;
        }
        for (const command of step.commands) {
          await run('bash', ['-ec', command], { cwd: project, env, maxBuffer: 64 * 1024 * 1024 }).catch(
            (error: unknown) => {
              const { stdout, stderr } = error as { stdout: string; stderr: string };
              throw new Error(`${command}\n${stdout}\n${stderr}`);
            },
          );
          done.push(command);
        }
      }
      expect(done.at(0)).toBe('npm init -y');
      expect(done).toEqual(expect.arrayContaining(['src/hotp.factor.ts', 'src/index.ts', 'npm run build']));
      expect(done.at(-1)).toBe('npm test');
    },
    4 * MINUTE,
  );

  it(
    'and on to a login with it',
    async () => {
      const [command = ''] = commandsOf(blocksAfter(page, 'serve')[0] ?? '');
      const service = await startAsDocumented(command, { cwd: project, env: { COUNTERSIGN: ROOT } });
      try {
        const blocks = blocksAfter(page, 'session').map((text) => ({ text }));
        const { outputs, errors } = await runSession(blocks, service, project);
        expect(outputs, errors).toHaveLength(3);
        const [shown = ''] = /(?<=^```text\n).*?(?=^```$)/ms.exec(page) ?? [];
        expect(outputs.at(-1)).toBe(shown);
      } finally {
        await service.stop();
      }
    },
    2 * MINUTE,
  );
});

type Step =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'run'; readonly commands: readonly string[] };

/** What a reader of the guide does, in its order: write the files that it shows, run the commands that it marks. */
function stepsOf(page: string): Step[] {
  const marked = /<!-- (run|file: (\S+)|The text of test\/docs\/guide\/(\S+)) -->\n+```\w+\n(.*?)^```$/gms;
  return [...page.matchAll(marked)].map(([, mark, path, guide, text = '']) =>
    mark === 'run'
      ? { kind: 'run', commands: commandsOf(text) }
      : { kind: 'file', path: path ?? `src/${guide ?? ''}`, text },
  );
}

function commandsOf(text: string): string[] {
  return [...text.matchAll(/^\$ (.+)$/gm)].map(([, command = '']) => command);
}

/** The blocks of the guide that are marked so. */
function blocksAfter(page: string, mark: string): string[] {
  const marked = new RegExp(`<!-- ${mark} -->\\n+\`\`\`\\w+\\n(.*?)^\`\`\`$`, 'gms');
  return [...page.matchAll(marked)].map(([, text = '']) => text);
}

let packing: Promise<string[]> | undefined;

/** Makes both packages, once. @returns their tarballs */
function packed(): Promise<string[]> {
  packing ??= run(process.execPath, [join(ROOT, 'scripts/pack.mjs')], { cwd: ROOT }).then(() => {
    const packages = join(ROOT, 'dist/packages');
    return readdirSync(packages)
      .filter((name) => name.endsWith('.tgz'))
      .map((name) => join(packages, name));
  });
  return packing;
}

/** What the owner reads off the printed card. */
function readOff(card: string, cells: readonly string[]): string {
  const [head = '', ...lines] = card.split('\n');
  const columns = head.trim().split(/\s+/);
  return cells
    .map((cell) => {
      const line = lines.find((each) => each.startsWith(cell.charAt(1))) ?? '';
      return line.split(/\s+/)[columns.indexOf(cell.charAt(0)) + 1];
    })
    .join(' ');
}
