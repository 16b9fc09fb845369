import { describe, expect, it } from '@jest/globals';
import type { CustomResourceDefinition, Schema } from './custom-resource-definition.ts';
import { emitBindings } from './emit-bindings.ts';

const reference = (withNamespace: boolean): Schema => ({
  type: 'object',
  properties: {
    name: { type: 'string' },
    ...(withNamespace ? { namespace: { type: 'string' } } : {}),
    policy: { type: 'object', properties: { resolve: { type: 'string' } } },
  },
  required: ['name'],
});

function kind(scope: 'Namespaced' | 'Cluster', fields: Readonly<Record<string, Schema>>): CustomResourceDefinition {
  const forProvider: Schema = {
    type: 'object',
    properties: {
      region: { type: 'string' },
      queueIdRef: reference(scope === 'Namespaced'),
      ...fields,
    },
    required: ['region'],
  };
  return {
    spec: {
      group: scope === 'Namespaced' ? 'sqs.aws.m.upbound.io' : 'sqs.aws.upbound.io',
      scope,
      names: { kind: 'Queue', plural: 'queues' },
      versions: [
        {
          name: 'v1beta1',
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: { type: 'object', properties: { forProvider } } },
            },
          },
        },
      ],
    },
  };
}

describe('the bindings', () => {
  it('given a kind in both scopes, are one class with both versions of the API and one type of its fields', () => {
    const fields = {
      size: { type: 'integer' },
      mode: { type: 'string', enum: ['Fast', 'Safe'] },
      names: { type: 'array', items: { type: 'string' } },
      rules: { type: 'array', items: { type: 'object', properties: { days: { type: 'number' } }, required: ['days'] } },
      tags: { type: 'object', additionalProperties: { type: 'string' } },
    } satisfies Record<string, Schema>;
    expect(emitBindings([kind('Namespaced', fields), kind('Cluster', fields)])).toMatchSnapshot();
  });

  it('given fields that differ between the scopes, name the kind', () => {
    const both = [kind('Namespaced', { size: { type: 'integer' } }), kind('Cluster', { size: { type: 'string' } })];
    expect(() => emitBindings(both)).toThrow(/cannot bind Queue of sqs: its forProvider differs between the scopes/);
  });

  it('given groups of others, leave them out', () => {
    const { spec } = kind('Cluster', {});
    expect(emitBindings([{ spec: { ...spec, group: 'example.com' } }])).toEqual([]);
  });
});
