import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { LuaEngine } from 'wasmoon';
import { LuaFactory, LuaLibraries } from 'wasmoon';
import { DISASTER_RECOVERY_POLICY_SCHEMA } from '../../operator/api/v1alpha1/disaster-recovery-policy-schema.ts';

/** Argo CD's layout, and the format of its own tests: "Resource Health" in its operator manual. */
const CUSTOMIZATIONS = join(import.meta.dirname, 'resource_customizations');

interface Health {
  readonly status: string;
  readonly message: string;
}

interface HealthTest {
  readonly healthStatus: Health;
  readonly inputPath: string;
}

/** What Argo CD understands as the health of a resource. */
const STATUSES = ['Healthy', 'Progressing', 'Suspended', 'Degraded', 'Unknown'];

const scripts = readdirSync(CUSTOMIZATIONS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('health.lua'))
  .map((file) => dirname(file));

const testsOf = (folder: string): readonly HealthTest[] =>
  (parse(readFileSync(join(CUSTOMIZATIONS, folder, 'health_test.yaml'), 'utf8')) as { tests: HealthTest[] }).tests;

/** Plain Lua values: Argo CD hands over tables, not objects of another language. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(literal).join(',')}}`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, field]) => `[${JSON.stringify(key)}]=${literal(field)}`)
      .join(',')}}`;
  }
  return value === null ? 'nil' : JSON.stringify(value);
}

/** Only the libraries that Argo CD opens for a health check: no strings, no files. */
async function run(script: string, object: unknown): Promise<Health> {
  const engine: LuaEngine = await new LuaFactory().createEngine({ openStandardLibs: false });
  try {
    for (const library of [LuaLibraries.Base, LuaLibraries.Table]) engine.global.loadLibrary(library);
    await engine.doString(`obj = ${literal(object)}`);
    return (await engine.doString(script)) as Health;
  } finally {
    engine.global.close();
  }
}

describe.each(scripts)('the health check of %s', (folder) => {
  const script = readFileSync(join(CUSTOMIZATIONS, folder, 'health.lua'), 'utf8');
  const tests = testsOf(folder);

  it.each(tests)('given $inputPath, says $healthStatus.status', async ({ healthStatus, inputPath }) => {
    const object: unknown = parse(readFileSync(join(CUSTOMIZATIONS, folder, inputPath), 'utf8'));
    const { status, message } = await run(script, object);
    expect({ status, message }).toEqual(healthStatus);
    expect(STATUSES).toContain(status);
  });

  it('is asked about every example that is there', () => {
    const examples = readdirSync(join(CUSTOMIZATIONS, folder, 'testdata')).map((file) => `testdata/${file}`);
    expect(tests.map(({ inputPath }) => inputPath).toSorted()).toEqual(examples.toSorted());
  });
});

describe('the health check of a policy', () => {
  const script = readFileSync(join(CUSTOMIZATIONS, 'aurora-dr.io/DisasterRecoveryPolicy/health.lua'), 'utf8');
  const phases = phasesIn(DISASTER_RECOVERY_POLICY_SCHEMA);

  it('given any phase of the API, knows what it means', async () => {
    expect(phases.length).toBeGreaterThan(5);
    for (const phase of phases) {
      const { status } = await run(script, { metadata: { generation: 1 }, status: { phase, observedGeneration: 1 } });
      expect([phase, status]).not.toEqual([phase, 'Unknown']);
    }
  });
});

/** The values of `status.phase` that the schema allows. */
function phasesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { phase } = schema as { phase?: { enum?: string[] } };
  return phase?.enum ?? Object.values(schema).flatMap(phasesIn);
}
