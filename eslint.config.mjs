import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/**
 * Import boundaries between the rooms of operator/: which other rooms and which outside modules a room may not import.
 * README's map of the house says the same in words.
 */
const rooms = {
  // Domain-free: could be published on its own.
  runtime: {
    forbiddenRooms: [
      'api',
      'failover',
      'controllers',
      'observation',
      'aws',
      'publishing',
      'notifications',
      'observability',
      'crossplane',
      'database',
    ],
    forbiddenModules: ['@aws-sdk/*', '@smithy/*', 'pino', 'prom-client'],
  },
  // The brain: plain data in, plain data out.
  failover: {
    forbiddenRooms: [
      'runtime',
      'controllers',
      'observation',
      'aws',
      'publishing',
      'notifications',
      'observability',
      'crossplane',
      'database',
    ],
    forbiddenModules: ['node:*', '@*/**', 'pino', 'prom-client', 'undici', 'zod'],
  },
  api: {
    forbiddenRooms: [
      'runtime',
      'failover',
      'controllers',
      'observation',
      'aws',
      'publishing',
      'notifications',
      'observability',
      'crossplane',
      'database',
    ],
    forbiddenModules: ['node:*', '@*/**', 'pino', 'prom-client', 'undici'],
  },
  aws: {
    forbiddenRooms: ['api', 'controllers', 'observation', 'publishing', 'observability', 'crossplane', 'database'],
    forbiddenModules: ['@kubernetes/*'],
  },
  observation: {
    forbiddenRooms: ['controllers', 'publishing', 'crossplane', 'database'],
    forbiddenModules: ['@kubernetes/*', '@aws-sdk/*'],
  },
  // The only room that knows a database's driver, and the only one that reads Secrets.
  database: {
    forbiddenRooms: ['api', 'controllers', 'publishing', 'notifications', 'observability', 'crossplane'],
    forbiddenModules: ['@kubernetes/*', '@aws-sdk/*', 'pino', 'prom-client'],
  },
  publishing: {
    forbiddenRooms: ['controllers', 'observation', 'crossplane', 'database'],
    forbiddenModules: ['@aws-sdk/*'],
  },
  crossplane: {
    forbiddenRooms: ['controllers', 'observation', 'aws', 'publishing', 'notifications', 'observability', 'database'],
    forbiddenModules: ['@aws-sdk/*', '@smithy/*', '@kubernetes/*', 'pino', 'prom-client'],
  },
  observability: {
    forbiddenRooms: ['api', 'failover', 'controllers', 'observation', 'aws', 'publishing', 'crossplane', 'database'],
    forbiddenModules: ['@aws-sdk/*', '@kubernetes/*'],
  },
  notifications: {
    forbiddenRooms: [
      'api',
      'failover',
      'controllers',
      'observation',
      'publishing',
      'observability',
      'crossplane',
      'database',
    ],
    forbiddenModules: ['@aws-sdk/*', '@kubernetes/*'],
  },
  controllers: { forbiddenRooms: ['database'], forbiddenModules: ['@aws-sdk/*'] },
};

const boundaries = Object.entries(rooms).map(([room, { forbiddenRooms, forbiddenModules }]) => ({
  files: [`operator/${room}/**/*.ts`],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...forbiddenRooms.map((other) => ({
            regex: `^(\\.\\./)+${other}/`,
            message: `${room}/ must not import ${other}/: see the map of the house in README.md.`,
          })),
          { regex: '(^|/)test/', message: 'production code must not import test code.' },
          { regex: '(^|/)plugin/', message: 'the operator does not know its kubectl plugin.' },
          { regex: '^(\\.\\./)+main\\.ts$', message: 'main.ts is the composition root: nothing imports it.' },
          ...[...forbiddenModules, ...(room === 'database' ? [] : ['mysql2', 'mysql2/*'])].map((group) => ({
            group: [group],
            message: `${room}/ must not import ${group}: see the map of the house in README.md.`,
          })),
        ],
      },
    ],
  },
}));

/** The functions reuse the operator's rooms, and must stay small: nothing of Kubernetes, of a long life, or of a large library. */
const functionBoundaries = {
  files: ['lambda/**/*.ts'],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: 'operator/(crossplane|observability|database)/|operator/controllers/(?!role-changer|operation-id)',
            message: 'lambda/ must not import what only a controller needs.',
          },
          { regex: '(^|/)test/', message: 'production code must not import test code.' },
          { regex: '^zod$', message: 'zod/mini is a tenth of the size.' },
          { group: ['@kubernetes/*', 'mysql2', 'pino', 'prom-client', 'undici'], message: 'too large for a function.' },
        ],
      },
    ],
  },
};

/** The rooms of cdk8s/: which of its other rooms, and which outside modules, a room may not import. */
const infrastructureRooms = {
  configuration: {
    forbiddenRooms: ['managed', 'imports', 'constructs', 'charts'],
    forbiddenModules: ['cdk8s', 'constructs'],
  },
  managed: { forbiddenRooms: ['configuration', 'imports', 'constructs', 'charts'], forbiddenModules: ['node:*'] },
  constructs: { forbiddenRooms: ['charts'], forbiddenModules: ['node:*'] },
  charts: { forbiddenRooms: [], forbiddenModules: ['node:fs', 'node:child_process'] },
};

