import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Round } from '../../operator/failover/observation.ts';
import type { World } from '../aws/world/world.ts';
import type { Evidence } from './call-hooks.ts';
import { POLICY } from './policy-of.ts';
import type { Replicas } from './replicas.ts';
import type { Scenario, ScenarioEvent } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApiServer, Write } from './simulated-api-server.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export interface Report { violation?: { invariant: string; message: string; at: number } | undefined; steps: number }

export class Monitor {
  #p: { scenario: Scenario; scheduler: Scheduler; world: World; server: SimulatedApiServer; onLine: ((line: string) => void) | undefined };
  constructor(p: Monitor['#p']) { this.#p = p; }
  tell(who: string, what: string): void {
    this.#p.onLine?.(`${(this.#p.scheduler.time / 1000).toFixed(3).padStart(10)} ${who}: ${what}`);
  }
  onStep(): void { return; }
  onWrite(w: Write): void {
    if (w.type.kind === 'Lease') return;
    const s = (w.after as DisasterRecoveryPolicy | undefined)?.status;
    this.tell(w.by, `writes ${w.type.plural} ${w.type.kind === 'DisasterRecoveryPolicy' ? `${s?.phase} op=${s?.operation?.step} ${s?.conditions?.filter(c => ['Progressing','FailoverReady'].includes(c.type)).map(c => `${c.type}=${c.status}/${c.reason}`).join(' ')}` : JSON.stringify((w.after as any)?.spec ?? (w.after as any)?.data ?? (w.after as any)?.note)}`);
  }
  onEvent(e: ScenarioEvent, phase: string): void { this.tell('director', `${phase} ${JSON.stringify(e.action)}`); }
  onEvidence(_p: SimulatedProcess, _e: Evidence, _at: number): void { return; }
  onRoleChange(p: SimulatedProcess, a: string, r: string, t: string): void { this.tell(p.name, `AWS ${a} in ${r} -> ${t}`); }
  onRound(p: SimulatedProcess, r: Round): void { this.tell(p.name, `round ${r.sequence}`); }
  onLog(p: SimulatedProcess, level: string, _f: unknown, m: string): void { this.tell(p.name, `${level}: ${m}`); }
  finish(_r: Replicas): Report {
    const policy = this.#p.server.find<DisasterRecoveryPolicy>(DISASTER_RECOVERY_POLICY, POLICY);
    this.tell('end', JSON.stringify(policy?.status?.history));
    return { steps: this.#p.scheduler.steps };
  }
}
