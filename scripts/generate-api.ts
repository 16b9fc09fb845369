// Generates from the CRD, the source of truth of the API:
// - operator/api/v1alpha1/disaster-recovery-policy.ts, the types of an object as the API server returns it;
// - operator/api/v1alpha1/disaster-recovery-policy-schema.ts, what guards.ts checks such an object by;
// - docs/reference/api.md, the reference of all fields.
// With --check nothing is written: it fails if a file differs from what would be generated.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';

/** The part of a structural schema that the generators read. */
interface Schema {
  type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  description: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
  enum?: string[];
  default?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  maxLength?: number;
}

interface CustomResourceDefinition {
  spec: {
    group: string;
    names: { kind: string; plural: string; shortNames: string[]; categories: string[] };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const crdPath = join(root, 'crds', 'aurora-dr.io_disasterrecoverypolicies.yaml');
const typesPath = join(root, 'operator', 'api', 'v1alpha1', 'disaster-recovery-policy.ts');
const schemaPath = join(root, 'operator', 'api', 'v1alpha1', 'disaster-recovery-policy-schema.ts');
const referencePath = join(root, 'docs', 'reference', 'api.md');

const DURATION_PATTERN = '^([0-9]{1,6}(ms|s|m|h))+$';

/**
 * Names of the TypeScript types, by path in the schema. They live here because a `title` in the CRD would show up in
 * `kubectl explain`. Paths of the same name share one type, and must have the same schema.
 */
const typeNames: Record<string, string> = {
  '': 'DisasterRecoveryPolicy',
  spec: 'DisasterRecoveryPolicySpec',
  'spec.aws': 'AwsSpec',
  'spec.regions[]': 'RegionSpec',
  'spec.regions[].promotion': 'Promotion',
  'spec.objectives': 'ObjectivesSpec',
  'spec.detection': 'DetectionSpec',
  'spec.detection.signals': 'SignalsSpec',
  'spec.detection.signals.endpoint': 'EndpointSignalSpec',
  'spec.detection.signals.endpoint.type': 'EndpointProbeType',
  'spec.detection.signals.endpoint.secretRef': 'SecretReference',
  'spec.detection.signals.endpoint.tls': 'TlsSpec',
  'spec.detection.signals.endpoint.tls.caSecretRef': 'SecretReference',
  'spec.detection.signals.endpoint.writeProbe': 'WriteProbeSpec',
  'spec.detection.signals.replication': 'ReplicationSignalSpec',
  'spec.detection.signals.replication.source': 'ReplicationSource',
  'spec.detection.signals.replication.secretRef': 'SecretReference',
  'spec.detection.signals.replication.tls': 'TlsSpec',
  'spec.detection.signals.replication.tls.caSecretRef': 'SecretReference',
  'spec.detection.signals.http': 'HttpSignalSpec',
  'spec.failover': 'FailoverSpec',
  'spec.failover.mode': 'FailoverMode',
  'spec.failover.dataLoss': 'DataLossPolicy',
  'spec.failover.estimate': 'LossEstimate',
  'spec.failback': 'FailbackSpec',
  'spec.failback.mode': 'FailbackMode',
  'spec.failback.windows[]': 'FailbackWindow',
  'spec.fencing': 'FencingSpec',
  'spec.fencing.mode': 'FencingMode',
  'spec.publish': 'PublishSpec',
  'spec.publish.service': 'PublishServiceSpec',
  'spec.publish.configMap': 'PublishConfigMapSpec',
  'spec.publish.routing': 'PublishRoutingSpec',
  'spec.notifications': 'NotificationsSpec',
  'spec.drill': 'DrillSpec',
  'spec.drill.mode': 'DrillMode',
  'spec.crossplane': 'CrossplaneSpec',
  'spec.crossplane.mode': 'CrossplaneMode',
  status: 'DisasterRecoveryPolicyStatus',
  'status.phase': 'Phase',
  'status.regions[]': 'RegionStatus',
  'status.regions[].role': 'RegionRole',
  'status.regions[].health': 'RegionHealth',
  'status.signals[]': 'SignalStatus',
  'status.signals[].name': 'SignalName',
  'status.signals[].vantage': 'Vantage',
  'status.signals[].state': 'SignalState',
  'status.incident': 'IncidentStatus',
  'status.operation': 'OperationStatus',
  'status.operation.type': 'OperationType',
  'status.operation.trigger': 'OperationTrigger',
  'status.operation.step': 'OperationStep',
  'status.operation.fence': 'FenceState',
  'status.splitBrain.fence': 'FenceState',
  'status.lastRequest': 'LastRequest',
  'status.lastRequest.action': 'RequestAction',
  'status.lastRequest.result': 'RequestResult',
  'status.failback': 'FailbackStatus',
  'status.nextDrill': 'NextDrillStatus',
  'status.drill': 'DrillStatus',
  'status.drill.leg': 'DrillLeg',
  'status.lastDrill': 'LastDrillStatus',
  'status.lastDrill.mode': 'DrilledMode',
  'status.lastDrill.result': 'DrillResult',
  'status.lastDrill.checks[]': 'DrillCheckStatus',
  'status.published': 'PublishedStatus',
  'status.splitBrain': 'SplitBrainStatus',
  'status.splitBrain.state': 'OldPrimaryState',
  'status.rescueSnapshots[]': 'RescueSnapshot',
  'status.rescueSnapshots[].state': 'RescueState',
  'status.history[]': 'HistoryEntry',
  'status.history[].type': 'HistoryType',
  'status.history[].trigger': 'OperationTrigger',
  'status.history[].outcome': 'Outcome',
  'status.conditions[]': 'Condition',
  'status.conditions[].status': 'ConditionStatus',
};

/** Types that are written by hand or literal, by path in the schema. */
const givenTypes: Record<string, string> = {
  apiVersion: "'aurora-dr.io/v1alpha1'",
  kind: "'DisasterRecoveryPolicy'",
  metadata: 'ObjectMeta',
  'spec.detection.signals.controlPlane': 'Record<string, never>',
};

/** What a type is that several fields share; any other is described by its field. */
const sharedDescriptions: Record<string, string> = {
  SecretReference: "A Secret in the policy's namespace.",
  TlsSpec: "How a database server's certificate is verified.",
  OperationType:
    'Failover: promotes without the old primary and may lose writes. Switchover: both take part and nothing is lost.',
};

/** Descriptions that a CRD may not hold. */
const givenDescriptions: Record<string, string> = { metadata: 'Standard metadata of a Kubernetes object.' };

/** Fields of one possible value, by path in the schema. */
const constants: Record<string, string> = { apiVersion: 'aurora-dr.io/v1alpha1', kind: 'DisasterRecoveryPolicy' };

/** What is checked of metadata, which a CRD may not describe: what the operator relies on. */
const metadataLiteral = `{
  type: 'object',
  required: ['name', 'namespace', 'uid', 'resourceVersion', 'generation'],
  properties: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    uid: { type: 'string' },
    resourceVersion: { type: 'string' },
    generation: { type: 'integer' },
  },
}`;

const crd = parse(readFileSync(crdPath, 'utf8')) as CustomResourceDefinition;
const version = crd.spec.versions[0];
if (version === undefined) throw new Error(`cannot generate the API: ${crdPath} has no version; add one`);
const schema = version.schema.openAPIV3Schema;
const header = `Generated from crds/aurora-dr.io_disasterrecoverypolicies.yaml: change that file and run \`npm run generate\`.`;

const generated: [path: string, content: string][] = [
  [typesPath, await generateTypes(schema)],
  [schemaPath, await generateSchema(schema)],
  [referencePath, await generateReference(schema)],
];

if (process.argv.includes('--check')) {
  const drifted = generated.filter(([path, content]) => readIfPresent(path) !== content);
  for (const [path] of drifted) {
    process.stderr.write(
      `${relative(root, path)} differs from what the CRD says: run \`npm run generate\` and commit it\n`,
    );
  }
  process.exitCode = drifted.length === 0 ? 0 : 1;
} else {
  for (const [path, content] of generated) {
    if (readIfPresent(path) === content) continue;
    writeFileSync(path, content);
    process.stdout.write(`wrote ${relative(root, path)}\n`);
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function generateTypes(policy: Schema): Promise<string> {
  const definitions: Record<string, { source: Schema; path: string; definition: JSONSchema }> = {};
  const used = new Set<string>();

  /** The schema of a field for json-schema-to-typescript: what has a name becomes a definition, referred to by name. */
  function convert(node: Schema, path: string): JSONSchema {
    const description = wrap(givenDescriptions[path] ?? node.description);
    const given = givenTypes[path];
    if (given !== undefined) {
      used.add(path);
      return { tsType: given, description };
    }
    if (node.type === 'array') {
      if (node.items === undefined) throw new Error(`cannot generate types: the array ${path} has no items; add them`);
      return { type: 'array', items: convert(node.items, `${path}[]`), description };
    }
    if (node.type !== 'object' && node.enum === undefined) return { type: node.type, description };
    return { tsType: define(node, path), description };
  }

  function define(node: Schema, path: string): string {
    const name = typeNames[path];
    if (name === undefined) {
      throw new Error(
        `cannot generate types: ${path} has no type name; add one to typeNames in scripts/generate-api.ts`,
      );
    }
    used.add(path);
    const earlier = definitions[name];
    const definition: JSONSchema = { title: name, description: wrap(sharedDescriptions[name] ?? node.description) };
    if (node.enum === undefined) {
      definition.type = 'object';
      definition.additionalProperties = false;
      definition.required = requiredWhenRead(node, path);
      definition.properties = Object.fromEntries(
        Object.entries(node.properties ?? {}).map(([key, field]) => [key, convert(field, childPath(path, key))]),
      );
    } else {
      definition.type = 'string';
      definition.enum = node.enum;
    }
    if (earlier === undefined) {
      definitions[name] = { source: node, path, definition };
    } else if (!isDeepStrictEqual(withoutDescriptions(earlier.source), withoutDescriptions(node))) {
      throw new Error(
        `cannot generate types: ${earlier.path} and ${path} share the name ${name} but differ; ` +
          'make them equal in the CRD or give them two names in scripts/generate-api.ts',
      );
    }
    return name;
  }

  define(policy, '');
  for (const path of [...Object.keys(typeNames), ...Object.keys(givenTypes)]) {
    if (!used.has(path)) {
      throw new Error(`cannot generate types: the CRD has no ${path}; remove it from scripts/generate-api.ts`);
    }
  }
  const name = typeNames[''] ?? '';
  const rootDefinition = definitions[name]?.definition ?? {};
  const types = await compile(
    {
      ...rootDefinition,
      definitions: Object.fromEntries(
        Object.entries(definitions)
          .filter(([key]) => key !== name)
          .map(([key, { definition }]) => [key, definition]),
      ),
    },
    name,
    {
      additionalProperties: false,
      unreachableDefinitions: true,
      bannerComment: [
        `// ${header}`,
        '// The types describe an object as the API server returns it: fields with a default are always there.',
        "import type { ObjectMeta } from './object-meta.ts';",
      ].join('\n'),
      style: { singleQuote: true, printWidth: 120, trailingComma: 'all', bracketSpacing: true },
    },
  );
  // The compiler notes at each definition that it is one.
  return types
    .replaceAll(/ \*\n \* This interface was referenced by .*\n \* via the `definition` .*\n/g, '')
    .replaceAll(/\n\/\*\*\n/g, '\n\n/**\n')
    .replaceAll(/\n{3,}/g, '\n\n');
}

/** The API server fills defaults in before anybody reads an object, and metadata is always there. */
function requiredWhenRead(node: Schema, path: string): string[] {
  if (path === '') return ['apiVersion', 'kind', 'metadata', 'spec'];
  const defaulted = Object.entries(node.properties ?? {})
    .filter(([, field]) => field.default !== undefined)
    .map(([key]) => key);
  return [...(node.required ?? []), ...defaulted];
}

function childPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function withoutDescriptions(node: Schema): unknown {
  return JSON.parse(
    JSON.stringify(node, (key, value: unknown) =>
      key === 'description' && typeof value === 'string' ? undefined : value,
    ),
  );
}

function wrap(text: string, width = 112): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}

async function generateSchema(policy: Schema): Promise<string> {
  const text = `// ${header}
import type { StructuralSchema } from './structural-schema.ts';

// As maxLength and pattern of the CRD say.
const DURATION = /^(?=.{1,16}$)${DURATION_PATTERN.slice(1)}/;

/** Types, presence and ranges of an object as the API server returns it. */
export const DISASTER_RECOVERY_POLICY_SCHEMA: StructuralSchema = ${schemaLiteral(policy, '')};
`;
  return format(text, { ...(await resolveConfig(schemaPath)), parser: 'typescript' });
}

/** TypeScript source of a StructuralSchema. */
function schemaLiteral(node: Schema, path: string): string {
  if (path === 'metadata') return metadataLiteral;
  switch (node.type) {
    case 'object': {
      const properties = Object.entries(node.properties ?? {}).map(
        ([key, field]) => `${JSON.stringify(key)}: ${schemaLiteral(field, childPath(path, key))}`,
      );
      const required = requiredWhenRead(node, path);
      return `{ type: 'object', ${required.length === 0 ? '' : `required: ${JSON.stringify(required)}, `}properties: { ${properties.join(', ')} } }`;
    }
    case 'array':
      if (node.items === undefined)
        throw new Error(`cannot generate the schema: the array ${path} has no items; add them`);
      return `{ type: 'array', items: ${schemaLiteral(node.items, `${path}[]`)} }`;
    case 'string':
      return `{ type: 'string'${stringLiteralFacts(node, path)} }`;
    case 'integer':
      return `{ type: 'integer'${node.minimum === undefined ? '' : `, minimum: ${node.minimum}`}${node.maximum === undefined ? '' : `, maximum: ${node.maximum}`} }`;
    case 'boolean':
      return `{ type: 'boolean' }`;
  }
}

function stringLiteralFacts(node: Schema, path: string): string {
  const values = constants[path] === undefined ? node.enum : [constants[path]];
  if (values !== undefined) return `, enum: ${JSON.stringify(values)}`;
  if (node.pattern === DURATION_PATTERN) return ', pattern: DURATION';
  return node.format === 'date-time' ? `, format: 'date-time'` : '';
}

async function generateReference(policy: Schema): Promise<string> {
  const { group, names } = crd.spec;
  const fields = (['spec', 'status'] as const).map((part) => {
    const node = policy.properties?.[part];
    if (node === undefined) throw new Error(`cannot write the reference: the CRD has no ${part}; add it`);
    return `## ${part}\n\n${escape(node.description)}\n\n${describe(node, part)}`;
  });
  const text = `<!-- ${header} -->

# ${names.kind}

${escape(policy.description)}

| | |
| --- | --- |
| API version | \`${group}/${version?.name ?? ''}\` |
| Resource | \`${names.plural}\`, namespaced; short name \`${names.shortNames.join('`, `')}\`, category \`${names.categories.join('`, `')}\` |
| In a terminal | \`kubectl explain drp.spec.detection\` prints the same texts |

A duration is a string of numbers with the units \`ms\`, \`s\`, \`m\` and \`h\`, such as \`1m30s\`, of at most 16 characters.
Times are RFC 3339. A required field has to be written whenever the object that it belongs to is written.

${fields.join('\n')}`;
  return format(text, { ...(await resolveConfig(referencePath)), parser: 'markdown' });
}

function describe(node: Schema, path: string): string {
  return Object.entries(node.properties ?? {})
    .map(([key, field]) => {
      const fieldPath = `${path}.${key}`;
      const facts = factsOf(field, node.required?.includes(key) ?? false).join(', ');
      const inner = field.items ?? field;
      const innerPath = field.items === undefined ? fieldPath : `${fieldPath}[]`;
      const itemText = field.items?.properties === undefined ? '' : `Each item: ${escape(field.items.description)}\n\n`;
      return `### \`${fieldPath}\`\n\n_${facts}_\n\n${escape(field.description)}\n\n${itemText}${describe(inner, innerPath)}`;
    })
    .join('');
}

function factsOf(field: Schema, isRequired: boolean): string[] {
  const facts = [typeOf(field)];
  if (field.enum !== undefined) facts.push(`one of ${field.enum.map((value) => `\`${value}\``).join(', ')}`);
  const range = [field.minimum ?? field.minItems, field.maximum ?? field.maxItems];
  if (range[1] !== undefined) facts.push(`${range[0] ?? 0} to ${range[1]}${field.type === 'array' ? ' items' : ''}`);
  if (isRequired) facts.push('required');
  if (field.default !== undefined) {
    facts.push(`default \`${typeof field.default === 'string' ? field.default : JSON.stringify(field.default)}\``);
  }
  return facts;
}

function typeOf(field: Schema): string {
  if (field.type === 'array') return `list of ${field.items === undefined ? 'items' : typeOf(field.items)}s`;
  if (field.pattern === DURATION_PATTERN) return 'duration';
  return field.format === 'date-time' ? 'time' : field.type;
}

/** Keeps Markdown from reading mark-up into plain text. */
function escape(text: string): string {
  return text.trim().replaceAll(/(?<!`)([*_<>[\]])(?!`)/g, '\\$1');
}