const infrastructureBoundaries = Object.entries(infrastructureRooms).map(
  ([room, { forbiddenRooms, forbiddenModules }]) => ({
    files: [`cdk8s/${room}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...forbiddenRooms.map((other) => ({
              regex: `^(\\.\\./)+${other}/`,
              message: `cdk8s/${room}/ must not import cdk8s/${other}/: see cdk8s/README.md.`,
            })),
            { regex: '(^|/)test/', message: 'production code must not import test code.' },
            { regex: '(^|/)operator/(?!api/)', message: 'the infrastructure knows the API of the operator alone.' },
            ...forbiddenModules.map((name) => ({
              regex: `^${name.replace('*', '')}${name.endsWith('*') ? '' : '$'}`,
              message: `cdk8s/${room}/ must not import ${name}.`,
            })),
          ],
        },
      ],
    },
  }),
);

const forbidding = (files, ...patterns) => ({
  files,
  ignores: ['**/*.test.ts', 'plugin/testing/**'],
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

const PLUGIN_USES = {
  regex:
    'operator/(crossplane|notifications|observability|publishing)/|operator/controllers/(?!settings-of)|operator/main',
  message:
    'plugin/ uses the API, the brain, the observers and the clients; what only a controller needs is not its own.',
};
const NO_TESTS = { regex: '(^|/)test/', message: 'production code must not import test code.' };
const NO_SDK = { regex: '^(@aws-sdk|@smithy)/', message: 'plugin/ calls AWS by operator/aws/.' };
/** Its one call of its own: the operator, whose rights are what operator/ calls, has no use for it. */
const ONLY_STS = { regex: '^(@aws-sdk/(?!client-sts$)|@smithy/)', message: 'plugin/ calls AWS by operator/aws/.' };

/** The plugin: text is made in pure rooms, by data alone; the API server and the terminal have a room each. */
const pluginBoundaries = [
  forbidding(['plugin/{*,commands/*}.ts'], PLUGIN_USES, NO_TESTS, NO_SDK, {
    regex: '^@kubernetes/',
    message: 'the way to the API server is plugin/cluster/.',
  }),
  forbidding(['plugin/cluster/*.ts'], PLUGIN_USES, NO_TESTS, NO_SDK, {
    regex: '/(commands|terminal|report|preflight)/',
    message: 'plugin/cluster/ knows the API server alone.',
  }),
  forbidding(['plugin/terminal/*.ts'], PLUGIN_USES, NO_TESTS, NO_SDK, {
    regex: '/(commands|cluster|report|preflight)/|^@kubernetes/',
    message: 'plugin/terminal/ knows the terminal alone.',
  }),
  ...[
    ['*', NO_SDK],
    ['caller-identity', ONLY_STS],
  ].map(([name, sdk]) =>
    forbidding([`plugin/preflight/${name}.ts`], PLUGIN_USES, NO_TESTS, sdk, {
      regex: '/(commands|terminal|report)/|^@kubernetes/',
      message: 'plugin/preflight/ looks and judges; others show.',
    }),
  ),
  forbidding(['plugin/{views,report}/*.ts'], NO_TESTS, {
    regex: 'operator/(?!api/|failover/|decision-story)|/(commands|terminal|cluster|preflight)/|^node:|^@',
    message: 'plugin/views/ and plugin/report/ turn data into text, and do nothing else.',
  }),
  {
    files: ['plugin/{views,report}/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'performance', 'console'],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='Date'][property.name='now']",
          message: 'Text takes `now` as input.',
        },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Text takes `now` as input.' },
      ],
    },
  },
  {
    files: ['plugin/**/*.ts'],
    ignores: ['plugin/main.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'exit', message: 'Only main.ts exits.' }],
    },
  },
];

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'coverage/',
      'node_modules/',
      '.stryker-tmp/',
      'cdk8s/imports/',
      'test/control-plane/go/',
      'reports/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      complexity: ['error', 12],
      'max-depth': ['error', 3],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/unified-signatures': 'off',
      // strict tsc demands obj['key'] on index signatures (noPropertyAccessFromIndexSignature); this rule the opposite.
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  ...boundaries,
  functionBoundaries,
  ...infrastructureBoundaries,
  ...pluginBoundaries,
  {
    // The brain has no clock, no randomness and no I/O of its own: a history can be replayed.
    files: ['operator/failover/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'fetch',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'performance',
          'console',
          'crypto',
          'Buffer',
        ],
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='Date'][property.name='now']",
          message: 'The brain takes `now` as input.',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'The brain takes `now` as input.',
        },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: 'The brain is deterministic.',
        },
      ],
    },
  },
  {
    files: ['operator/**/*.ts'],
    ignores: ['operator/main.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'exit', message: 'Only main.ts exits.' }],
    },
  },
  {
    // A configuration depends on nothing but its text: pure, but for the one file that reads it.
    files: ['cdk8s/configuration/**/*.ts'],
    ignores: ['**/*.test.ts', 'cdk8s/configuration/load-configuration.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'performance', 'console'],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      complexity: 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly' } },
  },
  prettier,
);
