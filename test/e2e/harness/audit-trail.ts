import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The part of an event of audit.k8s.io/v1 that matters here. */
interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One use of a right, as RBAC names rights. */
export interface Use {
  readonly apiGroup: string;
  /** With its subresource: `pods/status`. */
  readonly resource: string;
  readonly verb: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** What the authorizer says of its decision, with the role and the binding. */
  readonly reason: string;
  readonly isAllowed: boolean;
  readonly uri: string;
}

/**
 * What an API server writes down of every request, with its decision.
 * https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
 */
export class AuditTrail implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'aurora-dr-audit-'));
  readonly #log = join(this.#directory, 'audit.log');

  /** Flags for the API server. */
  get apiServerArguments(): readonly string[] {
    const policy = join(this.#directory, 'policy.json');
    const rules = [{ level: 'Metadata', omitStages: ['RequestReceived'] }];
    writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
    // Blocking: what a client has an answer to is in the log.
    return [`--audit-policy-file=${policy}`, `--audit-log-path=${this.#log}`, '--audit-log-mode=blocking'];
  }

  /** Everything that a user asked, oldest first. */
  usesOf(username: string): readonly Use[] {
    const lines = readFileSync(this.#log, 'utf8').split('\n');
    // The last line may still be in the making.
    const events = lines.slice(0, -1).map((line) => JSON.parse(line) as AuditEvent);
    return events.filter(({ user }) => user.username === username).flatMap(usesIn);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A server-side apply of what is not there yet is a patch that needs the right to create, too. */
function usesIn({ verb, objectRef, responseStatus, annotations = {}, requestURI }: AuditEvent): Use[] {
  const { apiGroup = '', resource = '', subresource, namespace, name } = objectRef ?? {};
  const verbs = verb === 'patch' && responseStatus?.code === 201 ? ['patch', 'create'] : [verb];
  return verbs.map((each) => ({
    apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    verb: each,
    namespace,
    name,
    reason: annotations['authorization.k8s.io/reason'] ?? '',
    isAllowed: annotations['authorization.k8s.io/decision'] === 'allow' && responseStatus?.code !== 403,
    uri: requestURI,
  }));
}
