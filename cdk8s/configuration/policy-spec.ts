import { DISASTER_RECOVERY_POLICY_SCHEMA } from '../../operator/api/v1alpha1/disaster-recovery-policy-schema.ts';
import type { StructuralSchema } from '../../operator/api/v1alpha1/structural-schema.ts';
import { problemsWithSchema } from '../../operator/api/v1alpha1/structural-schema.ts';
import type { ConfigurationProblem } from './configuration-error.ts';

/** What can be said of the policy's spec beside the fields of `policy`; all else follows from the configuration. */
const SECTIONS = ['detection', 'failover', 'failback', 'fencing', 'drill', 'crossplane', 'suspend'] as const;

/** What has a field of its own. */
const STATED_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['globalClusterIdentifier', 'it follows from suffix'],
  ['regions', 'state promotion in regions'],
  ['aws', 'state policy.roleArn'],
  ['objectives', 'state policy.recoveryTime and policy.recoveryPoint'],
  ['publish', 'state policy.writerService and policy.routing'],
  ['notifications', 'the topics of the set-up are named'],
  ['failover.mode', 'state policy.mode'],
  ['failover.dataLoss', 'state policy.dataLoss'],
]);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fieldsOf = (schema: StructuralSchema): Readonly<Record<string, StructuralSchema>> =>
  schema.type === 'object' ? schema.properties : {};

/** The schema of `spec`, of which these sections alone can be said. */
function specSchema(): StructuralSchema {
  const spec = fieldsOf(DISASTER_RECOVERY_POLICY_SCHEMA)['spec'];
  const properties = Object.entries(spec === undefined ? {} : fieldsOf(spec));
  const sections: readonly string[] = SECTIONS;
  return { type: 'object', properties: Object.fromEntries(properties.filter(([name]) => sections.includes(name))) };
}

/** Whatever may be left out may be left out here: the API server fills in defaults, and holds rules across fields. */
function* problemsIn(value: unknown, schema: StructuralSchema, path: string): Generator<ConfigurationProblem> {
  if (schema.type === 'object' && isObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const own = `${path}.${name}`;
      const known = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
      const elsewhere = STATED_ELSEWHERE.get(own.replace('policy.spec.', ''));
      if (elsewhere !== undefined) yield { path: own, message: `is not said here; ${elsewhere}` };
      else if (known !== undefined) yield* problemsIn(inner, known, own);
      else yield { path: own, message: `is unknown; allowed here are ${Object.keys(schema.properties).join(', ')}` };
    }
  } else if (schema.type === 'array' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* problemsIn(item, schema.items, `${path}[${String(index)}]`);
  } else {
    for (const text of problemsWithSchema(value, schema, path)) yield { path, message: text.slice(path.length + 1) };
  }
}

/** What is wrong with `policy.spec`, as far as the types of its fields say. */
export function checkPolicySpec(spec: Readonly<Record<string, unknown>>): ConfigurationProblem[] {
  return [...problemsIn(spec, specSchema(), 'policy.spec')];
}
