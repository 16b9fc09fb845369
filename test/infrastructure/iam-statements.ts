import type { Manifest } from './manifest.ts';
import { fieldsOf, titleOf } from './manifest.ts';

/** One statement of a policy somewhere in a manifest. */
export interface IamStatement {
  /** For messages: the object, the field and the statement. */
  readonly title: string;
  readonly kind: string;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** What the policy is about if it stands with a resource; undefined in policies of identities. */
  readonly principals: readonly string[] | undefined;
  readonly conditions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Written {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>;
  readonly Condition?: IamStatement['conditions'];
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : [value].flat();

function principalsOf(principal: Written['Principal']): readonly string[] | undefined {
  if (principal === undefined) return undefined;
  return typeof principal === 'string' ? [principal] : Object.values(principal).flatMap(listOf);
}

/** Every policy document in the manifests, whatever the field: text that says it has statements. */
export function iamStatementsIn(manifests: readonly Manifest[]): IamStatement[] {
  return manifests.flatMap((manifest) =>
    [...fieldsOf(manifest.spec, 'spec')].flatMap(({ path, value }) => {
      if (typeof value !== 'string' || !value.includes('"Statement"')) return [];
      const { Statement } = JSON.parse(value) as { Statement: Written | Written[] };
      return [Statement].flat().map((statement, index) => ({
        title: `${titleOf(manifest)} ${path} ${statement.Sid ?? String(index)}`,
        kind: manifest.kind,
        effect: statement.Effect,
        actions: listOf(statement.Action),
        resources: listOf(statement.Resource),
        principals: principalsOf(statement.Principal),
        conditions: statement.Condition ?? {},
      }));
    }),
  );
}
